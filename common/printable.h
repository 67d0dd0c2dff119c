/*
 * printable -- makes text from a sender safe to show on a terminal.
 *
 * Senders choose the texts of their events: an escape sequence in them could change the screen of the person who reads
 * it, and a character that changes the direction of writing could disguise a name. Pure.
 */
#ifndef COMMON_PRINTABLE_H
#define COMMON_PRINTABLE_H

#include "common/buf.h"

/*
 * Appends `text` with everything that a terminal might not show as a plain character written as an escape: control
 * characters as \x1b or \u009b, invisible characters that affect their neighbours as \u202e, a backslash as \\, and
 * bytes that are not UTF-8 as \xff. So one line stays one line, and the original bytes can be recovered.
 */
void printable_append(struct buf *out, const char *text, size_t len);

#endif
