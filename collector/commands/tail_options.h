/*
 * tail_options -- the arguments of `collector tail`: what is followed, which rows of it are shown, and how.
 */
#ifndef COLLECTOR_COMMANDS_TAIL_OPTIONS_H
#define COLLECTOR_COMMANDS_TAIL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/command_table.h"

struct tail_options {
    int64_t count;             /* past rows to show first */
    const char *sender, *name; /* borrowed from the command line; NULL: any */
    bool is_rejects;           /* rejects, not events */
    bool is_json;
};

/* False: wrong usage, which was explained on stderr. */
bool tail_options_parse(const struct command_line *line, struct tail_options *options);

/* Are only some of the rows shown? */
bool tail_options_have_filter(const struct tail_options *options);

/*
 * Is `text` (NULL for none, which is as good as empty) what the option wants? `wanted` is the exact text, or with a * at its
 * end what the text begins with; NULL wants any.
 */
bool tail_options_match(const char *wanted, const char *text);

#endif
