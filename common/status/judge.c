/* judge -- see judge.h. */
#include "common/status/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS        INT64_C(60000)
#define BACKLOG_LEAST_MS (15 * MINUTE_MS) /* a backlog younger than this is never too old */

/* What to do about a program that does not run, and about one whose process is there. */
#define STARTS(name)                                                                                         \
    "start the " name " (its service, its container, or `eventspool " name                                   \
    "`); the end of its log says why it ended, and `eventspool check` what keeps it from running"
#define HANGS(name)                                                                                          \
    "look at the disk of SPOOL_PATH (`dmesg`), then end the process of the " name                            \
    " and start it again; report the end of its log"

/* Adds a problem, whose texts the caller fills in. */
static struct problem *add(struct status *s, enum problem_code code, const char *program, int64_t since)
{
    struct problem *p = &s->problems[s->problem_count++];
    memset(p, 0, sizeof *p);
    (void)snprintf(p->code, sizeof p->code, "%s", problem_kind(code)->code);
    (void)snprintf(p->program, sizeof p->program, "%s", program);
    p->since = since > 0 ? since : s->now;
    return p;
}

static void add_published(struct status *s, const struct status_program *program)
{
    for (size_t i = 0; i < program->problem_count; i++)
        s->problems[s->problem_count++] = program->problems[i];
}

/* Since when a program is away: its last sign of life, or since it was first missed. */
static int64_t away_since(const struct status *s, const struct status_program *program)
{
    return program->seen_at > 0 ? program->seen_at : s->created_at;
}

static bool is_absent(const struct status_program *program)
{
    return !program->is_running && !program->is_unseen;
}

/* Where nothing was ever, the person is more likely in the wrong place: then nothing can be told. */
static void find_absent(struct status *s)
{
    if (!s->has_spool && s->collector.seen_at == 0 && s->uploader.seen_at == 0) return;
    if (is_absent(&s->collector)) {
        struct problem *p = add(s, PROBLEM_COLLECTOR_ABSENT, "collector", away_since(s, &s->collector));
        (void)problem_set_text(p->message, s->collector.why_not.text);
        (void)problem_set_text(p->remedy, s->collector.is_hanging ? HANGS("collector") : STARTS("collector"));
    }
    if (is_absent(&s->uploader)) {
        struct problem *p = add(s, PROBLEM_UPLOADER_ABSENT, "uploader", away_since(s, &s->uploader));
        (void)problem_set_text(p->message, s->uploader.why_not.text);
        (void)problem_set_text(p->remedy, s->uploader.is_hanging ? HANGS("uploader") : STARTS("uploader"));
    }
}

/* A program that could not write its lock file has found the disk full. */
static void find_silent(struct status *s, const struct status_program *program, const char *name)
{
    if (!program->is_running || !program->is_silent) return;
    struct problem *p = add(s, PROBLEM_DISK_LOW, name, program->started_at);
    (void)problem_set_text(p->message,
                           "its lock file is empty, for want of free space: its problems are not known");
    (void)problem_set_text(p->remedy, "free space on the disk of SPOOL_PATH");
}

/* The code of the problem of the uploader that explains that nothing is shipped; NULL: none does. */
static const char *problem_of_uploader(const struct status *s)
{
    for (size_t i = 0; i < s->problem_count; i++)
        if (strcmp(s->problems[i].program, "uploader") == 0 &&
            problem_severity(s->problems[i].code) != PROBLEM_INFO)
            return s->problems[i].code;
    return NULL;
}

/* Where a problem says what is in the way of the proof, nobody is to wait for it. */
static void explain_unproven(struct status *s)
{
    if (!problem_of_uploader(s)) return;
    for (size_t i = 0; i < s->problem_count; i++)
        if (strcmp(s->problems[i].code, problem_kind(PROBLEM_DESTINATION_UNPROVEN)->code) == 0)
            s->problems[i].remedy[0] = '\0';
}

static void find_old_backlog(struct status *s)
{
    int64_t limit_ms = 2 * s->rotation_ms > BACKLOG_LEAST_MS ? 2 * s->rotation_ms : BACKLOG_LEAST_MS;
    if (s->rotation_ms == 0 || s->oldest_at == 0 || s->now - s->oldest_at < limit_ms) return;
    const char *cause = problem_of_uploader(s);
    struct problem *p = add(s, PROBLEM_BACKLOG_OLD, "uploader", s->oldest_at + limit_ms);
    (void)snprintf(p->message, sizeof p->message,
                   "%" PRId64 " events wait, the oldest for %" PRId64
                   " minutes; more than twice ROTATION_INTERVAL and 15 minutes is too long",
                   s->backlog_events, (s->now - s->oldest_at) / MINUTE_MS);
    if (cause)
        (void)snprintf(p->remedy, sizeof p->remedy, "do what is said about %s", cause);
    else
        (void)problem_set_text(p->remedy,
                               "see what the uploader logs; `eventspool batches list --open` shows what "
                               "it is at");
}

static void find_states(struct status *s)
{
    if (s->is_trial) {
        struct problem *p = add(s, PROBLEM_TRIAL_MODE, "uploader", s->uploader.started_at);
        (void)problem_set_text(p->message, "objects are files in DESTINATION_DIR");
        (void)problem_set_text(p->remedy, "set BUCKET_NAME to ship to S3");
    }
    if (s->has_spool && s->events_received == 0) {
        struct problem *p = add(s, PROBLEM_NOTHING_RECEIVED, "collector", s->created_at);
        (void)problem_set_text(p->message, s->rejects_received > 0 ? "rejects have arrived, but no event yet"
                                                                   : "no event has arrived yet");
        (void)problem_set_text(
            p->remedy,
            s->rejects_received > 0
                ? "`eventspool rejects list` says why; EVENT_ELEMENT may not be the name that is sent"
                : "see that the sender is set to this machine and to PORT (`eventspool config` shows it), "
                  "and that no firewall is between; `eventspool verify` sends an event from here");
    }
}

/* The worse first; of the same, the one that makes the verdict, and then the older one. */
static int compare(const void *left, const void *right)
{
    const struct problem *a = left;
    const struct problem *b = right;
    const struct problem_kind *ka = problem_find(a->code);
    const struct problem_kind *kb = problem_find(b->code);
    int severity = (int)problem_severity(b->code) - (int)problem_severity(a->code);
    int verdict = (kb ? (int)kb->flow : FLOW_DEGRADED) - (ka ? (int)ka->flow : FLOW_DEGRADED);
    if (severity != 0) return severity;
    if (verdict != 0) return verdict;
    return (a->since > b->since) - (a->since < b->since);
}

static void decide(struct status *s)
{
    s->severity = PROBLEM_INFO;
    s->flow = FLOW_WELL;
    for (size_t i = 0; i < s->problem_count; i++) {
        const struct problem_kind *kind = problem_find(s->problems[i].code);
        enum flow flow = kind ? kind->flow : FLOW_DEGRADED;
        enum problem_severity severity = problem_severity(s->problems[i].code);
        if (flow > s->flow) s->flow = flow;
        if (severity > s->severity) s->severity = severity;
    }
}

void status_judge(struct status *s)
{
    s->problem_count = 0;
    add_published(s, &s->collector);
    add_published(s, &s->uploader);
    find_absent(s);
    find_silent(s, &s->collector, "collector");
    find_silent(s, &s->uploader, "uploader");
    explain_unproven(s);
    find_old_backlog(s);
    find_states(s);
    qsort(s->problems, s->problem_count, sizeof *s->problems, compare);
    decide(s);
}

const char *status_verdict_name(const struct status *s)
{
    if (s->flow == FLOW_WELL && status_has(s, PROBLEM_NOTHING_RECEIVED)) return "nothing has arrived yet";
    return flow_name(s->flow);
}

const char *status_verdict_line(const struct status *s, char out[STATUS_VERDICT_SIZE])
{
    static const char *const sentences[] = {
        [FLOW_WELL] = "events are flowing",
        [FLOW_DEGRADED] = "events are flowing, but not as they should",
        [FLOW_WAITING] = "events are waiting, a person is needed",
        [FLOW_HELD_BACK] = "events are held back at their senders",
        [FLOW_BEING_LOST] = "events are being lost",
    };
    if (!s->has_spool && s->severity != PROBLEM_CRITICAL)
        (void)snprintf(out, STATUS_VERDICT_SIZE, "cannot tell: the spool cannot be read");
    else if (s->flow == FLOW_WELL && status_has(s, PROBLEM_NOTHING_RECEIVED))
        (void)snprintf(out, STATUS_VERDICT_SIZE, "nothing has arrived yet");
    else if (s->flow == FLOW_WELL)
        (void)snprintf(out, STATUS_VERDICT_SIZE, "%s", sentences[s->flow]);
    else
        (void)snprintf(out, STATUS_VERDICT_SIZE, "%s: %s", sentences[s->flow], s->problems[0].code);
    return out;
}

int status_exit_code(const struct status *s)
{
    if (s->severity == PROBLEM_CRITICAL) return 2;
    if (!s->has_spool) return 3;
    return s->severity == PROBLEM_WARNING ? 1 : 0;
}
