/* monitor -- see monitor.h. */
#include "uploader/commands/monitor.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/status/document.h"
#include "common/status/judge.h"
#include "common/status/metrics.h"
#include "common/status/web.h"
#include "common/turn.h"

static const char csp[] = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct monitor {
    struct web *web;
    struct status status; /* of the server's thread */
    char node[SPOOL_NODE_MAX + 1];

    struct problems *problems;

    pthread_mutex_t lock; /* guards the rest */
    int64_t turned_at;    /* monotonic ms */
    struct status posted; /* what the owner's thread has gathered last */
    bool is_collector_absent;
};

/* ---- the server's thread ---- */

/* The uploader alone: what its problems mean. The spool's own facts are the collector's to show. */
static const struct status *load_status(struct monitor *m)
{
    struct status *s = &m->status;
    (void)pthread_mutex_lock(&m->lock);
    *s = m->posted;
    (void)pthread_mutex_unlock(&m->lock);
    s->now = clock_now_ms();
    s->collector.is_running = s->uploader.is_running = true;
    s->collector.problem_count = 0;
    s->uploader.problem_count = problems_copy(m->problems, s->uploader.problems);
    bool has_spool = s->has_spool;
    s->has_spool = false; /* facts of the spool are not looked at */
    status_judge(s);
    s->has_spool = has_spool;
    (void)snprintf(m->node, sizeof m->node, "%s", s->identity.node);
    return s;
}

static const char *node_of(void *context)
{
    struct monitor *m = context;
    if (!*m->node) (void)load_status(m);
    return *m->node ? m->node : NULL;
}

static void answer_livez(void *context, struct web_answer *answer)
{
    struct monitor *m = context;
    (void)pthread_mutex_lock(&m->lock);
    int64_t silent_ms = clock_monotonic_ms() - m->turned_at;
    (void)pthread_mutex_unlock(&m->lock);
    if (silent_ms >= TURN_STALLED_MS)
        buf_append_format(&answer->body, "the main loop has not come back for %" PRId64 " s\n",
                          silent_ms / 1000);
    else if (problems_is_present(m->problems, PROBLEM_THREAD_STALLED))
        buf_append_text(&answer->body, "a thread does not go on: see /healthz\n");
    if (answer->body.len > 0)
        answer->code = 503;
    else
        buf_append_text(&answer->body, "alive\n");
}

static void answer_healthz(void *context, struct web_answer *answer)
{
    const struct status *s = load_status(context);
    answer->content_type = WEB_JSON;
    answer->code = s->severity == PROBLEM_INFO ? 200 : 503;
    status_health_document(s, &answer->body);
}

static void answer_metrics(void *context, struct web_answer *answer)
{
    struct monitor *m = context;
    answer->content_type = METRICS_TYPE;
    (void)pthread_mutex_lock(&m->lock);
    bool is_collector_absent = m->is_collector_absent;
    (void)pthread_mutex_unlock(&m->lock);
    metrics_of_uploader(load_status(m), is_collector_absent, &answer->body);
}

static const struct web_route routes[] = {
    {"/livez", true, answer_livez},
    {"/healthz", false, answer_healthz},
    {"/metrics", false, answer_metrics},
    {NULL, false, NULL},
};

/* ---- the owner's thread ---- */

enum result monitor_open(struct monitor **out, const struct settings *settings, struct problems *problems,
                         struct why *why)
{
    *out = NULL;
    if (settings->status_port == 0) return RES_OK;
    struct monitor *m = calloc(1, sizeof *m);
    if (!m) abort();
    *out = m;
    (void)pthread_mutex_init(&m->lock, NULL);
    m->problems = problems;
    m->turned_at = clock_monotonic_ms();
    struct web_options options = {
        .host = settings->status_host,
        .port = settings->status_port,
        .port_name = "UPLOADER_STATUS_PORT",
        .listening_fd = -1,
        .allowed_hosts = settings->status_allowed_hosts,
        .csp = csp,
        .routes = routes,
        .node = node_of,
        .context = m,
    };
    return web_start(&m->web, &options, why);
}

void monitor_close(struct monitor *m)
{
    if (!m) return;
    web_stop(m->web);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

void monitor_turn(struct monitor *m)
{
    if (!m) return;
    (void)pthread_mutex_lock(&m->lock);
    m->turned_at = clock_monotonic_ms();
    (void)pthread_mutex_unlock(&m->lock);
}

void monitor_post(struct monitor *m, const struct status *status)
{
    if (!m) return;
    (void)pthread_mutex_lock(&m->lock);
    if (status->has_spool) m->posted = *status; /* else what was known stays */
    m->is_collector_absent = status_has(status, PROBLEM_COLLECTOR_ABSENT);
    (void)pthread_mutex_unlock(&m->lock);
}
