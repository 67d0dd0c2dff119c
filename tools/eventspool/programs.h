/*
 * programs -- where the programs lie whose subcommands `eventspool` runs, and their tables of subcommands, which they
 * print themselves: no list is kept here.
 */
#ifndef TOOLS_EVENTSPOOL_PROGRAMS_H
#define TOOLS_EVENTSPOOL_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

#include "common/buf.h"
#include "common/command_table.h"
#include "common/why.h"

/* Whom the packaged units run the programs as. */
#define PROGRAMS_COLLECTOR_USER "eventspool"
#define PROGRAMS_UPLOADER_USER  "eventspool-uploader"

enum program_id { PROGRAM_COLLECTOR, PROGRAM_UPLOADER, PROGRAM_COUNT };

struct program_table {
    const char *name;               /* "collector" */
    const char *user;               /* whom its unit runs it as, if there is such a user */
    char path[PATH_MAX];            /* "" if the program is not installed here */
    struct buf text;                /* what `--commands` has printed; the tables point into it */
    struct command *commands;       /* owned; NULL name at the end; `arguments` is NULL if there are none */
    struct command_detail *details; /* owned; NULL `what` at the end */
};

struct programs {
    char directory[PATH_MAX]; /* where the programs lie */
    bool is_installed;        /* in libexec, not beside this program as in a build */
    struct program_table tables[PROGRAM_COUNT];
};

/*
 * Finds the directory of the programs: ../libexec/eventspool beside this program's own, else its own. Zeroed by the caller;
 * programs_fini() is due in either case.
 *   RES_BROKEN   neither holds one of the programs
 */
MUST_CHECK enum result programs_find(struct programs *programs, struct why *why);

/* The same for a program at `self`, a path without links. */
MUST_CHECK enum result programs_find_beside(struct programs *programs, const char *self, struct why *why);

/* The path of a program or tool of this name; false if it is not there. */
bool programs_path(const struct programs *programs, const char *name, char path[PATH_MAX]);

/*
 * Asks each program that is there for its table.
 *   RES_BROKEN   one could not be run, or has not printed a table
 */
MUST_CHECK enum result programs_load_tables(struct programs *programs, struct why *why);

/* Makes the tables of a program's text, which is changed. False if a line is none of a table. */
bool programs_parse_table(struct program_table *table);

void programs_fini(struct programs *programs);

#endif
