/* command -- see command.h. */
#include "common/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/command_table.h"
#include "common/lock_wait.h"
#include "common/log.h"
#include "common/print.h"

#define SHOWN_SIZE 120

/* "tail [-n N]": the name and the arguments, for --help. */
static const char *shown(const struct command *command, char out[SHOWN_SIZE])
{
    (void)snprintf(out, SHOWN_SIZE, "%s%s%s", command->name, command->arguments ? " " : "",
                   command->arguments ? command->arguments : "");
    return out;
}

static const struct {
    const char *name, *meaning;
} others[] = {
    {"--help", "this text; behind a subcommand: its usage, arguments and exit codes"},
    {"--version", "the version"},
    {"--settings", "the table of settings for programs, with tabs between the fields"},
    {"--commands", "the table of subcommands, likewise"},
};

static void print_help(const struct program *program, FILE *out)
{
    char text[SHOWN_SIZE];
    (void)fprintf(out, "%s %s -- %s\n\nusage: %s [SUBCOMMAND]\n\n", program->name, EVENTSPOOL_VERSION,
                  program->purpose, program->name);
    for (const struct command *c = program->commands; c->name; c++)
        (void)fprintf(out, "  %-22s  %s%s\n", shown(c, text), c->meaning,
                      c == program->commands ? " (the default)" : "");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        (void)fprintf(out, "  %-22s  %s\n", others[i].name, others[i].meaning);
    (void)fprintf(out, "\nSettings are environment variables: name, default, meaning.\n");
    config_help(program->settings, out);
}

static void explain_unknown(const struct program *program, int argc, char **argv)
{
    struct buf names = BUF_EMPTY;
    char meant[COMMAND_NAME_SIZE];
    size_t distance = COMMAND_TABLE_FAR;
    for (const struct command *c = program->commands; c->name; c++)
        buf_append_format(&names, "%s %s", c == program->commands ? "" : ",", c->name);
    print_line(stderr, "%s: unknown subcommand '%s'; one of:%.*s; see %s --help", program->name, argv[1],
               (int)names.len, names.data, program->name);
    if (command_table_suggest(program->commands, argc - 1, argv + 1, &distance, meant))
        print_line(stderr, "%s: did you mean `%s`?", program->name, meant);
    buf_fini(&names);
}

/* `rejects --help`: all subcommands that begin with the word. */
static void explain_group(const struct program *program, const char *word)
{
    size_t len = strlen(word);
    bool is_first = true;
    for (const struct command *c = program->commands; c->name; c++) {
        if (strncmp(c->name, word, len) != 0 || c->name[len] != ' ') continue;
        if (!is_first) print_line(stdout, "%s", "");
        command_table_explain(program->name, c, program->details, stdout);
        is_first = false;
    }
}

/*
 * NULL if there is no such subcommand, or it takes no arguments and gets some, which is explained on stderr; or if it was
 * to be explained: then `*exit_code` stays EX_OK.
 */
static const struct command *find_named(const struct program *program, int argc, char **argv,
                                        struct command_line *line, int *exit_code)
{
    int words = 0;
    const struct command *c = command_table_find(program->commands, argc - 1, argv + 1, &words);
    bool wants_help = command_table_wants_help(argc - 1 - words, argv + 1 + words);
    line->argc = argc - words;
    line->argv = argv + words;
    if (c && wants_help) {
        command_table_explain(program->name, c, program->details, stdout);
        return NULL;
    }
    if (!c && argc > 2 && command_table_wants_help(1, argv + 2) &&
        command_table_is_group(program->commands, argv[1])) {
        explain_group(program, argv[1]);
        return NULL;
    }
    *exit_code = EX_USAGE;
    if (!c) {
        explain_unknown(program, argc, argv);
    } else if (c->arguments || line->argc == 1) {
        *exit_code = EX_OK;
        return c;
    } else {
        print_line(stderr, "%s %s takes no arguments: '%s' is not understood", program->name, c->name,
                   line->argv[1]);
    }
    return NULL;
}

const struct command *command_find(const struct program *program, int argc, char **argv,
                                   struct command_line *line, int *exit_code)
{
    *exit_code = EX_OK;
    line->argc = 1;
    line->argv = argv;
    if (argc < 2) return program->commands;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(program, stdout);
        return NULL;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_line(stdout, "%s %s", program->name, EVENTSPOOL_VERSION);
        return NULL;
    }
    if (strcmp(argv[1], "--settings") == 0) {
        config_list(program->settings, stdout);
        return NULL;
    }
    if (strcmp(argv[1], "--commands") == 0) {
        command_table_list(program->commands, program->details, stdout);
        return NULL;
    }
    return find_named(program, argc, argv, line, exit_code);
}

int command_end(const struct program *program, int exit_code)
{
    errno = 0;
    bool has_failed = fflush(stdout) != 0;
    int error = errno;
    if (!has_failed && !ferror(stdout)) return exit_code;
    print_line(stderr, "%s: cannot write all of the standard output: %s", program->name,
               has_failed ? strerror(error) : "an earlier write has failed");
    print_line(stderr, "%s: free space where it goes, or send it elsewhere", program->name);
    return exit_code == EX_OK ? EX_FAILED : exit_code;
}

int command_code(enum result res)
{
    static const int codes[] = {
        [RES_OK] = EX_OK, [RES_RETRY] = EX_TEMPFAIL, [RES_REFUSE] = EX_CONFIG, [RES_BROKEN] = EX_FAILED};
    return codes[res];
}

int command_exit(enum result res, const struct why *why)
{
    struct why said = *why;
    if (lock_wait_explain(res, &said) == RES_OK) return EX_OK;
    if (*said.remedy)
        log_error("stopped", "why=%s remedy=%s", LOG_QUOTE(said.text), LOG_QUOTE(said.remedy));
    else
        log_error("stopped", "why=%s", LOG_QUOTE(said.text));
    return command_code(res);
}
