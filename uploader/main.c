/* The uploader: rows of the spool to objects in S3. */
#include <sys/prctl.h>
#include <unistd.h>

#include "common/command.h"
#include "common/log.h"
#include "common/standard_fds.h"
#include "uploader/commands/run.h"
#include "uploader/settings.h"

static const struct command commands[] = {
    {"run", NULL, run_service, "the service; SIGTERM or SIGINT stop it cleanly"},
    {"flush", NULL, run_flush, "ships everything that is in the spool now, and waits for it"},
    {"status", "[--json] [--watch]", run_status, "the installation on one screen, or as JSON for programs"},
    {"reship", "[--batch ID] [--since TIME [--until TIME]] [--new-keys] [--dry-run]", run_reship,
     "sends past batches again: missing objects, or all under new keys"},
    {"resolve", "--batch ID --as shipped|reseal|abandoned [--note TEXT] [--yes]", run_resolve,
     "your word on a batch that cannot go on by itself"},
    {"batches list", "[--open] [-n N]", run_batches_list,
     "the newest batches, or of those that are not shipped"},
    {"batches show", "ID", run_batches_show, "one batch, and what can be done about it"},
    {"batches fetch", "ID", run_batches_fetch,
     "the object of one batch, byte by byte, read from where it is stored"},
    {"rejects list", "[--all] [-n N]", run_rejects_list,
     "the newest rejects that nobody has settled, or of all"},
    {"rejects show", "ID [--raw]", run_rejects_show, "one reject, readable or byte by byte"},
    {"rejects export", "[--force] [FILE]", run_rejects_export, "all rejects as NDJSON, as they are shipped"},
    {"rejects dismiss", "[--all] [ID...]", run_rejects_dismiss,
     "marks rejects as settled, so that they are not listed or retried"},
    {"alert test", NULL, run_alert_test, "sends a test to ALERT_URL, and shows the answer"},
    {"check", "[--read-only]", run_check,
     "may we write where we should? Says for each problem what to do; --read-only: only looks"},
    {"healthcheck", "[--strict]", run_healthcheck,
     "exit 0 if the running uploader lives; --strict: and has no problem"},
    {"config", NULL, run_config, "prints the effective configuration"},
    {NULL, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "uploader",
    .purpose = "ships the events of the spool in batches, as objects in S3",
    .commands = commands,
    .settings = uploader_settings,
    .details = uploader_details,
};

/* Only root may look into this process, as it holds keys: no debugger, no /proc/PID/environ, no core dump. */
static void hide(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0); /* cannot fail with this value */
}

int main(int argc, char **argv)
{
    standard_fds_open();
    hide();
    struct settings settings = {0};
    struct command_line line = {.settings = &settings};
    struct why why = {0};
    int exit_code = EX_OK;

    log_open(program.name);
    const struct command *command = command_find(&program, argc, argv, &line, &exit_code);
    if (!command) return command_end(&program, exit_code);
    enum result res = settings_load(&settings, environ, &why);
    exit_code = res == RES_OK ? command->run(&line) : command_exit(res, &why);
    settings_free(&settings);
    return command_end(&program, exit_code);
}
