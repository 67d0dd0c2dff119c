/* command -- see command.h. */
#include "common/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
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

static void print_help(const struct program *program, FILE *out)
{
    char text[SHOWN_SIZE];
    (void)fprintf(out, "%s %s -- %s\n\nusage: %s [SUBCOMMAND]\n\n", program->name, EVENTSPOOL_VERSION,
                  program->purpose, program->name);
    for (const struct command *c = program->commands; c->name; c++)
        (void)fprintf(out, "  %-22s  %s%s\n", shown(c, text), c->meaning,
                      c == program->commands ? " (the default)" : "");
    (void)fprintf(out, "  %-22s  %s\n  %-22s  %s\n  %-22s  %s\n", "--help", "this text", "--version",
                  "the version", "--settings",
                  "the table of settings for programs, with tabs between the fields");
    (void)fprintf(out, "\nSettings are environment variables: name, default, meaning.\n");
    config_help(program->settings, out);
}

/* How many words of the command line are this subcommand's name; 0 if it is another subcommand. */
static int words_of(const struct command *command, int argc, char **argv)
{
    const char *second = strchr(command->name, ' ');
    size_t len = second ? (size_t)(second - command->name) : strlen(command->name);
    if (strlen(argv[1]) != len || memcmp(argv[1], command->name, len) != 0) return 0;
    if (!second) return 1;
    return argc > 2 && strcmp(argv[2], second + 1) == 0 ? 2 : 0;
}

static void explain_unknown(const struct program *program, char **argv)
{
    struct buf names = BUF_EMPTY;
    for (const struct command *c = program->commands; c->name; c++)
        buf_append_format(&names, "%s %s", c == program->commands ? "" : ",", c->name);
    print_line(stderr, "%s: unknown subcommand '%s'; one of:%.*s; see %s --help", program->name, argv[1],
               (int)names.len, names.data, program->name);
    buf_fini(&names);
}

/* NULL if there is no such subcommand, or it takes no arguments and gets some; either is explained on stderr. */
static const struct command *find_named(const struct program *program, int argc, char **argv,
                                        struct command_line *line)
{
    int words = 0;
    const struct command *c = program->commands;
    while (c->name && (words = words_of(c, argc, argv)) == 0) c++;
    line->argc = argc - words;
    line->argv = argv + words;
    if (words == 0)
        explain_unknown(program, argv);
    else if (c->arguments || line->argc == 1)
        return c;
    else
        print_line(stderr, "%s %s takes no arguments: '%s' is not understood", program->name, c->name,
                   line->argv[1]);
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
    const struct command *found = find_named(program, argc, argv, line);
    if (!found) *exit_code = EX_USAGE;
    return found;
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

int command_exit(enum result res, const struct why *why)
{
    static const int codes[] = {
        [RES_OK] = EX_OK, [RES_RETRY] = EX_TEMPFAIL, [RES_REFUSE] = EX_CONFIG, [RES_BROKEN] = EX_FAILED};
    struct why said = *why;
    if (lock_wait_explain(res, &said) == RES_OK) return EX_OK;
    if (*said.remedy)
        log_error("stopped", "why=%s remedy=%s", LOG_QUOTE(said.text), LOG_QUOTE(said.remedy));
    else
        log_error("stopped", "why=%s", LOG_QUOTE(said.text));
    return codes[res];
}
