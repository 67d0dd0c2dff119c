/*
 * plan -- which fields of an event are sent, and how much of each text, so that it has the size asked for.
 */
#ifndef ACMSIM_PLAN_H
#define ACMSIM_PLAN_H

#include "tools/acmsim/content.h"

#include <stdbool.h>
#include <stddef.h>

/* How an event's markup is written. */
struct layout {
    const char *line_end; /* between elements; "" for all on one line */
    bool is_self_closing; /* <a/> for an empty element, else <a></a> */
};

struct plan {
    bool is_kept[FIELD_COUNT];
    size_t text_bytes[FIELD_COUNT]; /* how much of the value is sent */
    size_t padding_bytes;           /* to append to the message */
};

/*
 * Plan an event of about `size_bytes` from <EVENT> to </EVENT>; 0: everything, as it is. Gateway, cn, UTC
 * time, event name and source name are always kept; when not even they fit, their texts are shortened.
 */
void plan_make(struct plan *plan, const struct content *content, struct layout layout, size_t size_bytes);

#endif
