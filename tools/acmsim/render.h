/*
 * render -- one template event as bytes, with a note of the places that differ from sending to sending.
 */
#ifndef ACMSIM_RENDER_H
#define ACMSIM_RENDER_H

#include "tools/acmsim/bytes.h"
#include "tools/acmsim/fault.h"
#include "tools/acmsim/plan.h"

enum quality { EVENT_GOOD, EVENT_MALFORMED, EVENT_TRUNCATED, EVENT_QUALITIES };

enum { ID_DIGITS = 16, STAMP_DIGITS = 14, GATEWAY_PLACES = 2, STAMP_PLACES = 4 };

/* One template event in the ring; all places are offsets into the ring's bytes. */
struct template
{
    size_t begin, end; /* from the declaration's first byte to behind the separator's last */
    enum quality quality;
    bool is_fixed; /* the event is sent as it is: nothing is filled in */
    size_t cn_at;
    size_t gateway_at[GATEWAY_PLACES];
    unsigned gateway_count;
    struct {
        size_t at;
        int64_t shift_s; /* to add to the event's UTC time */
    } stamp[STAMP_PLACES];
    unsigned stamp_count;
};

/* How an event is to be rendered. */
struct form {
    struct layout layout;
    const char *declaration; /* "" for none */
    const char *separator;
    size_t separator_bytes;
    size_t size_bytes; /* 0: natural */
    enum fault fault;
    bool is_truncated;
    const char
        *sender; /* in place of what sender_element has, or in one more element; NULL: nothing is replaced */
    const char *sender_element;
};

/* Append one event to `out` and fill in `template`. */
void render_event(const struct content *content, const struct form *form, struct rng *rng, struct bytes *out,
                  struct template *template);

#endif
