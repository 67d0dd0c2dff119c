/*
 * utf8 -- is a text UTF-8, and where could it be cut? By RFC 3629: no surrogates, nothing overlong, nothing above
 * U+10FFFF. Pure.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>

/* How many bytes from the beginning are whole characters of UTF-8: `len`, if all of it is. It may hold NUL. */
size_t utf8_valid_len(const char *text, size_t len);

#endif
