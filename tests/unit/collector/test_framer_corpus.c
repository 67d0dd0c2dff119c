/*
 * test_framer_corpus -- the framer on longer streams: the samples, each construct that a stream may hold, all of them
 * joined, and random ones. The same frames come however a stream is cut, and stream = frames + what may be skipped.
 * Run from the repository's root. The random tests print their seed; TEST_SEED=number in the environment sets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "collector/framing/plain_event.h"
#include "common/buf.h"
#include "tests/support/chance.h"
#include "tests/support/event_names.h"
#include "tests/support/parts.h"
#include "tests/support/sanitized.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)
#define CEILING      2200 /* of the samples some are larger */

#define SPLITS (IS_SANITIZED ? 2000 : 10000)

/* ---- the corpus ---- */

#define FIFTY "01234567890123456789012345678901234567890123456789"
#define THOUSAND                                                                                             \
    FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY    \
        FIFTY FIFTY FIFTY
#define LONG     THOUSAND THOUSAND FIFTY FIFTY FIFTY FIFTY
#define REST     "01234567890123456789012345678901234567890123"
#define DECLARED "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
#define NONE     "<?xml version='1.0'?>" /* declares no encoding: whatever follows is not concerned */
#define BOM      "\xEF\xBB\xBF"
#define SUBSET   "<!DOCTYPE a SYSTEM \"it's>\" [<!ENTITY b ']>'> <!-- don't ]> --> <!ENTITY c \"'\">] >"

static const struct framer_options small_options = {&event_names, &no_names, CEILING, NULL};
static const struct framer_options large_options = {&event_names, &no_names, MEGABYTE, NULL};

/* One construct a row. Each leaves nothing unfinished, so they may follow one another in any order. */
static const struct part corpus[][PARTS_MAX] = {
    /* events */
    {X},
    {EVENT("<EVENT/>"), EVENT("<EVENT />"), EVENT("<EVENT\n></EVENT >"), EVENT("<EVENT></EVENT\r\n\t>")},
    {EVENT("<EVENT a='x>y' b=\"/>\" c='</EVENT>'><d e='\"' f=\"'\"/></EVENT>")},
    {EVENT("<EVENT>it's \"<cn>1</cn>\n<name/>&lt;&#233; > ' </EVENT>")},
    {EVENT("<EVENT><!-- </EVENT> <EVENT> it's --><a/><!----></EVENT>")},
    {EVENT("<EVENT><![CDATA[</EVENT><EVENT> it's ]] ]> ]]]></EVENT>")},
    {EVENT("<EVENT><?p </EVENT> it's > ?><a b=\"c\"/></EVENT>")},
    {EVENT("<EVENT><EVENTS/><EVENT-LOG>1</EVENT-LOG><EVENT.x/><EVENT:x/><a:EVENT/><EVEN/></EVENT>")},
    {EVENT("<EVENT><\xC3\xA9t\xC3\xA9>\xE6\x9D\xB1</\xC3\xA9t\xC3\xA9><EVENT\xC3\xA9/></EVENT>")},
    {EVENT("<EVENT><a></b> < & ]]> <1> <c d=e> <!x <!DOC> </ EVENT> \0\x01\xFF</EVENT>")},
    {EVENT("<EVENT>" THOUSAND "<a>" THOUSAND "</a></EVENT>")},
    /* what may stand between them */
    {SKIP(" \r\n\t")},
    {SKIP("\0"), X, SKIP("\0\0\0"), X, SKIP("\0")},
    {SKIP("\x02"), X, SKIP("\x03\x0B"), X, SKIP("\x1C\r\x01\x04")},
    {SKIP(BOM), EVENT_IN("UTF-8", "<EVENT/>"), SKIP("\n" BOM BOM), EVENT_IN("UTF-8", "<EVENT/>"), SKIP(NONE)},
    {SKIP("<!-- <EVENTS>x</EVENT> it's - -- > ---->")},
    {SKIP("<!--" THOUSAND THOUSAND "-->")},
    {SKIP("<?p > it's ? ?" /* no trigraph */ "?>"), X, SKIP("<?q?>")},
    {SKIP(NONE), X, SKIP(NONE), X},
    {SKIP(DECLARED), EVENT_IN("ISO-8859-1", "<EVENT>\xE9</EVENT>"), SKIP(NONE)},
    {SKIP("<?xml version='1.0' encoding='UTF-16'?>"), X, SKIP(NONE)},
    {SKIP("<EVENTS a='>' b=\"'\">"), X, SKIP("\n"), X, SKIP("</EVENTS >")},
    {SKIP("<EVENT-LOG><EVENT.x><EVENT:x/>"), X, SKIP("</EVENT.x></EVENT-LOG>")},
    {SKIP("<EVENTS><a>"), X, SKIP("<b/></a>" NONE)},
    /* events that were cut off */
    {REJECT(CUT_OFF, "<EVENT><cn>1</cn><na"), X},
    {REJECT(CUT_OFF, "<EVENT><EV"), X},
    {REJECT(CUT_OFF, "<EVENT>"), REJECT(CUT_OFF, "<EVENT>1</EVEN"), REJECT(CUT_OFF, "<EVENT></EVENT "), X},
    {REJECT(CUT_OFF, "<EVENT a='it"), X},
    {REJECT(CUT_OFF, "<EVENT><a b=\"<"), X},
    {REJECT(CUT_OFF, "<EVENT><?p it's"), X},
    {REJECT(CUT_OFF, "<EVENT><![CDA"), X},
    {REJECT(CUT_OFF, "<EVENT><!-"), X},
    /* too long */
    {REJECT(OVERSIZE, "<EVENT><a>" LONG "</a></EVENT>")},
    {REJECT(OVERSIZE, "<EVENT><a>" LONG), X},
    {REJECT(OVERSIZE, "<EVENT><a" LONG "></EVENT>"), X},
    {STRAY(THOUSAND), STRAY("<a b='" THOUSAND THOUSAND FIFTY FIFTY FIFTY REST), STRAY("456789'>"), X},
    /* gaps */
    {STRAY("hello"), SKIP(" "), X},
    {STRAY("a < b <1> <c d> <e f='<'> </g h='i'><EVENTS>j"), SKIP("<!-- -->"), X, SKIP(NONE)},
    {STRAY("<!-- <EVENT>x</EVENT> -->"), X},
    {STRAY("<EV"), X},
    {STRAY("<EVENT"), X},
    {STRAY("</EVENT>"), X},
    {STRAY("<![CDATA[x]]>"), X},
    {STRAY("<?p it's never finished"), X},
    {STRAY("\xEF\xBB"), SKIP(" "), X},
    {STRAY("\xFF\0\xFE <"), X},
    {X, STRAY("GET / HTTP/1.1\r\nHost: a"), SKIP("\r\n\r\n"), X},
    {X, STRAY("\x16\x03\x01\x02\0\x01<?\xFC"), X},
    {SKIP(NONE), REJECT(UNKNOWN_ELEMENT, "<EVENTS a='b'><EVENTX>1</EVENTX></EVENTS>"), SKIP("\n"),
     REJECT(UNKNOWN_ELEMENT, "<a:EVENT b='c'/>"), REJECT(UNKNOWN_ELEMENT, "<\xC3\xA9 d=''/>")},
    {SKIP(NONE "<a>"), X, REJECT(UNKNOWN_ELEMENT, "<b>1</b>"), REJECT(UNKNOWN_ELEMENT, "<b c='d'/>"), X,
     SKIP("</a>")},
    /* UTF-16: by its mark, and without one */
    {SKIP("\xFF\xFE"), EVENT_IN("UTF-16LE", "<\0E\0V\0E\0N\0T\0/\0>\0"), SKIP("\n\0"), X},
    {SKIP("\xFE\xFF"), EVENT_IN("UTF-16BE", "\0<\0E\0V\0E\0N\0T\0/\0>"), X},
    {X, EVENT_IN("UTF-16LE", "<\0E\0V\0E\0N\0T\0/\0>\0"), X},
    {X, EVENT_IN("UTF-16BE", "\0<\0E\0V\0E\0N\0T\0/\0>"), X},
    /* document types */
    {REJECT(DOCTYPE, "<!DOCTYPE a><EVENT>y</EVENT>"), X},
    {REJECT(DOCTYPE, SUBSET "\n" NONE "<!-- --><EVENT>y</EVENT>"), X},
    {REJECT(DOCTYPE, "<!DOCTYPE a>"), SKIP("<EVENTS>"), X, SKIP(NONE)},
    {REJECT(DOCTYPE, "<!DOCTYPE a [<!-- " THOUSAND " --> <!ENTITY"), X},
    {REJECT(DOCTYPE, "<EVENT><!DOCTYPE a></EVENT>"), X},
};

/* A stream and what must come of it. */
struct stream {
    struct buf text;
    struct frames *frames;
};

static struct stream stream_new(void)
{
    return (struct stream){.text = BUF_EMPTY, .frames = frames_new()};
}

static void stream_free(struct stream *stream)
{
    frames_free(stream->frames);
    buf_fini(&stream->text);
}

static void append_row(struct stream *stream, size_t row)
{
    parts_append(corpus[row], CEILING, &stream->text, stream->frames);
}

static struct slice text_of(const struct stream *stream)
{
    return (struct slice){stream->text.data, stream->text.len};
}

static bool comes_right(const struct stream *stream, struct cuts cuts)
{
    return frames_come(stream->frames, &small_options, text_of(stream), cuts);
}

static void check_account(const struct frames *frames, struct slice stream,
                          const struct framer_options *options)
{
    if (frames_account_for(frames, options, stream)) return;
    bytes_print("stream", stream);
    frames_print("actual", frames);
    fail_msg("bytes are lost, invented or held; max_message is %zu", options->max_message);
}

/* The frames of a whole stream, which account for all of it. */
static struct frames *read_whole(struct slice stream, const struct framer_options *options)
{
    struct frames *frames = frames_read(options, stream, WHOLE);
    check_account(frames, stream, options);
    return frames;
}

/* ---- the samples ---- */

static void every_sample_gives_the_event_count_of_the_manifest(void **state)
{
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct slice stream = {samples[i].data, samples[i].len};
        struct frames *frames = read_whole(stream, &large_options);
        assert_int_equal(frames->count,
                         samples[i].events); /* an event that is broken inside is framed as well */
        for (size_t k = 0; k < frames->count; k++) assert_true(frames->list[k].is_event);
        frames_free(frames);
    }
    samples_free(samples, count);
}

static void a_sample_gives_the_same_frames_split_at_every_offset(void **state)
{
    static const size_t lengths[] = {1, 2, 3, 7};
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        struct slice stream = {samples[i].data, samples[i].len};
        struct frames *whole = read_whole(stream, &large_options);
        for (size_t at = 0; at < stream.len; at++)
            assert_true(frames_come(whole, &large_options, stream, IN_TWO_AT(at)));
        for (size_t k = 0; k < COUNT(lengths); k++)
            assert_true(frames_come(whole, &large_options, stream, EACH_OF(lengths[k])));
        frames_free(whole);
    }
    samples_free(samples, count);
}

/* ---- the constructs ---- */

static void every_construct_gives_its_frames_split_at_every_offset(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT(corpus); row++) {
        struct stream stream = stream_new();
        append_row(&stream, row);
        assert_true(comes_right(&stream, WHOLE));
        assert_true(comes_right(&stream, EACH_OF(1)));
        for (size_t at = 0; at < stream.text.len; at++) assert_true(comes_right(&stream, IN_TWO_AT(at)));
        stream_free(&stream);
    }
}

static void constructs_in_random_order_give_their_frames_at_random_cuts(void **state)
{
    struct chance chance = chance_begin();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct stream stream = stream_new();
        for (size_t rows = 1 + chance_below(&chance, 30); rows > 0; rows--)
            append_row(&stream, chance_below(&chance, COUNT(corpus)));
        assert_true(comes_right(&stream, WHOLE));
        frames_free(read_whole(text_of(&stream), &small_options));
        for (int k = 0; k < 5; k++) assert_true(comes_right(&stream, random_cuts(&chance, 1000)));
        stream_free(&stream);
    }
}

/* ---- all of it ---- */

/* The samples' frames are those of each alone. */
static struct stream whole_corpus(void)
{
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);
    struct stream stream = stream_new();

    for (size_t row = 0; row < COUNT(corpus); row++) append_row(&stream, row);
    for (size_t i = 0; i < count; i++) {
        struct slice sample = {samples[i].data, samples[i].len};
        struct frames *frames = frames_read(&small_options, sample, WHOLE);
        buf_append_text(&stream.text, NONE);
        for (size_t k = 0; k < frames->count; k++) {
            struct frame frame = frames->list[k];
            frame.at += stream.text.len;
            frames_add(stream.frames, &frame);
        }
        buf_append(&stream.text, sample.data, sample.len);
        frames_free(frames);
    }
    samples_free(samples, count);
    return stream;
}

static void the_whole_corpus_gives_its_frames_at_random_splits(void **state)
{
    static const size_t longest[] = {30, 300, 3000, 30000};
    struct chance chance = chance_begin();
    struct stream stream = whole_corpus();

    (void)state;
    assert_true(comes_right(&stream, WHOLE));
    frames_free(read_whole(text_of(&stream), &small_options));
    for (int i = 0; i < SPLITS; i++)
        assert_true(comes_right(&stream, random_cuts(&chance, longest[i % (int)COUNT(longest)])));
    stream_free(&stream);
}

static void the_accounting_detects_a_lost_doubled_or_changed_frame(void **state)
{
    struct stream stream = whole_corpus();
    struct slice text = text_of(&stream);
    struct frames *frames = read_whole(text, &small_options);
    struct frame *list = calloc(frames->count + 1, sizeof *list);

    (void)state;
    assert_non_null(list);
    for (size_t i = 0; i < frames->count; i++) {
        struct frame *at = list + i;
        struct frames altered = {.list = list, .count = frames->count + 1};
        memcpy(list, frames->list, (i + 1) * sizeof *list);
        memcpy(at + 1, frames->list + i, (frames->count - i) * sizeof *list);
        assert_false(frames_account_for(&altered, &small_options, text));

        altered.count = frames->count - 1;
        memcpy(at, frames->list + i + 1, (frames->count - i - 1) * sizeof *list);
        assert_false(frames_account_for(&altered, &small_options, text));

        altered.count = frames->count;
        memcpy(list, frames->list, frames->count * sizeof *list);
        at->data = "<EVENT>never came</EVENT>";
        at->true_len = at->len = strlen(at->data);
        assert_false(frames_account_for(&altered, &small_options, text));
    }
    free(list);
    frames_free(frames);
    stream_free(&stream);
}

/* ---- random streams ---- */

static struct slice random_stream(struct chance *chance, char *data, size_t tokens)
{
    static const char vocabulary[] =
        "<EVENT>|</EVENT>|<EVENT|</EVENT|<EV|ENT|<|>|/>|/|<!--|-->|--|-|<![CDATA[|]]>|]|[|<?|?>|?|'|\"|=| |a|"
        "<a>|</a>|<a b='c'>|<!|!|<!DOCTYPE|<!DOCTYPE a>|<?xml version='1.0' encoding='b'?>|\xEF\xBB\xBF|\xEF|"
        "\xBB|GET |\xFF\xFE|\xFE\xFF|<abcdefgh.1>|</abcdefghij-klmnop>|<EVENT>x</EVENT>|";
    size_t words = 0;
    size_t len = 0;

    for (const char *c = vocabulary; *c; c++) words += *c == '|';
    while (tokens-- > 0) {
        const char *token = vocabulary;
        for (size_t nth = chance_below(chance, words); nth > 0; nth--) token = strchr(token, '|') + 1;
        for (; *token != '|'; token++) data[len++] = *token;
        if (chance_below(chance, 40) == 0) data[len++] = '\0';
    }
    return (struct slice){data, len};
}

static void no_byte_of_a_randomly_cut_stream_is_lost(void **state)
{
    static const size_t ceilings[] = {16, 40, MEGABYTE};
    struct chance chance = chance_begin();
    struct plain_event *plain = plain_event_new(&index_fields_default);
    char data[64 * 40];

    (void)state;
    for (int i = 0; i < 4000; i++) { /* each is read in both ways */
        struct framer_options options = {&event_names, &no_names,
                                         ceilings[chance_below(&chance, COUNT(ceilings))], NULL};
        size_t tokens = 1 + chance_below(&chance, chance_below(&chance, 2) ? 8 : 60);
        struct slice stream = random_stream(&chance, data, tokens);
        struct frames *whole = frames_read(&options, stream, WHOLE);
        if (options.max_message == MEGABYTE) check_account(whole, stream, &options);
        assert_true(frames_come(whole, &options, stream, EACH_OF(1)));
        options.plain = plain; /* which must change nothing, however the stream is cut */
        assert_true(frames_come(whole, &options, stream, WHOLE));
        for (int k = 0; k < 6; k++)
            assert_true(frames_come(whole, &options, stream, random_cuts(&chance, 40)));
        frames_free(whole);
    }
    plain_event_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_gives_the_event_count_of_the_manifest),
        cmocka_unit_test(a_sample_gives_the_same_frames_split_at_every_offset),
        cmocka_unit_test(every_construct_gives_its_frames_split_at_every_offset),
        cmocka_unit_test(constructs_in_random_order_give_their_frames_at_random_cuts),
        cmocka_unit_test(the_whole_corpus_gives_its_frames_at_random_splits),
        cmocka_unit_test(the_accounting_detects_a_lost_doubled_or_changed_frame),
        cmocka_unit_test(no_byte_of_a_randomly_cut_stream_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
