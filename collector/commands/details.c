/* details -- the arguments of the collector's subcommands, for `--help`, `eventspool help` and the shell's completion. */
#include "collector/commands/run.h"
#include "common/command.h"

const struct command_detail collector_details[] = {
    {"healthcheck", "--strict", "also fails while a warning or critical problem lasts"},
    {"tail", "-n N", "how many past events, or rejects, to show first (10; 0 for none)"},
    {"tail", "--sender TEXT",
     "only events of this sender: the exact text, or with a * at its end all that begin so"},
    {"tail", "--name TEXT",
     "only events of this name, likewise; the newest 100000 are searched for past ones"},
    {"tail", "--rejects", "rejects instead: time, source, reason and bytes, never the payload"},
    {"tail", "--json", "one JSON object a line"},
    {"rejects retry", "ID...", "only these rejects; all without"},
    {"senders list", "--json", "one JSON object a line"},
    {"senders forget", "NAME", "as `eventspool senders list` shows it; - for events that name no sender"},
    {"senders forget", "0", "done"},
    {"senders forget", "1", "there is no such sender, or the operation failed"},
    {"senders forget", "64", "wrong usage"},
    {"senders forget", "75",
     "temporary: the collector has stopped meanwhile, or the spool is locked or not there yet"},
    {"senders forget", "78", "wrong configuration"},
    {NULL, NULL, NULL},
};
