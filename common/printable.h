/*
 * printable -- text from a sender, safe to show on a terminal.
 *
 * Whoever sends events chooses their texts: an escape sequence among them could rewrite the screen of the person who
 * looks, and a character that turns the direction of writing could disguise a name. Pure.
 */
#ifndef COMMON_PRINTABLE_H
#define COMMON_PRINTABLE_H

#include "common/buf.h"

/*
 * Appends `text` with all that a terminal could take for more than a character written out: control characters as \x1b
 * or \u009b, invisible ones that shape what stands around them as \u202e, a backslash as \\, and what is no UTF-8 as
 * \xff. So one line stays one line, and whoever reads it can tell what was there.
 */
void printable_append(struct buf *out, const char *text, size_t len);

#endif
