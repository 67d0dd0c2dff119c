/* source_log -- see source_log.h. Counts of senders that came and went are one line together. */
#include "collector/net/source_log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static const struct {
    const char *first, *more; /* messages; `more` with a count */
    const char *remedy;       /* NULL: nothing is wrong */
} lines[SOURCE_LINE_COUNT] = {
    [SOURCE_CONNECTED] = {"sender connected", NULL, NULL},
    [SOURCE_DISCONNECTED] = {"sender disconnected", NULL, NULL},
    [SOURCE_REPLACED] = {"a sender was disconnected, so that another one has a place", NULL, NULL},
    [SOURCE_SILENT] = {"a silent sender was disconnected (IDLE_TIMEOUT)", NULL, NULL},
    [SOURCE_CUT_OFF] =
        {"a sender was disconnected before all that it had sent was read: another one needs a place",
         "more senders were disconnected before all that they had sent was read",
         "raise MAX_CONNECTIONS or INTAKE_MEMORY, or find out why this address holds so many "
         "connections"},
    [SOURCE_NOT_ALLOWED] = {"a sender is refused: ALLOW_FROM does not name it",
                            "more senders were refused: ALLOW_FROM does not name them",
                            "if this sender is yours, add its address to ALLOW_FROM"},
    [SOURCE_NO_PLACE] = {"a sender was not accepted: MAX_CONNECTIONS is reached, and nobody can go",
                         "more senders were not accepted: MAX_CONNECTIONS is reached, and nobody can go",
                         "raise MAX_CONNECTIONS"},
    [SOURCE_TOO_MANY] = {"a sender was not accepted: MAX_CONNECTIONS_PER_SOURCE is reached",
                         "more senders were not accepted: MAX_CONNECTIONS_PER_SOURCE is reached",
                         "raise MAX_CONNECTIONS_PER_SOURCE"},
    [SOURCE_CROWDED] = {"a sender was not accepted: too many of its address wait for a place",
                        "more senders were not accepted: too many of their address wait for a place",
                        "raise MAX_CONNECTIONS, or find out why this address opens so many connections"},
    [SOURCE_DOMINANT] =
        {"one address holds three quarters of MAX_CONNECTIONS",
         "one address holds three quarters of MAX_CONNECTIONS, again and again",
         "find out why it connects so often; ALLOW_FROM or MAX_CONNECTIONS_PER_SOURCE can limit it"},
    [SOURCE_GIVEN_UP] =
        {"an unfinished event became a reject: INTAKE_MEMORY is used up, and its sender was slow",
         "more unfinished events became rejects: INTAKE_MEMORY is used up, and their senders were slow",
         "raise INTAKE_MEMORY, or find out why this sender stops in the middle of events"},
};

/* Notes that there is something about the address. True if there was nothing about it for a long time. */
static bool is_news(struct source_log_line *line, const char *source, int64_t now)
{
    size_t at =
        line->recent_count; /* where it is put: at the end, or for an address that is no more recent */
    for (size_t i = 0; i < line->recent_count; i++) {
        bool is_recent = now - line->recent[i].at < SOURCE_LOG_PERIOD_MS;
        if (strcmp(line->recent[i].source, source) == 0) {
            line->recent[i].at = now;
            return !is_recent;
        }
        if (!is_recent) at = i;
    }
    if (at == SOURCE_LOG_SOURCES) return false;
    if (at == line->recent_count) line->recent_count++;
    (void)snprintf(line->recent[at].source, sizeof line->recent[at].source, "%s", source);
    line->recent[at].at = now;
    return true;
}

void source_log_add(struct source_log *log, enum source_line kind, const char *source, int64_t now,
                    const char *fields)
{
    struct source_log_line *line = &log->lines[kind];
    const char *blank = *fields ? " " : "";
    if (!is_news(line, source, now)) {
        (void)snprintf(line->last, sizeof line->last, "%s", source);
        if (line->unlogged++ == 0) line->since = now;
        source_log_flush(log, now);
    } else if (lines[kind].remedy) {
        log_warn(lines[kind].first, "source=%s%s%s remedy=%s", source, blank, fields,
                 LOG_QUOTE(lines[kind].remedy));
    } else {
        log_info(lines[kind].first, "source=%s%s%s", source, blank, fields);
    }
}

static bool is_due(const struct source_log_line *line, int64_t now)
{
    return line->unlogged > 0 && now - line->since >= SOURCE_LOG_PERIOD_MS;
}

/* Senders that came and went, in one line. */
static void log_traffic(struct source_log *log)
{
    struct source_log_line *connected = &log->lines[SOURCE_CONNECTED];
    struct source_log_line *disconnected = &log->lines[SOURCE_DISCONNECTED];
    struct source_log_line *replaced = &log->lines[SOURCE_REPLACED];
    struct source_log_line *silent = &log->lines[SOURCE_SILENT];
    log_info("more senders connected and disconnected",
             "connected=%" PRId64 " disconnected=%" PRId64 " of_these_for_others=%" PRId64
             " of_these_silent=%" PRId64 " last_source=%s",
             connected->unlogged, disconnected->unlogged, replaced->unlogged, silent->unlogged,
             *connected->last ? connected->last : disconnected->last);
    connected->unlogged = disconnected->unlogged = replaced->unlogged = silent->unlogged = 0;
}

static void log_count(struct source_log_line *line, enum source_line kind)
{
    log_warn(lines[kind].more, "count=%" PRId64 " last_source=%s remedy=%s", line->unlogged, line->last,
             LOG_QUOTE(lines[kind].remedy));
    line->unlogged = 0;
}

void source_log_flush(struct source_log *log, int64_t now)
{
    for (int kind = 0; kind < SOURCE_LINE_COUNT; kind++) {
        struct source_log_line *line = &log->lines[kind];
        if (!is_due(line, now)) continue;
        if (lines[kind].remedy)
            log_count(line, (enum source_line)kind);
        else
            log_traffic(log);
    }
}

void source_log_end(struct source_log *log)
{
    source_log_flush(log, INT64_MAX);
}
