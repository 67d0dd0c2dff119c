/* command_table -- see command_table.h. */
#include "common/command_table.h"

#include <ctype.h>
#include <string.h>

#include "common/print.h"
#include "common/spelling.h"

/* What the exit codes mean for a subcommand that has none of its own. */
static const struct command_detail exit_codes[] = {
    {NULL, "0", "done"},
    {NULL, "1", "the operation failed"},
    {NULL, "64", "wrong usage: the message says what would be right"},
    {NULL, "75", "temporary: try again"},
    {NULL, "78", "wrong configuration: the message names the setting"},
    {NULL, NULL, NULL},
};

/* ---- finding ---- */

/* How many of the words are this subcommand's name; 0 if they are another one's. */
static int words_of(const struct command *command, int argc, char **argv)
{
    const char *second = strchr(command->name, ' ');
    size_t len = second ? (size_t)(second - command->name) : strlen(command->name);
    if (argc < 1 || strlen(argv[0]) != len || memcmp(argv[0], command->name, len) != 0) return 0;
    if (!second) return 1;
    return argc > 1 && strcmp(argv[1], second + 1) == 0 ? 2 : 0;
}

const struct command *command_table_find(const struct command *commands, int argc, char **argv, int *words)
{
    *words = 0;
    for (const struct command *c = commands; c->name; c++)
        if ((*words = words_of(c, argc, argv)) > 0) return c;
    return NULL;
}

bool command_table_is_group(const struct command *commands, const char *word)
{
    size_t len = strlen(word);
    for (const struct command *c = commands; c->name; c++)
        if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ') return true;
    return false;
}

bool command_table_wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || (i == 0 && strcmp(argv[i], "-h") == 0)) return true;
    return false;
}

/* Takes `known` over if it is nearer to `given` than what was found before. */
static bool take_nearer(const char *given, const char *known, size_t *distance, char meant[COMMAND_NAME_SIZE])
{
    size_t edits = 0;
    if (!spelling_is_near(given, known, &edits) || edits >= *distance) return false;
    *distance = edits;
    (void)snprintf(meant, COMMAND_NAME_SIZE, "%s", known);
    return true;
}

/* The first words of names of two, unless it is one of them. */
static bool suggest_group(const struct command *commands, const char *word, size_t *distance,
                          char meant[COMMAND_NAME_SIZE])
{
    char first[COMMAND_NAME_SIZE];
    bool is_found = false;
    if (command_table_is_group(commands, word)) return false;
    for (const struct command *c = commands; c->name; c++) {
        size_t len = strcspn(c->name, " ");
        if (!c->name[len]) continue;
        (void)snprintf(first, sizeof first, "%.*s", (int)len, c->name);
        is_found |= take_nearer(word, first, distance, meant);
    }
    return is_found;
}

bool command_table_suggest(const struct command *commands, int argc, char **argv, size_t *distance,
                           char meant[COMMAND_NAME_SIZE])
{
    char given[COMMAND_NAME_SIZE];
    bool is_found = false;
    if (argc < 1) return false;
    for (const struct command *c = commands; c->name; c++) {
        bool is_pair = strchr(c->name, ' ') != NULL && argc > 1;
        (void)snprintf(given, sizeof given, "%s%s%s", argv[0], is_pair ? " " : "", is_pair ? argv[1] : "");
        is_found |= take_nearer(given, c->name, distance, meant);
    }
    return suggest_group(commands, argv[0], distance, meant) || is_found;
}

/* ---- explaining ---- */

static bool is_exit_code(const struct command_detail *detail)
{
    return isdigit((unsigned char)detail->what[0]) != 0;
}

/* The rows of one kind about `name`; about all of them if it is NULL. Returns how many there are. */
static int print_details(const char *title, const char *name, bool exit_codes_only,
                         const struct command_detail *details, FILE *out)
{
    int count = 0;
    for (const struct command_detail *d = details; d && d->what; d++) {
        if (name && strcmp(d->command, name) != 0) continue;
        if (is_exit_code(d) != exit_codes_only) continue;
        if (count++ == 0) {
            print_line(out, "%s", "");
            print_line(out, "%s", title);
        }
        print_line(out, "  %-20s  %s", d->what, d->meaning);
    }
    return count;
}

void command_table_explain(const char *program, const struct command *command,
                           const struct command_detail *details, FILE *out)
{
    print_line(out, "usage: %s %s%s%s", program, command->name, command->arguments ? " " : "",
               command->arguments ? command->arguments : "");
    print_line(out, "%s", "");
    print_line(out, "%s", command->meaning);
    (void)print_details("Arguments:", command->name, false, details, out);
    if (print_details("Exit codes:", command->name, true, details, out) == 0)
        (void)print_details("Exit codes:", NULL, true, exit_codes, out);
}

void command_table_list(const struct command *commands, const struct command_detail *details, FILE *out)
{
    for (const struct command *c = commands; c->name; c++)
        (void)fprintf(out, "command\t%s\t%s\t%s\n", c->name, c->arguments ? c->arguments : "", c->meaning);
    for (const struct command_detail *d = details; d && d->what; d++)
        (void)fprintf(out, "detail\t%s\t%s\t%s\n", d->command, d->what, d->meaning);
}
