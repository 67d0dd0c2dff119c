/*
 * render -- a batch's rows as the bytes of its object. Deterministic: the same rows and the same batch give the same
 * bytes, whenever it is done.
 */
#ifndef UPLOADER_RENDER_H
#define UPLOADER_RENDER_H

#include "common/buf.h"
#include "uploader/batch.h"

/* One event or reject as it is read from the spool; borrowed until the next one. */
struct row {
    int64_t id;
    int64_t received_at;
    const char *source;
    const char *payload;
    size_t payload_len;
    const char *reason, *detail; /* rejects only */
    int64_t bytes;               /* rejects only: true length */
};

struct render;

/* Both are borrowed until render_end(). */
struct render *render_begin(const struct batch *batch, struct buf *out);

/*
 * The next row, in the order of ids.
 *   RES_BROKEN   an event that the collector took in cannot be parsed
 */
MUST_CHECK enum result render_row(struct render *render, const struct row *row, struct why *why);

/* Completes the document and frees; accepts NULL. */
void render_end(struct render *render);

/* The parts, each in a file of its own. */
void render_xml_event(struct buf *out, const struct batch *batch, const struct row *row);
void render_reject(struct buf *out, const struct row *row);

#endif
