/* test_reader -- whatever the segments and the views are, the same units are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/reader.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define STREAM_BYTES 3000

struct feed {
    struct window window;
    struct reader reader;
};

static void assert_units(struct slice units, const char *text)
{
    assert_int_equal(units.len, strlen(text));
    assert_memory_equal(units.data, text, units.len);
}

static void ascii_is_shown_as_it_is_before_the_limit(void **state)
{
    static const char segment[] = "0123456789";
    struct feed f = {0};
    (void)state;
    reader_init(&f.reader, &f.window);
    window_feed(&f.window, segment, 10);
    assert_ptr_equal(reader_view(&f.reader, 2, 10, 1).data, segment + 2);
    assert_units(reader_view(&f.reader, 2, UINT64_MAX, 1), "23456789");
    assert_units(reader_view(&f.reader, 2, 5, 100), "234");
    assert_int_equal(reader_view(&f.reader, 10, 10, 1).len, 0);
    assert_int_equal(reader_view(&f.reader, 4, 4, 1).len, 0);
    window_keep(&f.window);
    window_feed(&f.window, "abcdef", 6);
    assert_units(reader_view(&f.reader, 8, 16, 4), "89ab");
    assert_units(reader_view(&f.reader, 8, 9, 4), "8");
    assert_int_equal(reader_held_bytes(&f.reader), 0);
    window_fini(&f.window);
    reader_fini(&f.reader);
}

static void units_of_two_bytes_are_shown_when_both_are_there(void **state)
{
    struct feed f = {0};
    (void)state;
    reader_init(&f.reader, &f.window);
    reader_set_coding(&f.reader, CODING_UTF16LE);
    window_feed(&f.window, "<\0a\0>", 5);
    assert_int_equal(reader_view(&f.reader, 0, 1, 5).len, 0);
    assert_units(reader_view(&f.reader, 0, 3, 5), "<");
    assert_units(reader_view(&f.reader, 0, 100, 5), "<a");
    window_keep(&f.window);
    window_feed(&f.window, "\0b\0", 3);
    assert_units(reader_view(&f.reader, 0, 100, 5), "<a>b");
    assert_units(reader_view(&f.reader, 4, 100, 1), ">b");
    window_fini(&f.window);
    reader_fini(&f.reader);
}

static void another_coding_or_place_begins_anew(void **state)
{
    struct feed f = {0};
    (void)state;
    reader_init(&f.reader, &f.window);
    window_feed(&f.window, "\x1B$B<\0<\0<\0", 9);
    reader_set_coding(&f.reader, CODING_SHIFTED);
    assert_units(reader_view(&f.reader, 0, 9, 4), "\x80\x80\x80\x80");
    reader_set_coding(&f.reader, CODING_SHIFTED);
    assert_units(reader_view(&f.reader, 3, 4, 1), "\x80");
    reader_set_coding(&f.reader, CODING_HZ);
    assert_units(reader_view(&f.reader, 3, 4, 1), "<");
    reader_set_coding(&f.reader, CODING_UTF16LE);
    assert_units(reader_view(&f.reader, 3, 9, 9), "<<<");
    assert_units(reader_view(&f.reader, 4, 8, 9), "\x80\x80");
    assert_units(reader_view(&f.reader, 5, 9, 1), "<");
    assert_units(reader_view(&f.reader, 3, 9, 1), "<");
    reader_set_coding(&f.reader, CODING_ASCII);
    assert_units(reader_view(&f.reader, 3, 4, 1), "<");
    window_fini(&f.window);
    reader_fini(&f.reader);
}

static void what_cannot_be_told_yet_is_shown_later(void **state)
{
    struct feed f = {0};
    (void)state;
    reader_init(&f.reader, &f.window);
    reader_set_coding(&f.reader, CODING_SHIFTED);
    window_feed(&f.window, "a\x1B", 2);
    assert_units(reader_view(&f.reader, 0, 100, 100), "a");
    window_keep(&f.window);
    window_feed(&f.window, "$B<?xm", 6);
    assert_units(reader_view(&f.reader, 0, 100, 100), "a\x80\x80\x80");
    window_keep(&f.window);
    window_feed(&f.window, "l ", 2);
    assert_units(reader_view(&f.reader, 0, 6, 100),
                 "a\x80\x80\x80<?"); /* what decides may be beyond the limit */
    window_fini(&f.window);
    reader_fini(&f.reader);
}

/* ---- random cuts and views ---- */

static void random_stream(struct chance *chance, enum coding coding, char *stream)
{
    static const char *const parts[] = {"<",    ">",    "a",       "]",     "-",      "\x1B$B", "\x1B(B",
                                        "~{",   "~}",   "~~",      "\n",    "<?xml ", "\x81]",  "\xB1",
                                        "\x0E", "\x0F", "\x1B$)C", "<?xmx", "\x88<"};
    size_t len = 0;
    while (len < STREAM_BYTES) {
        const char *part = parts[chance_below(chance, sizeof parts / sizeof *parts)];
        for (const char *c = part; *c && len + 1 < STREAM_BYTES + 1; c++) {
            if (coding == CODING_UTF16BE && len < STREAM_BYTES) stream[len++] = '\0';
            if (len < STREAM_BYTES) stream[len++] = *c;
            if (coding == CODING_UTF16LE && len < STREAM_BYTES) stream[len++] = '\0';
        }
    }
}

/* All units from the first byte on, read at once. */
static size_t read_all(enum coding coding, const char *stream, char *units)
{
    struct coding_state state = {0};
    size_t count = 0;
    for (size_t at = 0; at < STREAM_BYTES; at += coding_unit_bytes(coding))
        if (!coding_read(coding, &state, stream + at, STREAM_BYTES - at, &units[count++])) return count - 1;
    return count;
}

/* Views a random stretch from `at` on, and returns how many of its units are not needed any more. */
static size_t view(struct feed *f, struct chance *chance, uint64_t at, const char *units, size_t count)
{
    size_t unit_bytes = coding_unit_bytes(f->reader.coding);
    size_t wanted = 1 + chance_below(chance, 300);
    uint64_t limit = chance_below(chance, 2) ? UINT64_MAX : at + chance_below(chance, 600);
    struct slice shown = reader_view(&f->reader, at, limit, wanted);
    uint64_t end = limit < f->window.end ? limit : f->window.end;
    size_t first = (size_t)at / unit_bytes;
    size_t most = (size_t)(end - at) / unit_bytes;
    assert_true(shown.len <= most && first + shown.len <= count);
    if (shown.len > 0) assert_memory_equal(shown.data, units + first, shown.len);
    size_t due = wanted < most ? wanted : most;
    if (due > CODING_LOOK_MAX) assert_true(shown.len + CODING_LOOK_MAX >= due);
    if (f->window.end >= at + due * unit_bytes + CODING_LOOK_MAX) assert_true(shown.len >= due);
    return chance_below(chance, 3) > 0 ? chance_below(chance, shown.len + 1) : 0;
}

static void read_in_pieces(struct chance *chance, enum coding coding, const char *stream, const char *units,
                           size_t count)
{
    struct feed f = {0};
    size_t max = 1 + chance_below(chance, chance_below(chance, 2) ? 5 : 900);
    uint64_t at = 0;
    reader_init(&f.reader, &f.window);
    reader_set_coding(&f.reader, coding);
    while (f.window.end < STREAM_BYTES) {
        size_t len = 1 + chance_below(chance, max);
        if (len > STREAM_BYTES - f.window.end) len = (size_t)(STREAM_BYTES - f.window.end);
        char *segment = malloc(len);
        assert_non_null(segment);
        memcpy(segment, stream + f.window.end, len);
        window_feed(&f.window, segment, len);
        for (size_t i = chance_below(chance, 4); i-- > 0;) {
            at += view(&f, chance, at, units, count) * coding_unit_bytes(coding);
            window_drop(&f.window, at);
            if (chance_below(chance, 2)) window_trim(&f.window);
        }
        window_keep(&f.window);
        free(segment);
    }
    assert_true(count * coding_unit_bytes(coding) + CODING_LOOK_MAX >= STREAM_BYTES);
    window_fini(&f.window);
    reader_fini(&f.reader);
}

static void any_cut_and_any_views_show_the_same_units(void **state)
{
    struct chance chance = chance_begin();
    static char stream[STREAM_BYTES];
    static char units[STREAM_BYTES];
    (void)state;
    for (enum coding coding = CODING_ASCII; coding < CODING_COUNT; coding++) {
        for (int round = 0; round < 100; round++) {
            random_stream(&chance, coding, stream);
            size_t count = read_all(coding, stream, units);
            read_in_pieces(&chance, coding, stream, units, count);
        }
    }
}

/* ---- memory ---- */

static void memory_stays_small_when_views_move_on(void **state)
{
    static char segment[100000];
    struct feed f = {0};
    (void)state;
    reader_init(&f.reader, &f.window);
    reader_set_coding(&f.reader, CODING_SJIS);
    window_feed(&f.window, segment, sizeof segment);
    for (uint64_t at = 0; at < sizeof segment; at += 10) {
        assert_true(reader_view(&f.reader, at, UINT64_MAX, 256).len > 0);
        assert_true(reader_held_bytes(&f.reader) <= 2048);
    }
    assert_int_equal(reader_view(&f.reader, 0, UINT64_MAX, sizeof segment).len, sizeof segment);
    assert_true(reader_held_bytes(&f.reader) >= sizeof segment);
    reader_set_coding(&f.reader, CODING_HZ);
    assert_int_equal(reader_held_bytes(&f.reader), 0);
    assert_true(reader_view(&f.reader, 0, UINT64_MAX, 256).len >= 256);
    size_t held = reader_held_bytes(&f.reader);
    reader_set_coding(&f.reader, CODING_SJIS);
    assert_int_equal(reader_held_bytes(&f.reader), held); /* little is kept for the next time */
    window_fini(&f.window);
    reader_fini(&f.reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_is_shown_as_it_is_before_the_limit),
        cmocka_unit_test(units_of_two_bytes_are_shown_when_both_are_there),
        cmocka_unit_test(another_coding_or_place_begins_anew),
        cmocka_unit_test(what_cannot_be_told_yet_is_shown_later),
        cmocka_unit_test(any_cut_and_any_views_show_the_same_units),
        cmocka_unit_test(memory_stays_small_when_views_move_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
