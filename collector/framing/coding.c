/* coding -- see coding.h. */
#include "collector/framing/coding.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define ESCAPE    '\x1B'
#define SHIFT_OUT '\x0E'
#define SHIFT_IN  '\x0F'

static const char declaration[] = "<?xml ";

/* ---- names ---- */

struct family {
    const char *name; /* of an encoding, or with a * at the end of all whose names begin so */
    enum coding coding;
};

/* The names and aliases that senders and iconv use. Letter case does not matter. */
static const struct family families[] = {
    {"ISO-2022-*", CODING_SHIFTED},
    {"ISO2022*", CODING_SHIFTED},
    {"CSISO2022*", CODING_SHIFTED},
    {"HZ", CODING_HZ},
    {"HZ-GB-2312", CODING_HZ},
    {"SHIFT_JIS*", CODING_SJIS},
    {"SHIFT-JIS*", CODING_SJIS},
    {"SHIFTJIS*", CODING_SJIS},
    {"SJIS*", CODING_SJIS},
    {"X-SJIS*", CODING_SJIS},
    {"MS_KANJI", CODING_SJIS},
    {"CSSHIFTJIS", CODING_SJIS},
    {"MS932", CODING_SJIS},
    {"CP932", CODING_SJIS},
    {"IBM932", CODING_SJIS},
    {"IBM-932", CODING_SJIS},
    {"CSIBM932", CODING_SJIS},
    {"IBM943", CODING_SJIS},
    {"IBM-943", CODING_SJIS},
    {"CSIBM943", CODING_SJIS},
    {"WINDOWS-31J", CODING_SJIS},
    {"CSWINDOWS31J", CODING_SJIS},
    {"GBK", CODING_DOUBLE},
    {"CP936", CODING_DOUBLE},
    {"MS936", CODING_DOUBLE},
    {"WINDOWS-936", CODING_DOUBLE},
    {"GB18030", CODING_DOUBLE},
    {"BIG5*", CODING_DOUBLE},
    {"BIG-5*", CODING_DOUBLE},
    {"BIGFIVE", CODING_DOUBLE},
    {"BIG-FIVE", CODING_DOUBLE},
    {"CN-BIG5", CODING_DOUBLE},
    {"CSBIG5", CODING_DOUBLE},
    {"CP950", CODING_DOUBLE},
    {"UHC", CODING_DOUBLE},
    {"CP949", CODING_DOUBLE},
    {"MSCP949", CODING_DOUBLE},
    {"WINDOWS-949", CODING_DOUBLE},
    {"JOHAB", CODING_JOHAB},
    {"CP1361", CODING_JOHAB},
    {"MSCP1361", CODING_JOHAB},
    {"UTF-16*", CODING_UTF16LE},
    {"UTF16*", CODING_UTF16LE},
    {"UCS-2*", CODING_UTF16LE},
    {"UCS2*", CODING_UTF16LE},
    {"UCS-4*", CODING_UTF16LE},
    {"UCS4*", CODING_UTF16LE},
    {"CSUCS4", CODING_UTF16LE},
    {"UTF-32*", CODING_UTF16LE},
    {"UTF32*", CODING_UTF16LE},
    {"UNICODE", CODING_UTF16LE},
    {"UNICODELITTLE", CODING_UTF16LE},
    {"UNICODEBIG", CODING_UTF16LE},
    {"CSUNICODE", CODING_UTF16LE},
    {"ISO-10646", CODING_UTF16LE},
    {"ISO-10646-UCS*", CODING_UTF16LE},
    {"ISO-10646/UCS*", CODING_UTF16LE},
    {"10646-1:1993*", CODING_UTF16LE},
};

static bool is_named(const struct family *family, const char *encoding)
{
    size_t len = strlen(family->name);
    if (family->name[len - 1] == '*') return strncasecmp(family->name, encoding, len - 1) == 0;
    return strcasecmp(family->name, encoding) == 0;
}

enum coding coding_of(const char *encoding, bool *is_utf16)
{
    enum coding coding = CODING_ASCII;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (is_named(&families[i], encoding)) coding = families[i].coding;
    *is_utf16 = coding == CODING_UTF16LE;
    return coding;
}

/* ---- units ---- */

static bool read_utf16(const char *data, size_t len, size_t low, char *unit)
{
    if (len < 2) return false;
    bool is_ascii = data[1 - low] == 0 && (unsigned char)data[low] < 0x80;
    *unit = is_ascii ? data[low] : CODING_OTHER;
    return true;
}

/*
 * A character of two bytes, whose second one is at least `least`. What is less begins anew; in GB18030 that may be the
 * second or fourth byte of a character, but then it is a digit, which is no markup.
 */
static bool read_double(struct coding_state *state, bool is_lead, unsigned char least, char c, char *unit)
{
    bool is_second = state->has_lead && (unsigned char)c >= least;
    state->has_lead = !is_second && is_lead;
    *unit = is_second || (unsigned char)c >= 0x80 ? CODING_OTHER : c;
    return true;
}

/* Shift_JIS has characters of one byte from 0xA1 to 0xDF. */
static bool is_sjis_lead(char c)
{
    unsigned char byte = (unsigned char)c;
    return (byte > 0x80 && byte < 0xA0) || byte >= 0xE0;
}

/* 1: `data` begins with `text`; 0: it does not; -1: it is too short to tell. */
static int begins_with(const char *data, size_t len, const char *text)
{
    size_t text_len = strlen(text);
    if (memcmp(data, text, len < text_len ? len : text_len) != 0) return 0;
    return len < text_len ? -1 : 1;
}

/* A line end, or a declaration's beginning, ends a shift. False: more bytes are needed to tell. */
static bool end_shift(struct coding_state *state, const char *data, size_t len)
{
    bool is_end = *data == '\n' || *data == '\r';
    if (state->is_shifted && *data == '<') {
        int is_declaration = begins_with(data, len, declaration);
        if (is_declaration < 0) return false;
        is_end = is_declaration > 0;
    }
    if (is_end) state->is_shifted = false;
    return true;
}

/* Is this byte the rest of an escape sequence? Where the sequence is broken off, no markup is lost. */
static bool is_in_escape(struct coding_state *state, char c)
{
    bool is_part = state->escape_bytes > 0 && c > ' ' && c != '<' && c != '>';
    state->escape_bytes = is_part ? state->escape_bytes - 1 : 0;
    return is_part;
}

/*
 * ESC $ ... begins two-byte characters and ESC ( I katakana of one byte, any other ESC ( ends both. ESC $ with one of
 * ) * + only names the set that SO will begin.
 */
static void read_escape(struct coding_state *state, char kind, char set)
{
    bool is_named_alone = set == ')' || set == '*' || set == '+';
    if (kind != '$' && kind != '(') return;
    if (kind == '(') state->is_shifted = set == 'I';
    if (kind == '$' && !is_named_alone) state->is_shifted = true;
    state->escape_bytes = kind == '$' && (is_named_alone || set == '(') ? 3 : 2;
}

static bool read_shifted(struct coding_state *state, const char *data, size_t len, char *unit)
{
    char c = *data;
    bool is_shift = is_in_escape(state, c) || c == ESCAPE || c == SHIFT_OUT || c == SHIFT_IN;
    if (!end_shift(state, data, len)) return false;
    if (c == ESCAPE) {
        if (len < 3) return false;
        read_escape(state, data[1], data[2]);
    }
    if (c == SHIFT_OUT || c == SHIFT_IN) state->is_shifted = c == SHIFT_OUT;
    *unit = is_shift || state->is_shifted || (unsigned char)c >= 0x80 ? CODING_OTHER : c;
    return true;
}

/* ~{ begins two-byte characters, ~} ends them, ~~ is a tilde. No two-byte character begins with { or }. */
static bool read_hz(struct coding_state *state, const char *data, size_t len, char *unit)
{
    char c = *data;
    bool is_shift = is_in_escape(state, c);
    if (!end_shift(state, data, len)) return false;
    if (c == '~' && !is_shift) {
        if (len < 2) return false;
        is_shift = data[1] == (state->is_shifted ? '}' : '{');
        state->escape_bytes = is_shift || (!state->is_shifted && data[1] == '~');
        state->is_shifted ^= is_shift;
    }
    *unit = is_shift || state->is_shifted || (unsigned char)c >= 0x80 ? CODING_OTHER : c;
    return true;
}

bool coding_read(enum coding coding, struct coding_state *state, const char *data, size_t len, char *unit)
{
    switch (coding) {
    case CODING_UTF16LE: return read_utf16(data, len, 0, unit);
    case CODING_UTF16BE: return read_utf16(data, len, 1, unit);
    case CODING_SJIS: return read_double(state, is_sjis_lead(*data), 0x40, *data, unit);
    case CODING_DOUBLE: return read_double(state, (unsigned char)*data > 0x80, 0x40, *data, unit);
    case CODING_JOHAB: return read_double(state, (unsigned char)*data > 0x80, 0x31, *data, unit);
    case CODING_SHIFTED: return read_shifted(state, data, len, unit);
    case CODING_HZ: return read_hz(state, data, len, unit);
    default: *unit = *data; return true;
    }
}

/* ---- UTF-16 as UTF-8 ---- */

static uint32_t unit_at(enum coding coding, const char *data)
{
    uint32_t first = (unsigned char)data[0];
    uint32_t second = (unsigned char)data[1];
    return coding == CODING_UTF16LE ? second << 8 | first : first << 8 | second;
}

/* RFC 3629. */
static void append_character(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_append_char(out, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t leads[] = {0, 0xC0, 0xE0, 0xF0};
    buf_append_char(out, (char)(leads[more] | c >> (6 * more)));
    while (more-- > 0) buf_append_char(out, (char)(0x80 | (c >> (6 * more) & 0x3F)));
}

void coding_append_utf8(enum coding coding, const char *data, size_t len, struct buf *out)
{
    for (size_t at = 0; at + 2 <= len; at += 2) {
        uint32_t c = unit_at(coding, data + at);
        uint32_t low = at + 4 <= len ? unit_at(coding, data + at + 2) : 0;
        bool is_pair = c >> 10 == 0xD800 >> 10 && low >> 10 == 0xDC00 >> 10;
        if (is_pair) {
            c = 0x10000 + ((c & 0x3FF) << 10 | (low & 0x3FF));
            at += 2;
        } else if (c >> 11 == 0xD800 >> 11) {
            c = 0xFFFD;
        }
        append_character(out, c);
    }
}
