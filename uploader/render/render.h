/*
 * render -- a batch's rows as the bytes of its object: rows in, bytes out. Deterministic: the same rows and the same
 * batch always give the same bytes, until zlib or libxml2 is upgraded.
 *
 * A compressed object is compressed while it is rendered: no more of its text is held than RENDER_SLICE and one event.
 */
#ifndef UPLOADER_RENDER_RENDER_H
#define UPLOADER_RENDER_RENDER_H

#include "common/buf.h"
#include "common/why.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/hash.h"
#include "uploader/batch/pause.h"
#include "uploader/render/row.h"

#define RENDER_SLICE 65536

struct render;

/* Begins the document. Both arguments are borrowed until render_free(); `out` is cleared. */
struct render *render_begin(const struct batch *batch, struct buf *out);

/*
 * The next row, in the order of ids.
 *   RES_REFUSE   an event cannot be taken apart, though the collector has accepted it, and must not be shipped as it
 *                is: the batch waits for a person
 */
MUST_CHECK enum result render_row(struct render *render, const struct row *row, struct why *why);

/* Completes the document. Its bytes are not hashed yet: pass `rendition` to render_hash(). */
void render_end(struct render *render, struct rendition *rendition);

/*
 * Hashes the bytes, in the way that the store asks for. This is a call of its own because it costs more than all the
 * rest, and any thread may do it. `pause` may be NULL.
 */
void render_hash(const struct buf *body, enum hash_kind kind, struct rendition *rendition,
                 const struct pause *pause);
void render_free(struct render *render); /* accepts NULL */

#endif
