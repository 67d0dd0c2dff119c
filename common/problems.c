/*
 * problems -- see problems.h. The published text has one line for each problem: code, since, message and remedy,
 * separated by tabs.
 */
#include "common/problems.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/utf8.h"

#define LINE_MAX_SIZE (2 * PROBLEM_TEXT_SIZE + 64)

_Static_assert(PROBLEM_COUNT *LINE_MAX_SIZE <= LOCKFILE_TEXT_SIZE, "all problems at once fit the lock file");

/* Without texts a problem is not logged here: whoever raises it does. */
static const struct {
    const char *code;
    enum problem_severity severity;
    const char *begins, *ends;
} kinds[PROBLEM_COUNT] = {
    [PROBLEM_STARTING] = {"starting", PROBLEM_INFO, NULL, NULL},
    [PROBLEM_COMMIT_FAILING] = {"commit_failing", PROBLEM_CRITICAL,
                                "cannot commit: reading stops until a commit succeeds",
                                "commits succeed again"},
    [PROBLEM_WAL_LOST] = {"wal_lost", PROBLEM_CRITICAL,
                          "the write-ahead log was deleted or replaced: reading stops until a restart", NULL},
    [PROBLEM_SPOOL_REPLACED] =
        {"spool_replaced", PROBLEM_CRITICAL,
         "the spool was deleted, replaced or taken over: reading stops until it is back",
         "the spool is back in its place: reading goes on"},
    [PROBLEM_SCHEMA_TOO_NEW] = {"schema_too_new", PROBLEM_CRITICAL,
                                "a newer program has changed the spool: reading stops until a restart",
                                "the spool's schema can be used again"},
    [PROBLEM_PAUSED_DISK] = {"paused_disk", PROBLEM_CRITICAL,
                             "there is no space, or none can be reserved: reading stops until there is",
                             "the disk has free space again: reading goes on"},
    [PROBLEM_PAUSED_CEILING] =
        {"paused_ceiling", PROBLEM_CRITICAL,
         "the spool has reached SPOOL_MAX_SIZE: reading stops until events are shipped",
         "the spool is below SPOOL_MAX_SIZE again: reading goes on"},
    [PROBLEM_STOPPING] = {"stopping", PROBLEM_INFO, NULL, NULL},
    [PROBLEM_DISK_LOW] = {"disk_low", PROBLEM_WARNING, "little free space is left on the disk",
                          "the disk has space again"},
    [PROBLEM_CONNECTIONS_FULL] = {"connections_full", PROBLEM_CRITICAL, "no more senders can be accepted",
                                  "new senders are accepted again"},
    [PROBLEM_REJECTS_CAPPED] = {"rejects_capped", PROBLEM_WARNING,
                                "too many unshipped rejects: only the beginning of new ones is kept",
                                "rejects are kept whole again"},
    [PROBLEM_FOREIGN_READER] = {"foreign_reader", PROBLEM_WARNING,
                                "reads by other programs make the write-ahead log grow",
                                "the write-ahead log can begin again"},
    [PROBLEM_INTAKE_FULL] = {"intake_full", PROBLEM_WARNING, "senders wait to be read",
                             "senders are read without waiting again"},
    [PROBLEM_THREAD_STALLED] = {"thread_stalled", PROBLEM_CRITICAL, "a thread does not go on",
                                "all threads go on again"},
    [PROBLEM_DESTINATION_UNPROVEN] = {"destination_unproven", PROBLEM_INFO, NULL, NULL},
};

struct present {
    bool is_present;
    int64_t since;    /* ms since 1970 */
    int64_t began_at; /* monotonic */
    char message[PROBLEM_TEXT_SIZE], remedy[PROBLEM_TEXT_SIZE];
};

struct problems {
    const struct lockfile *lock;
    pthread_mutex_t mutex;
    bool is_unpublished; /* there was no room for the last change */
    struct present all[PROBLEM_COUNT];
};

struct problems *problems_open(const struct lockfile *lock)
{
    struct problems *problems = calloc(1, sizeof *problems);
    if (!problems) abort();
    problems->lock = lock;
    pthread_mutex_init(&problems->mutex, NULL);
    return problems;
}

void problems_close(struct problems *problems)
{
    if (!problems) return;
    pthread_mutex_destroy(&problems->mutex);
    free(problems);
}

/* The mutex is held. */
static void publish(struct problems *problems)
{
    char text[LOCKFILE_TEXT_SIZE] = "";
    size_t len = 0;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct present *p = &problems->all[i];
        if (p->is_present)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s\t%" PRId64 "\t%s\t%s\n", kinds[i].code,
                                    p->since, p->message, p->remedy);
    }
    problems->is_unpublished = !lockfile_publish(problems->lock, text);
}

void problems_refresh(struct problems *problems)
{
    pthread_mutex_lock(&problems->mutex);
    if (problems->is_unpublished || !lockfile_is_written(problems->lock)) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
}

/* Stores a text as one line, cut if it is too long. Returns whether it changed. */
static bool set_text(char to[PROBLEM_TEXT_SIZE], const char *from)
{
    char text[PROBLEM_TEXT_SIZE];
    int len = snprintf(text, sizeof text, "%s", from);
    if (len >= PROBLEM_TEXT_SIZE) text[utf8_whole_len(text, strlen(text))] = '\0';
    for (char *c = text; *c; c++)
        if (*c == '\t' || *c == '\n') *c = ' ';
    if (strcmp(to, text) == 0) return false;
    memcpy(to, text, sizeof text);
    return true;
}

void problems_raise(struct problems *problems, enum problem_code code, const char *message,
                    const char *remedy)
{
    struct present *p = &problems->all[code];
    pthread_mutex_lock(&problems->mutex);
    bool is_new = !p->is_present;
    bool has_changed = set_text(p->message, message);
    has_changed |= set_text(p->remedy, remedy);
    if (is_new) {
        p->is_present = true;
        p->since = clock_now_ms();
        p->began_at = clock_monotonic_ms();
    }
    if (is_new || has_changed) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
    if (is_new && kinds[code].begins)
        log_error(kinds[code].begins, "problem=%s why=%s remedy=%s", kinds[code].code, LOG_QUOTE(message),
                  LOG_QUOTE(remedy));
}

/* Returns how long the problem was present, in ms; -1 if it was not. */
static int64_t end(struct problems *problems, enum problem_code code)
{
    struct present *p = &problems->all[code];
    pthread_mutex_lock(&problems->mutex);
    bool was_present = p->is_present;
    int64_t began_at = p->began_at;
    *p = (struct present){.is_present = false};
    if (was_present) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
    return was_present ? clock_monotonic_ms() - began_at : -1;
}

void problems_end(struct problems *problems, enum problem_code code)
{
    int64_t after_ms = end(problems, code);
    if (after_ms >= 0 && kinds[code].ends)
        log_info(kinds[code].ends, "problem=%s after_ms=%" PRId64, kinds[code].code, after_ms);
}

void problems_drop(struct problems *problems, enum problem_code code)
{
    (void)end(problems, code);
}

bool problems_is_present(struct problems *problems, enum problem_code code)
{
    pthread_mutex_lock(&problems->mutex);
    bool is_present = problems->all[code].is_present;
    pthread_mutex_unlock(&problems->mutex);
    return is_present;
}

/* ---- for commands ---- */

/* Copies the text before the next tab or newline and moves behind that; false if there is none. */
static bool take_field(const char **text, char *to, size_t size)
{
    size_t len = strcspn(*text, "\t\n");
    if (!(*text)[len]) return false;
    (void)snprintf(to, size, "%.*s", (int)len, *text);
    *text += len + 1;
    return true;
}

bool problems_parse(const char **text, struct problem *problem)
{
    char since[24];
    if (!take_field(text, problem->code, sizeof problem->code) || !take_field(text, since, sizeof since) ||
        !take_field(text, problem->message, sizeof problem->message) ||
        !take_field(text, problem->remedy, sizeof problem->remedy))
        return false;
    problem->since = strtoll(since, NULL, 10);
    if (problem->since < 0) problem->since = 0; /* from then to now is a number, whatever the file says */
    return true;
}

enum problem_severity problems_severity(const char *code)
{
    for (int i = 0; i < PROBLEM_COUNT; i++)
        if (strcmp(kinds[i].code, code) == 0) return kinds[i].severity;
    return PROBLEM_WARNING;
}
