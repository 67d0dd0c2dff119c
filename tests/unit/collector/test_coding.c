/*
 * test_coding -- which units are ASCII: as a table for what senders may send, and against iconv for random valid text
 * and for every pair of bytes of each encoding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/coding.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "tests/support/chance.h"

#define TEXT_MAX 400

/* Reads all units; those that are no ASCII are shown as `_`. Returns the length of `shown`. */
static size_t show(enum coding coding, const char *text, size_t len, char *shown)
{
    struct coding_state state = {0};
    size_t at = 0;
    size_t count = 0;
    char unit = 0;
    while (at < len && coding_read(coding, &state, text + at, len - at, &unit)) {
        shown[count++] = unit == CODING_OTHER || (unsigned char)unit >= 0x80 ? '_' : unit;
        at += coding_unit_bytes(coding);
    }
    shown[count] = '\0';
    return count;
}

/* ---- names ---- */

static void the_coding_follows_from_the_name_in_any_letter_case(void **state)
{
    static const struct {
        const char *names[26];
        enum coding coding;
        bool is_utf16;
    } rows[] = {
        {{"",       "UTF-8",  "utf8",   "US-ASCII",        "ISO-8859-1", "ISO-8859-15",      "WINDOWS-1252",
          "KOI8-R", "EUC-JP", "EUC-KR", "EUC-CN",          "EUC-TW",     "GB2312",           "CP932X",
          "HZ-",    "GBK2",   "UTF-7",  "ISO-10646/UTF-8", "ISO-202",    "UNICODE-1-1-UTF-8"},
         CODING_ASCII,
         false},
        {{"Shift_JIS",   "SHIFT-JIS",    "SJIS",           "sjis-win",      "x-sjis",
          "MS_Kanji",    "csShiftJIS",   "MS932",          "CP932",         "IBM932",
          "IBM-932",     "IBM943",       "IBM-943",        "csIBM932",      "csIBM943",
          "Windows-31J", "csWindows31J", "SHIFT_JISX0213", "SHIFTJISX0213", "Shift_JIS-2004"},
         CODING_SJIS,
         false},
        {{"GBK", "CP936", "MS936", "windows-936", "GB18030", "Big5", "Big5-HKSCS", "BIG-5", "BigFive",
          "Big-Five", "cn-big5", "csBig5", "CP950", "UHC", "CP949", "MSCP949", "windows-949"},
         CODING_DOUBLE,
         false},
        {{"JOHAB", "CP1361", "MSCP1361"}, CODING_JOHAB, false},
        {{"ISO-2022-JP", "iso-2022-jp-2", "ISO-2022-JP-3", "ISO-2022-KR", "ISO-2022-CN", "ISO-2022-CN-EXT",
          "ISO2022JP", "csISO2022JP", "csISO2022KR"},
         CODING_SHIFTED,
         false},
        {{"HZ", "HZ-GB-2312"}, CODING_HZ, false},
        {{"UTF-16",
          "UTF-16LE",
          "UTF-16BE",
          "UTF16",
          "UCS-2",
          "UCS-2LE",
          "UCS2",
          "UCS-4",
          "UCS4",
          "csUCS4",
          "UTF-32",
          "UTF-32BE",
          "UTF32",
          "UNICODE",
          "UNICODELITTLE",
          "UNICODEBIG",
          "csUnicode",
          "ISO-10646",
          "ISO-10646-UCS-2",
          "ISO-10646/UCS4",
          "10646-1:1993"},
         CODING_UTF16LE,
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (const char *const *name = rows[i].names; *name; name++) {
            char other_case[40] = "";
            for (size_t at = 0; (*name)[at]; at++)
                other_case[at] =
                    (char)(isupper((unsigned char)(*name)[at]) ? tolower((*name)[at]) : toupper((*name)[at]));
            bool is_utf16 = !rows[i].is_utf16;
            assert_int_equal(coding_of(*name, &is_utf16), rows[i].coding);
            assert_int_equal(is_utf16, rows[i].is_utf16);
            assert_int_equal(coding_of(other_case, &is_utf16), rows[i].coding);
        }
    }
}

static void a_unit_has_two_bytes_in_utf16_alone(void **state)
{
    (void)state;
    for (enum coding coding = CODING_ASCII; coding < CODING_COUNT; coding++)
        assert_int_equal(coding_unit_bytes(coding),
                         coding == CODING_UTF16LE || coding == CODING_UTF16BE ? 2 : 1);
}

/* ---- units ---- */

#define TEXT(text) text, sizeof(text) - 1

static void units_are_ascii_where_the_characters_are(void **state)
{
    static const struct {
        enum coding coding;
        const char *text;
        size_t len;
        const char *shown;
    } rows[] = {
        {CODING_ASCII, TEXT("<a>\xC3\xA9</a>"), "<a>__</a>"},
        {CODING_UTF16LE, TEXT("<\0a\0<\x01\0<>\0"), "<a__>"},
        {CODING_UTF16BE, TEXT("\0<\0a\x01<<\0\0>"), "<a__>"},
        {CODING_UTF16LE, TEXT("<\0\x80\0\xFF\0\x3C\xD8\x3E\xDC"), "<____"},
        /* katakana of one byte, and characters whose second byte looks like a bracket */
        {CODING_SJIS, TEXT("<a>\xB1\xDF]</a>"), "<a>__]</a>"},
        {CODING_SJIS, TEXT("\x81\x5D\x83\x5D]\xE0\x5Dx\xFC\x4B"), "____]__x__"},
        {CODING_SJIS, TEXT("\xB1\x81\x5D\xA0]\x80]"), "____]_]"},
        {CODING_SJIS, TEXT("\x81<a>\x81\n\x81\x81]"), "_<a>_\n__]"},
        {CODING_DOUBLE, TEXT("\xB1]\xB1\xB1]\x80]\xFE<"), "____]_]_<"},
        {CODING_DOUBLE, TEXT("\x81\x30\x81\x30]\x90\x30\xB1\x39<\x90\x30\x81]"), "_0_0]_0_9<_0__"},
        {CODING_JOHAB, TEXT("\x88<\x88>\x88\x31<>\x88\x30<"), "______<>_0<"},
        /* ISO-2022-JP: each of its escapes */
        {CODING_SHIFTED, TEXT("<a>\x1B$B<!--\x1B(B</a>"), "<a>__________</a>"},
        {CODING_SHIFTED, TEXT("a\x1B$@<>\x1B(Jb\x1B(I<>\x1B(Bc"), "a________b________c"},
        {CODING_SHIFTED, TEXT("a\x1B$(D<>\x1B(B>\x1B$A<\x1B$B>\x1B(B]"), "a_________>___________]"},
        {CODING_SHIFTED, TEXT("\x1B$B<>\n<a>\x1B$B<>\r<a>"), "_____\n<a>_____\r<a>"},
        {CODING_SHIFTED, TEXT("\x1B$B<?xml <?xmlx"), "___<?xml <?xmlx"},
        {CODING_SHIFTED, TEXT("\x1B$B<?xm< ?xml <a"), "________________"},
        {CODING_SHIFTED, TEXT("\xB1<\x1B.A<\x1B&@<"), "_<_.A<_&@<"},
        /* ISO-2022-KR: the set is named first, and SO and SI shift */
        {CODING_SHIFTED, TEXT("\x1B$)C<a>\x0E<!\x0F</a>"), "____<a>____</a>"},
        {CODING_SHIFTED, TEXT("<a>\x0E<!\n</a>\x0F"), "<a>___\n</a>_"},
        {CODING_SHIFTED, TEXT("\x1B$*H\x1B$+I<a>"), "________<a>"},
        /* broken off */
        {CODING_SHIFTED, TEXT("\x1B$)<a>\x1B(<a>"), "___<a>__<a>"},
        {CODING_SHIFTED, TEXT("\x1B( <a>"), "__ <a>"},
        {CODING_SHIFTED, TEXT("\x1B(>a\x1B$(>"), "__>a____"},
        {CODING_HZ, TEXT("<a>~{<!--~}</a>"), "<a>________</a>"},
        {CODING_HZ, TEXT("~~{<a>~~~{<>~}<"), "~_{<a>~_______<"},
        {CODING_HZ, TEXT("~{<>\n<~{<>\r<~\n<"), "____\n<____\r<~\n<"},
        {CODING_HZ, TEXT("~{<~~}<~{<~{~}<~}<"), "______<_______<~}<"},
        {CODING_HZ, TEXT("~{<?xml <\xB1~<a"), "__<?xml <_~<a"},
        {CODING_HZ, TEXT("~{<?xm<"), "______"},
    };
    char shown[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        show(rows[i].coding, rows[i].text, rows[i].len, shown);
        assert_string_equal(shown, rows[i].shown);
    }
}

static void what_cannot_be_told_yet_is_told_with_more_bytes(void **state)
{
    static const struct {
        enum coding coding;
        const char *shift, *text;
        size_t needed;
    } rows[] = {
        {CODING_ASCII, "", "<", 1},
        {CODING_UTF16LE, "", "<\0", 2},
        {CODING_UTF16BE, "", "\0<", 2},
        {CODING_SJIS, "", "\x81]", 1},
        {CODING_DOUBLE, "", "\x81]", 1},
        {CODING_SHIFTED, "", "<?xml ", 1},
        {CODING_SHIFTED, "", "\x1B$B", 3},
        {CODING_SHIFTED, "", "\x1B(B", 3},
        {CODING_SHIFTED, "\x1B$B", "<?xml ", 6},
        {CODING_SHIFTED, "\x1B$B", "<?xmm", 5},
        {CODING_SHIFTED, "\x1B$B", "?", 1},
        {CODING_HZ, "", "<?xml ", 1},
        {CODING_HZ, "", "~{", 2},
        {CODING_HZ, "~{", "<?xml ", 6},
        {CODING_HZ, "~{", "<a", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t len = 1; len <= rows[i].needed; len++) {
            struct coding_state coding_state = {0};
            char unit = 0;
            for (const char *c = rows[i].shift; *c; c++)
                assert_true(coding_read(rows[i].coding, &coding_state, c, strlen(c) + 5, &unit));
            bool is_told = coding_read(rows[i].coding, &coding_state, rows[i].text, len, &unit);
            assert_int_equal(is_told, len == rows[i].needed);
            assert_true(rows[i].needed <= CODING_LOOK_MAX);
        }
    }
}

/* ---- against iconv ---- */

struct encoding {
    const char *name;
    const char *not_exact; /* ASCII units that stand for something else: digits in GB18030, the yen sign */
};

static const struct encoding encodings[] = {
    {"SHIFT_JIS", "\\~"},
    {"CP932", "\\~"},
    {"IBM943", "\\~\x7F"},
    {"SHIFT_JISX0213", "\\~"},
    {"GBK", ""},
    {"GB18030", "0123456789"},
    {"BIG5", ""},
    {"BIG5-HKSCS", ""},
    {"CP950", ""},
    {"UHC", ""},
    {"JOHAB", "\\"},
    {"ISO-2022-JP", "\\~"},
    {"ISO-2022-JP-3", "\\~"},
    {"ISO-2022-KR", ""},
    {"UTF-16LE", ""},
    {"UTF-16BE", ""},
    {"EUC-JP", "\\~"},
    {"EUC-KR", ""},
    {"UTF-8", ""},
    {"ISO-8859-1", ""},
};

static enum coding coding_by_name(const char *name)
{
    bool is_utf16 = false;
    enum coding coding = coding_of(name, &is_utf16);
    return strcmp(name, "UTF-16BE") == 0 ? CODING_UTF16BE : coding;
}

/* Code points to bytes of the encoding; 0: it lacks one of them. */
static size_t encode(iconv_t converter, const uint32_t *codes, size_t count, char *bytes, size_t size)
{
    char *in = (char *)(uintptr_t)codes;
    char *out = bytes;
    size_t in_left = count * sizeof *codes;
    (void)iconv(converter, NULL, NULL, NULL, NULL);
    if (iconv(converter, &in, &in_left, &out, &size) != 0) return 0;
    if (iconv(converter, NULL, NULL, &out, &size) != 0) return 0;
    return (size_t)(out - bytes);
}

static uint32_t random_code(struct chance *chance)
{
    static const char markup[] = "<>!-[]?/&'\"=aEx0~\\{}";
    static const struct {
        uint32_t from, count;
    } ranges[] = {{0x4E00, 0x5200}, {0x3041, 0xB0}, {0xFF61, 0x3F}, {0xAC00, 0x2BA4},
                  {0xA1, 0x5F},     {0x391, 0xC0},  {0x3000, 0x20}};
    if (chance_below(chance, 3) == 0) return (unsigned char)markup[chance_below(chance, sizeof markup - 1)];
    size_t range = chance_below(chance, sizeof ranges / sizeof *ranges);
    return ranges[range].from + (uint32_t)chance_below(chance, ranges[range].count);
}

/* Random characters that the encoding has. */
static size_t random_text(struct chance *chance, iconv_t converter, const struct encoding *encoding,
                          uint32_t *codes, size_t max)
{
    char bytes[32];
    size_t count = 0;
    for (size_t i = 0; i < max; i++) {
        uint32_t code = random_code(chance);
        if (code < 0x80 && strchr(encoding->not_exact, (int)code)) continue;
        if (encode(converter, &code, 1, bytes, sizeof bytes) > 0) codes[count++] = code;
    }
    return count;
}

/* The ASCII characters and, with their places left out, the units that are ASCII. */
static void check_text(const struct encoding *encoding, const uint32_t *codes, size_t count,
                       const char *bytes, size_t len)
{
    char shown[TEXT_MAX * 8];
    char wanted[TEXT_MAX];
    char found[TEXT_MAX * 8];
    size_t wanted_len = 0;
    size_t found_len = 0;
    struct coding_state state = {0};
    enum coding coding = coding_by_name(encoding->name);
    for (size_t i = 0; i < count; i++)
        if (codes[i] < 0x80) wanted[wanted_len++] = (char)codes[i];
    wanted[wanted_len] = '\0';
    for (size_t at = 0; at < len; at += coding_unit_bytes(coding)) {
        char unit = 0;
        assert_true(coding_read(coding, &state, bytes + at, len - at, &unit));
        if ((unsigned char)unit < 0x80 && !strchr(encoding->not_exact, unit)) found[found_len++] = unit;
    }
    found[found_len] = '\0';
    assert_string_equal(found, wanted);
    assert_int_equal(show(coding, bytes, len, shown), len / coding_unit_bytes(coding));
}

static void ascii_units_are_the_ascii_characters_of_random_text(void **state)
{
    struct chance chance = chance_begin();
    uint32_t codes[TEXT_MAX];
    char bytes[TEXT_MAX * 8];
    (void)state;
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        iconv_t converter = iconv_open(encodings[i].name, "UTF-32LE");
        assert_ptr_not_equal(converter, (iconv_t)-1);
        size_t most = 0;
        for (int round = 0; round < 300; round++) {
            size_t count = random_text(&chance, converter, &encodings[i], codes, TEXT_MAX / 4);
            size_t len = encode(converter, codes, count, bytes, sizeof bytes);
            check_text(&encodings[i], codes, count, bytes, len);
            if (count > most) most = count;
        }
        assert_true(most > 10);
        assert_int_equal(iconv_close(converter), 0);
    }
}

/* Does this pair of bytes stand for one character? */
static bool is_character(iconv_t converter, const char pair[2])
{
    char copy[2] = {pair[0], pair[1]};
    uint32_t codes[4] = {0};
    char *in = copy;
    char *out = (char *)codes;
    size_t in_left = 2;
    size_t out_left = sizeof codes;
    (void)iconv(converter, NULL, NULL, NULL, NULL);
    if (iconv(converter, &in, &in_left, &out, &out_left) != 0) return false;
    if (iconv(converter, NULL, NULL, &out, &out_left) != 0) return false;
    return in_left == 0 && codes[1] != (unsigned char)pair[1];
}

static void no_byte_of_a_pair_is_taken_for_ascii(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        enum coding coding = coding_by_name(encodings[i].name);
        if (coding_unit_bytes(coding) > 1 || coding == CODING_SHIFTED) continue;
        iconv_t converter = iconv_open("UTF-32LE", encodings[i].name);
        assert_ptr_not_equal(converter, (iconv_t)-1);
        for (int lead = 0x80; lead < 0x100; lead++) {
            for (int second = 0x21; second < 0x7F; second++) {
                char pair[3] = {(char)lead, (char)second, '\0'};
                char shown[3];
                if (!is_character(converter, pair)) continue;
                assert_int_equal(show(coding, pair, 2, shown), 2);
                if (!strchr(encodings[i].not_exact, second)) assert_string_equal(shown, "__");
            }
        }
        assert_int_equal(iconv_close(converter), 0);
    }
}

static void utf16_becomes_utf8(void **state)
{
    static const struct {
        enum coding coding;
        const char *bytes;
        size_t len;
        const char *utf8;
    } rows[] = {
        {CODING_UTF16LE, "a\0\xE9\0\x2D\x4E", 6, "a\xC3\xA9\xE4\xB8\xAD"},
        {CODING_UTF16BE, "\0a\0\xE9\x4E\x2D", 6, "a\xC3\xA9\xE4\xB8\xAD"},
        {CODING_UTF16LE, "\x3D\xD8\x00\xDE", 4, "\xF0\x9F\x98\x80"},
        {CODING_UTF16BE, "\xD8\x3D\xDE\x00", 4, "\xF0\x9F\x98\x80"},
        {CODING_UTF16LE, "\x3D\xD8", 2, "\xEF\xBF\xBD"}, /* half a pair */
        {CODING_UTF16LE,
         "\x00\xDE"
         "a\0",
         4,
         "\xEF\xBF\xBD"
         "a"}, /* the other half */
        {CODING_UTF16LE,
         "\x3D\xD8"
         "a\0",
         4,
         "\xEF\xBF\xBD"
         "a"},
        {CODING_UTF16LE, "a\0b", 3, "a"}, /* half a unit */
        {CODING_UTF16LE, "", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = BUF_EMPTY;
        coding_append_utf8(rows[i].coding, rows[i].bytes, rows[i].len, &out);
        assert_int_equal(out.len, strlen(rows[i].utf8));
        if (out.len > 0) assert_memory_equal(out.data, rows[i].utf8, out.len);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_coding_follows_from_the_name_in_any_letter_case),
        cmocka_unit_test(a_unit_has_two_bytes_in_utf16_alone),
        cmocka_unit_test(units_are_ascii_where_the_characters_are),
        cmocka_unit_test(what_cannot_be_told_yet_is_told_with_more_bytes),
        cmocka_unit_test(ascii_units_are_the_ascii_characters_of_random_text),
        cmocka_unit_test(no_byte_of_a_pair_is_taken_for_ascii),
        cmocka_unit_test(utf16_becomes_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
