/*
 * command -- finds the subcommand of the command line; the exit codes.
 */
#ifndef COMMON_COMMAND_H
#define COMMON_COMMAND_H

#include <sysexits.h>

#include "common/command_table.h"
#include "common/config.h"
#include "common/why.h"

#define EVENTSPOOL_VERSION "0.1.0"

/*
 * Exit codes: 0 done; 1 failed (EX_FAILED); 64 wrong usage (EX_USAGE); 75 temporary, try again (EX_TEMPFAIL); 78 wrong
 * configuration (EX_CONFIG).
 */
#define EX_FAILED 1

struct program {
    const char *name;
    const char *purpose;                  /* one sentence */
    const struct command *commands;       /* NULL name at the end; the first is the default */
    const struct setting *settings;       /* the table */
    const struct command_detail *details; /* a NULL `what` at the end; NULL: there are none */
};

/*
 * Finds the subcommand, and fills in the line's argc and argv (borrowed from `argv`). Returns NULL if there is nothing
 * to run: --help, --version, --settings or --commands was answered (`*exit_code` 0), or the usage is wrong, which was
 * explained on stderr (`*exit_code` 64). --help is also answered behind the name of a subcommand.
 */
const struct command *command_find(const struct program *program, int argc, char **argv,
                                   struct command_line *line, int *exit_code);

/*
 * The last word of main(): `exit_code`, or 1 if it is 0 and the standard output could not be written, which is said on
 * stderr. So no subcommand has to look at each write.
 */
int command_end(const struct program *program, int exit_code);

/* The exit code for a result. */
int command_code(enum result res);

/* The same, after an error is logged with its explanation and remedy. */
int command_exit(enum result res, const struct why *why);

#endif
