/* test_shapes -- which elements have a known shape, and that what is said of them is what the tags say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xml/shapes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int begin(void **state)
{
    *state = xml_shapes_new();
    return 0;
}

static int end(void **state)
{
    xml_shapes_free(*state);
    return 0;
}

/* Reads the element by its tags and learns it. Returns the number of its shape. */
static size_t learn(struct xml_shapes *shapes, const char *text)
{
    struct xml_plain plain;
    struct xml_plain_tag tag;
    xml_shapes_begin(shapes, text);
    xml_plain_begin(&plain, text, strlen(text));
    while (xml_plain_next(&plain, &tag)) (void)xml_shapes_add(shapes, &tag);
    assert_true(xml_plain_len(&plain) > 0);
    return xml_shapes_end(shapes, xml_plain_len(&plain));
}

static bool is_known(struct xml_shapes *shapes, const char *text)
{
    struct xml_shaped shaped;
    return xml_shapes_read(shapes, text, strlen(text), &shaped);
}

/* The texts with a bar between two of them; "no": the shape is not known. */
static const char *texts_of(struct xml_shapes *shapes, const char *text, size_t len)
{
    static char joined[1024];
    struct xml_shaped shaped;
    size_t used = 0;
    if (!xml_shapes_read(shapes, text, len, &shaped)) return "no";
    joined[0] = '\0';
    for (size_t i = 0; i < shaped.count; i++)
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%.*s", i ? "|" : "",
                                 (int)shaped.texts[i].len, shaped.texts[i].at);
    return joined;
}

static void elements_that_differ_in_their_texts_alone_have_one_shape(void **state)
{
    static const char first[] = "<e>\n <a>1</a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>";
    static const struct {
        const char *text, *texts;
    } rows[] = {
        {first, "1|2|"},
        {"<e>\n <a></a>\n <b><c>&#65; \xC3\xA4\r</c><d/></b>\r\n <f>]]</f>\n</e><e>", "|&#65; \xC3\xA4\r|]]"},
        {"<e>\n <a>1</a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>", "1|2|"},
        {"<e>\n <a>1</a>\n <b><c>2</c><d/></b>\n <f></f>\n</e>", "no"},
        {"<e>\n <a>1</a>\n <b><c>2</c><d></d></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>1</a>\n <b><c>2</c><d/></b>\r\n <f/>\n</e>", "no"},
        {"<e>\n <a>1</a>\n <b><c>2<x/></c><d/></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>1</a>\n <b><c>2</c>x<d/></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>]]></a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>&amp</a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>\xC3</a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>", "no"},
        {"<e>\n <a>\x01</a>\n <b><c>2</c><d/></b>\r\n <f></f>\n</e>", "no"},
    };
    struct xml_shapes *shapes = *state;
    assert_string_equal(texts_of(shapes, first, strlen(first)), "no");
    assert_int_equal(learn(shapes, first), 0);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(texts_of(shapes, rows[i].text, strlen(rows[i].text)), rows[i].texts);
    for (size_t len = 0; len < strlen(first); len++) assert_string_equal(texts_of(shapes, first, len), "no");
}

static void what_is_known_of_an_element_is_its_length_its_shape_and_whether_it_is_ascii(void **state)
{
    struct xml_shapes *shapes = *state;
    struct xml_shaped shaped;
    assert_int_equal(learn(shapes, "<e><a>x</a></e>"), 0);
    assert_int_equal(learn(shapes, "<e><a>x</a><b>y</b></e>"), 1);
    assert_int_equal(learn(shapes, "<e><a>z</a></e>"), 0);
    assert_true(xml_shapes_read(shapes, "<e><a>\xC3\xA4</a></e><", 17, &shaped));
    assert_int_equal(shaped.shape, 0);
    assert_int_equal(shaped.len, 16);
    assert_false(shaped.is_ascii);
    assert_int_equal(shaped.texts[0].len, 2);
    assert_true(xml_shapes_read(shapes, "<e><a>&lt;</a><b>y</b></e>", 26, &shaped));
    assert_int_equal(shaped.shape, 1);
    assert_int_equal(shaped.len, 26);
    assert_true(shaped.is_ascii);
    assert_int_equal(shaped.count, 2);
    assert_false(shaped.texts[0].is_literal);
    assert_true(shaped.texts[1].is_literal);
}

static void texts_are_numbered_as_they_are_added(void **state)
{
    static const char text[] = "<e><a/><b>1</b><c><d>2</d> </c><f></f></e>";
    static const size_t numbers[] = {
        XML_SHAPES_NONE, XML_SHAPES_NONE, 0, XML_SHAPES_NONE, 1, XML_SHAPES_NONE, 2, XML_SHAPES_NONE};
    struct xml_shapes *shapes = *state;
    struct xml_plain plain;
    struct xml_plain_tag tag;
    size_t count = 0;
    xml_shapes_begin(shapes, text);
    xml_plain_begin(&plain, text, strlen(text));
    while (xml_plain_next(&plain, &tag)) assert_int_equal(xml_shapes_add(shapes, &tag), numbers[count++]);
    assert_int_equal(count, COUNT(numbers));
    assert_int_equal(xml_shapes_end(shapes, strlen(text)), 0);
    assert_string_equal(texts_of(shapes, text, strlen(text)), "1|2|");
}

static void elements_with_other_text_or_without_children_have_no_shape(void **state)
{
    static const char *const rows[] = {
        "<e/>",
        "<e></e>",
        "<e>text</e>",
        "<e>x<a>1</a></e>",
        "<e><a>1</a>x</e>",
        "<e><a>1</a>&#32;</e>",
        "<e><a>1</a><b><c/></b>x</e>",
        "<e><a>1</a><b>x<c/></b></e>",
    };
    struct xml_shapes *shapes = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(learn(shapes, rows[i]), XML_SHAPES_NONE);
        assert_false(is_known(shapes, rows[i]));
    }
    assert_int_equal(learn(shapes, "<e><a/> <b/></e>"), 0); /* it has no texts at all */
    assert_true(is_known(shapes, "<e><a/> <b/></e>"));
}

static void one_that_is_given_up_is_not_remembered(void **state)
{
    static const char text[] = "<e><a>1</a></e>";
    struct xml_shapes *shapes = *state;
    xml_shapes_begin(shapes, text);
    xml_shapes_give_up(shapes);
    assert_int_equal(xml_shapes_end(shapes, strlen(text)), XML_SHAPES_NONE);
    assert_false(is_known(shapes, text));
    assert_int_equal(learn(shapes, text), 0);
    assert_true(is_known(shapes, text));
}

/* In either order: a part is the beginning of another part. */
static void a_leaf_and_an_element_with_children_share_a_name(void **state)
{
    static const char *const rows[] = {"<e><a>1</a><b>2</b></e>", "<e><a>1</a><b><c>2</c></b></e>",
                                       "<e><a>1</a><b>\n<c>2</c></b></e>"};
    for (size_t turn = 0; turn < COUNT(rows); turn++) {
        struct xml_shapes *shapes = xml_shapes_new();
        for (size_t i = 0; i < COUNT(rows); i++) (void)learn(shapes, rows[(i + turn) % COUNT(rows)]);
        for (size_t i = 0; i < COUNT(rows); i++)
            assert_string_equal(texts_of(shapes, rows[i], strlen(rows[i])), "1|2");
        xml_shapes_free(shapes);
    }
    (void)state;
}

static void append_element(struct buf *text, size_t leaves, size_t name_len)
{
    buf_append_text(text, "<e>");
    for (size_t i = 0; i < leaves; i++) {
        for (size_t end_tag = 0; end_tag < 2; end_tag++) {
            buf_append_text(text, end_tag ? "</" : "<");
            for (size_t n = 0; n < name_len; n++) buf_append_char(text, 'n');
            buf_append_char(text, '>');
        }
    }
    buf_append(text, "</e>", sizeof "</e>");
}

static void an_element_has_so_many_texts_and_so_much_markup(void **state)
{
    static const struct {
        size_t leaves, name_len;
        bool has_shape;
    } rows[] = {
        {XML_SHAPE_TEXTS_MAX, 1, true},
        {XML_SHAPE_TEXTS_MAX + 1, 1, false},
        {9, 907, true}, /* 7 + 9 * (2 * 907 + 5) = 16,378 bytes */
        {9, 908, false},
    };
    struct xml_shapes *shapes = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_EMPTY;
        append_element(&text, rows[i].leaves, rows[i].name_len);
        assert_int_equal(learn(shapes, text.data) != XML_SHAPES_NONE, rows[i].has_shape);
        assert_int_equal(is_known(shapes, text.data), rows[i].has_shape);
        buf_fini(&text);
    }
}

static const char *numbered(size_t number)
{
    static char text[64];
    (void)snprintf(text, sizeof text, "<e><a%zu>1</a%zu><b%zu>2</b%zu></e>", number % 8, number % 8,
                   number / 8, number / 8);
    return text;
}

/* All that one sees is that elements are read again: numbers begin from 0. */
static void with_one_shape_too_many_all_are_forgotten(void **state)
{
    struct xml_shapes *shapes = *state;
    for (size_t i = 0; i < XML_SHAPES_MAX; i++) {
        assert_int_equal(learn(shapes, numbered(i)), i);
        assert_true(is_known(shapes, numbered(i)));
    }
    assert_int_equal(learn(shapes, numbered(3)), 3);
    assert_true(is_known(shapes, numbered(3)));
    assert_int_equal(learn(shapes, numbered(XML_SHAPES_MAX)), XML_SHAPES_NONE);
    assert_false(is_known(shapes, numbered(3)));
    assert_int_equal(learn(shapes, numbered(XML_SHAPES_MAX)), 0);
    assert_true(is_known(shapes, numbered(XML_SHAPES_MAX)));
}

/* Learned or not, what is said of an element is true: here each begins as the others do, and there are many. */
static void where_too_many_differ_in_one_place_all_are_forgotten(void **state)
{
    char text[64];
    size_t forgotten = 0;
    struct xml_shapes *shapes = *state;
    for (size_t i = 0; i < 40; i++) {
        (void)snprintf(text, sizeof text, "<e><a%zu>1</a%zu></e>", i, i);
        bool is_new = learn(shapes, text) != XML_SHAPES_NONE;
        assert_int_equal(is_known(shapes, text), is_new);
        forgotten += !is_new;
        if (!is_new) assert_int_equal(learn(shapes, text), 0);
        assert_string_equal(texts_of(shapes, text, strlen(text)), "1");
    }
    assert_int_equal(forgotten, 2);
}

/* A sender without two events of one shape: two of sixteen are looked at, and one shape that stays is found at once. */
static void where_no_shape_is_known_few_elements_are_looked_at(void **state)
{
    char text[64];
    size_t learned = 0;
    struct xml_shapes *shapes = *state;
    for (size_t i = 0; i < 1600; i++) {
        (void)snprintf(text, sizeof text, "<e><a>1</a><b%zu>2</b%zu></e>", i, i);
        assert_false(is_known(shapes, text));
        learned += learn(shapes, text) != XML_SHAPES_NONE;
    }
    assert_in_range(learned, 195, 215);
    for (size_t i = 0; i < 16 && !is_known(shapes, text); i++) (void)learn(shapes, text);
    for (size_t i = 0; i < 32; i++) assert_true(is_known(shapes, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elements_that_differ_in_their_texts_alone_have_one_shape, begin, end),
        cmocka_unit_test_setup_teardown(
            what_is_known_of_an_element_is_its_length_its_shape_and_whether_it_is_ascii, begin, end),
        cmocka_unit_test_setup_teardown(texts_are_numbered_as_they_are_added, begin, end),
        cmocka_unit_test_setup_teardown(elements_with_other_text_or_without_children_have_no_shape, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_that_is_given_up_is_not_remembered, begin, end),
        cmocka_unit_test(a_leaf_and_an_element_with_children_share_a_name),
        cmocka_unit_test_setup_teardown(an_element_has_so_many_texts_and_so_much_markup, begin, end),
        cmocka_unit_test_setup_teardown(with_one_shape_too_many_all_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(where_too_many_differ_in_one_place_all_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(where_no_shape_is_known_few_elements_are_looked_at, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
