/*
 * printable -- makes foreign text, from a sender, a server, a file or the environment, safe to show.
 *
 * Whoever has written such a text could change the screen of the person who reads it (escape sequences), disguise a name
 * (characters that change the direction of writing), or forge a line. Pure. To print it, see print.h.
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

/*
 * The same, but that a backslash stays as it is. So a text that is printable already is not changed, and this can be the
 * last step before any text is shown; which bytes an escape stands for is no longer certain.
 */
void printable_append_shown(struct buf *out, const char *text, size_t len);

#define PRINTABLE_SIZE 11 /* \U0010ffff, with the closing NUL */

/*
 * Writes how the first character of `text`, of at least 1 byte, is shown, as printable_append_shown() does it. Returns how
 * many bytes of the text that character takes.
 */
size_t printable_show(const char *text, size_t len, char shown[PRINTABLE_SIZE]);

#endif
