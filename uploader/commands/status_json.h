/*
 * status_json -- the spool's state as one JSON document, for programs. docs/reference.md describes it.
 */
#ifndef UPLOADER_COMMANDS_STATUS_JSON_H
#define UPLOADER_COMMANDS_STATUS_JSON_H

#include "uploader/spool/status.h"

/* Appends the document and a line's end. */
void status_json(const struct status *status, struct buf *out);

#endif
