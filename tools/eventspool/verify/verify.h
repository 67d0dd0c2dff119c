/*
 * verify -- `eventspool verify`: checks a running installation from outside. It sends one marked event, and follows it to
 * its row and to its object.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_VERIFY_H
#define TOOLS_EVENTSPOOL_VERIFY_VERIFY_H

#include "tools/eventspool/programs.h"
#include "tools/eventspool/settings_files.h"

/*
 * Runs it with the arguments behind the subcommand; argv[0] is the subcommand. Borrows both, with the files of both
 * programs. Returns the exit code: 0 only if the event has arrived; 1 if it has not; 64 wrong usage; 78 wrong configuration.
 */
int verify_run(const struct programs *programs, const struct settings_files *files, int argc, char **argv);

#endif
