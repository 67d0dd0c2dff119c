/*
 * ask -- `collector rejects retry` and `collector new-identity`: asked of the running collector; where none runs, this
 * process becomes one without senders, and answers itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/commands/run.h"
#include "collector/settings.h"
#include "collector/spool/append.h"
#include "collector/spool/handlers.h"
#include "common/buf.h"
#include "common/command.h"
#include "common/control_client.h"
#include "common/lockfile.h"
#include "common/spool.h"

struct asker {
    const struct settings *settings;
    struct signals signals;
    struct db *db;
    struct lockfile lock; /* held: no collector runs, we do the work */
    struct spool_in *spool;
    struct handlers *handlers;
};

static enum result serve(void *context, int *wait_ms, struct why *why)
{
    struct asker *a = context;
    (void)why;
    lockfile_beat(&a->lock);
    *wait_ms = handlers_poll(a->handlers);
    return RES_OK;
}

/* Where no collector runs. */
static enum result become_collector(struct asker *a, struct why *why)
{
    const struct settings *s = a->settings;
    struct why held = {0};
    enum result res = lockfile_take(&a->lock, s->spool_path, "collector", &held);
    if (res == RES_RETRY) return RES_OK; /* one runs: it does the work */
    if (res != RES_OK) *why = held;
    if (res == RES_OK) res = run_open_spool(&a->spool, s, &a->signals, &a->lock, why);
    if (res == RES_OK) a->handlers = run_new_handlers(a->spool, s);
    return res;
}

static int ask(const struct settings *settings, const char *what, const char *argument)
{
    struct asker a = {.settings = settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE};
    struct control_call call = {settings->spool_path, "collector", what, argument, &a.signals, NULL, &a};
    struct why why = {0};

    enum result res = signals_open(&a.signals, &why);
    if (res == RES_OK) res = spool_open(&a.db, settings->spool_path, &why); /* never creates one */
    if (res == RES_OK) res = become_collector(&a, &why);
    if (a.handlers) call.serve = serve;
    if (res == RES_OK) res = control_client_run(a.db, &call, &why);

    handlers_free(a.handlers);
    spool_in_close(a.spool);
    db_close(a.db);
    lockfile_release(&a.lock);
    signals_close(&a.signals);
    return command_exit(res, &why);
}

static bool is_id(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= 18 && strspn(text, "0123456789") == len && strspn(text, "0") < len;
}

int run_retry(const struct command_line *line)
{
    struct buf ids = BUF_EMPTY;
    for (int i = 1; i < line->argc; i++) {
        if (!is_id(line->argv[i])) {
            (void)fprintf(
                stderr,
                "collector rejects retry [ID...]: '%s' is no reject's id; the view `rejects` has them\n",
                line->argv[i]);
            buf_fini(&ids);
            return EX_USAGE;
        }
        buf_append_format(&ids, "%s%s", i > 1 ? " " : "", line->argv[i]);
    }
    buf_append_char(&ids, '\0');
    int exit_code = ask(line->settings, HANDLERS_RETRY, ids.data);
    buf_fini(&ids);
    return exit_code;
}

int run_new_identity(const struct command_line *line)
{
    return ask(line->settings, HANDLERS_NEW_IDENTITY, "");
}
