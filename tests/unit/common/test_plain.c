#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xml/plain.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The bytes that it is sure of, of a copy that ends with the text: reading behind it would show under sanitizers. */
static size_t read_all(const char *text, size_t len)
{
    struct xml_plain plain;
    struct xml_plain_tag tag;
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    xml_plain_begin(&plain, copy, len);
    while (xml_plain_next(&plain, &tag)) assert_true(tag.name > copy && tag.name + tag.name_len < copy + len);
    size_t sure = xml_plain_len(&plain);
    free(copy);
    return sure;
}

static void plain_elements_are_settled_up_to_their_end(void **state)
{
    static const struct {
        const char *element, *behind;
    } rows[] = {
        {"<a/>", ""},
        {"<a></a>", "\n<a>"},
        {"<a>text</a>", "<"},
        {"<_a.b-c9/>", "\xFF"},
        {"<a><b>x</b>\n<c/> \r\n<d></d></a>", "]]>"},
        {"<a>&lt;&gt;&amp;&quot;&apos;&#9;&#x9;&#0065;&#xFFFD;&#x10000;&#x10FFFF;</a>", ""},
        {"<a>&#0000000065;&#x000010FFFF;</a>", ""},
        {"<a>] ]] ]]&gt; > ' \" \t\x7F\xC2\x80\xF0\x9F\x9A\xAA\xEF\xBF\xBD</a>", ""},
        {"<a>one<b>two<c>three</c>four</b>five<d/>six</a>", "<a></a>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s%s", rows[i].element, rows[i].behind);
        assert_int_equal(read_all(text, strlen(text)), strlen(rows[i].element));
        for (size_t len = 0; len < strlen(rows[i].element); len++) assert_int_equal(read_all(text, len), 0);
    }
}

static void anything_else_is_left_to_a_parser(void **state)
{
    static const char *const rows[] = {
        "",
        "a",
        "<",
        "<>",
        "</a>",
        "<a",
        "<a>",
        "<a></b>",
        "<a></a >",
        "<a ></a>",
        "<a b='c'/>",
        "<p:a/>",
        "<1/>",
        "<-/>",
        "<a><b></a></b>",
        "<a><b></a>",
        "<a><!-- --></a>",
        "<a><![CDATA[]]></a>",
        "<a><?b?></a>",
        "<a>]]></a>",
        "<a>&</a>",
        "<a>&lt</a>",
        "<a>&nbsp;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>&#0;</a>",
        "<a>&#8;</a>",
        "<a>&#X41;</a>",
        "<a>&#00000000065;</a>",
        "<a>&#x0000010FFFF;</a>",
        "<a>&#x1F;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xDFFF;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#xFFFF;</a>",
        "<a>&#x110000;</a>",
        "<a>&#4294967361;</a>",
        "<a>&#18446744073709551681;</a>",
        "<a>\x01</a>",
        "<a>\x1F</a>",
        "<a>\xFF</a>",
        "<a>\xC0\x80</a>",
        "<a>\xED\xA0\x80</a>",
        "<a>\xEF\xBF\xBE</a>",
        "<a>x\xC3\xA9\xEF\xBF\xBF</a>",
        "<a\xC3\xA9/>",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) assert_int_equal(read_all(rows[i], strlen(rows[i])), 0);
    assert_int_equal(read_all("<a>\0</a>", sizeof "<a>\0</a>" - 1), 0);
}

/* ---- the limits ---- */

static void append_times(struct buf *out, const char *text, size_t times)
{
    while (times-- > 0) buf_append_text(out, text);
}

static void the_limits_are_exact(void **state)
{
    static const struct {
        const char *open, *close;
        size_t last; /* that is within the limit */
    } rows[] = {
        {"<a>", "</a>", XML_PLAIN_DEPTH_MAX}, {"n", "", XML_PLAIN_NAME_MAX}, {"x", "", XML_PLAIN_MAX - 7}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            struct buf text = BUF_EMPTY;
            size_t times = rows[i].last + more;
            if (*rows[i].open == 'n') buf_append_text(&text, "<");
            if (*rows[i].open == 'x') buf_append_text(&text, "<a>");
            append_times(&text, rows[i].open, times);
            append_times(&text, rows[i].close, times);
            if (*rows[i].open == 'n') buf_append_text(&text, "/>");
            if (*rows[i].open == 'x') buf_append_text(&text, "</a>");
            assert_int_equal(read_all(text.data, text.len), more ? 0 : text.len);
            buf_fini(&text);
        }
    }
}

/* ---- what is read ---- */

/* `+name(content)text`, `-name()text` and so on, with what texts stand for. */
static void append_run(struct buf *out, const struct xml_plain_run *run)
{
    struct xml_plain_text text = xml_plain_text_of(run);
    const char *piece = NULL;
    size_t len = 0;
    buf_append(out, run->is_literal ? "'" : "`", 1);
    while (xml_plain_next_piece(&text, &piece, &len)) buf_append(out, piece, len);
    buf_append_char(out, '\'');
}

static void tags_and_what_their_texts_stand_for_are_given(void **state)
{
    static const struct {
        const char *text, *tags;
    } rows[] = {
        {"<a/>", ".a''''"},
        {"<a>x&amp;y</a>", ".a`x&y'''"},
        {"<a> <b>1</b>\r\n<c/>\n2\r<d>3<e>4</e>5</d>6</a>",
         "+a' '.b'1'`\n'.c''`\n2\n'+d'3'.e'4''5'-d'6'-a''"},
        {"<a>&#13;\r\n\r&#x20AC;&#xE9;&#x1F6AA;</a>", ".a`\r\n\n\xE2\x82\xAC\xC3\xA9\xF0\x9F\x9A\xAA'''"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct xml_plain plain;
        struct xml_plain_tag tag;
        struct buf seen = BUF_EMPTY;
        xml_plain_begin(&plain, rows[i].text, strlen(rows[i].text));
        while (xml_plain_next(&plain, &tag)) {
            buf_append_char(&seen, tag.kind == XML_PLAIN_START ? '+' : tag.kind == XML_PLAIN_END ? '-' : '.');
            buf_append(&seen, tag.name, tag.name_len);
            if (tag.kind == XML_PLAIN_LEAF) append_run(&seen, &tag.content);
            append_run(&seen, &tag.text);
        }
        buf_append_char(&seen, '\0');
        assert_string_equal(seen.data, rows[i].tags);
        assert_int_equal(xml_plain_len(&plain), strlen(rows[i].text));
        buf_fini(&seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_elements_are_settled_up_to_their_end),
        cmocka_unit_test(anything_else_is_left_to_a_parser),
        cmocka_unit_test(the_limits_are_exact),
        cmocka_unit_test(tags_and_what_their_texts_stand_for_are_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
