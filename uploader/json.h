/*
 * json -- writes JSON strings; every value that we ship is one.
 */
#ifndef UPLOADER_JSON_H
#define UPLOADER_JSON_H

#include <stdbool.h>

#include "common/buf.h"

/* The text, escaped as RFC 8259 asks, without quotes around it. `text` must be UTF-8; it may hold NUL. */
void json_escape(struct buf *out, const char *text, size_t len);

/* "text" */
void json_string(struct buf *out, const char *text, size_t len);

/* "name":"value" after a comma unless `*is_first`, which becomes false. `name` needs no escaping. */
void json_member(struct buf *out, bool *is_first, const char *name, const char *value, size_t len);

#endif
