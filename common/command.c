/* command -- see command.h. */
#include "common/command.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"

static void print_help(const struct program *program, FILE *out)
{
    (void)fprintf(out, "%s %s -- %s\n\nusage: %s [SUBCOMMAND]\n\n", program->name, EVENTSPOOL_VERSION,
                  program->purpose, program->name);
    for (const struct command *c = program->commands; c->name; c++)
        (void)fprintf(out, "  %-22s %s%s\n", c->name, c->meaning,
                      c == program->commands ? " (the default)" : "");
    (void)fprintf(out, "  %-22s %s\n  %-22s %s\n", "--help", "this text", "--version", "the version");
    (void)fprintf(out, "\nSettings are environment variables: name, default, meaning.\n\n");
    config_help(program->settings, out);
}

const struct command *command_find(const struct program *program, int argc, char **argv, int *exit_code)
{
    *exit_code = EX_OK;
    if (argc < 2) return program->commands;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(program, stdout);
        return NULL;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("%s %s\n", program->name, EVENTSPOOL_VERSION);
        return NULL;
    }
    for (const struct command *c = program->commands; c->name; c++) {
        if (strcmp(argv[1], c->name) != 0) continue;
        if (argc == 2) return c;
        (void)fprintf(stderr, "%s %s takes no arguments: '%s' is not understood\n", program->name, argv[1],
                      argv[2]);
        *exit_code = EX_USAGE;
        return NULL;
    }
    (void)fprintf(stderr, "%s: unknown subcommand '%s'; one of:", program->name, argv[1]);
    for (const struct command *c = program->commands; c->name; c++) (void)fprintf(stderr, " %s", c->name);
    (void)fprintf(stderr, "; see %s --help\n", program->name);
    *exit_code = EX_USAGE;
    return NULL;
}

int command_exit(enum result res, const struct why *why)
{
    static const int codes[] = {
        [RES_OK] = EX_OK, [RES_RETRY] = EX_TEMPFAIL, [RES_REFUSE] = EX_CONFIG, [RES_BROKEN] = EX_FAILED};
    if (res == RES_OK) return EX_OK;
    if (*why->remedy)
        log_error("stopped", "why=%s remedy=%s", LOG_QUOTE(why->text), LOG_QUOTE(why->remedy));
    else
        log_error("stopped", "why=%s", LOG_QUOTE(why->text));
    return codes[res];
}
