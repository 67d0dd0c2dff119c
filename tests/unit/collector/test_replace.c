/* test_replace -- which characters become U+FFFD, and which stay because they are markup or allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/replace.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The event in a block of its own: a sanitizer sees a byte too many. */
static size_t replace_copy(struct slice event, struct buf *out)
{
    char *copy = malloc(event.len + !event.len);
    size_t room = 0;
    assert_non_null(copy);
    memcpy(copy, event.data, event.len);
    size_t count = replace_count((struct slice){copy, event.len}, &room);
    *out = (struct buf){malloc(event.len + room + 1), event.len, event.len + room};
    assert_non_null(out->data);
    memcpy(out->data, copy, event.len);
    free(copy);
    replace_characters(out, room);
    assert_true(out->capacity == event.len + room);
    return count;
}

struct row {
    struct slice event;
    struct slice replaced;
    size_t count;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_EMPTY;
        size_t replaced = replace_copy(rows[i].event, &out);
        if (replaced != rows[i].count || out.len != rows[i].replaced.len ||
            (out.len > 0 && memcmp(out.data, rows[i].replaced.data, out.len) != 0)) {
            bytes_print("event", rows[i].event);
            bytes_print("became", (struct slice){out.data, out.len});
            fail_msg("%zu replaced", replaced);
        }
        buf_fini(&out);
    }
}

#define F "\xEF\xBF\xBD"
#define ROW(event, replaced, count)                                                                          \
    {                                                                                                        \
        BYTES(event), BYTES(replaced), count                                                                 \
    }

static void forbidden_characters_in_text_and_values_are_replaced(void **state)
{
    static const struct row rows[] = {
        ROW("<e>a\x01z</e>", "<e>a" F "z</e>", 1),
        ROW("<e>\0\x08\x0B\x0C\x0E\x1F</e>", "<e>" F F F F F F "</e>", 6),
        ROW("<e>\xEF\xBF\xBE\xEF\xBF\xBF</e>", "<e>" F F "</e>", 2),
        ROW("<e a='\x01' b = \"\x02\"/>", "<e a='" F "' b = \"" F "\"/>", 2),
        ROW("<e><![CDATA[<\x01&#1;>]]>\x02</e>", "<e><![CDATA[<" F "&#1;>]]>" F "</e>", 2),
        ROW("<e><!-- <\x01&#1;> --></e>", "<e><!-- <" F "&#1;> --></e>", 1),
        ROW("<e><?p q=\x01&#1;?></e>", "<e><?p q=" F "&#1;?></e>", 1),
        ROW("<e><?p \x01?>\x02</e>", "<e><?p " F "?>" F "</e>", 2),
        ROW("<e a='>\x01'>\x02</e>", "<e a='>" F "'>" F "</e>", 2),
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void references_to_forbidden_characters_are_replaced(void **state)
{
    static const struct row rows[] = {
        ROW("<e>&#1;&#x1;&#0;&#x0;</e>", "<e>" F F F F "</e>", 4),
        ROW("<e>&#8;&#11;&#12;&#14;&#31;</e>", "<e>" F F F F F "</e>", 5),
        ROW("<e>&#xD800;&#xdfff;&#xFFFE;&#65535;</e>", "<e>" F F F F "</e>", 4),
        ROW("<e>&#x110000;&#99999999999999999999;&#xFFFFFFFFF00000041;</e>", "<e>" F F F "</e>", 3),
        ROW("<e>&#000000000000000000000000001;</e>", "<e>" F "</e>", 1),
        ROW("<e a='&#1;x' b=\"'&#x1f;\"/>", "<e a='" F "x' b=\"'" F "\"/>", 2),
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void all_else_stays_as_it_is(void **state)
{
    static const struct slice rows[] = {
        BYTES(""),
        BYTES("<e> \t\r\n\x7F\xC2\x85\uD7FF\uE000\uFFFD\U0010FFFF</e>"),
        BYTES("<e>&#9;&#10;&#13;&#32;&#xD7FF;&#xE000;&#xFFFD;&#x10FFFF;&#00065;</e>"),
        BYTES("<e>&amp;&#;&#x;&#1&#x1 ;&# 1;&#1a;&#X1;&1;</e>"),
        BYTES("<e\x01>a</e\x01>"),
        BYTES("<e \x01 a\x02='1' \x03/>"),
        BYTES("<e '\x01' \"\x01\"/>"),
        BYTES("<e><?p\x01?></e>"),
        BYTES("<e>&#1"),
        BYTES("<e>&#"),
        BYTES("<"),
        BYTES("<e a='"),
        BYTES("<!--"),
        BYTES("<![CDATA["),
        BYTES("<?"),
        BYTES("<e>\xEF\xBF"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) check_rows(&(struct row){rows[i], rows[i], 0}, 1);
}

static void broken_markup_is_read_to_its_end_and_no_further(void **state)
{
    static const struct row rows[] = {
        ROW("<e a='\x01", "<e a='" F, 1),
        ROW("<e a='\x01<f>", "<e a='" F "<f>", 1),
        ROW("<e a=<f>\x01", "<e a=<f>" F, 1),
        ROW("<e><!-- \x01", "<e><!-- " F, 1),
        ROW("<e><![CDATA[\x01", "<e><![CDATA[" F, 1),
        ROW("<e><?p \x01", "<e><?p " F, 1),
        ROW("<e>a < \x01 b", "<e>a < " F " b", 1),
        ROW("<e><!-->\x01-->\x02", "<e><!-->" F "-->" F, 2),
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

/* What grows by much, then shrinks by more; and the other way round. */
static void replacing_in_place_overwrites_nothing_that_is_still_to_be_read(void **state)
{
    static const struct {
        struct row row;
        size_t room;
    } rows[] = {
        {ROW("<e>\x01\x02&#0000000001;b&#0000000002;</e>", "<e>" F F F "b" F "</e>", 4), 4},
        {ROW("<e>&#0000000001;b&#0000000002;\x01\x02 c</e>", "<e>" F "b" F F F " c</e>", 4), 0},
        {ROW("<e>\x01&#00001;\x02\x03z\x04</e>", "<e>" F F F F "z" F "</e>", 5), 3},
        {ROW("<e>\xEF\xBF\xBE&#1;\x01</e>", "<e>" F F F "</e>", 3), 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t room = 0;
        check_rows(&rows[i].row, 1);
        assert_int_equal(replace_count(rows[i].row.event, &room), rows[i].row.count);
        assert_int_equal(room, rows[i].room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_characters_in_text_and_values_are_replaced),
        cmocka_unit_test(references_to_forbidden_characters_are_replaced),
        cmocka_unit_test(all_else_stays_as_it_is),
        cmocka_unit_test(broken_markup_is_read_to_its_end_and_no_further),
        cmocka_unit_test(replacing_in_place_overwrites_nothing_that_is_still_to_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
