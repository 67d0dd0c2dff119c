/*
 * reject -- one reject as a line of JSON. Its payload is text if it is UTF-8, else base64; with
 * REJECTS_PAYLOAD=false it is left out, and the detail, which quotes it, becomes a coarse one (coarse.h).
 */
#ifndef UPLOADER_RENDER_REJECT_H
#define UPLOADER_RENDER_REJECT_H

#include "common/buf.h"
#include "uploader/batch/batch.h"
#include "uploader/render/row.h"

/* Never fails. */
void reject_append_json(struct buf *out, const struct batch *batch, const struct row *row);

#endif
