/* control -- see control.h. */
#include "uploader/commands/control.h"

#include <stdio.h>

#include "common/command.h"
#include "common/control_client.h"
#include "common/print.h"
#include "uploader/commands/options.h"
#include "uploader/ship/handlers.h"
#include "uploader/ship/shipper.h"

#define BUSY_MS 200 /* before the spool is tried again */

/* Does nothing if an uploader runs. */
static enum result become_uploader(struct control *c, enum control_needs needs, struct why *why)
{
    const struct settings *s = c->settings;
    struct store_options store = options_for_store(s, PATIENCE_COMMAND);
    struct shipper_options shipper = options_for_shipper(s);
    struct handlers_options handlers = options_for_handlers(s);
    struct why held = {0};
    shipper.has_only_errands = needs == CONTROL_NEEDS_STORE;
    enum result res = lockfile_take(&c->lock, s->spool_path, "uploader", &held);
    if (res == RES_RETRY) return RES_OK;
    if (res != RES_OK) *why = held;
    if (res == RES_OK && needs != CONTROL_NEEDS_SPOOL) res = settings_check_destination(s, why);
    if (res == RES_OK && needs != CONTROL_NEEDS_SPOOL) {
        res = store_open(&c->store, &store, &c->signals, &c->lock, why);
        if (res == RES_OK)
            res = shipper_open(&c->shipper, &shipper, c->spool, c->store, &c->signals, NULL, why);
        if (res == RES_OK) res = shipper_report(c->shipper, why);
    }
    if (res == RES_OK) c->handlers = handlers_new(c->spool, c->shipper, &handlers);
    return res;
}

enum result control_open(struct control *c, const struct settings *settings, enum control_needs needs,
                         struct why *why)
{
    *c = (struct control){.settings = settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE};
    enum result res = signals_open(&c->signals, why);
    if (res == RES_OK) res = spool_out_open_for_command(&c->spool, settings->spool_path, why);
    if (res == RES_OK) res = spool_out_refuse_copy(c->spool, settings->spool_path, why);
    return res == RES_OK ? become_uploader(c, needs, why) : res;
}

void control_close(struct control *c)
{
    handlers_free(c->handlers);
    shipper_close(c->shipper);
    store_close(c->store);
    spool_out_close(c->spool);
    lockfile_release(&c->lock); /* last: the next uploader may open the spool now */
    signals_close(&c->signals);
}

/* The shipper ships whatever is due, not only what the request is about. Returns early when an upload has ended. */
static enum result serve(void *context, int *wait_ms, struct why *why)
{
    struct control *c = context;
    enum result res = RES_OK;
    int ship_ms = 0;
    lockfile_beat(&c->lock);
    if (c->shipper) res = shipper_turn(c->shipper, &ship_ms, why);
    if (res != RES_OK && res != RES_RETRY) return res;
    if (res == RES_RETRY) ship_ms = BUSY_MS;
    *wait_ms = handlers_poll(c->handlers);
    if (!c->shipper) return res;
    (void)shipper_wait(c->shipper,
                       ship_ms < *wait_ms ? ship_ms : *wait_ms); /* the caller checks for a stop itself */
    *wait_ms = 0;
    return res;
}

enum result control_run(struct control *c, const char *action, const char *argument, struct why *why)
{
    struct control_call call = {
        .spool_path = c->settings->spool_path,
        .program = "uploader",
        .action = action,
        .argument = argument,
        .signals = &c->signals,
        .serve = c->handlers ? serve : NULL,
        .context = c,
    };
    return control_client_run(spool_out_db(c->spool), &call, why);
}

int control_exit(enum result res, const struct why *why)
{
    if (res != RES_BROKEN) return command_exit(res, why);
    print_line(stderr, "uploader: %s", why->text);
    if (*why->remedy) print_line(stderr, "uploader: %s", why->remedy);
    return EX_FAILED;
}

int control_uploader(const struct settings *settings, enum control_needs needs, const char *action,
                     const char *argument)
{
    struct control control;
    struct why why = {0};
    enum result res = control_open(&control, settings, needs, &why);
    if (res == RES_OK) res = control_run(&control, action, argument, &why);
    control_close(&control);
    return control_exit(res, &why);
}
