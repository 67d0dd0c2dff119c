/*
 * metadata -- what EVENT_METADATA adds to an event, and which names in an event are renamed because of it.
 */
#ifndef UPLOADER_RENDER_METADATA_H
#define UPLOADER_RENDER_METADATA_H

#include "uploader/batch/batch.h"
#include "uploader/render/row.h"

#define METADATA_COUNT   5
#define METADATA_ID_SIZE 20 /* 19 digits and a NUL: ids are positive */

struct metadata {
    const char *name; /* _spool, _id, _received_at, _source, _node */
    const char *value;
};

/* Storage for the values that are computed. */
struct metadata_text {
    char id[METADATA_ID_SIZE];
    char received_at[32];
};

/* Fills in all five, in their order; the values borrow from `text`, `batch` and `row`. */
void metadata_fill(struct metadata out[METADATA_COUNT], struct metadata_text *text, const struct batch *batch,
                   const struct row *row);

/*
 * Does this name in an event collide with one of the five, or with a name that is renamed because it does? Then it gets
 * one more underscore before it. True for `_id` and `__id` alike, so two different names never become the same.
 */
bool metadata_collides(const char *name, size_t len);

#endif
