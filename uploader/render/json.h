/*
 * json -- writes JSON: strings, and objects whose values all are strings, as everything that we ship.
 */
#ifndef UPLOADER_RENDER_JSON_H
#define UPLOADER_RENDER_JSON_H

#include <stdbool.h>

#include "common/buf.h"

/* The text, escaped as RFC 8259 asks, without quotes around it. `text` must be UTF-8; it may hold NUL. */
void json_escape(struct buf *out, const char *text, size_t len);

/* "text" */
void json_string(struct buf *out, const char *text, size_t len);

/* One flat object, written to `out` (borrowed) as it grows. Pretty: a member a line, indented as an array's element. */
struct json_object {
    struct buf *out;
    bool is_pretty;
    bool is_empty;
};

/* Names need no escaping: they are XML's, and a few of ours. */
void json_begin(struct json_object *object, struct buf *out, bool is_pretty);
void json_add(struct json_object *object, const char *name, size_t name_len, const char *value, size_t len);
void json_add_text(struct json_object *object, const char *name, const char *value);
void json_end(struct json_object *object);

#endif
