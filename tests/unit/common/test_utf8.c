/*
 * test_utf8 -- what UTF-8 is, against a slow check that decodes each character, on all that matters at the edges and on
 * random bytes. The random test prints its seed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define TEXT_MAX 100 /* longer than what is looked at in one step */

/* The length of the character at `text`, by its code point; 0: there is none. */
static size_t character_len(const unsigned char *text, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80       ? 1
                   : text[0] >> 5 == 6  ? 2
                   : text[0] >> 4 == 14 ? 3
                   : text[0] >> 3 == 30 ? 4
                                        : 0;
    if (bytes < 2 || bytes > len) return bytes > len ? 0 : bytes;
    uint32_t code = text[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] >> 6 != 2) return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    return code < least[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ? 0 : bytes;
}

static size_t slow_valid_len(const unsigned char *text, size_t len)
{
    size_t at = 0;
    size_t more = 1;
    while (at < len && more > 0) at += more = character_len(text + at, len - at);
    return at;
}

/* In a block of memory of its own: a sanitizer sees a byte too many. */
static void check(const unsigned char *text, size_t len)
{
    char *copy = malloc(len + !len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    assert_int_equal(utf8_valid_len(copy, len), slow_valid_len(text, len));
    free(copy);
}

static void valid_characters_are_distinguished_from_invalid_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t valid;
    } rows[] = {
        {"", 0},
        {"a\x7F", 2},
        {"\xC2\x80\xDF\xBF", 4},
        {"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF", 12},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8},
        {"a\x80", 1},                 /* a continuation alone */
        {"a\xC1\xBF", 1},             /* overlong */
        {"a\xE0\x9F\xBF", 1},         /* overlong */
        {"a\xF0\x8F\xBF\xBF", 1},     /* overlong */
        {"a\xED\xA0\x80", 1},         /* a surrogate */
        {"a\xF4\x90\x80\x80", 1},     /* above U+10FFFF */
        {"a\xF8\x88\x80\x80\x80", 1}, /* five bytes */
        {"a\xFF", 1},
        {"\xE6\x9D\xB1\xE6\x9D", 3}, /* cut */
        {"\xC3\xA9\xC3(", 2},
        {"0123456789012345678901234567890123456789\xC3", 40},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(utf8_valid_len(rows[i].text, strlen(rows[i].text)), rows[i].valid);
        check((const unsigned char *)rows[i].text, strlen(rows[i].text));
    }
    assert_int_equal(utf8_valid_len("a\0b", 3), 3);
}

static void every_first_byte_with_edge_bytes_is_validated_correctly(void **state)
{
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    unsigned char text[4];
    (void)state;
    for (unsigned n = 0; n < 256 * 1000; n++) {
        text[0] = (unsigned char)(n / 1000);
        text[1] = edges[n / 100 % 10];
        text[2] = edges[n / 10 % 10];
        text[3] = edges[n % 10];
        for (size_t len = 1; len <= sizeof text; len++)
            if (utf8_valid_len((const char *)text, len) != slow_valid_len(text, len)) check(text, len);
    }
}

/* Mostly ASCII, some whole characters, few stray bytes. */
static size_t random_text(struct chance *chance, unsigned char *text, size_t max)
{
    static const char *const characters[] = {"\xC3\xA9", "\xE6\x9D\xB1", "\xF0\x9F\x9A\xAA"};
    size_t rare = 1 + chance_below(chance, 60);
    size_t len = 0;
    while (len + 4 <= max) {
        const char *character = characters[chance_below(chance, 3)];
        if (chance_below(chance, rare) > 0) {
            text[len++] = (unsigned char)chance_below(chance, 0x80);
        } else if (chance_below(chance, 8) > 0) {
            memcpy(text + len, character, strlen(character));
            len += strlen(character);
        } else {
            text[len++] = (unsigned char)chance_below(chance, 0x100);
        }
    }
    return len;
}

static void random_slices_of_texts_are_validated_correctly(void **state)
{
    struct chance chance = chance_begin();
    unsigned char text[TEXT_MAX];

    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t len = random_text(&chance, text, 4 + chance_below(&chance, TEXT_MAX - 3));
        size_t from = chance_below(&chance, len);
        check(text + from, chance_below(&chance, len - from + 1));
    }
}

static void a_cut_text_ends_with_a_whole_character(void **state)
{
    static const struct {
        const char *text;
        size_t len, whole;
    } rows[] = {
        {"", 0, 0},
        {"ab", 2, 2},
        {"a\xC3\xA9", 3, 3},
        {"a\xC3\xA9", 2, 1},
        {"\xE6\x9D\xB1", 3, 3},
        {"\xE6\x9D\xB1", 2, 0},
        {"\xE6\x9D\xB1", 1, 0},
        {"a\xF0\x9F\x9A\xAA", 5, 5},
        {"a\xF0\x9F\x9A\xAA", 4, 1},
        {"a\xF0\x9F\x9A\xAA", 2, 1},
        {"\xA9\xA9\xA9\xA9\xA9", 5, 5}, /* no UTF-8: nothing is cut in two */
        {"a\xFF", 2, 2},
        {"\xC3\xA9\xA9", 3, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(utf8_whole_len(rows[i].text, rows[i].len), rows[i].whole);
    assert_int_equal(utf8_cut("a\xE6\x9D\xB1", 4), 4);
    assert_int_equal(utf8_cut("a\xE6\x9D\xB1", 3), 1);
    assert_int_equal(utf8_cut("a\xE6\x9D\xB1", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_text_ends_with_a_whole_character),
        cmocka_unit_test(valid_characters_are_distinguished_from_invalid_bytes),
        cmocka_unit_test(every_first_byte_with_edge_bytes_is_validated_correctly),
        cmocka_unit_test(random_slices_of_texts_are_validated_correctly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
