/*
 * command -- which subcommand the command line asks for, and the exit codes.
 */
#ifndef COMMON_COMMAND_H
#define COMMON_COMMAND_H

#include <sysexits.h>

#include "common/config.h"
#include "common/why.h"

#define EVENTSPOOL_VERSION "0.1.0"

/* 0 done, 1 the operation failed, 64 wrong usage (EX_USAGE), 75 temporary (EX_TEMPFAIL), 78 configuration (EX_CONFIG). */
#define EX_FAILED 1

/* What a subcommand is called with. */
struct command_line {
    const void *settings; /* the program's struct settings */
    int argc; /* as main() has them: argv[0] is the subcommand, its arguments follow; NULL at the end */
    char **argv;
};

struct command {
    const char *name;      /* one word, or two: "rejects retry" */
    const char *arguments; /* as --help shows them; NULL: it takes none, and gets none */
    int (*run)(const struct command_line *line); /* returns the exit code */
    const char *meaning;
};

struct program {
    const char *name;
    const char *purpose;            /* one sentence */
    const struct command *commands; /* NULL name at the end; the first is the default */
    const struct setting *settings; /* the table */
};

/*
 * Finds the subcommand, and fills in the line's argc and argv (borrowed from `argv`). NULL when there is nothing to run:
 * --help, --version or --settings was answered (`*exit_code` 0) or the usage was wrong and has been explained on stderr
 * (`*exit_code` 64).
 */
const struct command *command_find(const struct program *program, int argc, char **argv,
                                   struct command_line *line, int *exit_code);

/* The exit code that a result stands for; an error is logged with its explanation and remedy. */
int command_exit(enum result res, const struct why *why);

#endif
