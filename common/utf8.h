/*
 * utf8 -- checks whether a text is UTF-8, and finds where it can be cut. By RFC 3629: no surrogates, no overlong forms,
 * nothing above U+10FFFF. Pure.
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>

/* The bytes of the character at the beginning; 0: there is none, or it is not whole. */
size_t utf8_char_len(const char *text, size_t len);

/* How many bytes from the beginning are whole characters of UTF-8; `len` if all are. The text may contain NUL. */
size_t utf8_valid_len(const char *text, size_t len);

/*
 * How many bytes of a text that was cut after `len` bytes can stay, so that no character is cut in two. Bytes that are no
 * UTF-8 stay.
 */
size_t utf8_whole_len(const char *text, size_t len);

/* The bytes of a text, but `most` at the most, so that no character is cut in two: for "%.*s". */
int utf8_cut(const char *text, int most);

/* How many bytes from the beginning are ASCII. */
size_t utf8_ascii_len(const char *data, size_t len);

#endif
