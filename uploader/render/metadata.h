/*
 * metadata -- the five members that EVENT_METADATA adds to an event, and which names of a sender collide with them.
 */
#ifndef UPLOADER_RENDER_METADATA_H
#define UPLOADER_RENDER_METADATA_H

#include "uploader/render/render.h"

#define METADATA_COUNT 5

struct metadata {
    const char *name; /* _spool, _id, _received_at, _source, _node */
    const char *value;
};

/* Storage for the values that have to be formatted. */
struct metadata_text {
    char id[24];
    char received_at[32];
};

/* Fills in the five members in their order. The values borrow from `text`, `batch` and `row`. */
void metadata_fill(struct metadata out[METADATA_COUNT], struct metadata_text *text, const struct batch *batch,
                   const struct row *row);

/*
 * Does a sender's name collide with one of the five? The caller then puts one more underscore before it. True for
 * `_id`, `__id` and so on, so that renaming never makes two different names the same.
 */
bool metadata_collides(const char *name, size_t len);

#endif
