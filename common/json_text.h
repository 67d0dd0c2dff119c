/*
 * json_text -- a text as a string of JSON, whatever bytes it holds. Pure.
 */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include "common/buf.h"

/*
 * Appends the text in double quotes, as one line of valid JSON in UTF-8. What printable.h would not show as a plain
 * character is escaped in JSON's own way, so a reader gets it back and a terminal is safe. Bytes that are not UTF-8 become
 * U+FFFD each.
 */
void json_text_append(struct buf *out, const char *text, size_t len);

/* The same of a text that ends with NUL; `null` if it is NULL. */
void json_text_append_or_null(struct buf *out, const char *text);

#endif
