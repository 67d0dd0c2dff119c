/*
 * test_lexer -- each kind of token, in one piece and fed in every way: what is not complete is said to be so, and
 * becomes the same token when the rest of it is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xml/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "common/xml/chars.h"
#include "tests/support/chance.h"

static struct xml_names marks;
static const struct xml_names no_marks;

static int set_up(void **state)
{
    struct why why = {0};
    (void)state;
    return xml_names_parse("EVENT_ELEMENT", "EVENT, *:Event", &marks, &why) == RES_OK ? 0 : -1;
}

/* In a block of memory of its own: a sanitizer sees a byte too many. */
static struct xml_token next_in_copy(struct xml_lexer *lexer, const char *text, size_t len)
{
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    struct xml_token token = xml_lexer_next(lexer, copy, len);
    free(copy);
    return token;
}

static size_t skip_in_copy(const char *text, size_t len)
{
    struct xml_lexer lexer;
    char *copy = malloc(len + !len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    xml_lexer_init(&lexer, &marks);
    size_t skipped = xml_lexer_skip_plain(&lexer, copy, len);
    free(copy);
    return skipped;
}

static void assert_same_token(struct xml_token a, struct xml_token b)
{
    assert_int_equal(a.kind, b.kind);
    assert_int_equal(a.of, b.of);
    assert_int_equal(a.len, b.len);
    assert_int_equal(a.name_at, b.name_at);
    assert_int_equal(a.name_len, b.name_len);
    assert_int_equal(a.values, b.values);
}

/* Does the start tag of a mark begin at `text`? As xml_lexer_is_mark(), a byte at a time. */
static bool is_mark(const char *text, size_t len)
{
    size_t end = 1;
    if (text[0] != '<') return false;
    while (end < len && xml_is_name_char(text[end])) end++;
    return end < len && memchr(" \t\r\n/>", text[end], 6) && xml_names_hold(&marks, text + 1, end - 1);
}

/* No mark begins behind the token's first byte and before `looked`, but in a comment. */
static void check_looked(const char *text, size_t len, struct xml_token token)
{
    if (token.of == XML_DOCTYPE && strstr(text, "<!--")) return;
    for (size_t i = 1; i < token.looked; i++) assert_false(is_mark(text + i, len - i));
}

/* Feeds the lexer up to `len` bytes, each time `step` more, until the token is complete. */
static struct xml_token feed(const char *text, size_t len, size_t step)
{
    struct xml_lexer lexer;
    struct xml_token token = {.kind = XML_UNFINISHED};
    size_t looked = 0;
    xml_lexer_init(&lexer, &marks);
    for (size_t have = 0; have < len && token.kind == XML_UNFINISHED;) {
        have = have + step < len ? have + step : len;
        token = next_in_copy(&lexer, text, have);
        while (token.kind == XML_UNFINISHED) {
            assert_true(token.looked <= have && token.looked >= looked);
            looked = token.looked;
            check_looked(text, len, token);
            const char *end = token.hides ? strstr(text + token.looked, "-->") : NULL;
            if (!end) break;
            xml_lexer_close_comment(&lexer, (size_t)(end + 3 - text));
            if (have < (size_t)(end + 3 - text)) have = (size_t)(end + 3 - text);
            token = next_in_copy(&lexer, text, have);
        }
        if (token.kind == XML_UNFINISHED && token.hides) break; /* its end is nowhere */
    }
    return token;
}

/* ---- one token ---- */

static const struct {
    const char *text;
    enum xml_kind kind, of;
    size_t len, name_at, name_len, values;
} rows[] = {
    /* marks */
    {"<EVENT>", XML_MARK, 0, 6, 1, 5, 0},
    {"<EVENT/>", XML_MARK, 0, 6, 1, 5, 0},
    {"<EVENT\na='1'>", XML_MARK, 0, 6, 1, 5, 0},
    {"<n:Event\t>", XML_MARK, 0, 8, 1, 7, 0},
    {"<Event\r>", XML_MARK, 0, 6, 1, 5, 0},
    /* tags, and what they must not be taken for */
    {"<a>", XML_START, 0, 3, 1, 1, 0},
    {"<EVENTS>", XML_START, 0, 8, 1, 6, 0},
    {"<EVENT\"1\">", XML_START, 0, 10, 1, 5, 1},
    {"<n:EVENT>", XML_START, 0, 9, 1, 7, 0},
    {"<a/>", XML_EMPTY, 0, 4, 1, 1, 0},
    {"<a / >", XML_START, 0, 6, 1, 1, 0},
    {"<a b='/'>", XML_START, 0, 9, 1, 1, 1},
    {"<a b='>' c=\"'>\"/>", XML_EMPTY, 0, 17, 1, 1, 2},
    {"<a b='<c>' d='<EVENTS>'>", XML_START, 0, 24, 1, 1, 2},
    {"</a>", XML_END, 0, 4, 2, 1, 0},
    {"</EVENT>", XML_END, 0, 8, 2, 5, 0},
    {"</a b='>'/>", XML_END, 0, 11, 2, 1, 1},
    {"<a0123456789-.:_z\xC3\xA9 >", XML_START, 0, 21, 1, 18, 0},
    {"<\xC3\xA9>", XML_START, 0, 4, 1, 2, 0},
    /* broken off */
    {"<a <b>", XML_BROKEN, XML_START, 3, 0, 0, 0},
    {"<a<EVENT>", XML_BROKEN, XML_START, 2, 0, 0, 0},
    {"</a <b>", XML_BROKEN, XML_END, 4, 0, 0, 0},
    {"<a b='<EVENT>'>", XML_BROKEN, XML_START, 6, 0, 0, 0},
    {"<a b='<EVENTS><n:Event/>'>", XML_BROKEN, XML_START, 14, 0, 0, 0},
    {"</a b='<EVENT>'>", XML_BROKEN, XML_END, 7, 0, 0, 0},
    /* no markup */
    {"<1>", XML_BROKEN, XML_TEXT, 1, 0, 0, 0},
    {"< a>", XML_BROKEN, XML_TEXT, 1, 0, 0, 0},
    {"<<a>", XML_BROKEN, XML_TEXT, 1, 0, 0, 0},
    {"</ a>", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"</>", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<?<EVENT>", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<? xml?>", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<?"
     "?>",
     XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<!ELEMENT a>", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<!-x", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<![CDATA(", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<![cdata[", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    {"<!DOCTYPO", XML_BROKEN, XML_TEXT, 2, 0, 0, 0},
    /* comments and CDATA sections: the opening alone */
    {"<!-- <EVENT> -->", XML_COMMENT, 0, 4, 0, 0, 0},
    {"<!-->", XML_COMMENT, 0, 4, 0, 0, 0},
    {"<![CDATA[<EVENT>]]>", XML_CDATA, 0, 9, 0, 0, 0},
    /* instructions and declarations */
    {"<?a?>", XML_INSTRUCTION, 0, 5, 2, 1, 0},
    {"<?a b>c? >?>", XML_INSTRUCTION, 0, 12, 2, 1, 0},
    {"<?a '?>'?>", XML_INSTRUCTION, 0, 7, 2, 1, 0},
    {"<?a <b><EVENTS>?"
     "?>",
     XML_INSTRUCTION, 0, 18, 2, 1, 0},
    {"<?xml?>", XML_INSTRUCTION, 0, 7, 2, 3, 0},
    {"<?xml-stylesheet a='b'?>", XML_INSTRUCTION, 0, 24, 2, 14, 0},
    {"<?XML version='1.0'?>", XML_INSTRUCTION, 0, 21, 2, 3, 0},
    {"<?xmm version='1.0'?>", XML_INSTRUCTION, 0, 21, 2, 3, 0},
    {"<?xml ?>", XML_DECLARATION, 0, 8, 2, 3, 0},
    {"<?xml\nversion='1.0'?>", XML_DECLARATION, 0, 21, 2, 3, 0},
    {"<?a <EVENT>?>", XML_BROKEN, XML_INSTRUCTION, 4, 0, 0, 0},
    {"<?a<EVENT>?>", XML_BROKEN, XML_INSTRUCTION, 3, 0, 0, 0},
    {"<?xml version='<x:Event ?>", XML_BROKEN, XML_INSTRUCTION, 15, 0, 0, 0},
    /* DOCTYPE */
    {"<!DOCTYPE>", XML_DOCTYPE, 0, 10, 0, 0, 0},
    {"<!DOCTYPE a '>' \"]>\">", XML_DOCTYPE, 0, 21, 0, 0, 0},
    {"<!DOCTYPE a [<!ENTITY b '[<!--'> ] >", XML_DOCTYPE, 0, 36, 0, 0, 0},
    {"<!DOCTYPE a [<!ELEMENT a (b)>]>", XML_DOCTYPE, 0, 31, 0, 0, 0},
    {"<!DOCTYPE a [<!-x><!---->]>", XML_DOCTYPE, 0, 27, 0, 0, 0},
    {"<!DOCTYPE a [<!-- <EVENT> ]> ' -->]>", XML_DOCTYPE, 0, 36, 0, 0, 0},
    {"<!DOCTYPE a <!--b--> <!--'--> >", XML_DOCTYPE, 0, 31, 0, 0, 0},
    {"<!DOCTYPE a [<EVENT>", XML_BROKEN, XML_DOCTYPE, 13, 0, 0, 0},
    {"<!DOCTYPE a '<EVENT>'>", XML_BROKEN, XML_DOCTYPE, 13, 0, 0, 0},
    {"<!DOCTYPE a <!-- --><n:Event/>", XML_BROKEN, XML_DOCTYPE, 20, 0, 0, 0},
    {"<!DOCTYPE<EVENT>", XML_BROKEN, XML_DOCTYPE, 9, 0, 0, 0},
    /* never complete */
    {"<", XML_UNFINISHED, XML_TEXT, 0, 0, 0, 0},
    {"</", XML_UNFINISHED, XML_END, 0, 0, 0, 0},
    {"<!", XML_UNFINISHED, XML_TEXT, 0, 0, 0, 0},
    {"<!-", XML_UNFINISHED, XML_TEXT, 0, 0, 0, 0},
    {"<![CDATA", XML_UNFINISHED, XML_TEXT, 0, 0, 0, 0},
    {"<!DOCTYP", XML_UNFINISHED, XML_TEXT, 0, 0, 0, 0},
    {"<?", XML_UNFINISHED, XML_INSTRUCTION, 0, 0, 0, 0},
    {"<?a <EVENT", XML_UNFINISHED, XML_INSTRUCTION, 0, 0, 0, 0},
    {"<?a ?", XML_UNFINISHED, XML_INSTRUCTION, 0, 0, 0, 0},
    {"<EVENT", XML_UNFINISHED, XML_START, 0, 0, 0, 0},
    {"<a b", XML_UNFINISHED, XML_START, 0, 0, 0, 0},
    {"<a b='<EVENT", XML_UNFINISHED, XML_START, 0, 0, 0, 0},
    {"</a b='", XML_UNFINISHED, XML_END, 0, 0, 0, 0},
    {"<!DOCTYPE a [<!-", XML_UNFINISHED, XML_DOCTYPE, 0, 0, 0, 0},
    {"<!DOCTYPE a [<EVENT", XML_UNFINISHED, XML_DOCTYPE, 0, 0, 0, 0},
    {"<!DOCTYPE a '", XML_UNFINISHED, XML_DOCTYPE, 0, 0, 0, 0},
};

static void each_kind_of_token_is_recognized_however_it_is_fed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct xml_token wanted = {.kind = rows[i].kind,
                                   .of = rows[i].of,
                                   .len = rows[i].len,
                                   .name_at = rows[i].name_at,
                                   .name_len = rows[i].name_len,
                                   .values = rows[i].values};
        size_t len = strlen(rows[i].text);
        for (size_t step = 1; step <= len; step++) assert_same_token(feed(rows[i].text, len, step), wanted);
    }
}

static void a_lexer_that_finished_a_token_reads_the_next_one_anew(void **state)
{
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct xml_token token = next_in_copy(&lexer, rows[i].text, strlen(rows[i].text));
        if (token.kind == XML_UNFINISHED) {
            xml_lexer_forget(&lexer);
            continue;
        }
        assert_same_token(next_in_copy(&lexer, rows[i].text, strlen(rows[i].text)), token);
    }
}

static void text_reaches_up_to_the_next_lt_or_the_end(void **state)
{
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    assert_int_equal(xml_lexer_next(&lexer, "a>b", 3).len, 3);
    assert_int_equal(xml_lexer_next(&lexer, "a>b<", 4).len, 3);
    assert_int_equal(xml_lexer_next(&lexer, "\0\xFF<EVENT>", 9).len, 2);
    assert_int_equal(xml_lexer_next(&lexer, "]]>", 3).kind, XML_TEXT);
}

/* ---- marks ---- */

static void a_mark_is_told_first_and_then_read_as_a_tag(void **state)
{
    static const struct {
        const char *tag;
        enum xml_kind kind, of;
        size_t len, values;
    } tags[] = {
        {"<EVENT>", XML_START, 0, 7, 0},
        {"<EVENT/>", XML_EMPTY, 0, 8, 0},
        {"<n:Event a='>' b=\"<\"/>", XML_EMPTY, 0, 22, 2},
        {"<EVENT a='<EVENT>'/>", XML_BROKEN, XML_START, 10, 0},
        {"<EVENT <EVENT>", XML_BROKEN, XML_START, 7, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        struct xml_lexer lexer;
        struct xml_token token = {.kind = XML_UNFINISHED};
        size_t have = 0;
        size_t len = strlen(tags[i].tag);
        xml_lexer_init(&lexer, &marks);
        while (token.kind == XML_UNFINISHED) token = next_in_copy(&lexer, tags[i].tag, ++have);
        assert_int_equal(token.kind, XML_MARK);
        assert_int_equal(have, token.len + 1);
        xml_lexer_read_tag(&lexer);
        do token = next_in_copy(&lexer, tags[i].tag, have++);
        while (token.kind == XML_UNFINISHED && have <= len);
        assert_int_equal(token.kind, tags[i].kind);
        assert_int_equal(token.of, tags[i].of);
        assert_int_equal(token.len, tags[i].len);
        assert_int_equal(token.values, tags[i].values);
        assert_int_equal(xml_lexer_next(&lexer, "<EVENT>", 7).kind, XML_MARK);
    }
}

static void a_lexer_without_marks_finds_none(void **state)
{
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &no_marks);
    assert_int_equal(xml_lexer_next(&lexer, "<EVENT>", 7).kind, XML_START);
    assert_int_equal(xml_lexer_next(&lexer, "<a b='<EVENT>'>", 15).len, 15);
    assert_int_equal(xml_lexer_is_mark(&lexer, "<EVENT>", 7), 0);
    assert_int_equal(xml_lexer_skip_plain(&lexer, "<EVENT></EVENT>", 15), 15);
}

static void the_start_of_a_mark_is_known_when_its_name_has_ended(void **state)
{
    static const struct {
        const char *text;
        int is_mark;
    } cases[] = {
        {"<", -1},        {"<E", -1},       {"<EVENT", -1},     {"<EVENT>", 1},  {"<EVENT/", 1},
        {"<EVENT ", 1},   {"<EVENT\t", 1},  {"<EVENT\r", 1},    {"<EVENT\n", 1}, {"<EVENT<", 0},
        {"<EVENT=", 0},   {"<EVENTS", -1},  {"<EVENTS>", 0},    {"<EVEN>", 0},   {"<n:", -1},
        {"<n:Event>", 1}, {"<n:EVENT>", 0}, {"<Event>", 1},     {"<:Event>", 0}, {"</EVENT>", 0},
        {"<1", 0},        {"<!", 0},        {"<a:b:Event>", 0}, {"<event>", 0},
    };
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(xml_lexer_is_mark(&lexer, cases[i].text, strlen(cases[i].text)), cases[i].is_mark);
}

/* ---- names ---- */

static void a_name_ends_at_the_first_byte_that_no_name_has(void **state)
{
    (void)state;
    assert_int_equal(xml_name_len("", 0), 0);
    assert_int_equal(xml_name_len("ab", 1), 1);
    assert_int_equal(xml_name_len("a-b.c:d_9\x80\xFFz", 12), 12);
    for (const char *c = " \t\r\n<>/='\"?![]"; *c; c++)
        assert_int_equal(xml_name_len((char[]){'a', *c}, 2), 1);
    assert_int_equal(xml_name_len("a\0b", 3), 1);
}

/* `before`, a name of `name_len` bytes, `after`; returns the whole length. */
static size_t write_named(char *text, const char *before, size_t name_len, const char *after)
{
    size_t len = strlen(before);
    memcpy(text, before, len);
    memset(text + len, 'n', name_len);
    len += name_len;
    memcpy(text + len, after, strlen(after));
    return len + strlen(after);
}

static void markup_with_a_name_that_is_too_long_is_no_markup(void **state)
{
    static const struct {
        const char *before, *after;
        enum xml_kind kind;
        size_t broken_len;
    } cases[] = {
        {"<", ">", XML_START, 1},
        {"<", "/>", XML_EMPTY, 1},
        {"</", ">", XML_END, 2},
        {"<?", "?>", XML_INSTRUCTION, 2},
    };
    char text[XML_NAME_MAX + 10];
    struct xml_lexer lexer;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xml_lexer_init(&lexer, &marks);
        size_t len = write_named(text, cases[i].before, XML_NAME_MAX, cases[i].after);
        for (size_t have = 1; have < len; have++)
            assert_int_equal(next_in_copy(&lexer, text, have).kind, XML_UNFINISHED);
        struct xml_token token = next_in_copy(&lexer, text, len);
        assert_int_equal(token.kind, cases[i].kind);
        assert_int_equal(token.name_len, XML_NAME_MAX);
        assert_int_equal(token.len, len);

        len = write_named(text, cases[i].before, XML_NAME_MAX + 1, "");
        for (size_t have = 1; have < len; have++)
            assert_int_equal(next_in_copy(&lexer, text, have).kind, XML_UNFINISHED);
        token = next_in_copy(&lexer, text, len);
        assert_int_equal(token.kind, XML_BROKEN);
        assert_int_equal(token.of, XML_TEXT);
        assert_int_equal(token.len, cases[i].broken_len);
    }
}

static void a_name_that_is_too_long_is_no_marks_name(void **state)
{
    char text[XML_NAME_MAX + 10];
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    assert_int_equal(xml_lexer_is_mark(&lexer, text, write_named(text, "<", XML_NAME_MAX, "")), -1);
    assert_int_equal(xml_lexer_is_mark(&lexer, text, write_named(text, "<", XML_NAME_MAX + 1, "")), 0);
    size_t prefix_len = XML_NAME_MAX - strlen(":Event");
    assert_int_equal(xml_lexer_is_mark(&lexer, text, write_named(text, "<", prefix_len, ":Event>")), 1);
    assert_int_equal(xml_lexer_is_mark(&lexer, text, write_named(text, "<", prefix_len + 1, ":Event>")), 0);
}

/* ---- hidden text in a DOCTYPE ---- */

static void a_comment_in_a_doctype_hides_until_it_is_closed(void **state)
{
    static const char text[] = "<!DOCTYPE a [<!-- <EVENT> ]>' --> ]>";
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    for (int again = 0; again < 3; again++) {
        struct xml_token token = next_in_copy(&lexer, text, sizeof text - 1);
        assert_int_equal(token.kind, XML_UNFINISHED);
        assert_int_equal(token.of, XML_DOCTYPE);
        assert_true(token.hides);
        assert_int_equal(token.looked, 17);
    }
    xml_lexer_close_comment(&lexer, 33);
    assert_int_equal(next_in_copy(&lexer, text, 33).looked, 33);
    assert_false(next_in_copy(&lexer, text, 34).hides);
    assert_int_equal(next_in_copy(&lexer, text, sizeof text - 1).len, sizeof text - 1);
}

static void a_forgotten_token_leaves_nothing_behind(void **state)
{
    static const char *const unfinished[] = {"<a b='", "<!DOCTYPE a [", "<!DOCTYPE '", "<!DOCTYPE <!--",
                                             "<?a b"};
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++) {
        assert_int_equal(xml_lexer_next(&lexer, unfinished[i], strlen(unfinished[i])).kind, XML_UNFINISHED);
        xml_lexer_forget(&lexer);
        assert_int_equal(xml_lexer_next(&lexer, "<!DOCTYPE>", 10).len, 10);
    }
}

/* ---- plain text and tags ---- */

static void what_is_plain_is_passed_up_to_what_is_not(void **state)
{
    static const struct {
        const char *text;
        size_t plain;
    } cases[] = {
        {"", 0},
        {"text", 4},
        {"text<", 4},
        {"text</", 4},
        {"text<a", 4},
        {"text<a>", 7},
        {"text<a>x</a>y", 13},
        {"<a ></a >", 9},
        {"<a/>t", 5},
        {"<a b='1'>", 0},
        {"<c><a b=\"1\">", 3},
        {"<c></c><EVENT>", 7},
        {"<c></EVENT>", 3},
        {"<c></x>", 7},
        {"<a <b>", 0},
        {"a<1>", 1},
        {"a< >", 1},
        {"a</ >", 1},
        {"a<!--", 1},
        {"a<![CDATA[", 1},
        {"a<?b?>", 1},
        {"<a-long-name-of-an-element-with-many-letters>", 45},
        {"<a-long-name-of-an-element-with-many-letters", 0},
        {"<a \x80\xFF~?@ 0123456789 -.:;=/ \t\n\r\0x>", 0},
    };
    struct xml_names names;
    struct why why = {0};
    struct xml_lexer lexer;
    (void)state;
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", "EVENT", &names, &why), RES_OK);
    xml_lexer_init(&lexer, &names);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(xml_lexer_skip_plain(&lexer, cases[i].text, strlen(cases[i].text)), cases[i].plain);
    }
    assert_int_equal(skip_in_copy("t<c></x>", 8), 1); /* *:Event may begin with any letter */
}

/* A sender that stretches a tag over a thousand segments costs no more than one that sends it at once. */
static void nothing_of_an_unfinished_token_is_passed_as_plain(void **state)
{
    struct xml_names names;
    struct why why = {0};
    struct xml_lexer lexer;
    (void)state;
    assert_int_equal(xml_names_parse("EVENT_ELEMENT", "EVENT", &names, &why), RES_OK);
    xml_lexer_init(&lexer, &names);
    assert_int_equal(xml_lexer_next(&lexer, "<a   ", 5).kind, XML_UNFINISHED);
    assert_int_equal(xml_lexer_skip_plain(&lexer, "<a    ><b>", 10), 0);
    assert_int_equal(xml_lexer_next(&lexer, "<a    ><b>", 10).len, 7);
    assert_int_equal(xml_lexer_skip_plain(&lexer, "<b>", 3), 3);
}

static void bytes_of_every_value_are_found_or_passed_in_a_tag(void **state)
{
    char text[32];
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &no_marks);
    for (size_t at = 3; at < 20; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memset(text, 'x', sizeof text);
            memcpy(text, "<a ", 3);
            text[at] = (char)byte;
            text[at + 1] = '>';
            size_t plain = byte == '<' || byte == '"' || byte == '\'' ? 0 : sizeof text;
            assert_int_equal(xml_lexer_skip_plain(&lexer, text, sizeof text), plain);
        }
    }
}

/* ---- random markup ---- */

static size_t random_markup(struct chance *chance, char *text, size_t max)
{
    static const char *const parts[] = {"<",         ">",      "/",       "?",         "!",  "'",    "\"",
                                        "[",         "]",      "-",       "a",         " ",  "<a",   "<EVENT",
                                        "<?",        "<!",     "--",      "?>",        "x",  "<!--", "-->",
                                        "<![CDATA[", "]]>",    "<EVENT>", "<n:Event ", "/>", "</a",  "=",
                                        "<!DOCTYPE", "<?xml ", "\xC3\xA9"};
    size_t len = 0;
    text[len++] = '<';
    while (len + 10 < max && chance_below(chance, 30) > 0) {
        const char *part = parts[chance_below(chance, sizeof parts / sizeof *parts)];
        memcpy(text + len, part, strlen(part));
        len += strlen(part);
    }
    text[len] = '\0';
    return len;
}

static void random_markup_gives_the_same_token_however_it_is_fed(void **state)
{
    struct chance chance = chance_begin();
    char text[200];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t len = random_markup(&chance, text, sizeof text);
        struct xml_token token = feed(text, len, len);
        assert_same_token(feed(text, len, 1), token);
        assert_same_token(feed(text, len, 1 + chance_below(&chance, len)), token);
        if (token.kind == XML_UNFINISHED) continue;
        assert_true(token.len > 0 && token.len <= len);
        for (size_t at = 1; at < token.len && !strstr(text, "<!--"); at++)
            assert_false(is_mark(text + at, len - at));
    }
}

/* Plain text holds tags without values alone, and ends where the lexer finds something else. */
static void random_plain_text_has_the_tokens_that_the_lexer_finds(void **state)
{
    struct chance chance = chance_begin();
    char text[200];
    struct xml_lexer lexer;
    (void)state;
    xml_lexer_init(&lexer, &marks);
    for (int i = 0; i < 100000; i++) {
        size_t len = random_markup(&chance, text, sizeof text);
        size_t at = 0;
        size_t plain = skip_in_copy(text, len);
        while (at < plain) {
            struct xml_token token = xml_lexer_next(&lexer, text + at, len - at);
            bool is_tag = token.kind == XML_START || token.kind == XML_EMPTY || token.kind == XML_END;
            assert_true(token.kind == XML_TEXT || (is_tag && token.values == 0));
            at += token.len;
        }
        assert_int_equal(at, plain);
        assert_true(plain == len || text[plain] == '<');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_token_is_recognized_however_it_is_fed),
        cmocka_unit_test(a_lexer_that_finished_a_token_reads_the_next_one_anew),
        cmocka_unit_test(text_reaches_up_to_the_next_lt_or_the_end),
        cmocka_unit_test(a_mark_is_told_first_and_then_read_as_a_tag),
        cmocka_unit_test(a_lexer_without_marks_finds_none),
        cmocka_unit_test(the_start_of_a_mark_is_known_when_its_name_has_ended),
        cmocka_unit_test(a_name_ends_at_the_first_byte_that_no_name_has),
        cmocka_unit_test(markup_with_a_name_that_is_too_long_is_no_markup),
        cmocka_unit_test(a_name_that_is_too_long_is_no_marks_name),
        cmocka_unit_test(a_comment_in_a_doctype_hides_until_it_is_closed),
        cmocka_unit_test(a_forgotten_token_leaves_nothing_behind),
        cmocka_unit_test(what_is_plain_is_passed_up_to_what_is_not),
        cmocka_unit_test(nothing_of_an_unfinished_token_is_passed_as_plain),
        cmocka_unit_test(bytes_of_every_value_are_found_or_passed_in_a_tag),
        cmocka_unit_test(random_markup_gives_the_same_token_however_it_is_fed),
        cmocka_unit_test(random_plain_text_has_the_tokens_that_the_lexer_finds),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
