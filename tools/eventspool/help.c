/* help -- see help.h. */
#include "tools/eventspool/help.h"

#include "common/command.h"
#include "common/print.h"
#include "tools/eventspool/verify/options.h"

const struct command help_own_words[] = {
    {"collector", "[SUBCOMMAND]", NULL, "runs the collector itself; without a subcommand, the service"},
    {"uploader", "[SUBCOMMAND]", NULL, "runs the uploader itself; without a subcommand, the service"},
    {"acmsim", "[ARGUMENTS]", NULL, "plays the appliance: sends events to a collector"},
    {"verify", VERIFY_ARGUMENTS, NULL, VERIFY_MEANING},
    {"help", "[SUBCOMMAND]", NULL, "this text, or one subcommand's usage, arguments and exit codes"},
    {NULL, NULL, NULL, NULL},
};

/* The service of each program is run by the program's name. */
static bool is_service(const struct command *command)
{
    return strcmp(command->name, "run") == 0;
}

/* NULL for the service, too. */
static const struct command *find(const struct program_table *table, const char *name)
{
    const struct command *c = table->commands;
    while (c && c->name && strcmp(c->name, name) != 0) c++;
    return c && c->name && !is_service(c) ? c : NULL;
}

static void print_row(FILE *out, const char *name, const char *meaning)
{
    print_line(out, "  %-16s  %s", name, meaning);
}

void help_overview(const struct programs *programs, FILE *out)
{
    const struct program_table *tables = programs->tables;
    print_line(
        out,
        "eventspool %s -- looks after an installation: each subcommand is run by the program that owns it",
        EVENTSPOOL_VERSION);
    print_lines(out,
                "\nusage: eventspool [--env-file FILE]... [--defaults FILE]... SUBCOMMAND [ARGUMENTS]\n\n");
    for (int i = 0; i < PROGRAM_COUNT; i++)
        for (const struct command *c = tables[i].commands; c && c->name; c++)
            if (!is_service(c) && (i == 0 || !find(&tables[0], c->name))) print_row(out, c->name, c->meaning);
    print_lines(out, "\n");
    for (const struct command *c = help_own_words; c->name; c++) print_row(out, c->name, c->meaning);
    print_row(out, "--version", "the version");
    print_lines(out,
                "\nThe settings are those of the environment and of --env-file FILE, which may be repeated;\n"
                "without it of /etc/eventspool/eventspool.env, and of uploader.env there for the uploader,\n"
                "where it is installed and these exist; else of ./.env. The environment wins. What none\n"
                "of them sets comes from --defaults FILE.");
}

/* ---- one subcommand ---- */

/* Both programs have it: each explains its own. */
static int explain(const struct programs *programs, const char *name, int explained)
{
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        const struct program_table *table = &programs->tables[i];
        const struct command *command = find(table, name);
        if (!command) continue;
        if (explained++ > 0) print_lines(stdout, "\n");
        if (find(&programs->tables[1 - i], name)) print_line(stdout, "%s:", table->name);
        command_table_explain("eventspool", command, table->details, stdout);
    }
    return explained;
}

static bool explain_own(const char *word)
{
    for (const struct command *c = help_own_words; c->name; c++) {
        if (strcmp(c->name, word) != 0) continue;
        command_table_explain("eventspool", c, verify_details, stdout);
        return true;
    }
    return false;
}

/* All subcommands of two words that begin with this one. */
static int explain_group(const struct programs *programs, const char *word)
{
    size_t len = strlen(word);
    int explained = 0;
    for (int i = 0; i < PROGRAM_COUNT; i++)
        for (const struct command *c = programs->tables[i].commands; c && c->name; c++)
            if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
                explained = explain(programs, c->name, explained);
    return explained;
}

bool help_subcommand(const struct programs *programs, int argc, char **argv)
{
    int words = 0;
    if (explain_own(argv[0])) return true;
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        const struct command *commands = programs->tables[i].commands;
        const struct command *found = commands ? command_table_find(commands, argc, argv, &words) : NULL;
        if (found && !is_service(found)) return explain(programs, found->name, 0) > 0;
    }
    bool is_group = argc < 2 || command_table_wants_help(1, argv + 1);
    return is_group && explain_group(programs, argv[0]) > 0;
}

/* ---- other texts ---- */

void help_commands(const struct programs *programs)
{
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        const struct program_table *table = &programs->tables[i];
        for (const struct command *c = table->commands; c && c->name; c++)
            (void)printf("%s\tcommand\t%s\t%s\t%s\n", table->name, c->name, c->arguments ? c->arguments : "",
                         c->meaning);
        for (const struct command_detail *d = table->details; d && d->what; d++)
            (void)printf("%s\tdetail\t%s\t%s\t%s\n", table->name, d->command, d->what, d->meaning);
    }
    for (const struct command *c = help_own_words; c->name; c++)
        (void)printf("eventspool\tcommand\t%s\t%s\t%s\n", c->name, c->arguments, c->meaning);
    for (const struct command_detail *d = verify_details; d->what; d++)
        (void)printf("eventspool\tdetail\t%s\t%s\t%s\n", d->command, d->what, d->meaning);
}

/* The second words of a first one. False if it is not the first word of any. */
static bool explain_second_word(const struct programs *programs, const char *word)
{
    struct buf seconds = BUF_EMPTY;
    size_t len = strlen(word);
    for (int i = 0; i < PROGRAM_COUNT; i++)
        for (const struct command *c = programs->tables[i].commands; c && c->name; c++)
            if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
                buf_append_format(&seconds, "%s%s", seconds.len ? ", " : "", c->name + len + 1);
    if (seconds.len > 0)
        print_line(stderr, "eventspool: %s needs one of these words behind it: %.*s", word, (int)seconds.len,
                   seconds.data);
    bool is_group = seconds.len > 0;
    buf_fini(&seconds);
    return is_group;
}

void help_unknown(const struct programs *programs, int argc, char **argv)
{
    char meant[COMMAND_NAME_SIZE];
    size_t distance = COMMAND_TABLE_FAR;
    bool is_found = false;
    if (strcmp(argv[0], "run") == 0) {
        print_line(stderr,
                   "eventspool: which service? `eventspool collector` and `eventspool uploader` run one");
        return;
    }
    if (!explain_second_word(programs, argv[0]))
        print_line(stderr, "eventspool: unknown subcommand '%s'; `eventspool help` lists all", argv[0]);
    for (int i = 0; i < PROGRAM_COUNT; i++)
        if (programs->tables[i].commands)
            is_found |= command_table_suggest(programs->tables[i].commands, argc, argv, &distance, meant);
    is_found |= command_table_suggest(help_own_words, argc, argv, &distance, meant);
    if (is_found) print_line(stderr, "eventspool: did you mean `%s`?", meant);
}
