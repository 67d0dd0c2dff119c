/*
 * test_single_byte -- the fast way to UTF-8 gives what transcode() gives, or nothing, in every kind of encoding.
 *
 *     TEST_TEXTS, TEST_SEED     how many random texts of each encoding, and which
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/single_byte.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/transcode.h"
#include "tests/support/chance.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LEN_MAX      48

static int set_up(void **state)
{
    *state = single_byte_new();
    return 0;
}

static int tear_down(void **state)
{
    single_byte_free(*state);
    return 0;
}

/* So often that a table is made, if one can be. */
static void make_known(struct single_byte *all, const char *encoding)
{
    struct buf utf8 = BUF_EMPTY;
    struct slice text;
    for (int i = 0; i < SINGLE_BYTE_NEW; i++)
        (void)single_byte_decode(all, (struct slice){"<a/>", 4}, encoding, TRANSCODE_MAX, &utf8, &text);
    buf_fini(&utf8);
}

static bool decode(struct single_byte *all, const char *encoding, const char *bytes, struct buf *utf8,
                   struct slice *text)
{
    return single_byte_decode(all, (struct slice){bytes, strlen(bytes)}, encoding, TRANSCODE_MAX, utf8, text);
}

static void a_known_encoding_is_decoded_by_its_table(void **state)
{
    static const struct {
        const char *encoding, *bytes, *utf8;
    } rows[] = {
        {"ISO-8859-1", "<a>\xE9t\xE9</a>", "<a>été</a>"},
        {"windows-1252", "\x80 12", "€ 12"},
        {"windows-1251", "\xC4\xE0", "Да"},
        {"KOI8-R", "\xC4", "д"},
        {"ISO-8859-15", "\xA4", "€"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf utf8 = BUF_EMPTY;
        struct slice text = {NULL, 0};
        assert_false(decode(*state, rows[i].encoding, rows[i].bytes, &utf8, &text)); /* not known yet */
        make_known(*state, rows[i].encoding);
        assert_true(decode(*state, rows[i].encoding, rows[i].bytes, &utf8, &text));
        assert_int_equal(text.len, strlen(rows[i].utf8));
        assert_memory_equal(text.data, rows[i].utf8, text.len);
        buf_fini(&utf8);
    }
}

static void an_event_of_ascii_is_not_copied(void **state)
{
    static const char *const encodings[] = {"ISO-8859-1", "windows-1252", "EUC-JP", "GBK", "Big5"};
    static const char ascii[] = "<EVENT><cn>00ff</cn></EVENT>";
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct buf utf8 = BUF_EMPTY;
        struct slice text = {NULL, 0};
        make_known(*state, encodings[i]);
        assert_true(decode(*state, encodings[i], ascii, &utf8, &text));
        assert_ptr_equal(text.data, ascii);
        assert_int_equal(text.len, strlen(ascii));
        buf_fini(&utf8);
    }
}

static void what_is_not_certain_is_left_to_transcode(void **state)
{
    static const struct {
        const char *encoding, *bytes;
    } rows[] = {
        {"windows-1252", "a\x81"}, /* stands for nothing */
        {"EUC-JP", "\xC0\xB5"},    /* two bytes, one character */
        {"Shift_JIS", "\x90\xB3"},
        {"UTF-7", "+AGE-"},
        {"HZ", "~{VPND~}"},
        {"ISO-2022-JP", "\x1B$B@5\x1B(B"},
        {"ISCII-DEV", "\xA1\xE9"}, /* each is a character, and both together are another one */
        {"no-such-encoding", "a"},
        {"ISO-8859-1//TRANSLIT", "a"},
        {"a-name-that-is-longer-than-any-encoding-that-is-known", "a"},
        {"IBM037", "<a/>"}, /* EBCDIC: what looks like ASCII is something else */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf utf8 = BUF_EMPTY;
        struct slice text = {NULL, 0};
        make_known(*state, rows[i].encoding);
        if (decode(*state, rows[i].encoding, rows[i].bytes, &utf8, &text)) fail_msg("%s", rows[i].encoding);
        buf_fini(&utf8);
    }
}

static void more_encodings_than_tables_are_still_decoded_rightly(void **state)
{
    static const char *const encodings[] = {"ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-7",
                                            "ISO-8859-9", "ISO-8859-1", "ISO-8859-5"};
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct buf utf8 = BUF_EMPTY;
        struct buf expected = BUF_EMPTY;
        struct slice text = {NULL, 0};
        make_known(*state, encodings[i]);
        assert_true(decode(*state, encodings[i], "a\xE6", &utf8, &text));
        assert_int_equal(transcode((struct slice){"a\xE6", 2}, encodings[i], TRANSCODE_MAX, &expected),
                         TRANSCODED);
        assert_int_equal(text.len, expected.len);
        assert_memory_equal(text.data, expected.data, text.len);
        buf_fini(&utf8);
        buf_fini(&expected);
    }
}

/* ---- random texts ---- */

static const char *const all_encodings[] = {
    "ISO-8859-1",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-9",
    "ISO-8859-10",
    "ISO-8859-11",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "US-ASCII",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "KOI8-R",
    "KOI8-U",
    "KOI8-T",
    "IBM437",
    "IBM850",
    "IBM852",
    "IBM866",
    "MACINTOSH",
    "TIS-620",
    "TCVN5712-1",
    "VISCII",
    "ARMSCII-8",
    "GEORGIAN-PS",
    "HP-ROMAN8",
    "T.61-8BIT",
    "ISO_6937",
    "ANSI_X3.110-1983",
    "ISO646-FR",
    "JIS_X0201",
    "IBM037",
    "EUC-JP",
    "EUC-KR",
    "EUC-TW",
    "GB2312",
    "GBK",
    "GB18030",
    "Big5",
    "BIG5-HKSCS",
    "Shift_JIS",
    "EUC-JISX0213",
    "Shift_JISX0213",
    "JOHAB",
    "UHC",
    "UTF-7",
    "HZ",
    "ISO-2022-JP",
    "ISO-2022-KR",
    "ISO-2022-CN",
    "UTF-16",
    "UTF-16LE",
    "UTF-32",
    "HTML",
    "BOCU-1",
    "SCSU",
    "UTF7-IMAP",
    "IMAP-mailbox-name",
    "LMBCS-1",
    "CESU-8",
    "iscii-guj",
    "x11-compound-text",
    "ISO-2022-JP-3",
    "CP932",
    "EUC-JP-MS",
    "BOCU1",
    "ISCII-DEV",
};

/* Plain text, high bytes, and now and then what shifts, composes or escapes. */
static size_t make_text(struct chance *chance, char text[LEN_MAX])
{
    static const char special[] = "\x1B\x0E\x0F~{}+-&$(B\xCC\xD2\xDE\xEC\xF2\x81\xC1\xC8";
    size_t len = 1 + chance_below(chance, LEN_MAX);
    size_t kind = chance_below(chance, 4);
    for (size_t i = 0; i < len; i++) {
        size_t what = chance_below(chance, 4);
        if (kind == 0 || what == 0)
            text[i] = (char)(0x20 + chance_below(chance, 0x5F));
        else if (what == 1 && kind == 1)
            text[i] = special[chance_below(chance, sizeof special - 1)];
        else if (kind == 3)
            text[i] = (char)chance_below(chance, 256);
        else
            text[i] = (char)(0x80 + chance_below(chance, 0x80));
    }
    return len;
}

/* Returns whether the table gave it. */
static bool compare(struct single_byte *all, const char *encoding, struct slice bytes)
{
    struct buf utf8 = BUF_EMPTY;
    struct buf expected = BUF_EMPTY;
    struct slice text = {NULL, 0};
    bool is_fast = single_byte_decode(all, bytes, encoding, TRANSCODE_MAX, &utf8, &text);
    if (is_fast) {
        enum transcoded res = transcode(bytes, encoding, TRANSCODE_MAX, &expected);
        bool is_same =
            res == TRANSCODED && text.len == expected.len && memcmp(text.data, expected.data, text.len) == 0;
        for (size_t i = 0; i < bytes.len && !is_same; i++)
            print_error("%02x%s", (unsigned char)bytes.data[i], i + 1 < bytes.len ? " " : "\n");
        if (!is_same) fail_msg("%s: %d, %zu bytes and not %zu", encoding, res, text.len, expected.len);
    }
    buf_fini(&utf8);
    buf_fini(&expected);
    return is_fast;
}

static void a_table_gives_what_transcode_gives_in_every_encoding(void **state)
{
    const char *given = getenv("TEST_TEXTS");
    size_t texts = given ? strtoull(given, NULL, 10) : 400;
    struct chance chance = chance_begin();
    size_t fast = 0;
    for (size_t i = 0; i < COUNT(all_encodings); i++) {
        make_known(*state, all_encodings[i]);
        for (size_t k = 0; k < texts; k++) {
            char text[LEN_MAX];
            size_t len = make_text(&chance, text);
            fast += compare(*state, all_encodings[i], (struct slice){text, len});
        }
    }
    assert_true(fast > texts * 10); /* else nothing has been compared */
}

int main(void)
{
#define WITH_TABLES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_TABLES(a_known_encoding_is_decoded_by_its_table),
        WITH_TABLES(an_event_of_ascii_is_not_copied),
        WITH_TABLES(what_is_not_certain_is_left_to_transcode),
        WITH_TABLES(more_encodings_than_tables_are_still_decoded_rightly),
        WITH_TABLES(a_table_gives_what_transcode_gives_in_every_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
