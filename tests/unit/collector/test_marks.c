/* test_marks -- the counts against a count from the beginning, with a window that grows and drops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/marks.h"

#include <stdlib.h>
#include <string.h>

#include "common/xml/chars.h"
#include "tests/support/chance.h"

#define STREAM_MAX 4000

static struct xml_names names;
static struct xml_lexer lexer;

static int set_up(void **state)
{
    struct why why = {0};
    (void)state;
    xml_lexer_init(&lexer, &names);
    return xml_names_parse("EVENT_ELEMENT", "E,*:Ev", &names, &why) == RES_OK ? 0 : -1;
}

/* The unit at `at`, CODING_OTHER if it is no ASCII. */
static char unit_at(const char *stream, enum coding coding, size_t at)
{
    if (coding == CODING_UTF16LE) return stream[at + 1] ? CODING_OTHER : stream[at];
    if (coding == CODING_UTF16BE) return stream[at] ? CODING_OTHER : stream[at + 1];
    return stream[at];
}

/* Does a complete start tag of a mark stand at `at`, before `to`? */
static bool is_mark(const char *stream, enum coding coding, size_t at, size_t to)
{
    char name[XML_NAME_MAX + 2];
    size_t unit_bytes = coding_unit_bytes(coding);
    size_t len = 0;
    if (unit_at(stream, coding, at) != '<') return false;
    for (at += unit_bytes; at + unit_bytes <= to && len < sizeof name; at += unit_bytes) {
        char unit = unit_at(stream, coding, at);
        if (!xml_is_name_char(unit))
            return memchr(" \t\r\n/>", unit, 6) && len <= XML_NAME_MAX && xml_names_hold(&names, name, len);
        name[len++] = unit;
    }
    return false;
}

static size_t count_naively(const char *stream, enum coding coding, size_t from, size_t to)
{
    size_t unit_bytes = coding_unit_bytes(coding);
    size_t found = 0;
    for (size_t at = from; at + unit_bytes <= to; at += unit_bytes) found += is_mark(stream, coding, at, to);
    return found;
}

static void start_tags_of_events_are_counted_in_whatever_markup(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"", 0},
        {"<E>", 1},
        {"<E/><E a=''><E\n>", 3},
        {"<E", 0},
        {"<E>x<E", 1},
        {"<EE><e></E>", 0},
        {"<![CDATA[<E>]]>", 1},
        {"<<E>", 1},
        {"<E<E>", 1},
        {"<x:Ev><Ev/>", 2},
        {"<x:E>", 0},
        {"<", 0},
        {"<E>\0<E>", 1},
        {"'<E>", 1},
        {"\x1B$B<E>", 1},
        {"<!--<E>--><!--<E>", 2},
    };
    (void)state;
    for (enum coding coding = CODING_ASCII; coding < CODING_COUNT; coding++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            char text[100];
            size_t len = 0;
            for (const char *c = rows[i].text; *c; c++) {
                if (coding == CODING_UTF16BE) text[len++] = '\0';
                text[len++] = *c;
                if (coding == CODING_UTF16LE) text[len++] = '\0';
            }
            struct window window = {0};
            struct marks marks = {0};
            window_feed(&window, text, len);
            assert_int_equal(marks_count(&marks, &window, &lexer, coding, 0, len), rows[i].count);
            assert_int_equal(marks_count(&marks, &window, &lexer, coding, 0, len), rows[i].count);
            window_fini(&window);
        }
    }
}

static void a_name_that_is_too_long_is_no_events_name(void **state)
{
    static const char event[] = ":Ev>";
    (void)state;
    for (size_t name_len = XML_NAME_MAX - 2; name_len < XML_NAME_MAX + 5; name_len++) {
        char text[XML_NAME_MAX + 10];
        struct window window = {0};
        struct marks marks = {0};
        memset(text, 'n', sizeof text);
        text[0] = '<';
        memcpy(text + 1 + name_len - 3, event, 4);
        window_feed(&window, text, sizeof text);
        bool is_short = name_len <= XML_NAME_MAX;
        assert_int_equal(marks_count(&marks, &window, &lexer, CODING_ASCII, 0, name_len + 1), 0);
        assert_int_equal(marks_count(&marks, &window, &lexer, CODING_ASCII, 0, name_len + 2), is_short);
        window_fini(&window);
    }
}

/* ---- growing and dropping windows ---- */

static size_t random_stream(struct chance *chance, char *stream)
{
    static const char *const parts[] = {"<E>",  "<", "E", ">",  " ", "<Ev/>", "<x:Ev ", "</E>", "-->",
                                        "<!--", "x", "é", "<E", "/", "<EE>",  "\n",     "]]>"};
    static const char *const wide[] = {"<\0E\0>\0", "\0<\0E\0>", "<\0E\0 \0", "\0<\0E\0/"};
    size_t len = 0;
    while (len < STREAM_MAX - 100 && chance_below(chance, 300) > 0) {
        if (chance_below(chance, 4) == 0) {
            memcpy(stream + len, wide[chance_below(chance, 4)], 6);
            len += 6;
        } else if (chance_below(chance, 6) == 0) {
            stream[len++] = '\0';
        } else {
            const char *part = parts[chance_below(chance, sizeof parts / sizeof *parts)];
            memcpy(stream + len, part, strlen(part));
            len += strlen(part);
        }
    }
    return len;
}

/* The count of a part that begins where a unit of the coding may begin. */
static void check_count(struct marks *marks, const struct window *window, struct chance *chance,
                        const char *stream)
{
    static const enum coding codings[] = {CODING_ASCII, CODING_UTF16LE, CODING_UTF16BE, CODING_SJIS};
    size_t left = (size_t)(window->end - window->start);
    enum coding coding = codings[chance_below(chance, 2) * chance_below(chance, 4)];
    uint64_t from = window->start + chance_below(chance, left + 1) * chance_below(chance, 2);
    uint64_t to = from + chance_below(chance, (size_t)(window->end - from) + 1);
    if (chance_below(chance, 2)) to = window->end;
    assert_int_equal(marks_count(marks, window, &lexer, coding, from, to),
                     count_naively(stream, coding, (size_t)from, (size_t)to));
}

static void random_parts_have_the_count_of_a_naive_search(void **state)
{
    struct chance chance = chance_begin();
    static char stream[STREAM_MAX];
    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t stream_len = random_stream(&chance, stream);
        struct window window = {0};
        struct marks marks = {0};
        size_t max = 1 + chance_below(&chance, chance_below(&chance, 2) ? 10 : 500);
        while (window.end < stream_len) {
            size_t len = 1 + chance_below(&chance, max);
            if (len > stream_len - window.end) len = (size_t)(stream_len - window.end);
            window_trim(&window);
            window_feed(&window, stream + window.end, len);
            for (size_t i = chance_below(&chance, 4); i-- > 0;) {
                check_count(&marks, &window, &chance, stream);
                uint64_t to =
                    window.start + chance_below(&chance, (size_t)(window.end - window.start) + 1) / 2;
                marks_forget_before(&marks, &window, &lexer, to);
                window_drop(&window, to);
                check_count(&marks, &window, &chance, stream);
            }
            window_keep(&window);
        }
        window_fini(&window);
    }
}

/* Two bytes make a unit, however a segment cuts them. */
static void a_cut_in_a_unit_hides_no_event(void **state)
{
    static const char stream[] = "<\0E\0>\0<\0E\0>";
    struct marks marks = {0};
    struct window window = {0};
    (void)state;
    window_feed(&window, stream, sizeof stream);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_UTF16LE, 0, 1), 0);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_UTF16LE, 0, 7), 1);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_UTF16LE, 0, sizeof stream), 2);
    window_fini(&window);
}

/* Else a sender who mixes openings of several kinds, of which some are closed, has all counted anew for each. */
static void other_parts_leave_what_has_been_counted(void **state)
{
    static const char stream[] = "<![CDATA[<!----><E><!--\0<\0!\0-\0-\0<E>";
    struct marks marks = {0};
    struct window window = {0};
    (void)state;
    window_feed(&window, stream, sizeof stream);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_ASCII, 9, sizeof stream), 2);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_ASCII, 13, 16), 0);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_UTF16BE, 24, sizeof stream), 0);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_UTF16LE, 25, sizeof stream), 0);
    assert_int_equal(marks.parts[0].to, sizeof stream);
    assert_int_equal(marks_count(&marks, &window, &lexer, CODING_SJIS, 17, sizeof stream), 1);
    window_fini(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_tags_of_events_are_counted_in_whatever_markup),
        cmocka_unit_test(a_name_that_is_too_long_is_no_events_name),
        cmocka_unit_test(a_cut_in_a_unit_hides_no_event),
        cmocka_unit_test(other_parts_leave_what_has_been_counted),
        cmocka_unit_test(random_parts_have_the_count_of_a_naive_search),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
