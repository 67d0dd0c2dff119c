/* test_closings -- the ends of comments and CDATA sections against a naive search, in windows that grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/closings.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define STREAM_MAX 1000
#define NOWHERE    UINT64_MAX

/* A letter as a unit of the coding. */
static size_t write_unit(enum coding coding, char letter, char *bytes)
{
    if (coding == CODING_UTF16LE) {
        bytes[0] = letter;
        bytes[1] = '\0';
        return 2;
    }
    if (coding == CODING_UTF16BE) {
        bytes[0] = '\0';
        bytes[1] = letter;
        return 2;
    }
    bytes[0] = letter;
    return 1;
}

/* Behind the first end that begins at `from` or behind it; NOWHERE: there is none before `limit`. */
static uint64_t find_naively(enum coding coding, enum closing closing, const char *stream, uint64_t from,
                             uint64_t limit)
{
    char end[6];
    size_t len = 0;
    for (const char *c = closing == CLOSING_COMMENT ? "-->" : "]]>"; *c; c++)
        len += write_unit(coding, *c, end + len);
    for (uint64_t at = from; at + len <= limit; at += coding_unit_bytes(coding))
        if (memcmp(stream + at, end, len) == 0) return at + len;
    return NOWHERE;
}

static uint64_t find(struct closings *closings, const struct window *window, enum coding coding,
                     enum closing closing, uint64_t from, uint64_t limit)
{
    uint64_t end = 0;
    return closings_find(closings, window, coding, closing, from, limit, &end) ? end : NOWHERE;
}

static void the_first_end_behind_the_opening_is_found(void **state)
{
    static const struct {
        const char *text; /* the opening ends before the `|` */
        enum closing closing;
        const char *rest; /* behind the end; NULL: there is none */
    } rows[] = {
        {"<!--|-->x", CLOSING_COMMENT, "x"},
        {"<!--|a-->", CLOSING_COMMENT, ""},
        {"<!--|>", CLOSING_COMMENT, NULL},
        {"<!--|->", CLOSING_COMMENT, NULL},
        {"<!--|>->-->-->", CLOSING_COMMENT, "-->"},
        {"<!--|--->y", CLOSING_COMMENT, "y"},
        {"<!--|-- >", CLOSING_COMMENT, NULL},
        {"<!--|]]>", CLOSING_COMMENT, NULL},
        {"<!--|--", CLOSING_COMMENT, NULL},
        {"<!--|", CLOSING_COMMENT, NULL},
        {"<![CDATA[|]]>x", CLOSING_CDATA, "x"},
        {"<![CDATA[|]>", CLOSING_CDATA, NULL},
        {"<![CDATA[|]]]]>]]>", CLOSING_CDATA, "]]>"},
        {"<![CDATA[|-->", CLOSING_CDATA, NULL},
        {"]|]>]]>", CLOSING_CDATA, ""},
    };
    (void)state;
    for (enum coding coding = CODING_ASCII; coding < CODING_COUNT; coding++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            char text[100];
            size_t len = 0;
            size_t from = 0;
            for (const char *c = rows[i].text; *c; c++) {
                if (*c == '|')
                    from = len;
                else
                    len += write_unit(coding, *c, text + len);
            }
            size_t rest_bytes = rows[i].rest ? strlen(rows[i].rest) * coding_unit_bytes(coding) : 0;
            struct window window = {0};
            struct closings closings = {0};
            window_feed(&window, text, len);
            uint64_t end = find(&closings, &window, coding, rows[i].closing, from, NOWHERE);
            assert_int_equal(end, rows[i].rest ? len - rest_bytes : NOWHERE);
            assert_int_equal(find(&closings, &window, coding, rows[i].closing, from, NOWHERE), end);
            window_fini(&window);
        }
    }
}

static void an_end_beyond_the_limit_is_kept_for_a_later_one(void **state)
{
    for (enum coding coding = CODING_ASCII; coding <= CODING_SJIS; coding += CODING_SJIS) {
        struct window window = {0};
        struct closings closings = {0};
        (void)state;
        window_feed(&window, "<!--ab-->", 9);
        for (uint64_t limit = 4; limit < 9; limit++)
            assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 4, limit), NOWHERE);
        assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 4, 9), 9);
        assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 4, 8), NOWHERE);
        assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 6, 9), 9);
        assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 7, 9), NOWHERE);
        assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, 5, 9),
                         9); /* earlier than before */
        window_fini(&window);
    }
}

static void bytes_of_other_characters_are_no_end(void **state)
{
    static const struct {
        enum coding coding;
        const char *text;
        size_t len;
        uint64_t end;
    } rows[] = {
        {CODING_SJIS, "x\x81]]>]]>", 8, 8},
        {CODING_SJIS, "x\xB1]]>", 5, 5},
        {CODING_DOUBLE, "x\xB1]]>]]>", 8, 8},
        {CODING_JOHAB, "x]]\x88>]]>", 8, 8},
        {CODING_SHIFTED, "x\x1B$B]]>>\x1B(B]]>", 14, 14},
        {CODING_SHIFTED, "x\x1B$B]]>>\n]]>", 12, 12},
        {CODING_SHIFTED, "x\x1B$B]]>\x1B", 8, NOWHERE},
        {CODING_HZ, "x~{]]>>~}]]>", 12, 12},
        {CODING_HZ, "x~{]]>", 6, NOWHERE},
        {CODING_UTF16BE, "xx]\0]\0>\0\0]\0]\0>", 14, 14},
        {CODING_UTF16LE, "x]\0]\0>\x01]\0]\0>\0", 13, 13},
        {CODING_UTF16LE, "x]\0]\0>", 6, NOWHERE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window = {0};
        struct closings closings = {0};
        uint64_t from = rows[i].coding == CODING_UTF16BE ? 2 : 1;
        for (size_t fed = 0; fed < rows[i].len; fed++) {
            window_feed(&window, rows[i].text + fed, 1);
            uint64_t end = NOWHERE;
            if (fed >= from) end = find(&closings, &window, rows[i].coding, CLOSING_CDATA, from, NOWHERE);
            assert_int_equal(end, fed + 1 == rows[i].end ? rows[i].end : NOWHERE);
            window_keep(&window);
        }
        window_fini(&window);
    }
}

/* ---- random streams ---- */

static const enum coding plain[] = {CODING_ASCII,  CODING_UTF16LE, CODING_UTF16BE, CODING_SJIS,
                                    CODING_DOUBLE, CODING_SHIFTED, CODING_HZ,      CODING_JOHAB};

static size_t random_stream(struct chance *chance, char *stream)
{
    size_t max = 10 + chance_below(chance, STREAM_MAX - 20);
    size_t len = 0;
    enum coding coding = plain[chance_below(chance, 4)];
    while (len < max) {
        if (chance_below(chance, 40) == 0) coding = plain[chance_below(chance, 4)];
        if (chance_below(chance, 60) == 0) stream[len++] = '-';
        len += write_unit(coding, "-]>x"[chance_below(chance, 4)], stream + len);
    }
    return len;
}

/* The codings in which each byte of these streams is a unit of its own, and UTF-16 at even and odd places. */
static void check_search(struct closings *closings, const struct window *window, struct chance *chance,
                         const char *stream, uint64_t from)
{
    enum coding coding = plain[chance_below(chance, sizeof plain / sizeof *plain)];
    enum closing closing = chance_below(chance, 2) ? CLOSING_COMMENT : CLOSING_CDATA;
    uint64_t limit = chance_below(chance, 3) ? NOWHERE : from + chance_below(chance, 60);
    uint64_t end = limit < window->end ? limit : window->end;
    assert_int_equal(find(closings, window, coding, closing, from, limit),
                     find_naively(coding, closing, stream, from, end));
}

static void random_streams_have_the_ends_of_a_naive_search(void **state)
{
    struct chance chance = chance_begin();
    static char stream[STREAM_MAX];
    (void)state;
    for (int round = 0; round < 4000; round++) {
        size_t stream_len = random_stream(&chance, stream);
        struct window window = {0};
        struct closings closings = {0};
        size_t max = 1 + chance_below(&chance, chance_below(&chance, 2) ? 4 : 200);
        uint64_t from = 1;
        while (window.end < stream_len) {
            size_t len = 1 + chance_below(&chance, max);
            if (len > stream_len - window.end) len = (size_t)(stream_len - window.end);
            char *segment = malloc(len);
            assert_non_null(segment);
            memcpy(segment, stream + window.end, len);
            window_trim(&window);
            window_feed(&window, segment, len);
            for (size_t i = chance_below(&chance, 4); i-- > 0 && from <= window.end;) {
                check_search(&closings, &window, &chance, stream, from);
                if (chance_below(&chance, 2)) from += chance_below(&chance, (size_t)(window.end - from) + 1);
                if (chance_below(&chance, 2)) from += chance_below(&chance, 4);
                if (from > window.end) from = window.end;
                window_drop(&window, from);
            }
            window_keep(&window);
            free(segment);
        }
        window_fini(&window);
    }
}

/* Openings that end nowhere: what has been searched for one is not searched again for the next. */
static void no_byte_is_searched_twice(void **state)
{
    char text[400];
    struct window window = {0};
    struct closings closings = {0};
    (void)state;
    memset(text, '-', sizeof text);
    window_feed(&window, text, sizeof text);
    for (uint64_t from = 4; from < 400; from += 4) {
        for (enum coding coding = CODING_ASCII; coding < CODING_COUNT; coding++) {
            assert_int_equal(find(&closings, &window, coding, CLOSING_COMMENT, from, NOWHERE), NOWHERE);
            assert_int_equal(closings.searches[coding][CLOSING_COMMENT].to, 400);
        }
        memset(text, 'x', from); /* nobody will see it */
    }
    window_fini(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_end_behind_the_opening_is_found),
        cmocka_unit_test(an_end_beyond_the_limit_is_kept_for_a_later_one),
        cmocka_unit_test(bytes_of_other_characters_are_no_end),
        cmocka_unit_test(random_streams_have_the_ends_of_a_naive_search),
        cmocka_unit_test(no_byte_is_searched_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
