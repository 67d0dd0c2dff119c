/* ask -- see ask.h. */
#include "uploader/commands/control.h"

#include <stdio.h>

#include "common/command.h"
#include "common/control_client.h"
#include "uploader/ship/handlers.h"
#include "uploader/ship/shipper.h"

#define BUSY_MS 200 /* the spool cannot be used now */

struct asker {
    const struct settings *settings;
    struct signals signals;
    struct spool_out *spool;
    struct lockfile lock; /* held: no uploader runs, we do the work */
    struct handlers *handlers;
    struct store *store; /* the shipper's */
    struct shipper *shipper;
};

/* Where events wait to be shipped, the shipper ships them, too. Ends early when an upload has ended. */
static enum result serve(void *context, int *wait_ms, struct why *why)
{
    struct asker *a = context;
    enum result res = RES_OK;
    int ship_ms = 0;
    lockfile_beat(&a->lock);
    if (a->shipper) res = shipper_turn(a->shipper, &ship_ms, why);
    if (res == RES_RETRY) ship_ms = BUSY_MS;
    if (res == RES_OK || res == RES_RETRY) *wait_ms = handlers_poll(a->handlers);
    if (!a->shipper || (res != RES_OK && res != RES_RETRY)) return res;
    (void)shipper_wait(a->shipper, ship_ms < *wait_ms ? ship_ms : *wait_ms);
    *wait_ms = 0;
    return res;
}

/* Where no uploader runs. */
static enum result become_uploader(struct asker *a, enum ask_needs needs, struct why *why)
{
    struct why held = {0};
    struct reship_parts parts = {a->settings, a->spool, &a->signals, &a->lock};
    enum result res = lockfile_take(&a->lock, a->settings->spool_path, "uploader", &held);
    if (res == RES_RETRY) return RES_OK; /* one runs: it does the work */
    if (res != RES_OK) *why = held;
    if (res == RES_OK && needs != ASK_NEEDS_SPOOL) res = settings_check_destination(a->settings, why);
    if (res == RES_OK && needs == ASK_NEEDS_SHIPPER)
        res = store_open(&a->store, a->settings, &a->signals, &a->lock, why);
    if (res != RES_OK) return res;
    a->handlers = handlers_new(&parts);
    if (needs != ASK_NEEDS_SHIPPER) return RES_OK;
    res = shipper_open(&a->shipper, a->settings, a->spool, a->store, &a->signals, why);
    return res == RES_OK ? shipper_report(a->shipper, why) : res;
}

static int exit_code(enum result res, const struct why *why)
{
    if (res != RES_BROKEN) return command_exit(res, why);
    (void)fprintf(stderr, "uploader: %s\n", why->text); /* what the one who tried says of it */
    return EX_FAILED;
}

int ask_uploader(const struct settings *settings, const char *what, const char *argument,
                 enum ask_needs needs)
{
    struct asker a = {.settings = settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE};
    struct control_call call = {settings->spool_path, "uploader", what, argument, &a.signals, NULL, &a};
    struct why why = {0};

    enum result res = signals_open(&a.signals, &why);
    if (res == RES_OK) res = spool_out_open(&a.spool, settings->spool_path, &why);
    if (res == RES_OK) res = spool_out_refuse_copy(a.spool, settings->spool_path, &why);
    if (res == RES_OK) res = become_uploader(&a, needs, &why);
    if (a.handlers) call.serve = serve;
    if (res == RES_OK) res = control_client_run(spool_out_db(a.spool), &call, &why);

    shipper_close(a.shipper);
    handlers_free(a.handlers);
    store_close(a.store);
    lockfile_release(&a.lock);
    spool_out_close(a.spool);
    signals_close(&a.signals);
    return exit_code(res, &why);
}
