/*
 * command_table -- what can be done with a program's table of subcommands without running one: find a subcommand, explain
 * it, list all of them for programs, and tell which one was probably meant.
 *
 * The programs use it for their own tables, and `eventspool` for those that it gets from both programs.
 */
#ifndef COMMON_COMMAND_TABLE_H
#define COMMON_COMMAND_TABLE_H

#include <stdbool.h>
#include <stdio.h>

/* The arguments of a subcommand. */
struct command_line {
    const void *settings; /* the program's struct settings */
    int argc;
    char **argv; /* argv[0] is the last word of the subcommand, its arguments follow; NULL at the end */
};

struct command {
    const char *name; /* one word, or two: "rejects retry" */
    const char *
        arguments; /* as --help shows them; NULL: the subcommand takes none, and any argument is wrong usage */
    int (*run)(const struct command_line *line); /* returns the exit code */
    const char *meaning;
};

/* One argument of a subcommand, for its --help; or one of its exit codes, if it has others than those above. */
struct command_detail {
    const char *command; /* its name */
    const char *what;    /* "-n N", "ID"; an exit code begins with a digit */
    const char *meaning;
};

/*
 * The subcommand that the words from argv[0] on begin with, and in `*words` how many of them are its name. NULL if there
 * is none: `*words` is 0.
 */
const struct command *command_table_find(const struct command *commands, int argc, char **argv, int *words);

/* Is `word` the first one of a name of two words? */
bool command_table_is_group(const struct command *commands, const char *word);

/* Does one of the arguments ask for an explanation, as --help does? */
bool command_table_wants_help(int argc, char **argv);

#define COMMAND_NAME_SIZE 100 /* two words of a command line; longer ones are no subcommand's */

/*
 * Was a subcommand of this table, or the first word of one, probably meant by the words from argv[0] on? Then `meant` is its
 * name. `*distance` is at first how many edits are too many, and then how many there are: so several tables can be asked one
 * after the other. An exact first word is not looked for: command_table_is_group().
 */
#define COMMAND_TABLE_FAR 3
bool command_table_suggest(const struct command *commands, int argc, char **argv, size_t *distance,
                           char meant[COMMAND_NAME_SIZE]);

/* Prints the usage of one subcommand of `program`, what it does, its arguments, and its exit codes. */
void command_table_explain(const char *program, const struct command *command,
                           const struct command_detail *details, FILE *out);

/*
 * Prints the table for programs, one row per line, with tabs between the fields:
 * `command`, name, arguments, meaning; and `detail`, name, argument or exit code, meaning.
 */
void command_table_list(const struct command *commands, const struct command_detail *details, FILE *out);

#endif
