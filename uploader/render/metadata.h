/*
 * metadata -- what EVENT_METADATA adds to an event, and which names of a sender make way for it.
 */
#ifndef UPLOADER_RENDER_METADATA_H
#define UPLOADER_RENDER_METADATA_H

#include "uploader/render/render.h"

#define METADATA_COUNT 5

struct metadata {
    const char *name; /* _spool, _id, _received_at, _source, _node */
    const char *value;
};

/* Storage for the values that are made here. */
struct metadata_text {
    char id[24];
    char received_at[32];
};

/* The five in their order; values borrow from all three. */
void metadata_fill(struct metadata out[METADATA_COUNT], struct metadata_text *text, const struct batch *batch,
                   const struct row *row);

/*
 * Would this name of a sender collide, now or after another one made way? Then it gets one more underscore before it.
 * True for `_id` and `__id` alike, so two different names never become the same.
 */
bool metadata_collides(const char *name, size_t len);

#endif
