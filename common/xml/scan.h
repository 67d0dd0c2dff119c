/*
 * scan -- how far plain text and plain names reach, many bytes at a time: nearly all bytes of an event are looked at here
 * and nowhere else. Pure; no byte at or behind `end` is read. Inline, as most calls look at fewer than 32 bytes.
 *
 * The portable form reads eight bytes at once, and where fewer are left, one by one. With SSE2, which every x86-64
 * processor has, sixteen: the figures are in docs/performance.md. -DXML_SCAN_PORTABLE chooses the portable form there, too,
 * so that both can be tested.
 */
#ifndef COMMON_XML_SCAN_H
#define COMMON_XML_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined __SSE2__ && !defined XML_SCAN_PORTABLE
#include <emmintrin.h>
#define XML_SCAN_BYTES 16
#else
#define XML_SCAN_BYTES 8
#endif

static inline bool xml_scan_is_in_text(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '<' && c != '&' && c != ']';
}

static inline bool xml_scan_is_in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

#if XML_SCAN_BYTES == 16

/* How many of 16 bytes come before the first that a bit of `mask` marks; 16: none is marked. */
static inline size_t xml_scan_count_before(int mask)
{
    return (size_t)__builtin_ctz((unsigned)mask | 1U << XML_SCAN_BYTES);
}

static inline __m128i xml_scan_all(char c)
{
    return _mm_set1_epi8(c);
}

/* Marks the bytes from `first` to `last`. */
static inline __m128i xml_scan_find_range(__m128i bytes, char first, char last)
{
    __m128i from_first = _mm_sub_epi8(bytes, xml_scan_all(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, xml_scan_all((char)(last - first))), from_first);
}

/* As signed numbers, bytes that are not ASCII are less than a blank, too. */
static inline size_t xml_scan_count_text(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i markup =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, xml_scan_all('<')), _mm_cmpeq_epi8(bytes, xml_scan_all('&')));
    __m128i other =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, xml_scan_all(']')), _mm_cmplt_epi8(bytes, xml_scan_all(' ')));
    return xml_scan_count_before(_mm_movemask_epi8(_mm_or_si128(markup, other)));
}

static inline size_t xml_scan_count_name(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i letters = xml_scan_find_range(_mm_or_si128(bytes, xml_scan_all(0x20)), 'a', 'z');
    __m128i digits =
        _mm_andnot_si128(_mm_cmpeq_epi8(bytes, xml_scan_all('/')), xml_scan_find_range(bytes, '-', '9'));
    __m128i named = _mm_or_si128(_mm_or_si128(letters, digits), _mm_cmpeq_epi8(bytes, xml_scan_all('_')));
    return xml_scan_count_before(~_mm_movemask_epi8(named) & 0xFFFF);
}

#else

#define XML_SCAN_ONES 0x0101010101010101u
#define XML_SCAN_HIGH 0x8080808080808080u

static inline uint64_t xml_scan_load(const char *at)
{
    uint64_t word = 0;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

/* How many of 8 bytes come before the first whose high bit is set in `mask`; 8: none is. */
static inline size_t xml_scan_count_before(uint64_t mask)
{
    return mask ? (size_t)__builtin_ctzll(mask) / 8 : XML_SCAN_BYTES;
}

/* Marks the bytes that are less than `limit`, exact up to the first one. */
static inline uint64_t xml_scan_find_less(uint64_t word, unsigned limit)
{
    return (word - XML_SCAN_ONES * limit) & ~word & XML_SCAN_HIGH;
}

static inline uint64_t xml_scan_find_byte(uint64_t word, char byte)
{
    return xml_scan_find_less(word ^ XML_SCAN_ONES * (unsigned char)byte, 1);
}

static inline size_t xml_scan_count_text(const char *at)
{
    uint64_t word = xml_scan_load(at);
    return xml_scan_count_before(xml_scan_find_less(word, ' ') | xml_scan_find_byte(word, '<') |
                                 xml_scan_find_byte(word, '&') | xml_scan_find_byte(word, ']') |
                                 (word & XML_SCAN_HIGH));
}

/* Marks the bytes from `first` to `last`; no byte of `ascii` has its high bit set. */
static inline uint64_t xml_scan_find_range(uint64_t ascii, unsigned first, unsigned last)
{
    return (ascii + XML_SCAN_ONES * (0x80 - first)) & ~(ascii + XML_SCAN_ONES * (0x7F - last)) &
           XML_SCAN_HIGH;
}

static inline size_t xml_scan_count_name(const char *at)
{
    uint64_t word = xml_scan_load(at);
    uint64_t ascii = word & ~XML_SCAN_HIGH;
    uint64_t named = xml_scan_find_range(ascii | XML_SCAN_ONES * 0x20, 'a', 'z') |
                     xml_scan_find_range(ascii, '0', '9') | xml_scan_find_range(ascii, '-', '.') |
                     xml_scan_find_range(ascii, '_', '_');
    return xml_scan_count_before((~named | word) & XML_SCAN_HIGH);
}

#endif

/*
 * The first byte that is not a printable ASCII character other than `<`, `&` and `]`; `end`: all are. A blank is printable,
 * a line feed is not.
 */
static inline const char *xml_scan_text(const char *at, const char *end)
{
    while (end - at >= XML_SCAN_BYTES) {
        size_t len = xml_scan_count_text(at);
        at += len;
        if (len < XML_SCAN_BYTES) return at;
    }
    while (at < end && xml_scan_is_in_text(*at)) at++;
    return at;
}

/* The first byte that is not an ASCII letter or digit, `_`, `-` or `.`; `end`: all are. */
static inline const char *xml_scan_name(const char *at, const char *end)
{
    while (end - at >= XML_SCAN_BYTES) {
        size_t len = xml_scan_count_name(at);
        at += len;
        if (len < XML_SCAN_BYTES) return at;
    }
    while (at < end && xml_scan_is_in_name(*at)) at++;
    return at;
}

#endif
