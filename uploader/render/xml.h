/*
 * xml -- one event as XML: exactly as it was received, or with its metadata as attributes of the start tag.
 */
#ifndef UPLOADER_RENDER_XML_H
#define UPLOADER_RENDER_XML_H

#include "common/buf.h"
#include "uploader/batch/batch.h"
#include "uploader/render/row.h"

/* The event must be well-formed, as the collector has made sure. Never fails. */
void xml_append_event(struct buf *out, const struct batch *batch, const struct row *row);

#endif
