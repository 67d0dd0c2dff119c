/* test_window -- the window against the whole stream in one string. A random test prints its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/window.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

#define STREAM_BYTES 50000

static void assert_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.data, text, slice.len);
}

static void bytes_stay_where_they_are_while_one_segment_has_them(void **state)
{
    static const char segment[] = "0123456789";
    struct window window = {0};
    (void)state;
    window_feed(&window, segment, 10);
    assert_int_equal(window.end, 10);
    assert_ptr_equal(window_view(&window, 0, 10).data, segment);
    assert_ptr_equal(window_view(&window, 3, 1).data, segment + 3);
    assert_int_equal(window_view(&window, 3, 1).len, 7);
    assert_ptr_equal(window_range(&window, 2, 5).data, segment + 2);
    assert_int_equal(window_range(&window, 2, 5).len, 3);
    assert_int_equal(window_byte(&window, 9), '9');
    assert_int_equal(window_held_bytes(&window), 0);
    window_drop(&window, 10);
    window_keep(&window);
    assert_int_equal(window_held_bytes(&window), 0);
    window_fini(&window);
}

static void a_stretch_across_segments_is_made_when_it_is_needed(void **state)
{
    static const char second[] = "56789";
    struct window window = {0};
    (void)state;
    window_feed(&window, "01234", 5);
    window_drop(&window, 2);
    window_keep(&window);
    window_feed(&window, second, 5);
    assert_slice(window_span(&window, 2), "234");
    assert_slice(window_span(&window, 4), "4");
    assert_ptr_equal(window_span(&window, 5).data, second);
    assert_slice(window_view(&window, 3, 2), "34");
    assert_slice(window_view(&window, 3, 4), "3456");
    assert_ptr_equal(window_span(&window, 5).data, second);
    assert_slice(window_view(&window, 2, 100), "23456789");
    assert_slice(window_range(&window, 2, 10), "23456789");
    assert_slice(window_range(&window, 4, 6), "45");
    window_fini(&window);
}

static void nothing_is_given_at_the_end(void **state)
{
    struct window window = {0};
    (void)state;
    assert_int_equal(window_view(&window, 0, 5).len, 0);
    window_feed(&window, "ab", 2);
    assert_null(window_view(&window, 2, 1).data);
    assert_int_equal(window_range(&window, 2, 2).len, 0);
    window_keep(&window);
    assert_int_equal(window_view(&window, 2, SIZE_MAX).len, 0);
    assert_slice(window_view(&window, 0, SIZE_MAX), "ab");
    window_fini(&window);
}

static void segments_without_bytes_change_nothing(void **state)
{
    struct window window = {0};
    (void)state;
    window_feed(&window, NULL, 0);
    window_feed(&window, "ab", 2);
    window_keep(&window);
    window_feed(&window, "", 0);
    window_keep(&window);
    window_keep(&window);
    assert_slice(window_view(&window, 0, 2), "ab");
    window_fini(&window);
}

static void what_a_large_event_took_is_given_back(void **state)
{
    char *large = calloc(1, 100000);
    struct window window = {0};
    (void)state;
    assert_non_null(large);
    window_feed(&window, large, 100000);
    window_keep(&window);
    assert_true(window_held_bytes(&window) >= 100000);
    window_drop(&window, 100000);
    assert_true(window_held_bytes(&window) >= 100000); /* slices are good until the window is trimmed */
    window_trim(&window);
    assert_int_equal(window_held_bytes(&window), 0);
    window_feed(&window, large, 2000);
    window_keep(&window);
    assert_in_range(window_held_bytes(&window), 2000, 4000);
    window_drop(&window, 102000);
    window_trim(&window);
    assert_int_equal(window_held_bytes(&window), 0); /* there may be thousands of windows */
    window_fini(&window);
    free(large);
}

static void memory_of_a_large_event_can_be_given_away(void **state)
{
    enum { LEN = 300000, REST = 1000 };
    char *large = calloc(1, LEN);
    struct window window = {0};
    struct buf memory = BUF_EMPTY;
    (void)state;
    assert_non_null(large);
    for (size_t i = 0; i < LEN; i++) large[i] = (char)('a' + i % 26);
    window_feed(&window, large, LEN - 10);
    assert_false(window_give(&window, large, &memory)); /* it lies in the segment */
    window_keep(&window);
    window_feed(&window, large + LEN - 10, 10);
    const char *data = window_range(&window, 0, LEN - REST).data;
    assert_false(window_give(&window, data, &memory)); /* all of it is needed */
    window_drop(&window, LEN - REST);
    assert_false(window_give(&window, large, &memory));
    assert_true(window_give(&window, data, &memory));
    assert_memory_equal(data, large, LEN - REST);
    assert_in_range(memory.capacity, LEN - 10, LEN + (64 << 10)); /* it grows in steps */
    assert_memory_equal(window_range(&window, LEN - REST, LEN).data, large + LEN - REST, REST);
    window_keep(&window);
    assert_in_range(window_held_bytes(&window), REST, 2 * REST + 48);
    buf_fini(&memory);
    window_fini(&window);
    free(large);
}

/* ---- against the whole stream ---- */

static void check_bytes(struct window *window, struct chance *chance, const char *stream)
{
    size_t left = (size_t)(window->end - window->start);
    if (left == 0) return;
    uint64_t at = window->start + chance_below(chance, left);
    size_t wanted = chance_below(chance, 2 * left) + 1;
    size_t there = (size_t)(window->end - at);
    struct slice slice = {NULL, 0};
    switch (chance_below(chance, 4)) {
    case 0: slice = window_span(window, at); break;
    case 1:
        slice = window_view(window, at, wanted);
        assert_true(slice.len >= (wanted < there ? wanted : there));
        break;
    case 2:
        if (wanted > there) wanted = there;
        slice = window_range(window, at, at + wanted);
        assert_int_equal(slice.len, wanted);
        break;
    default: assert_int_equal(window_byte(window, at), stream[at]); return;
    }
    assert_true(slice.len >= 1 && slice.len <= there);
    assert_memory_equal(slice.data, stream + at, slice.len);
}

/* Feeds the next segment in memory of its own, which a sanitizer watches. Returns it. */
static char *feed(struct window *window, const char *stream, size_t len)
{
    char *segment = malloc(len + !len);
    assert_non_null(segment);
    memcpy(segment, stream + window->end, len);
    window_feed(window, segment, len);
    return segment;
}

static void random_use_shows_the_bytes_of_the_stream(void **state)
{
    struct chance chance = chance_begin();
    static char stream[STREAM_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof stream; i++) stream[i] = (char)chance_below(&chance, 256);
    for (int round = 0; round < 200; round++) {
        struct window window = {0};
        size_t max = 1 + chance_below(&chance, 6000);
        size_t most_needed = 0;
        while (window.end < sizeof stream) {
            size_t len = chance_below(&chance, max + 1);
            if (len > sizeof stream - window.end) len = (size_t)(sizeof stream - window.end);
            if (chance_below(&chance, 2)) window_trim(&window);
            char *segment = feed(&window, stream, len);
            for (size_t i = chance_below(&chance, 6); i-- > 0;) {
                check_bytes(&window, &chance, stream);
                size_t left = (size_t)(window.end - window.start);
                if (left > most_needed) most_needed = left;
                window_drop(&window, window.start + chance_below(&chance, left + 1));
                if (chance_below(&chance, 3) == 0) window_trim(&window);
                check_bytes(&window, &chance, stream);
            }
            size_t left = (size_t)(window.end - window.start);
            if (left > most_needed) most_needed = left;
            window_keep(&window);
            free(segment);
            /* At most half of it is not needed, and a buffer doubles. */
            assert_true(window_held_bytes(&window) <= 4096 + 4 * most_needed + 4 * max);
        }
        window_fini(&window);
    }
}

/* A window that moves on through a long stream moves each byte a few times at most. */
static void memory_stays_small_however_long_the_stream_is(void **state)
{
    char segment[100] = {0};
    struct window window = {0};
    (void)state;
    for (int i = 0; i < 100000; i++) {
        window_feed(&window, segment, sizeof segment);
        (void)window_view(&window, window.start, 200);
        if (window.end > 3000) window_drop(&window, window.end - 3000);
        window_keep(&window);
        assert_true(window_held_bytes(&window) <= 16384);
        assert_true(window.held.len <= 2 * (3000 + sizeof segment) + 1);
    }
    window_fini(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_stay_where_they_are_while_one_segment_has_them),
        cmocka_unit_test(a_stretch_across_segments_is_made_when_it_is_needed),
        cmocka_unit_test(nothing_is_given_at_the_end),
        cmocka_unit_test(segments_without_bytes_change_nothing),
        cmocka_unit_test(what_a_large_event_took_is_given_back),
        cmocka_unit_test(memory_of_a_large_event_can_be_given_away),
        cmocka_unit_test(random_use_shows_the_bytes_of_the_stream),
        cmocka_unit_test(memory_stays_small_however_long_the_stream_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
