/* details -- the arguments of the collector's subcommands, for `--help`, `eventspool help` and the shell's completion. */
#include "collector/commands/run.h"
#include "common/command.h"

const struct command_detail collector_details[] = {
    {"healthcheck", "--strict", "also fails while a warning or critical problem lasts"},
    {"tail", "-n N", "how many past events to show first (10; 0 for none)"},
    {"rejects retry", "ID...", "only these rejects; all without"},
    {NULL, NULL, NULL},
};
