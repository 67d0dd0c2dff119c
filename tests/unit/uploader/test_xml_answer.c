/* test_xml_answer -- what is found in an answer's XML, and which documents are refused before they cost anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/http/xml_answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SIZE         16

static struct xml_answer *parse(const char *text, size_t len)
{
    struct buf body = BUF_EMPTY;
    buf_append(&body, text, len);
    struct xml_answer *answer = xml_answer_parse(&body);
    buf_fini(&body);
    return answer;
}

static void the_text_of_an_element_is_found_by_its_name(void **state)
{
    static const struct {
        const char *document, *anywhere, *below_root;
    } rows[] = {
        {"<E><C>a</C></E>", "a", "a"},
        {"<?xml version='1.0' encoding='UTF-8'?>\n<E xmlns='http://s3/'>\n<C>a</C></E>\n", "a", "a"},
        {"<s:E xmlns:s='u'><s:C>a</s:C></s:E>", "a", "a"},
        {"<E><D><C>deep</C></D><C>flat</C></E>", "deep", "flat"},
        {"<E><C>first</C><C>last</C></E>", "first", "last"},
        {"<E><C>a<B>b</B><!-- c --><![CDATA[<d>]]></C></E>", "ab<d>", "ab<d>"},
        {"<E><C>&lt;&#65;&amp;</C></E>", "<A&", "<A&"},
        {"<E><C/></E>", "", ""},
        {"<E><C>fifteen letters</C></E>", "fifteen letters", "fifteen letters"},
        {"<E><C>sixteen letters!</C></E>", "", "sixteen letters"},
        {"<E><C>fourteen it is\xc3\xa9</C></E>", "", "fourteen it is"},
        {"\xef\xbb\xbf<E><C>a</C></E>", "a", "a"},
        {"<?xml version='1.0' encoding='UTF-16'?><E><C>\xc3\xa9</C></E>", "\xc3\xa9",
         "\xc3\xa9"}, /* it is not */
        {"<C>root</C>", "root", ""},
        {"<E><D>a</D></E>", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char found[SIZE];
        struct xml_answer *answer = parse(rows[i].document, strlen(rows[i].document));
        assert_non_null(answer);
        xml_answer_text(answer, "C", found, sizeof found);
        assert_string_equal(found, rows[i].anywhere);
        xml_answer_field(answer, "C", found, sizeof found);
        assert_string_equal(found, rows[i].below_root);
        xml_answer_free(answer);
    }
}

/* As UTF-16, with a byte order mark. */
static size_t to_utf16(const char *text, bool is_big_endian, char *out)
{
    size_t len = 0;
    out[len++] = is_big_endian ? '\xfe' : '\xff';
    out[len++] = is_big_endian ? '\xff' : '\xfe';
    for (; *text; text++) {
        out[len + is_big_endian] = *text;
        out[len + !is_big_endian] = '\0';
        len += 2;
    }
    return len;
}

static void a_document_type_is_refused(void **state)
{
    static const char *const documents[] = {
        "<!DOCTYPE E><E><C>a</C></E>",
        "<!DOCTYPE E [<!ENTITY x 'y'>]><E><C>&x;</C></E>",
        "<!DOCTYPE E SYSTEM 'file:///etc/passwd'><E><C>a</C></E>",
        "<!DOCTYPE E [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><E><C>&x;</C></E>",
        "<?xml version='1.0'?><!-- c --><!DOCTYPE E [<!ELEMENT E ANY>]><E><C>a</C></E>",
        "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML//EN' 'http://w3.org/x.dtd'><html><C>a</C></html>",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) assert_null(parse(documents[i], strlen(documents[i])));
}

static void what_is_not_xml_in_utf8_is_refused(void **state)
{
    static const char *const documents[] = {"",
                                            "no",
                                            "<E>",
                                            "<E></F>",
                                            "<E>&x;</E>",
                                            "<E a=b/>",
                                            "<E/><E/>",
                                            "<E>\x01</E>",
                                            "<E>\xff</E>",
                                            "<?xml version='1.0' encoding='ISO-8859-1'?><E>\xe9</E>",
                                            "{\"a\": 1}",
                                            "\xff\xfe<"};
    char wide[100];
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) assert_null(parse(documents[i], strlen(documents[i])));
    for (int big = 0; big < 2; big++) {
        size_t len = to_utf16("<E><C>a</C></E>", big, wide);
        assert_null(parse(wide, len));
        assert_null(parse(wide + 2, len - 2));
    }
    xml_answer_text(NULL, "C", wide, sizeof wide);
    assert_string_equal(wide, "");
}

/* `count` times `repeated`, between the two. */
static struct xml_answer *parse_many(const char *before, const char *repeated, size_t count,
                                     const char *after)
{
    struct buf body = BUF_EMPTY;
    buf_append_text(&body, before);
    for (size_t i = 0; i < count; i++) buf_append_text(&body, repeated);
    buf_append_text(&body, after);
    struct xml_answer *answer = xml_answer_parse(&body);
    buf_fini(&body);
    return answer;
}

static void elements_are_bounded_in_number_and_in_depth(void **state)
{
    char closing[5 * XML_ANSWER_DEPTH_MAX] = "";
    struct xml_answer *answer = parse_many("<E>", "<C>a</C>", XML_ANSWER_ELEMENTS_MAX - 1, "</E>");
    (void)state;
    assert_non_null(answer);
    xml_answer_free(answer);
    assert_null(parse_many("<E>", "<C>a</C>", XML_ANSWER_ELEMENTS_MAX, "</E>"));
    for (size_t i = 0; i < XML_ANSWER_DEPTH_MAX; i++) strcat(closing, "</C>");
    answer = parse_many("", "<C>", XML_ANSWER_DEPTH_MAX, closing);
    assert_non_null(answer);
    xml_answer_free(answer);
    assert_null(parse_many("<E>", "<C>", XML_ANSWER_DEPTH_MAX, closing));
    assert_null(parse_many("", "<C>", 60000, ""));
}

static void a_long_text_is_kept_whole(void **state)
{
    char text[30001];
    struct xml_answer *answer = parse_many("<E><C>", "&#x20AC;", 10000, "</C></E>");
    (void)state;
    assert_non_null(answer);
    xml_answer_text(answer, "C", text, sizeof text);
    assert_int_equal(strlen(text), 30000);
    xml_answer_free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_of_an_element_is_found_by_its_name),
        cmocka_unit_test(a_document_type_is_refused),
        cmocka_unit_test(what_is_not_xml_in_utf8_is_refused),
        cmocka_unit_test(elements_are_bounded_in_number_and_in_depth),
        cmocka_unit_test(a_long_text_is_kept_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
