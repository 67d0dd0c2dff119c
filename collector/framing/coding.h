/*
 * coding -- how the bytes of an encoding are read as markup: as units, each of them a character of ASCII or none. Pure.
 *
 * In most encodings a byte below 0x80 is always that character of ASCII: UTF-8, all single-byte encodings, EUC. In the
 * others a byte that looks like markup may be a part of another character; here it is seen which. A unit that is no
 * character of ASCII is CODING_OTHER.
 */
#ifndef COLLECTOR_FRAMING_CODING_H
#define COLLECTOR_FRAMING_CODING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define CODING_OTHER    ((char)0x80)
#define CODING_LOOK_MAX 6 /* bytes that are needed at most to tell what a unit is */

enum coding {
    CODING_ASCII, /* a unit is a byte, as it is */
    CODING_UTF16LE,
    CODING_UTF16BE,
    CODING_SJIS,    /* Shift_JIS: the second byte of a character may look like a letter or a bracket */
    CODING_DOUBLE,  /* the same in GBK, Big5 and the like, with other first bytes */
    CODING_JOHAB,   /* the same, and the second byte may be `<` or `>` */
    CODING_SHIFTED, /* ISO-2022-JP and the like: between shifts any byte may stand for anything */
    CODING_HZ,      /* HZ-GB-2312: the same with other shifts */
    CODING_COUNT
};

struct coding_state {
    bool is_shifted;
    bool has_lead; /* CODING_SJIS to CODING_JOHAB: the next byte is the second one of a character */
    size_t
        escape_bytes; /* CODING_SHIFTED, CODING_HZ: so many bytes of an escape sequence are still to be read */
};

/* Which coding a declared encoding has; `*is_utf16` tells that it names UTF-16 or the like. */
enum coding coding_of(const char *encoding, bool *is_utf16);

/* Bytes of a unit: 2 for UTF-16, else 1. */
static inline size_t coding_unit_bytes(enum coding coding)
{
    return coding == CODING_UTF16LE || coding == CODING_UTF16BE ? 2 : 1;
}

/*
 * The unit at the beginning of `data`, which has `len` bytes, at least one; false: more bytes are needed to tell (at
 * most CODING_LOOK_MAX). A line end, or an XML declaration's beginning, ends a shift. After true the next unit is
 * coding_unit_bytes() further on.
 */
bool coding_read(enum coding coding, struct coding_state *state, const char *data, size_t len, char *unit);

/* Appends UTF-16 as UTF-8; half a pair of surrogates becomes U+FFFD, and half a unit is left out. */
void coding_append_utf8(enum coding coding, const char *data, size_t len, struct buf *out);

#endif
