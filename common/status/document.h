/*
 * document -- a status as one JSON document: `eventspool status --json`, /status.json, and the status document under
 * STATUS_PREFIX. docs/reference-status.md describes each member. Where the spool cannot be read, `spool` has only an
 * `error`, and what would come from it is left out. It holds no personal data and no payload.
 */
#ifndef COMMON_STATUS_DOCUMENT_H
#define COMMON_STATUS_DOCUMENT_H

#include "common/buf.h"
#include "common/status/live.h"
#include "common/status/status.h"

/* Appends the document and a line break to `out`. `live` NULL: its members are null. Out of memory aborts. */
void status_document(const struct status *status, const struct status_live *live, struct buf *out);

/* Appends what /healthz answers: status, verdict and problems. */
void status_health_document(const struct status *status, struct buf *out);

#endif
