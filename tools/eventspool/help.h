/*
 * help -- what `eventspool` says of itself and of the subcommands, from the programs' tables; and what it says of a
 * subcommand that there is not.
 */
#ifndef TOOLS_EVENTSPOOL_HELP_H
#define TOOLS_EVENTSPOOL_HELP_H

#include <stdio.h>

#include "tools/eventspool/programs.h"

/* All subcommands, on one screen. */
void help_overview(const struct programs *programs, FILE *out);

/* One subcommand, or all that begin with its first word. False if there is none of this name. */
bool help_subcommand(const struct programs *programs, int argc, char **argv);

/* Both tables for programs: as `--commands` of each, with its name before each line. */
void help_commands(const struct programs *programs);

/* Explains on stderr that there is no such subcommand, and which one was probably meant. */
void help_unknown(const struct programs *programs, int argc, char **argv);

/* What `eventspool` knows by itself; a NULL name at the end. */
extern const struct command help_own_words[];

#endif
