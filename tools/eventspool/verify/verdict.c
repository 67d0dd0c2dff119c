/* verdict -- see verdict.h. */
#include "tools/eventspool/verify/verdict.h"

#include <inttypes.h>
#include <string.h>

static enum verdict stop(struct why *why, const char *text, const char *remedy)
{
    (void)why_set(why, RES_BROKEN, "%s", *text ? text : "the reason is not known");
    (void)why_remedy(why, RES_BROKEN, "%s", *remedy ? remedy : "`eventspool status` shows how everything is");
    return VERDICT_STOPPED;
}

static enum verdict stop_by(struct why *why, const struct problem *problem)
{
    return stop(why, problem->message, problem->remedy);
}

static const struct problem *find_code(const struct status *status, enum problem_code code)
{
    for (size_t i = 0; i < status->problem_count; i++)
        if (strcmp(status->problems[i].code, problem_kind(code)->code) == 0) return &status->problems[i];
    return NULL;
}

/* The problem, if it has been there for so long that it will hardly end by itself. */
static const struct problem *find_lasting(const struct verify_facts *facts, enum problem_code code)
{
    return facts->problem_ms[code] >= VERDICT_PATIENCE_MS ? find_code(facts->status, code) : NULL;
}

/* The worst lasting problem of a program that is at least so bad; NULL: there is none. The list begins with the worst. */
static const struct problem *find_worst(const struct verify_facts *facts, const char *program,
                                        enum problem_severity severity)
{
    const struct status *status = facts->status;
    for (size_t i = 0; i < status->problem_count; i++) {
        const struct problem *problem = &status->problems[i];
        if (strcmp(problem->program, program) != 0 || problem_severity(problem->code) < severity) continue;
        for (int code = 0; code < PROBLEM_COUNT; code++)
            if (strcmp(problem->code, problem_kind((enum problem_code)code)->code) == 0 &&
                facts->problem_ms[code] >= VERDICT_PATIENCE_MS)
                return problem;
    }
    return NULL;
}

/* ---- the spool ---- */

static enum verdict stop_as_reject(const struct verify_facts *facts, struct why *why)
{
    (void)why_set(why, RES_BROKEN, "it became reject %" PRId64 " (%s): %s", facts->reject_id,
                  facts->reject_reason, facts->reject_detail);
    if (strcmp(facts->reject_reason, "unknown_element") == 0)
        (void)why_remedy(
            why, RES_BROKEN,
            "the running collector has another EVENT_ELEMENT than this command, which has sent <%s>: "
            "give both the same settings, and restart the collector",
            facts->element);
    else
        (void)why_remedy(why, RES_BROKEN, "`eventspool rejects show %" PRId64 "` shows its bytes",
                         facts->reject_id);
    return VERDICT_STOPPED;
}

/* Does it stop or start just now? Then the connection was closed for that, and what came by it may still be committed. */
static bool is_restarting(const struct status *status)
{
    return status_has(status, PROBLEM_COLLECTOR_ABSENT) || status_has(status, PROBLEM_STOPPING) ||
           status_has(status, PROBLEM_STARTING);
}

static enum verdict stop_as_refused(const struct verify_facts *facts, struct why *why)
{
    const struct problem *full = find_code(facts->status, PROBLEM_CONNECTIONS_FULL);
    if (full) return stop_by(why, full);
    (void)why_set(why, RES_BROKEN, "%s has closed the connection, and the event is not in the spool",
                  facts->address);
    (void)why_remedy(why, RES_BROKEN,
                     "name this machine's address in ALLOW_FROM, or send from one that is named there, with "
                     "--host; the collector's log says whom it has refused");
    return VERDICT_STOPPED;
}

static enum verdict stop_uncommitted(const struct verify_facts *facts, struct why *why)
{
    (void)why_set(why, RES_BROKEN, "it is not in %s, whose collector runs and names no reason",
                  facts->status->spool_path);
    (void)why_remedy(why, RES_BROKEN,
                     "see whether %s is the port of this spool's collector: `eventspool config` shows PORT, "
                     "BIND_HOST and SPOOL_PATH; `eventspool status` shows who is connected",
                     facts->address);
    return VERDICT_STOPPED;
}

enum verdict verdict_on_commit(const struct verify_facts *facts, struct why *why)
{
    const struct problem *critical = find_worst(facts, "collector", PROBLEM_CRITICAL);
    int64_t most_ms = facts->timeout_ms < VERDICT_COMMIT_MS ? facts->timeout_ms : VERDICT_COMMIT_MS;
    if (facts->event_id > 0) return VERDICT_PASSED;
    if (facts->reject_id > 0) return stop_as_reject(facts, why);
    if (critical) return stop_by(why, critical);
    if (facts->closed_ms >= VERDICT_PATIENCE_MS && !is_restarting(facts->status))
        return stop_as_refused(facts, why);
    if (facts->waited_ms < most_ms) return VERDICT_WAIT;
    const struct problem *warning = find_worst(facts, "collector", PROBLEM_WARNING);
    return warning ? stop_by(why, warning) : stop_uncommitted(facts, why);
}

/* ---- the object ---- */

/* What waits for a person, and will not end by waiting. */
static const struct problem *find_obstacle(const struct verify_facts *facts)
{
    static const enum problem_code codes[] = {PROBLEM_UPLOADER_ABSENT, PROBLEM_CREDENTIALS};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct problem *problem = find_lasting(facts, codes[i]);
        if (problem) return problem;
    }
    return *facts->last_error ? find_lasting(facts, PROBLEM_S3_REFUSED) : NULL;
}

/* Of the uploader as a whole; that of other batches is not this one's. */
static const struct problem *find_general(const struct status *status)
{
    static const enum problem_code codes[] = {PROBLEM_UPLOADER_ABSENT, PROBLEM_CREDENTIALS,
                                              PROBLEM_S3_UNREACHABLE, PROBLEM_CLOCK_WRONG,
                                              PROBLEM_THREAD_STALLED};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct problem *problem = find_code(status, codes[i]);
        if (problem && strcmp(problem->program, "uploader") == 0) return problem;
    }
    return NULL;
}

/* The best that is known of why it is not stored by now: of its own batch, of the uploader, of the command that ships. */
static enum verdict stop_waiting(const struct verify_facts *facts, struct why *why)
{
    const struct problem *general = find_general(facts->status);
    if (*facts->last_error) return stop(why, facts->last_error, facts->remedy);
    if (general) return stop_by(why, general);
    if (*facts->flush_text && facts->flush_code > 0)
        return stop(why, facts->flush_text,
                    "`eventspool status` shows what keeps the uploader from shipping");
    (void)why_set(why, RES_BROKEN,
                  "the uploader runs, has shipped nothing for %" PRId64 " s, and names no reason; %" PRId64
                  " events wait",
                  facts->quiet_ms / 1000, facts->status->backlog_events);
    (void)why_remedy(why, RES_BROKEN,
                     "`eventspool status` shows what it does; a larger --timeout waits for longer");
    return VERDICT_STOPPED;
}

/* Was it due for so long, and for so long nothing shipped? What was there before it is shipped first; but not for ever. */
static bool is_time_over(const struct verify_facts *facts)
{
    int64_t patience_ms =
        facts->quiet_ms >= facts->timeout_ms ? facts->timeout_ms : VERDICT_BACKLOG_TIMES * facts->timeout_ms;
    return facts->due_ms >= patience_ms;
}

enum verdict verdict_on_object(const struct verify_facts *facts, struct why *why)
{
    const struct problem *obstacle = find_obstacle(facts);
    if (facts->is_shipped) return VERDICT_PASSED;
    if (facts->is_abandoned)
        return stop(why, "its batch was given up by a person",
                    "`eventspool resolve --as reseal` takes that back while the rows are there");
    if (facts->is_blocked) return stop(why, facts->last_error, facts->remedy);
    if (obstacle) return stop_by(why, obstacle);
    if (facts->is_flushed && facts->flush_code > 0) return stop_waiting(facts, why);
    return is_time_over(facts) ? stop_waiting(facts, why) : VERDICT_WAIT;
}

enum verdict verdict_on_uploader(const struct verify_facts *facts, struct why *why)
{
    const struct status_program *uploader = &facts->status->uploader;
    return uploader->is_running || uploader->is_unseen ? VERDICT_PASSED : verdict_on_object(facts, why);
}

enum verdict verdict_on_batch(const struct verify_facts *facts, struct why *why)
{
    return facts->batch_id > 0 ? VERDICT_PASSED : verdict_on_object(facts, why);
}
