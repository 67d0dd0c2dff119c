/*
 * replace -- INVALID_CHARACTERS=replace: characters that XML forbids become U+FFFD, so that the event can be kept.
 * Pure.
 *
 * Replaced are raw characters in text, CDATA sections, attributes' values, comments and the content of instructions,
 * and numeric references (`&#1;`) in text and attributes' values. Names and all other markup stay as they are.
 */
#ifndef COLLECTOR_FRAMING_REPLACE_H
#define COLLECTOR_FRAMING_REPLACE_H

#include "collector/framing/event.h"
#include "common/buf.h"

#define REPLACE_TEXT "\xEF\xBF\xBD" /* U+FFFD */

/*
 * How many forbidden characters `event` has, which is UTF-8 and need not be well-formed. `*room`: how many bytes longer a
 * buffer with it must be, so that they can be replaced in place.
 */
size_t replace_count(struct slice event, size_t *room);

/* Replaces them in `text`, in place. `room` as replace_count() gave it for this text. */
void replace_characters(struct buf *text, size_t room);

/*
 * A place in what becomes of `event`, by line and column: how many columns further right is it in `event` itself? (A
 * reference is longer than the character that replaces it.)
 */
size_t replace_find_shift(struct slice event, size_t line, size_t column);

#endif
