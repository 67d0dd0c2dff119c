/* notifier -- see notifier.h. */
#include "uploader/alert/notifier.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/status/gather.h"
#include "common/thread.h"
#include "uploader/alert/body.h"
#include "uploader/alert/policy.h"
#include "uploader/alert/receiver.h"
#include "uploader/alert/state.h"

#define TURN_MS           3000
#define WAIT_MS           250 /* between two looks whether a stop was requested */
#define BUSY_MS           250 /* no lock is waited for longer, as a stop may be requested */
#define MESSAGES_MAX      3   /* in one turn: the heartbeat is not to wait for more */
#define HEARTBEAT_MS      60000
#define HEARTBEAT_SOON_MS 20000 /* after a failure */

struct notifier {
    struct notifier_options options;
    struct signals *signals;
    struct receiver *alerts, *heartbeats; /* NULL: not set */
    struct db *db;                        /* NULL: not open */
    struct spool_identity identity;
    struct status status;
    struct alert_policy policy;
    bool has_policy;         /* it has been loaded */
    bool has_logged_unsaved; /* that alerts cannot be stored */
    int64_t heartbeat_due;   /* monotonic */
    pthread_t thread;
    bool is_running;
};

/* ---- the spool ---- */

static void close_spool(struct notifier *n)
{
    db_close(n->db);
    n->db = NULL;
}

static enum result open_spool(struct notifier *n, struct why *why)
{
    if (n->db) return RES_OK;
    enum result res = spool_open(&n->db, n->options.spool_path, why);
    if (res == RES_OK) db_set_busy(n->db, BUSY_MS);
    return res;
}

static struct alert_now now_of(const struct notifier *n)
{
    return (struct alert_now){n->status.now, clock_monotonic_ms()};
}

static void gather(struct notifier *n)
{
    struct why why = {0};
    enum result res = open_spool(n, &why);
    if (res != RES_OK)
        status_gather_programs(&n->status, n->options.spool_path, &why);
    else
        res = status_gather(&n->status, n->db, n->options.spool_path, &why);
    if (res == RES_BROKEN) close_spool(n);
    if (n->status.has_spool) n->identity = n->status.identity;
    if (res != RES_OK) log_debug("the spool cannot be read for alerts now", "why=%s", LOG_QUOTE(why.text));
}

/* ---- alerts ---- */

/* Without the spool there are no ids, and nobody knows what was told before. A new identity begins with no alerts. */
static void load_policy(struct notifier *n)
{
    struct why why = {0};
    bool is_current = n->has_policy && strcmp(n->policy.spool, n->identity.spool) == 0;
    if (is_current || !n->status.has_spool) return;
    alert_policy_init(&n->policy, n->identity.spool, now_of(n));
    n->has_policy = alert_state_load(&n->policy, n->db, now_of(n), &why) == RES_OK;
    if (!n->has_policy) log_debug("the alerts cannot be loaded now", "why=%s", LOG_QUOTE(why.text));
}

static void save_policy(struct notifier *n)
{
    struct why why = {0};
    enum result res = RES_RETRY;
    if (n->db)
        res = alert_state_save(&n->policy, n->db, now_of(n), &why);
    else
        (void)why_set(&why, res, "the spool cannot be opened");
    if (res != RES_OK && !n->has_logged_unsaved)
        log_warn("alerts cannot be stored now: they go on in memory", "why=%s", LOG_QUOTE(why.text));
    if (res == RES_OK && n->has_logged_unsaved) log_info("alerts are stored again", NULL);
    n->has_logged_unsaved = res != RES_OK;
}

static void update_policy(struct notifier *n)
{
    const struct status *s = &n->status;
    const struct alert_view view = {
        .problems = s->problems,
        .count = s->problem_count,
        .is_collector_known = s->collector.is_running && !s->collector.is_silent,
        .is_uploader_known = s->uploader.is_running && !s->uploader.is_silent,
        .is_spool_known = s->has_spool,
    };
    alert_policy_update(&n->policy, &view, now_of(n));
    if (n->policy.given_up > 0)
        log_warn("the ends of alerts could not be sent for a week, and are given up", "alerts=%zu",
                 n->policy.given_up);
    n->policy.given_up = 0;
}

/* What was stored before a try shows after a crash which id it had. */
static bool send_next(struct notifier *n)
{
    struct alert_message message;
    struct buf json = BUF_EMPTY;
    struct why why = {0};
    if (!alert_policy_next(&n->policy, now_of(n), &message)) return false;
    alert_body(&message, n->identity.node, &n->status, &json);
    enum alert_outcome outcome = receiver_call(n->alerts, &json, NULL, &why);
    buf_fini(&json);
    if (outcome == ALERT_TAKEN)
        log_info("alert sent", "event=%s id=%s code=%s alerts=%zu", alert_event_name(message.event),
                 message.alerts[0]->id, message.alerts[0]->problem.code, message.count);
    alert_policy_sent(&n->policy, &message, outcome, now_of(n));
    save_policy(n);
    return outcome == ALERT_TAKEN;
}

static void tell(struct notifier *n)
{
    if (!n->alerts) return;
    load_policy(n);
    if (!n->has_policy) return;
    update_policy(n);
    save_policy(n);
    for (int i = 0; i < MESSAGES_MAX && !signals_stop_requested(n->signals); i++)
        if (!send_next(n)) return;
}

/* ---- the heartbeat ---- */

static void beat(struct notifier *n)
{
    struct why why = {0};
    bool is_due = n->heartbeats && clock_monotonic_ms() >= n->heartbeat_due;
    if (!is_due || n->status.severity == PROBLEM_CRITICAL) return;
    bool is_taken = receiver_call(n->heartbeats, NULL, NULL, &why) == ALERT_TAKEN;
    n->heartbeat_due = clock_monotonic_ms() + (is_taken ? HEARTBEAT_MS : HEARTBEAT_SOON_MS);
}

/* ---- the thread ---- */

static void *work(void *context)
{
    struct notifier *n = context;
    int64_t turn_due = 0;
    while (!signals_wait(n->signals, WAIT_MS)) {
        if (clock_monotonic_ms() < turn_due) continue;
        gather(n);
        beat(n);
        tell(n);
        turn_due = clock_monotonic_ms() + TURN_MS;
    }
    close_spool(n);
    return NULL;
}

static enum result start(struct notifier *n, struct why *why)
{
    enum result res = RES_OK;
    if (n->options.alert_url)
        res = receiver_open(&n->alerts, "ALERT_URL", n->options.alert_url, n->signals, why);
    if (res == RES_OK && n->options.heartbeat_url)
        res = receiver_open(&n->heartbeats, "HEARTBEAT_URL", n->options.heartbeat_url, n->signals, why);
    if (res != RES_OK) return res;
    int code = thread_start(&n->thread, "notifier", work, n);
    if (code != 0) return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
    n->is_running = true;
    if (n->alerts) log_info("alerts are sent", "service=%s", LOG_QUOTE(receiver_site(n->alerts)));
    if (n->heartbeats) log_info("heartbeats are sent", "service=%s", LOG_QUOTE(receiver_site(n->heartbeats)));
    return RES_OK;
}

enum result notifier_open(struct notifier **out, const struct notifier_options *options,
                          struct signals *signals, struct why *why)
{
    *out = NULL;
    if (!options->alert_url && !options->heartbeat_url) return RES_OK;
    struct notifier *n = calloc(1, sizeof *n);
    if (!n) abort();
    n->options = *options;
    n->signals = signals;
    enum result res = start(n, why);
    if (res != RES_OK) {
        notifier_close(n);
        n = NULL;
    }
    *out = n;
    return res;
}

void notifier_close(struct notifier *n)
{
    if (!n) return;
    signals_request_stop(n->signals);
    if (n->is_running) (void)pthread_join(n->thread, NULL);
    receiver_close(n->alerts);
    receiver_close(n->heartbeats);
    free(n);
}
