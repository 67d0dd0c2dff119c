/* new_identity -- `collector new-identity`: gives the spool a new name, after a restore or a clone of the machine. */
#include "collector/commands/control.h"
#include "collector/commands/run.h"
#include "collector/spool/handlers.h"
#include "common/command.h"

int run_new_identity(const struct command_line *line)
{
    return control_collector(line->settings, HANDLERS_NEW_IDENTITY, "");
}
