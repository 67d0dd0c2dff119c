/*
 * json -- writes JSON strings, and flat objects whose values are all strings.
 */
#ifndef UPLOADER_RENDER_JSON_H
#define UPLOADER_RENDER_JSON_H

#include <stdbool.h>

#include "common/buf.h"

/* Appends the text, escaped as RFC 8259 requires, without quotes. `text` must be UTF-8; it may hold NUL. */
void json_escape(struct buf *out, const char *text, size_t len);

/* The same, with quotes. */
void json_string(struct buf *out, const char *text, size_t len);

/*
 * One flat object, written to `out` (borrowed) member by member. If it is pretty, each member stands on a line of its
 * own, indented as in an element of an array.
 */
struct json_object {
    struct buf *out;
    bool is_pretty;
    bool is_empty;
};

/* Names are not escaped: XML names and our own few need no escaping. */
void json_begin(struct json_object *object, struct buf *out, bool is_pretty);
void json_add(struct json_object *object, const char *name, size_t name_len, const char *value, size_t len);
void json_add_text(struct json_object *object, const char *name, const char *value);
void json_end(struct json_object *object);

#endif
