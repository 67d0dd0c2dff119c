/* routes -- see routes.h. */
#include "collector/status/routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collector/framing/event.h"
#include "common/clock.h"
#include "common/status/document.h"
#include "common/status/judge.h"
#include "common/status/metrics.h"
#include "common/status/page.h"
#include "common/turn.h"

/* ---- the present state ---- */

static int64_t loop_silent_ms(const struct routes *r)
{
    return clock_monotonic_ms() - r->loop.turned_at;
}

/* Adds to the collector's problems one that its event loop cannot raise, or that the watcher cannot, and since when it is there. */
static void add_stalled(struct status *s, int64_t lasts_ms, const char *message)
{
    struct status_program *collector = &s->collector;
    const char *code = problem_kind(PROBLEM_THREAD_STALLED)->code;
    for (size_t i = 0; i < collector->problem_count; i++)
        if (strcmp(collector->problems[i].code, code) == 0) return;
    if (collector->problem_count == PROBLEM_COUNT) return;
    struct problem *p = &collector->problems[collector->problem_count++];
    memset(p, 0, sizeof *p);
    p->since = s->now - lasts_ms;
    (void)snprintf(p->code, sizeof p->code, "%s", code);
    (void)snprintf(p->program, sizeof p->program, "collector");
    (void)problem_set_text(p->message, message);
    (void)problem_set_text(p->remedy, "check the disk of SPOOL_PATH; if it is well, restart the collector");
}

static void find_stale(struct routes *r, struct status *s)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t silent_ms = loop_silent_ms(r);
    int64_t age_ms = r->facts.gathered_at > 0 ? clock_monotonic_ms() - r->facts.gathered_at : 0;
    if (silent_ms >= TURN_STALLED_MS) {
        (void)snprintf(message, sizeof message, "the event loop has not come back for %" PRId64 " s",
                       silent_ms / 1000);
        add_stalled(s, silent_ms, message);
    } else if (age_ms >= ROUTES_STALE_MS) {
        (void)snprintf(message, sizeof message,
                       "the watcher of the status could not read the spool for %" PRId64
                       " s: all figures are so old",
                       age_ms / 1000);
        add_stalled(s, age_ms, message);
    }
}

/* The board's facts with what is known without the disk: this program runs, and these are its problems. */
static struct status *load_status(struct routes *r)
{
    struct status *s = &r->facts.status;
    board_note_asked(r->board);
    board_copy_loop(r->board, &r->loop);
    board_copy_facts(r->board, &r->facts);
    s->spool_path = r->spool_path;
    s->now = clock_now_ms();
    s->collector.is_running = true;
    s->collector.is_unseen = s->collector.is_silent = false;
    why_clear(&s->collector.why_not);
    s->collector.problem_count = problems_copy(r->problems, s->collector.problems);
    find_stale(r, s);
    status_judge(s);
    if (*s->identity.node) (void)snprintf(r->node, sizeof r->node, "%s", s->identity.node);
    return s;
}

const char *routes_node(void *context)
{
    struct routes *r = context;
    if (!*r->node) (void)load_status(r);
    return *r->node ? r->node : NULL;
}

/* ---- probes ---- */

static bool is_alive(struct routes *r, struct buf *why)
{
    board_copy_loop(r->board, &r->loop);
    if (loop_silent_ms(r) >= TURN_STALLED_MS) {
        buf_append_format(why, "the event loop has not come back for %" PRId64 " s\n",
                          loop_silent_ms(r) / 1000);
        return false;
    }
    if (!r->loop.are_threads_alive)
        buf_append_format(why, "a thread has not come back for more than a minute from: %s\n",
                          r->loop.stalled);
    return r->loop.are_threads_alive;
}

static void answer_livez(void *context, struct web_answer *answer)
{
    if (is_alive(context, &answer->body))
        buf_append_text(&answer->body, "alive\n");
    else
        answer->code = 503;
}

/* Each reason of the gate is a problem, which has its sentence. */
static void append_reasons(struct routes *r, unsigned reasons, struct buf *out)
{
    struct problem *all = r->facts.status.collector.problems; /* a place that is free now */
    size_t count = problems_copy(r->problems, all);
    for (unsigned reason = 0; reason < GATE_REASON_COUNT; reason++) {
        const char *code = gate_kind((enum gate_reason)reason)->code;
        const char *message = "";
        if (!(reasons & (1U << reason))) continue;
        for (size_t i = 0; i < count; i++)
            if (strcmp(all[i].code, code) == 0) message = all[i].message;
        buf_append_format(out, "not ready: %s%s%s\n", code, *message ? ": " : "", message);
    }
}

static void answer_readyz(void *context, struct web_answer *answer)
{
    struct routes *r = context;
    unsigned reasons = gate_seen(r->gate);
    append_reasons(r, reasons, &answer->body);
    if (!is_alive(r, &answer->body) || reasons != 0)
        answer->code = 503;
    else
        buf_append_text(&answer->body, "ready\n");
}

static void answer_healthz(void *context, struct web_answer *answer)
{
    const struct status *s = load_status(context);
    answer->content_type = WEB_JSON;
    answer->code = s->severity == PROBLEM_INFO ? 200 : 503;
    status_health_document(s, &answer->body);
}

/* ---- documents ---- */

static void fill_live(struct routes *r)
{
    struct status_live *live = &r->live;
    live->connections = r->loop.connections;
    live->source_count = r->loop.source_count;
    memcpy(live->sources, r->loop.sources, sizeof live->sources);
    memcpy(live->events_per_minute, r->facts.events_per_minute, sizeof live->events_per_minute);
    live->hour = r->facts.hour;
    live->day = r->facts.day;
}

static void answer_status(void *context, struct web_answer *answer)
{
    struct routes *r = context;
    const struct status *s = load_status(r);
    fill_live(r);
    answer->content_type = WEB_JSON;
    status_document(s, &r->live, &answer->body);
}

static void answer_metrics(void *context, struct web_answer *answer)
{
    struct routes *r = context;
    const char *reasons[REJECT_REASON_COUNT + 1] = {NULL};
    const struct status *s = load_status(r);
    for (int i = 0; i < REJECT_REASON_COUNT; i++) reasons[i] = reject_reason_name((enum reject_reason)i);
    struct metrics_live live = {r->loop.connections, r->facts.wal_bytes, r->commits, reasons};
    answer->content_type = METRICS_TYPE;
    metrics_of_collector(s, &live, &answer->body);
}

static void answer_page(void *context, struct web_answer *answer)
{
    (void)context;
    answer->content_type = WEB_HTML;
    buf_append_text(&answer->body, page_text);
}

const struct web_route routes_of_collector[] = {
    {"/livez", true, answer_livez},
    {"/readyz", false, answer_readyz},
    {"/healthz", false, answer_healthz},
    {"/metrics", false, answer_metrics},
    {"/status.json", false, answer_status},
    {"/", false, answer_page},
    {NULL, false, NULL},
};
