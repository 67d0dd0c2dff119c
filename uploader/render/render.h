/*
 * render -- turns a batch's rows into the bytes of its object. Deterministic: the same rows and the same batch always
 * give the same bytes, until a library that takes part (zlib, libxml2) is upgraded.
 *
 * A compressed object is compressed while it is rendered: at most RENDER_SLICE bytes of uncompressed text and one event
 * are held in memory.
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
    const char *payload; /* an event's payload ends in a NUL behind its `payload_len` bytes */
    size_t payload_len;
    const char *reason, *detail; /* rejects only */
    int64_t bytes;               /* rejects only: their length as received */
};

struct render;

/* Begins the document. Both arguments are borrowed until render_free(); `out` is cleared. */
struct render *render_begin(const struct batch *batch, struct buf *out);

/*
 * Adds the next row, in the order of ids.
 *   RES_REFUSE   the event cannot be taken apart (DROP_FIELDS) or cannot stand in JSON, and must not be shipped as it
 *                is: set the batch aside and tell a person
 */
MUST_CHECK enum result render_row(struct render *render, const struct row *row, struct why *why);

/* Completes the document. Its bytes are not hashed yet: pass `rendition` to render_hash(). */
void render_end(struct render *render, struct rendition *rendition);

/*
 * Hashes the bytes. A call of its own, because it costs more than all the rest and any thread may do it. `pause` may be
 * NULL.
 */
void render_hash(const struct buf *body, struct rendition *rendition, const struct pause *pause);
void render_free(struct render *render); /* accepts NULL */

/* One event as XML, and one reject as a line of JSON; each has a file of its own. */
void render_xml_event(struct buf *out, const struct batch *batch, const struct row *row);
void render_reject(struct buf *out, const struct batch *batch, const struct row *row);

#endif
