/* options -- the arguments of `verify`, and what help says of them. */
#ifndef TOOLS_EVENTSPOOL_VERIFY_OPTIONS_H
#define TOOLS_EVENTSPOOL_VERIFY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/command_table.h"

#define VERIFY_ARGUMENTS "[--flush] [--host ADDRESS] [--timeout DURATION]"
#define VERIFY_MEANING   "sends one marked event, and follows it to its row and to its object"

extern const struct command_detail verify_details[]; /* a NULL `what` at the end */

struct verify_options {
    bool is_flushed;
    const char *host;   /* NULL: what BIND_HOST says; borrowed from argv */
    int64_t timeout_ms; /* how long after the batch is due */
};

/* False: wrong usage, which was explained on stderr. */
bool verify_options_parse(int argc, char **argv, struct verify_options *options);

#endif
