/* metrics -- see metrics.h. */
#include "common/status/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/status/judge.h"
#include "common/upload_buckets.h"
#include "common/utf8.h"

/* ---- the format ---- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_append_format(out, "# HELP eventspool_%s %s\n# TYPE eventspool_%s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, const char *type, const char *help, int64_t value)
{
    head(out, name, type, help);
    buf_append_format(out, "eventspool_%s %" PRId64 "\n", name, value);
}

/* The format takes any text in UTF-8, with three characters escaped: so two different values stay different. */
static void label(struct buf *out, const char *name, const char *value)
{
    size_t len = utf8_valid_len(value, strlen(value));
    buf_append_format(out, "%s=\"", name);
    for (size_t i = 0; i < len; i++) {
        char c = value[i];
        if (c == '"' || c == '\\' || c == '\n') buf_append_char(out, '\\');
        buf_append_char(out, c == '\n' ? 'n' : c);
    }
    buf_append_char(out, '"');
}

static void one_label(struct buf *out, const char *metric, const char *name, const char *value,
                      int64_t number_of)
{
    buf_append_format(out, "eventspool_%s{", metric);
    label(out, name, value);
    buf_append_format(out, "} %" PRId64 "\n", number_of);
}

/* Seconds of a time in ms. */
static void append_seconds(struct buf *out, int64_t ms)
{
    buf_append_format(out, "%" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
}

/* ---- what was received ---- */

static void add_received(const struct status *s, const struct metrics_live *live, struct buf *out)
{
    number(out, "events_received_total", "counter", "Events committed to the spool since its creation.",
           s->events_received);
    number(out, "bytes_received_total", "counter",
           "Bytes read from senders since the spool's creation, with all that is no event.",
           s->received_bytes);
    head(out, "rejects_total", "counter", "Rejects since the spool's creation, by their reason.");
    for (const char *const *reason = live->reject_reasons; *reason; reason++)
        one_label(out, "rejects_total", "reason", *reason, status_counter(s, "rejects", *reason));
}

static void add_commits(const struct histogram *commits, struct buf *out)
{
    static const char name[] = "eventspool_commit_duration_seconds";
    int64_t count = 0;
    head(out, "commit_duration_seconds", "histogram",
         "Duration of commits that succeeded, since the collector's start.");
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += commits->counts[i];
        if (histogram_bounds_us[i] == INT64_MAX)
            buf_append_format(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", name, count);
        else
            buf_append_format(out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", name,
                              (double)histogram_bounds_us[i] / 1e6, count);
    }
    buf_append_format(out, "%s_sum %.6f\n%s_count %" PRId64 "\n", name, (double)commits->sum_us / 1e6, name,
                      count);
}

/* ---- what waits and what was shipped ---- */

static void add_backlog(const struct status *s, struct buf *out)
{
    number(out, "backlog_events", "gauge", "Events that are neither shipped nor given up.",
           s->backlog_events);
    number(out, "backlog_bytes", "gauge", "Bytes of these events, as received.", s->backlog_bytes);
    int64_t age_ms = s->oldest_at > 0 && s->now > s->oldest_at ? s->now - s->oldest_at : 0;
    head(out, "backlog_oldest_seconds", "gauge", "Age of the oldest of these events; 0 if there is none.");
    buf_append_text(out, "eventspool_backlog_oldest_seconds ");
    append_seconds(out, age_ms);
}

static void add_shipped(const struct status *s, struct buf *out)
{
    number(out, "batches_shipped_total", "counter", "Batches shipped since the spool's creation.",
           status_counter(s, "shipped_batches", ""));
    number(out, "events_shipped_total", "counter", "Events in these batches.",
           status_counter(s, "shipped_events", ""));
    number(out, "batches_blocked", "gauge", "Batches that the store refuses, and only a person can help.",
           s->blocked);
    head(out, "last_shipped_timestamp_seconds", "gauge",
         "When the last batch was shipped, in seconds since 1970; 0 if none was.");
    buf_append_text(out, "eventspool_last_shipped_timestamp_seconds ");
    append_seconds(out, s->last_shipped_at);
}

/* ---- uploads ---- */

/* All buckets, always: whoever computes percentiles needs each from the start. */
static void add_durations(const struct status *s, struct buf *out)
{
    static const char name[] = "eventspool_upload_duration_seconds";
    int64_t count = 0;
    head(out, "upload_duration_seconds", "histogram",
         "Duration of uploads that succeeded, since the spool's creation.");
    for (size_t i = 0; i < UPLOAD_BUCKETS; i++) {
        const struct upload_bucket *bucket = &upload_buckets[i];
        count += status_counter(s, "upload_le_ms", bucket->label);
        if (bucket->at_most_ms < INT64_MAX)
            buf_append_format(out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", name,
                              (double)bucket->at_most_ms / 1e3, count);
    }
    buf_append_format(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n%s_sum %.3f\n%s_count %" PRId64 "\n", name,
                      count, name, (double)status_counter(s, "upload_sum_ms", "") / 1e3, name, count);
}

/* Every problem that an upload's failure may be counted under, always; and what a newer uploader counts. */
static void add_failures(const struct status *s, struct buf *out)
{
    static const enum problem_code codes[] = {PROBLEM_CREDENTIALS, PROBLEM_S3_REFUSED, PROBLEM_BATCH_BLOCKED,
                                              PROBLEM_S3_UNREACHABLE, PROBLEM_CLOCK_WRONG};
    const size_t count = sizeof codes / sizeof *codes;
    head(out, "upload_failures_total", "counter",
         "Uploads that failed since the spool's creation, by the problem that they were counted under.");
    for (size_t i = 0; i < count; i++) {
        const char *code = problem_kind(codes[i])->code;
        one_label(out, "upload_failures_total", "reason", code, status_counter(s, "upload_failures", code));
    }
    for (size_t i = 0; i < s->counter_count; i++) {
        const struct status_counter *counter = &s->counters[i];
        bool is_other = strcmp(counter->name, "upload_failures") == 0;
        for (size_t j = 0; j < count && is_other; j++)
            is_other = strcmp(counter->label, problem_kind(codes[j])->code) != 0;
        if (is_other) one_label(out, "upload_failures_total", "reason", counter->label, counter->value);
    }
}

/* ---- senders ---- */

/* Has a sender before this one the same name? The list has a row for each of a sender's addresses. */
static bool is_repeated(const struct status *s, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(s->senders[i].sender, s->senders[index].sender) == 0) return true;
    return false;
}

static int64_t newest_of(const struct status *s, const char *sender)
{
    int64_t at = 0;
    for (size_t i = 0; i < s->sender_count; i++)
        if (strcmp(s->senders[i].sender, sender) == 0 && s->senders[i].last_event_at > at)
            at = s->senders[i].last_event_at;
    return at;
}

static void add_senders(const struct status *s, struct buf *out)
{
    head(out, "sender_last_event_timestamp_seconds", "gauge",
         "When a sender's last event came, in seconds since 1970; of the 64 with the most events.");
    for (size_t i = 0; i < s->sender_count; i++) {
        if (is_repeated(s, i)) continue;
        buf_append_text(out, "eventspool_sender_last_event_timestamp_seconds{");
        label(out, "sender", s->senders[i].sender);
        buf_append_text(out, "} ");
        append_seconds(out, newest_of(s, s->senders[i].sender));
    }
}

/* ---- the disk ---- */

static void add_disk(const struct status *s, const struct metrics_live *live, struct buf *out)
{
    number(out, "spool_bytes", "gauge", "Size of the spool's file, without its write-ahead log.",
           s->spool_bytes);
    if (s->disk.free_bytes >= 0)
        number(out, "spool_free_bytes", "gauge",
               "Free space of the spool's file system, with the spool's own unused pages.",
               s->disk.free_bytes + s->disk.unused_bytes);
    if (live->wal_bytes >= 0)
        number(out, "wal_bytes", "gauge", "Size of the file of the spool's write-ahead log.",
               live->wal_bytes);
}

/* ---- problems and versions ---- */

enum owner { COLLECTOR = 1, UPLOADER = 2, BOTH = 3 };

/* Whose a problem is: its program publishes it, or is what it is about. */
static enum owner owner_of(enum problem_code code)
{
    switch (code) {
    case PROBLEM_STARTING:
    case PROBLEM_STOPPING:
    case PROBLEM_THREAD_STALLED: return BOTH;
    case PROBLEM_DESTINATION_UNPROVEN:
    case PROBLEM_CREDENTIALS:
    case PROBLEM_S3_REFUSED:
    case PROBLEM_BATCH_BLOCKED:
    case PROBLEM_S3_UNREACHABLE:
    case PROBLEM_CLOCK_WRONG:
    case PROBLEM_UPLOADER_ABSENT:
    case PROBLEM_BACKLOG_OLD:
    case PROBLEM_TRIAL_MODE: return UPLOADER;
    default: return COLLECTOR;
    }
}

/* Is it present? Of a problem with one owner it does not matter which program has found it. */
static bool is_present(const struct status *s, enum problem_code code, const char *program)
{
    for (size_t i = 0; i < s->problem_count; i++)
        if (strcmp(s->problems[i].code, problem_kind(code)->code) == 0 &&
            (owner_of(code) != BOTH || strcmp(s->problems[i].program, program) == 0))
            return true;
    return false;
}

static void add_problem(const struct status *s, enum problem_code code, const char *program, struct buf *out)
{
    buf_append_format(out, "eventspool_problem{code=\"%s\",program=\"%s\"} %d\n", problem_kind(code)->code,
                      program, is_present(s, code, program) ? 1 : 0);
}

static void add_problems(const struct status *s, enum owner of, struct buf *out)
{
    head(out, "problem", "gauge", "1 while the program has the problem, else 0.");
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        enum problem_code code = (enum problem_code)i;
        if (owner_of(code) & of & COLLECTOR) add_problem(s, code, "collector", out);
        if (owner_of(code) & of & UPLOADER) add_problem(s, code, "uploader", out);
    }
}

static void add_build(const char *program, const char *version, struct buf *out)
{
    if (!*version) return;
    buf_append_format(out, "eventspool_build_info{program=\"%s\",", program);
    label(out, "version", version);
    buf_append_text(out, "} 1\n");
}

static void add_builds(const char *collector, const char *uploader, struct buf *out)
{
    head(out, "build_info", "gauge", "1, with the version of each program.");
    add_build("collector", collector, out);
    add_build("uploader", uploader, out);
}

/* ---- all ---- */

void metrics_of_collector(const struct status *s, const struct metrics_live *live, struct buf *out)
{
    if (s->has_spool) {
        add_received(s, live, out);
        add_backlog(s, out);
        add_shipped(s, out);
        add_durations(s, out);
        add_failures(s, out);
        add_senders(s, out);
        add_disk(s, live, out);
    }
    number(out, "connections", "gauge", "Senders that are connected to the collector now.",
           live->connections);
    add_commits(live->commits, out);
    add_problems(s, BOTH, out);
    add_builds(EVENTSPOOL_VERSION, s->uploader.version, out);
}

void metrics_of_uploader(const struct status *s, bool is_collector_absent, struct buf *out)
{
    if (s->has_spool) {
        add_durations(s, out);
        add_failures(s, out);
    }
    add_problems(s, UPLOADER, out);
    buf_append_format(out, "eventspool_problem{code=\"%s\",program=\"collector\"} %d\n",
                      problem_kind(PROBLEM_COLLECTOR_ABSENT)->code, is_collector_absent ? 1 : 0);
    add_builds("", EVENTSPOOL_VERSION, out);
}
