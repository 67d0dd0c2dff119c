/* control -- see control.h. */
#include "collector/commands/control.h"

#include "collector/commands/run.h"
#include "collector/spool/opening.h"
#include "common/command.h"
#include "common/control_client.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/spool.h"

struct control {
    const struct settings *settings;
    struct signals signals;
    struct db *db;             /* for the request's row */
    struct lockfile lock;      /* held if no collector runs: this process serves the request */
    struct spool_in *spool;    /* the collector's connection, if this process holds the lock */
    struct handlers *handlers; /* likewise; NULL else */
};

static enum result serve(void *context, int *wait_ms, struct why *why)
{
    struct control *c = context;
    (void)why; /* a request that cannot use the spool now waits */
    lockfile_beat(&c->lock);
    *wait_ms = handlers_poll(c->handlers);
    return RES_OK;
}

/* Opens the spool as a collector does, however long others hold it up. */
static enum result open_spool(struct control *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct opening opening = {.path = s->spool_path,
                              .node = s->node_id,
                              .sync = (enum spool_sync)s->spool_sync,
                              .must_settle = true};
    enum result res = opening_try(&opening, why);
    if (res == RES_RETRY)
        log_warn("waiting: the spool cannot be opened yet", "why=%s remedy=%s", LOG_QUOTE(why->text),
                 LOG_QUOTE(*why->remedy ? why->remedy : "close the program that reads or writes the spool"));
    while (res == RES_RETRY && !signals_wait(&c->signals, OPENING_PAUSE_MS)) {
        lockfile_beat(&c->lock);
        why_clear(why);
        res = opening_try(&opening, why);
    }
    c->spool = opening.spool;
    return res;
}

/* Does nothing if a collector runs. */
static enum result become_collector(struct control *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct handlers_options options = run_handlers_options(s);
    struct why held = {0};
    enum result res = lockfile_take(&c->lock, s->spool_path, "collector", &held);
    if (res == RES_RETRY) return RES_OK;
    if (res != RES_OK) *why = held;
    if (res == RES_OK) res = open_spool(c, why);
    if (res != RES_OK) return res;
    spool_in_cap_rejects(c->spool, run_rejects_cap(s)); /* a retry appends some, too */
    c->handlers = handlers_new(c->spool, &options);
    return RES_OK;
}

int control_collector(const struct settings *settings, const char *action, const char *argument)
{
    struct control c = {.settings = settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE};
    struct control_call call = {
        .spool_path = settings->spool_path,
        .program = "collector",
        .action = action,
        .argument = argument,
        .signals = &c.signals,
        .context = &c,
    };
    struct why why = {0};

    enum result res = signals_open(&c.signals, &why);
    if (res == RES_OK)
        res = spool_open_for_command(&c.db, settings->spool_path, &why); /* never creates one */
    if (res == RES_OK) res = become_collector(&c, &why);
    if (c.handlers) call.serve = serve;
    if (res == RES_OK) res = control_client_run(c.db, &call, &why);

    bool is_settled = c.handlers != NULL;
    bool is_in_doubt = is_settled && spool_in_is_in_doubt(c.spool);
    handlers_free(c.handlers);
    spool_in_close(c.spool);
    db_close(c.db);
    if (!is_settled)
        lockfile_leave(&c.lock);
    else if (!is_in_doubt)
        lockfile_release(&c.lock); /* else the next one sees an unclean end */
    signals_close(&c.signals);
    return command_exit(res, &why);
}
