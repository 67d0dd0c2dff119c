/* The collector: XML events from the network to durable rows in the spool. */
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/settings.h"
#include "common/command.h"
#include "common/log.h"
#include "common/standard_fds.h"

static const struct command commands[] = {
    {"run", NULL, run_service, "the service; SIGTERM or SIGINT stop it cleanly"},
    {"check", NULL, run_check, "checks the settings and the machine, and says what to do"},
    {"healthcheck", "[--strict]", run_healthcheck,
     "exit 0 if the running collector is alive; --strict: and has no problem"},
    {"tail", "[-n N] [--sender TEXT] [--name TEXT] [--rejects] [--json]", run_tail,
     "shows the last events, or rejects, then each new one as it commits"},
    {"rejects retry", "[ID...]", run_rejects_retry,
     "validates rejects again; those that now pass become events"},
    {"senders list", "[--json]", run_senders_list, "who has sent events, from where, and when last"},
    {"senders forget", "NAME", run_senders_forget, "forgets a sender that will not send any more"},
    {"new-identity", NULL, run_new_identity, "draws a new identity, after a restore or clone of the machine"},
    {"config", NULL, run_config, "prints the effective configuration"},
    {NULL, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "collector",
    .purpose = "receives XML events by TCP and keeps each as a row in the spool",
    .commands = commands,
    .settings = collector_settings,
    .details = collector_details,
};

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct command_line line = {.settings = &settings};
    struct why why = {0};
    int exit_code = EX_OK;

    standard_fds_open();
    log_open(program.name);
    const struct command *command = command_find(&program, argc, argv, &line, &exit_code);
    if (!command) return command_end(&program, exit_code);
    enum result res = settings_load(&settings, environ, &why);
    exit_code = res == RES_OK ? command->run(&line) : command_exit(res, &why);
    settings_free(&settings);
    return command_end(&program, exit_code);
}
