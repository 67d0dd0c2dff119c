/*
 * chars -- which bytes can be white space, which can stand in a name, and which characters XML 1.0 forbids. Pure.
 *
 * A name is recognized as far as single bytes tell: every byte of a multi-byte character counts as a name's.
 */
#ifndef COMMON_XML_CHARS_H
#define COMMON_XML_CHARS_H

#include <stdbool.h>
#include <stddef.h>

/* XML 1.0 S: blank, tab, CR, LF. */
static inline bool xml_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The length without the white space at the end. */
static inline size_t xml_len_without_end(const char *text, size_t len)
{
    while (len > 0 && xml_is_space(text[len - 1])) len--;
    return len;
}

/* Without the white space at both ends. */
static inline void xml_trim(const char **text, size_t *len)
{
    *len = xml_len_without_end(*text, *len);
    while (*len > 0 && xml_is_space(**text)) ++*text, --*len;
}

static inline bool xml_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0x80;
}

static inline bool xml_is_name_char(char c)
{
    return xml_is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* How many bytes the forbidden character at the beginning of the UTF-8 `text` has; 0: the first one is allowed. */
static inline size_t xml_forbidden_len(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (len == 0) return 0;
    if (bytes[0] < 0x20) return !xml_is_space(text[0]);
    return len >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBF && bytes[2] >= 0xBE ? 3 : 0; /* U+FFFE, U+FFFF */
}

#endif
