/*
 * chars -- which bytes can be white space, and which can stand in a name. Pure.
 *
 * A name is recognized as far as single bytes tell: every byte of a multi-byte character counts as a name's.
 */
#ifndef COMMON_XML_CHARS_H
#define COMMON_XML_CHARS_H

#include <stdbool.h>

/* XML 1.0 S: blank, tab, CR, LF. */
static inline bool xml_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
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

#endif
