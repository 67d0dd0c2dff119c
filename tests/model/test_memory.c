/*
 * test_memory -- a framer holds no more than it reports and a named constant, whatever its sender sends and however long
 * it waits: every allocation of the framer is counted (the link wraps the allocator), behind each segment and each wait.
 *
 *     build/release/model/memory [LENGTH]     a stream is so many times as long as the largest event, at least 2
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "collector/framing/framer.h"
#include "collector/framing/plain_event.h"
#include "tests/model/hostile.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define EXTRA        ((size_t)64 << 10) /* that a framer may report besides twice the largest event */

/* ---- the allocator ---- */

/* Before each block stands what was taken for it. */
union header {
    struct {
        size_t len;
        void *start; /* as the C library knows it: earlier, where a block is aligned */
    };
    max_align_t align;
};

static size_t allocated_bytes; /* of the program, libraries excepted */

void *__real_malloc(size_t len);
void *__real_realloc(void *block, size_t len);
void *__real_aligned_alloc(size_t alignment, size_t len);
void __real_free(void *block);
void *__wrap_malloc(size_t len);
void *__wrap_aligned_alloc(size_t alignment, size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *block, size_t len);
void __wrap_free(void *block);

/* `before` is how far behind `start` the block begins: at least the header's length. */
static void *note(char *start, size_t before, size_t len)
{
    if (!start) abort();
    union header *header = (union header *)(void *)(start + before) - 1;
    header->len = len;
    header->start = start;
    allocated_bytes += len;
    return header + 1;
}

void *__wrap_malloc(size_t len)
{
    return note(__real_malloc(sizeof(union header) + len), sizeof(union header), len);
}

/* The C library wants lengths that are multiples of the alignment. */
void *__wrap_aligned_alloc(size_t alignment, size_t len)
{
    if (alignment < sizeof(union header) || len % alignment != 0) abort();
    return note(__real_aligned_alloc(alignment, alignment + len), alignment, len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return memset(__wrap_malloc(count * len), 0, count * len);
}

void *__wrap_realloc(void *block, size_t len)
{
    if (!block) return __wrap_malloc(len);
    union header *header = (union header *)block - 1;
    size_t before = (size_t)((char *)block - (char *)header->start);
    allocated_bytes -= header->len;
    return note(__real_realloc(header->start, before + len), before, len);
}

void __wrap_free(void *block)
{
    if (!block) return;
    union header *header = (union header *)block - 1;
    allocated_bytes -= header->len;
    __real_free(header->start);
}

/* ---- the framer ---- */

struct sending {
    struct framer *framer;
    size_t max_message;
    size_t before; /* allocated without the framer */
    size_t most_held, most_fixed;
    bool is_wrong;
};

static void check(struct sending *sending)
{
    struct frame frame;
    bool is_frame = true;
    while (is_frame) {
        is_frame = framer_next(sending->framer, &frame);
        size_t held = allocated_bytes - sending->before;
        size_t reported = framer_held_bytes(sending->framer);
        size_t fixed = held > reported ? held - reported : 0;
        if (held > sending->most_held) sending->most_held = held;
        if (fixed > sending->most_fixed) sending->most_fixed = fixed;
        if (fixed > FRAMER_FIXED_BYTES || reported > 2 * sending->max_message + EXTRA)
            sending->is_wrong = true;
    }
}

/* With a wait of 10 s behind each segment, or only behind the last one. */
static void send_stream(struct sending *sending, const struct buf *stream, size_t segment, bool waits)
{
    int64_t now_ms = 0;
    for (size_t at = 0; at < stream->len; at += segment) {
        size_t len = stream->len - at < segment ? stream->len - at : segment;
        framer_feed(sending->framer, stream->data + at, len, now_ms);
        check(sending);
        if (!waits && at + len < stream->len) continue;
        now_ms += FRAMER_SILENCE_MS;
        framer_tick(sending->framer, now_ms);
        check(sending);
    }
    framer_end(sending->framer);
    check(sending);
}

static bool is_bounded(const struct framer_options *options, const struct buf *stream, size_t segment,
                       bool waits)
{
    struct sending sending = {.max_message = options->max_message, .before = allocated_bytes};
    sending.framer = framer_new(options);
    send_stream(&sending, stream, segment, waits);
    framer_free(sending.framer);
    if (sending.is_wrong)
        (void)fprintf(stderr, "max_message %zu, segments of %zu%s: %zu bytes held, %zu not reported:\n",
                      options->max_message, segment, waits ? ", waits" : "", sending.most_held,
                      sending.most_fixed);
    return !sending.is_wrong && allocated_bytes == sending.before;
}

/* Long streams take long: these in one way only. */
static bool is_bounded_in_each_way(const struct framer_options *options, const struct buf *stream)
{
    bool is_long = options->max_message > 64 << 10;
    return is_bounded(options, stream, 16 << 10, true) &&
           (is_long ||
            (is_bounded(options, stream, 64 << 10, false) && is_bounded(options, stream, 1000, true)));
}

static void a_framer_holds_no_more_than_it_reports_and_a_constant(void **state)
{
    static const size_t ceilings[] = {64 << 10, 1 << 20};
    const size_t *length = *state;
    struct xml_names events;
    struct xml_names ignored;
    struct why why = {0};
    struct plain_event *plain = plain_event_new(&index_fields_default);
    size_t wrong = 0;
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", "EVENT", &events, &why), RES_OK);
    assert_int_equal(xml_names_parse("IGNORE_ELEMENTS", "ping", &ignored, &why), RES_OK);
    for (size_t i = 0; hostile_stream(i); i++) {
        for (size_t c = 0; c < COUNT(ceilings) * HOSTILE_UNITS; c++) {
            struct framer_options options = {&events, &ignored, ceilings[c / HOSTILE_UNITS], plain};
            struct buf stream = BUF_EMPTY;
            hostile_append(hostile_stream(i), c % HOSTILE_UNITS,
                           *length ? *length * options.max_message : options.max_message / 8 * 9, &stream);
            if (!is_bounded_in_each_way(&options, &stream)) {
                wrong++;
                (void)fprintf(stderr, "    %s then %s, units %zu\n", hostile_stream(i)->opening,
                              hostile_stream(i)->repeated, c % HOSTILE_UNITS);
            }
            buf_fini(&stream);
        }
    }
    plain_event_free(plain);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    size_t length = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(a_framer_holds_no_more_than_it_reports_and_a_constant, &length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
