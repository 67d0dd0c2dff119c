/*
 * render -- a batch's rows as the bytes of its object: rows in, bytes out. Deterministic: the same rows and the same batch
 * give the same bytes, whenever it is done (until a library that takes part is upgraded: zlib, libxml2).
 *
 * A compressed object is compressed while it is rendered: no more of its text is held than RENDER_SLICE and one event's.
 */
#ifndef UPLOADER_RENDER_RENDER_H
#define UPLOADER_RENDER_RENDER_H

#include "common/buf.h"
#include "common/why.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/pause.h"

#define RENDER_SLICE 65536

/* One event or reject as it is read from the spool; borrowed until the next one. */
struct row {
    int64_t id;
    int64_t received_at;
    const char *source;
    const char *payload; /* an event's has an end: a NUL behind it */
    size_t payload_len;
    const char *reason, *detail; /* rejects only */
    int64_t bytes;               /* rejects only: true length */
};

struct render;

/* Both are borrowed until render_free(). `out` is cleared. */
struct render *render_begin(const struct batch *batch, struct buf *out);

/*
 * The next row, in the order of ids.
 *   RES_REFUSE   an event that the collector took in cannot be taken apart, and must not be shipped as it is: the batch
 *                waits for a person
 */
MUST_CHECK enum result render_row(struct render *render, const struct row *row, struct why *why);

/* Completes the document, whose bytes are not hashed yet: `rendition` is for render_hash(). */
void render_end(struct render *render, struct rendition *rendition);

/* Hashes the bytes. A call of its own, because it costs more than all the rest and any thread may do it. `pause` may be NULL. */
void render_hash(const struct buf *body, struct rendition *rendition, const struct pause *pause);
void render_free(struct render *render); /* accepts NULL */

/* The parts, each in a file of its own. */
void render_xml_event(struct buf *out, const struct batch *batch, const struct row *row);
void render_reject(struct buf *out, const struct batch *batch, const struct row *row);

#endif
