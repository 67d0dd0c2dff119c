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
 * Appends `event`, which is UTF-8 and need not be well-formed, to `out` with its forbidden characters replaced, and
 * returns how many there were. Stops soon after `out` has become longer than `max`.
 */
size_t replace_characters(struct slice event, size_t max, struct buf *out);

/*
 * A place in what became of `event`, by line and column: how many columns further right is it in `event` itself? (A
 * reference is longer than the character that replaces it.)
 */
size_t replace_find_shift(struct slice event, struct slice replaced, size_t line, size_t column);

#endif
