/* tail_options -- see tail_options.h. */
#include "collector/commands/tail_options.h"

#include <stdlib.h>
#include <string.h>

#include "common/print.h"

#define FIRST_COUNT 10 /* rows shown at the start, as tail(1) does */

/* A number of at most nine digits; -1 if `text` is none. */
static int64_t parse_count(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    return len > 0 && len < 10 && strspn(text, "0123456789") == len ? strtoll(text, NULL, 10) : -1;
}

static bool explain(const char *argument)
{
    print_line(stderr, "eventspool tail: '%s' is not understood, or its value is missing", argument);
    print_line(
        stderr,
        "usage: eventspool tail [-n N] [--sender TEXT] [--name TEXT] [--rejects] [--json], where N is how "
        "many past rows to show first, and TEXT may end in a * for all that begin so");
    return false;
}

/* Takes the argument at `*i`, and its value if it has one. */
static bool take(const struct command_line *line, int *i, struct tail_options *options)
{
    const char *argument = line->argv[*i];
    if (strcmp(argument, "--rejects") == 0) return options->is_rejects = true;
    if (strcmp(argument, "--json") == 0) return options->is_json = true;
    if (strncmp(argument, "-n", 2) == 0) {
        options->count = parse_count(argument[2] ? argument + 2 : line->argv[++*i]);
        return options->count >= 0;
    }
    const char **text = strcmp(argument, "--sender") == 0 ? &options->sender
                        : strcmp(argument, "--name") == 0 ? &options->name
                                                          : NULL;
    if (!text || !line->argv[*i + 1]) return false;
    *text = line->argv[++*i];
    return true;
}

bool tail_options_parse(const struct command_line *line, struct tail_options *options)
{
    *options = (struct tail_options){.count = FIRST_COUNT};
    for (int i = 1; i < line->argc; i++) {
        const char *argument = line->argv[i];
        if (!take(line, &i, options)) return explain(argument);
    }
    if (!options->is_rejects || !tail_options_have_filter(options)) return true;
    print_line(
        stderr,
        "eventspool tail: --sender and --name choose events: a reject has neither, as nothing was read "
        "out of it");
    return false;
}

bool tail_options_have_filter(const struct tail_options *options)
{
    return options->sender || options->name;
}

bool tail_options_match(const char *wanted, const char *text)
{
    if (!wanted) return true;
    if (!text) text = "";
    size_t len = strlen(wanted);
    if (len > 0 && wanted[len - 1] == '*') return strncmp(wanted, text, len - 1) == 0;
    return strcmp(wanted, text) == 0;
}
