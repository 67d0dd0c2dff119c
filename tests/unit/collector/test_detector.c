/* test_detector -- the encoding of each place between events: byte order marks, declarations, and the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/detector.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(text) text, sizeof(text) - 1

/* What a detector was told before. */
struct before {
    enum coding wide; /* CODING_ASCII: the text before was not UTF-16 */
    uint64_t text_at;
};

static enum detected check(struct detector *detector, const char *bytes, size_t len, uint64_t at,
                           bool is_final, enum coding *coding, size_t *bom_len)
{
    struct window window = {0};
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    window_feed(&window, copy, len);
    enum detected detected = detector_check(detector, &window, at, copy[at], is_final, coding, bom_len);
    window_fini(&window);
    free(copy);
    return detected;
}

/* ---- what stands at a place ---- */

static const struct {
    const char *bytes;
    size_t len;
    uint64_t at;
    struct before before;
    enum detected detected;
    enum coding coding; /* markup: how it is to be read; a byte order mark: what it says */
    size_t needed;      /* bytes from `at` on that decide */
} places[] = {
    /* eight-bit text */
    {TEXT("a"), 0, {0}, DETECTED_TEXT, 0, 1},
    {TEXT("\n"), 0, {0}, DETECTED_TEXT, 0, 1},
    {TEXT("\x80"), 0, {0}, DETECTED_TEXT, 0, 1},
    {TEXT("<E"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 2},
    {TEXT("<<"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 2},
    {TEXT("\0a"), 0, {0}, DETECTED_TEXT, 0, 2},
    {TEXT("\0\0"), 0, {0}, DETECTED_TEXT, 0, 2},
    {TEXT("\0<E>"), 0, {0}, DETECTED_TEXT, 0, 4},
    {TEXT("\0<\0\0"), 0, {0}, DETECTED_TEXT, 0, 4},
    /* byte order marks */
    {TEXT("\xEF\xBB\xBF<"), 0, {0}, DETECTED_BOM, CODING_ASCII, 3},
    {TEXT("\xFF\xFE<\0"), 0, {0}, DETECTED_BOM, CODING_UTF16LE, 2},
    {TEXT("\xFE\xFF\0<"), 0, {0}, DETECTED_BOM, CODING_UTF16BE, 2},
    {TEXT("\xEF\xBB\xBE"), 0, {0}, DETECTED_TEXT, 0, 3},
    {TEXT("\xEF\xBF"), 0, {0}, DETECTED_TEXT, 0, 2},
    {TEXT("\xFF\xFF"), 0, {0}, DETECTED_TEXT, 0, 2},
    {TEXT("\xFE\xFE"), 0, {0}, DETECTED_TEXT, 0, 2},
    /* UTF-16 by its bytes, at even and odd places */
    {TEXT("<\0E\0"), 0, {0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("x<\0E\0"), 1, {0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0?\0"), 0, {0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0!\0"), 0, {0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0/\0"), 0, {0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("\0<\0e"), 0, {0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("\0<\0?"), 0, {0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("xx\0<\0/"), 2, {0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("x\0<\0/"), 1, {0}, DETECTED_TEXT, 0, 1},
    {TEXT("x\0<\0/"), 1, {0, 1}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    /* what else may follow `<` where the text was no UTF-16 */
    {TEXT("<\0_\0"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("<\0 \0"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("<\0E\1"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("<\0\xE9\0"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("<\0\0\0"), 0, {0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("\0<\1E"), 0, {0}, DETECTED_TEXT, 0, 4},
    {TEXT("\0<\0_"), 0, {0}, DETECTED_TEXT, 0, 4},
    {TEXT("\0<\0<"), 0, {0}, DETECTED_TEXT, 0, 4},
    /* and where it was */
    {TEXT("<\0_\0"), 0, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0\0\1"), 0, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("x<\0 \0"), 1, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0\0\0"), 0, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_ASCII, 4},
    {TEXT("\0<\x30\x42"), 0, {CODING_UTF16BE, 0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("x\0<\1\0"), 1, {CODING_UTF16BE, 0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("\0<\0\0"), 0, {CODING_UTF16BE, 0}, DETECTED_TEXT, 0, 4},
    {TEXT("<E"), 0, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_ASCII, 2},
    /* the sender changes the byte order */
    {TEXT("\0<\0E"), 0, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
    {TEXT("\0<\0_"), 0, {CODING_UTF16LE, 0}, DETECTED_TEXT, 0, 4},
    {TEXT("<\0E\0"), 0, {CODING_UTF16BE, 0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("<\0_\0"), 0, {CODING_UTF16BE, 0}, DETECTED_MARKUP, CODING_ASCII, 4},
    /* a line end in UTF-16LE is not the beginning of `<` in UTF-16BE */
    {TEXT("\n\0<\0E\0"), 1, {CODING_UTF16LE, 0}, DETECTED_TEXT, 0, 1},
    {TEXT("\n\0<\0E\0"), 2, {CODING_UTF16LE, 0}, DETECTED_MARKUP, CODING_UTF16LE, 4},
    {TEXT("x\n\0<\0E\0"), 2, {CODING_UTF16LE, 1}, DETECTED_TEXT, 0, 1},
    {TEXT("x\n\0<\0E\0"), 2, {0, 1}, DETECTED_TEXT, 0, 1},
    {TEXT("\0\n\0<\0E"), 2, {0}, DETECTED_MARKUP, CODING_UTF16BE, 4},
};

static void each_place_is_told_once_enough_bytes_are_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (size_t len = (size_t)places[i].at + 1; len <= places[i].len; len++) {
            struct detector detector;
            enum coding coding = CODING_COUNT;
            size_t bom_len = 99;
            detector_set(&detector, "");
            detector.wide = places[i].before.wide;
            detector.text_at = places[i].before.text_at;
            enum detected detected =
                check(&detector, places[i].bytes, len, places[i].at, false, &coding, &bom_len);
            if (len - places[i].at < places[i].needed) {
                assert_int_equal(detected, DETECTED_UNDECIDED);
                assert_int_equal(detector.wide, places[i].before.wide);
                continue;
            }
            assert_int_equal(detected, places[i].detected);
            assert_int_equal(coding, detected == DETECTED_MARKUP ? places[i].coding : CODING_COUNT);
            assert_int_equal(bom_len, detected == DETECTED_BOM ? places[i].needed : 99);
            if (detected == DETECTED_TEXT)
                assert_int_equal(detector.wide, places[i].before.wide);
            else
                assert_int_equal(detector.wide, places[i].coding);
        }
    }
}

static void nothing_is_undecided_when_the_stream_has_ended(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (size_t len = (size_t)places[i].at + 1; len < places[i].at + places[i].needed; len++) {
            struct detector detector;
            enum coding coding = CODING_COUNT;
            size_t bom_len = 0;
            detector_set(&detector, "SJIS");
            detector.wide = places[i].before.wide;
            detector.text_at = places[i].before.text_at;
            bool is_lt = places[i].bytes[places[i].at] == '<';
            assert_int_equal(check(&detector, places[i].bytes, len, places[i].at, true, &coding, &bom_len),
                             is_lt ? DETECTED_MARKUP : DETECTED_TEXT);
            if (is_lt) assert_int_equal(coding, CODING_SJIS);
        }
    }
}

/* ---- declarations ---- */

static void declare(struct detector *detector, const char *declaration)
{
    detector_declare(detector, declaration, strlen(declaration));
}

static void the_last_declaration_is_in_force(void **state)
{
    static const struct {
        const char *declaration, *encoding;
        enum coding coding;
    } rows[] = {
        {"<?xml version='1.0' encoding='ISO-8859-1'?>", "ISO-8859-1", CODING_ASCII},
        {"<?xml version='1.0' encoding=\"Shift_JIS\" standalone='yes'?>", "Shift_JIS", CODING_SJIS},
        {"<?xml encoding = 'GBK' ?>", "GBK", CODING_DOUBLE},
        {"<?xml version='1.0' encoding='iso-2022-jp'?>", "iso-2022-jp", CODING_SHIFTED},
        {"<?xml version='1.0'?>", "", CODING_ASCII}, /* none is declared: UTF-8 again */
        {"<?xml version='1.0' encoding='HZ'?>", "HZ", CODING_HZ},
        {"<?xml version='1.0' encoding=''?>", "", CODING_ASCII},
        {"<?xml encoding='EUC-JP' encoding='Big5'?>", "Big5", CODING_DOUBLE},
        {"<?xml bad", "", CODING_ASCII},
        {"<?xml version='1.0' encoding='an-encoding-whose-name-is-longer-than-the-most-that-is-kept'?>",
         "an-encoding-whose-name-is-longer-than-t", CODING_ASCII},
        /* the bytes are not UTF-16, or these would not be read: they count as none */
        {"<?xml version='1.0' encoding='utf-16'?>", "", CODING_ASCII},
        {"<?xml version='1.0' encoding='UTF-8'?>", "UTF-8", CODING_ASCII},
        {"<?xml version='1.0' encoding='UCS-4'?>", "", CODING_ASCII},
    };
    struct detector detector;
    (void)state;
    detector_set(&detector, "");
    assert_string_equal(detector_encoding(&detector, CODING_ASCII), "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum coding coding = CODING_COUNT;
        size_t bom_len = 0;
        declare(&detector, rows[i].declaration);
        assert_string_equal(detector_encoding(&detector, CODING_ASCII), rows[i].encoding);
        assert_string_equal(detector_encoding(&detector, CODING_UTF16LE), "UTF-16LE");
        assert_string_equal(detector_encoding(&detector, CODING_UTF16BE), "UTF-16BE");
        assert_int_equal(check(&detector, TEXT("<E>"), 0, false, &coding, &bom_len), DETECTED_MARKUP);
        assert_int_equal(coding, rows[i].coding);
    }
}

static void a_fresh_byte_order_mark_beats_a_declaration(void **state)
{
    struct detector detector;
    enum coding coding = CODING_COUNT;
    size_t bom_len = 0;
    (void)state;
    detector_set(&detector, "Shift_JIS");
    assert_int_equal(check(&detector, TEXT("\xEF\xBB\xBF"), 0, false, &coding, &bom_len), DETECTED_BOM);
    assert_true(detector.is_bom_fresh);
    assert_int_equal(detector.coding, CODING_ASCII);
    assert_string_equal(detector_encoding(&detector, CODING_ASCII), "UTF-8");
    declare(&detector, "<?xml version='1.0' encoding='Shift_JIS'?>");
    assert_string_equal(detector_encoding(&detector, CODING_ASCII), "UTF-8");
    assert_false(detector.is_bom_fresh);
    declare(&detector, "<?xml version='1.0' encoding='Shift_JIS'?>");
    assert_string_equal(detector_encoding(&detector, CODING_ASCII), "Shift_JIS");

    assert_int_equal(check(&detector, TEXT("\xEF\xBB\xBF"), 0, false, &coding, &bom_len), DETECTED_BOM);
    detector.is_bom_fresh = false; /* something else was read */
    declare(&detector, "<?xml version='1.0' encoding='Big5'?>");
    assert_string_equal(detector_encoding(&detector, CODING_ASCII), "Big5");
}

static void a_byte_order_mark_of_utf16_leaves_the_declaration_for_other_bytes(void **state)
{
    struct detector detector;
    enum coding coding = CODING_COUNT;
    size_t bom_len = 0;
    (void)state;
    detector_set(&detector, "Big5");
    assert_int_equal(check(&detector, TEXT("\xEF\xBB\xBF"), 0, false, &coding, &bom_len), DETECTED_BOM);
    declare(&detector, "<?xml?>");
    declare(&detector, "<?xml version='1.0' encoding='Big5'?>");
    assert_int_equal(check(&detector, TEXT("\xFF\xFE"), 0, false, &coding, &bom_len), DETECTED_BOM);
    assert_false(detector.is_bom_fresh);
    assert_int_equal(check(&detector, TEXT("<\0_\0"), 0, false, &coding, &bom_len), DETECTED_MARKUP);
    assert_int_equal(coding, CODING_UTF16LE);
    assert_int_equal(check(&detector, TEXT("<E"), 0, false, &coding, &bom_len), DETECTED_MARKUP);
    assert_int_equal(coding, CODING_DOUBLE);
    assert_int_equal(check(&detector, TEXT("<\0_\0"), 0, false, &coding, &bom_len), DETECTED_MARKUP);
    assert_int_equal(coding, CODING_DOUBLE); /* the text before was not UTF-16 */
}

static void a_stream_may_be_read_from_its_middle_on(void **state)
{
    static const struct {
        const char *encoding, *declared;
        enum coding coding, wide;
    } rows[] = {
        {"", "", CODING_ASCII, CODING_ASCII},
        {"UTF-8", "UTF-8", CODING_ASCII, CODING_ASCII},
        {"UTF-16LE", "", CODING_ASCII, CODING_UTF16LE},
        {"UTF-16BE", "", CODING_ASCII, CODING_UTF16BE},
        {"UTF-16", "", CODING_ASCII, CODING_ASCII},
        {"ISO-2022-KR", "ISO-2022-KR", CODING_SHIFTED, CODING_ASCII},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct detector detector;
        memset(&detector, 0xFF, sizeof detector);
        detector_set(&detector, rows[i].encoding);
        assert_string_equal(detector_encoding(&detector, CODING_ASCII), rows[i].declared);
        assert_int_equal(detector.coding, rows[i].coding);
        assert_int_equal(detector.wide, rows[i].wide);
        assert_int_equal(detector.text_at, 0);
        assert_false(detector.is_bom_fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_is_told_once_enough_bytes_are_there),
        cmocka_unit_test(nothing_is_undecided_when_the_stream_has_ended),
        cmocka_unit_test(the_last_declaration_is_in_force),
        cmocka_unit_test(a_fresh_byte_order_mark_beats_a_declaration),
        cmocka_unit_test(a_byte_order_mark_of_utf16_leaves_the_declaration_for_other_bytes),
        cmocka_unit_test(a_stream_may_be_read_from_its_middle_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
