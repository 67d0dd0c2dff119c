/* test_drop -- which children are cut out of an event, and that nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/drop.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void exactly_the_listed_children_are_removed(void **state)
{
    static const struct {
        const char *names, *xml, *kept;
    } rows[] = {
        {"a", "<E><a>1</a><b>2</b></E>", "<E><b>2</b></E>"},
        {"b", "<E><a>1</a><b>2</b></E>", "<E><a>1</a></E>"},
        {"a,b", "<E><a>1</a><b>2</b></E>", "<E></E>"},
        {"c", "<E><a>1</a><b>2</b></E>", "<E><a>1</a><b>2</b></E>"},
        {"a", "<E><a/><b/><a /><a\n></a\t></E>", "<E><b/></E>"},
        {"a", "<E>\n  <a>1</a>\r\n  <b>2</b>\n</E>", "<E>\n  \r\n  <b>2</b>\n</E>"}, /* white space stays */
        {"a", "<E>own <a>1</a>text</E>", "<E>own text</E>"},
        {"a", "<E/>", "<E/>"},
        {"a", "<E></E>", "<E></E>"},
        {"E", "<E><a/></E>", "<E><a/></E>"},                       /* the event itself is no child */
        {"a", "<E><b><a>1</a></b></E>", "<E><b><a>1</a></b></E>"}, /* nor is a grandchild one */
        {"a", "<E><a><a>1</a><b>2</b></a><b>3</b></E>", "<E><b>3</b></E>"},
        {"a", "<E><A>1</A><aa>2</aa><a.b/><a-b/><ab/></E>", "<E><A>1</A><aa>2</aa><a.b/><a-b/><ab/></E>"},
        {"a", "<E><a x='1>2' y=\"'>\"/><b/></E>", "<E><b/></E>"},
        {"a", "<E x='<a>'><b y='a>'/></E>", "<E x='<a>'><b y='a>'/></E>"}, /* no walk in attributes */
        {"a", "<E><a><![CDATA[</a>]]></a><b/></E>", "<E><b/></E>"},
        {"a", "<E><![CDATA[<a>1</a>]]><b/></E>", "<E><![CDATA[<a>1</a>]]><b/></E>"},
        {"a", "<E><!-- <a>1</a> --><b/></E>", "<E><!-- <a>1</a> --><b/></E>"},
        {"a", "<E><a><!-- </a> --></a><?p </a>?><b/></E>", "<E><?p </a>?><b/></E>"},
        {"a", "<E><a><?p </a>?></a></E><!-- after --><?p?>\n", "<E></E><!-- after --><?p?>\n"},
        {"a", "<E xmlns:p='u'><p:a>1</p:a><a/><b/></E>", "<E xmlns:p='u'><b/></E>"}, /* any prefix or none */
        {"p:a", "<E xmlns:p='u'><p:a>1</p:a><a/><q:a xmlns:q='v'/></E>",
         "<E xmlns:p='u'><a/><q:a xmlns:q='v'/></E>"},
        {"n\xC3\xA9", "<E><n\xC3\xA9>1</n\xC3\xA9><n/></E>", "<E><n/></E>"},
        {"a", "<p:E xmlns:p='u'><a>1</a></p:E>", "<p:E xmlns:p='u'></p:E>"},
        {"a", "<E><a>&lt;/a&gt; > ' \" ]]</a></E>", "<E></E>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        buf_append_text(&out, "before");
        assert_int_equal(drop_fields(rows[i].names, rows[i].xml, strlen(rows[i].xml), &out, &why), RES_OK);
        buf_append_char(&out, '\0');
        assert_string_equal(out.data + 6, rows[i].kept);
        buf_fini(&out);
    }
}

/* Every beginning of an event, too: whatever is cut off, nothing of it is let through. */
static void an_incomplete_element_is_refused_without_any_output(void **state)
{
    static const char *const rows[] = {"",
                                       "x",
                                       "<",
                                       "<E><a></E>",
                                       "<E></a></E>x</E>",
                                       "</E>",
                                       "<E/><F/>",
                                       "<E></E><a>1</a>",
                                       "<!DOCTYPE E><E/>",
                                       "<E><!-- <a/></E>",
                                       "<E><![CDATA[ <a/></E>",
                                       "<E><?p <a/></E>",
                                       "<E><a x='></E>"};
    static const char whole[] = "<E y='1'><a x='1'>s<!-- c --><![CDATA[d]]><?p q?></a><b/></E>";
    (void)state;
    for (size_t i = 0; i < COUNT(rows) + sizeof whole - 1; i++) {
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        const char *xml = i < COUNT(rows) ? rows[i] : whole;
        size_t len = i < COUNT(rows) ? strlen(xml) : i - COUNT(rows);
        char exact[sizeof whole]; /* so that a sanitizer sees a step too far */
        memcpy(exact + sizeof exact - len, xml, len);
        assert_int_equal(drop_fields("a", exact + sizeof exact - len, len, &out, &why), RES_REFUSE);
        assert_int_equal(out.len, 0);
        assert_true(*why.text);
        buf_fini(&out);
    }
}

static void a_list_of_names_loses_its_white_space(void **state)
{
    static const struct {
        const char *written, *tidy;
    } rows[] = {
        {"cn", "cn"},
        {" cn ,\tplasectrxLname,p:x ", "cn,plasectrxLname,p:x"},
        {"_a,n\xC3\xA9,a-b.c1", "_a,n\xC3\xA9,a-b.c1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char names[100];
        struct why why = {0};
        (void)snprintf(names, sizeof names, "%s", rows[i].written);
        assert_int_equal(drop_tidy("DROP_FIELDS", names, &why), RES_OK);
        assert_string_equal(names, rows[i].tidy);
    }
}

static void an_invalid_list_of_names_is_refused_with_an_example(void **state)
{
    static const char *const rows[] = {"",   ",",  "a,", ",a", "a,,b", "a b",   "a;b",  "<a>",   "a/b",  "@a",
                                       "1a", "-a", ".a", ":a", "a:",   "a:b:c", "a[2]", "\"a\"", "a,b c"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char names[100];
        struct why why = {0};
        (void)snprintf(names, sizeof names, "%s", rows[i]);
        assert_int_equal(drop_tidy("DROP_FIELDS", names, &why), RES_REFUSE);
        assert_memory_equal(why.text, "DROP_FIELDS: ", 13);
        assert_non_null(strstr(why.text, "plasectrxLname,plasectrxFname"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_listed_children_are_removed),
        cmocka_unit_test(an_incomplete_element_is_refused_without_any_output),
        cmocka_unit_test(a_list_of_names_loses_its_white_space),
        cmocka_unit_test(an_invalid_list_of_names_is_refused_with_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
