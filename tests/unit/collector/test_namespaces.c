/* test_namespaces -- XML_NAMESPACES as people write it, and events that use prefixes without declaring them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/namespaces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void pairs_become_declarations(void **state)
{
    static const struct {
        const char *text;
        const char *declarations;
    } rows[] = {
        {"", ""},
        {"  ", ""},
        {"a=u", " xmlns:a=\"u\""},
        {" a = u ", " xmlns:a=\"u\""},
        {"a=u,b=v", " xmlns:a=\"u\" xmlns:b=\"v\""},
        {"a=u ,\n\tb = v", " xmlns:a=\"u\" xmlns:b=\"v\""},
        {"a=tag:x,2005:y", " xmlns:a=\"tag:x,2005:y\""},
        {"a=tag:x,2005:y, b=v", " xmlns:a=\"tag:x,2005:y\" xmlns:b=\"v\""},
        {"a=http://h/?x=1&y='2'", " xmlns:a=\"http://h/?x=1&amp;y='2'\""},
        {"log4j=http://jakarta.apache.org/log4j/", " xmlns:log4j=\"http://jakarta.apache.org/log4j/\""},
        {"\u00e9=u", " xmlns:\u00e9=\"u\""},
        {"xmlnsx=u,xml1=v", " xmlns:xmlnsx=\"u\" xmlns:xml1=\"v\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        if (namespaces_parse(rows[i].text, &out, &why) != RES_OK) fail_msg("%s: %s", rows[i].text, why.text);
        buf_append_char(&out, '\0');
        assert_string_equal(out.data, rows[i].declarations);
        buf_fini(&out);
    }
}

static void a_wrong_pair_is_refused_and_named_with_a_remedy(void **state)
{
    static const struct {
        const char *text;
        const char *part;
        const char *remedy;
    } rows[] = {
        {"a", "'a'", "expected prefix=uri"},
        {"http://x/", "'http://x/'", "expected prefix=uri"},
        {"=u", "'=u'", "expected prefix=uri"},
        {"1a=u", "'1a=u'", "expected prefix=uri"},
        {"<a>=u", "'<a>=u'", "expected prefix=uri"},
        {"a=", "'a='", "the URI is empty"},
        {"a=,b=v", "'a='", "the URI is empty"},
        {"a=u,b=", "'b='", "the URI is empty"},
        {"a=u,", "'a=u,'", "a comma is followed by no pair"},
        {"a=u,,b=v", "'a=u,'", "a comma is followed by no pair"},
        {",a=u", "''", "expected prefix=uri"},
        {"a=u b=v", "'a=u b=v'", "separated by commas"},
        {"a=u\x01", "'a=u\\x01'", "not a URI"},
        {"a=u\u00e9", "'a=u\u00e9'", "not a URI"},
        {"a=\"u\"", "'a=\"u\"'", "not a URI"},
        {"a=<u>", "'a=<u>'", "not a URI"},
        {"a={u}", "'a={u}'", "not a URI"},
        {"xml=u", "'xml=u'", "XML itself"},
        {"a=u, xmlns=v", "'xmlns=v'", "XML itself"},
        {"xmlns:a=u", "'xmlns:a=u'", "no colon"},
        {"a=u, b=v, a=w", "'a=w'", "already has a URI"},
        {"a=http://www.w3.org/2000/xmlns/", "'a=http", "reserves this URI"},
        {"a=http://www.w3.org/XML/1998/namespace", "'a=http", "reserves this URI"},
        {"a=\xE9", "", "not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        assert_int_equal(namespaces_parse(rows[i].text, &out, &why), RES_REFUSE);
        if (strncmp(why.text, "XML_NAMESPACES: ", 16) != 0 || !strstr(why.text, rows[i].part) ||
            !strstr(why.text, rows[i].remedy))
            fail_msg("%s: %s", rows[i].text, why.text);
        buf_fini(&out);
    }
}

static void a_prefix_and_a_uri_may_be_1024_bytes_long(void **state)
{
    char text[2048];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bool is_long = i >= 2;
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        (void)snprintf(text, sizeof text, i % 2 ? "p=n%0*d" : "n%0*d=u", is_long ? 1024 : 1023, 0);
        assert_int_equal(namespaces_parse(text, &out, &why), is_long ? RES_REFUSE : RES_OK);
        if (is_long) assert_non_null(strstr(why.text, "longer than 1024 bytes"));
        buf_fini(&out);
    }
}

static void the_last_declaration_of_a_prefix_is_found(void **state)
{
    static const struct {
        const char *declarations;
        const char *prefix;
        const char *value; /* NULL: absent */
    } rows[] = {
        {"", "a", NULL},
        {" xmlns:a=\"u\"", "a", "\"u\""},
        {" xmlns:a='u'", "a", "'u'"},
        {" xmlns:a='u' xmlns:b=\"it's\" xmlns:a='w'", "a", "'w'"},
        {" xmlns:a='u' xmlns:b=\"it's\" xmlns:a='w'", "b", "\"it's\""},
        {" xmlns:ab='u'", "a", NULL},
        {" xmlns:a='u'", "ab", NULL},
        {" xmlns='u' xmlns:a\n=\n'v'", "a", "'v'"},
        {" xmlns='u'", "", NULL},
        {" b=' xmlns:a=\"u\"'", "a", NULL},
        {" xmlns:a=u", "a", NULL},
        {" xmlns:a='u", "a", NULL},
        {" xmlns:a", "a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice value = namespaces_find(slice_of(rows[i].declarations), slice_of(rows[i].prefix));
        bool is_right = rows[i].value ? value.data && value.len == strlen(rows[i].value) &&
                                            memcmp(value.data, rows[i].value, value.len) == 0
                                      : !value.data;
        if (!is_right)
            fail_msg("%s in %s: %.*s", rows[i].prefix, rows[i].declarations, (int)value.len, value.data);
    }
}

/* The event in a block of its own: a sanitizer sees a byte too many. */
static bool complete(const char *text, const char *inner, const char *outer, struct buf *out, char *missing)
{
    size_t len = strlen(text);
    char *event = malloc(len + !len);
    struct slice prefix = {NULL, 0};
    struct buf declarations = BUF_EMPTY;
    size_t at = 0;
    assert_non_null(event);
    memcpy(event, text, len);
    bool is_complete = namespaces_find_missing((struct slice){event, len}, slice_of(inner), slice_of(outer),
                                               &declarations, &at, &prefix);
    assert_true(at <= len);
    buf_append(out, event, at);
    buf_append(out, declarations.data, declarations.len);
    buf_append(out, event + at, len - at);
    buf_append_char(out, '\0');
    buf_fini(&declarations);
    missing[0] = '\0';
    if (!is_complete) {
        assert_true(prefix.data >= event && prefix.data < event + len);
        (void)sprintf(missing, "%.*s at %d", (int)prefix.len, prefix.data, (int)(prefix.data - event));
    }
    free(event);
    return is_complete;
}

static void missing_prefixes_are_declared_behind_the_events_name(void **state)
{
    static const char inner[] = " xmlns:a='A' xmlns:b='B' xmlns:a='A2'";
    static const char outer[] = " xmlns:b=\"O\" xmlns:c=\"C\"";
    static const struct {
        const char *event;
        const char *completed; /* NULL: unchanged */
    } rows[] = {
        {"", NULL},
        {"<e/>", NULL},
        {"<e><x>a:b</x></e>", NULL},
        {"<e xml:lang='en'><x xml:space='preserve'/></e>", NULL},
        {"<a:e/>", "<a:e xmlns:a='A2'/>"},
        {"<a:e></a:e>", "<a:e xmlns:a='A2'></a:e>"},
        {"<a:e\n x='1'>t</a:e>", "<a:e xmlns:a='A2'\n x='1'>t</a:e>"},
        {"<e><b:x/></e>", "<e xmlns:b='B'><b:x/></e>"},
        {"<e><c:x/><a:x/><c:x/></e>", "<e xmlns:c=\"C\" xmlns:a='A2'><c:x/><a:x/><c:x/></e>"},
        {"<e c:y='1'><x a:y='2'/></e>", "<e xmlns:c=\"C\" xmlns:a='A2' c:y='1'><x a:y='2'/></e>"},
        {"<e c:y='1' xmlns:c='own'/>", NULL},
        {"<c:e xmlns:c='own'><c:x/></c:e>", NULL},
        {"<e><x xmlns:c='own'><c:y/></x></e>", NULL},
        {"<e><x xmlns:c='own'/><c:y/></e>", "<e xmlns:c=\"C\"><x xmlns:c='own'/><c:y/></e>"},
        {"<e><x xmlns:c='own'><c:y/></x><c:y/></e>",
         "<e xmlns:c=\"C\"><x xmlns:c='own'><c:y/></x><c:y/></e>"},
        {"<e><x xmlns:c='1'><x xmlns:c='2'/><c:y/></x></e>", NULL},
        {"<e><x xmlns:c='1'><x xmlns:c='2'></x><c:y/></x></e>", NULL},
        {"<e><c:y/><x xmlns:c='own'><c:y/></x></e>",
         "<e xmlns:c=\"C\"><c:y/><x xmlns:c='own'><c:y/></x></e>"},
        {"<e><!-- <q:x> --><![CDATA[<q:x>]]><?p <q:x>?><x y='q:z=\">' z=\"<q:x a:b='1'>\"/></e>", NULL},
        {"<e><!--><q:x>--><!-- > --></e>", NULL},
        {"<e><x y='/'><c:y/></x></e>", "<e xmlns:c=\"C\"><x y='/'><c:y/></x></e>"},
        {"<e xmlns:q='own'><q:x y='/>'></q:x></e>", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        char missing[64];
        if (!complete(rows[i].event, inner, outer, &out, missing)) fail_msg("%s: %s", rows[i].event, missing);
        assert_string_equal(out.data, rows[i].completed ? rows[i].completed : rows[i].event);
        buf_fini(&out);
    }
}

static void a_prefix_that_is_declared_nowhere_is_named_with_its_place(void **state)
{
    static const struct {
        const char *event;
        const char *missing;
    } rows[] = {
        {"<q:e/>", "q at 1"},
        {"<e><c:x/><q:x/><r:x/></e>", "q at 10"},
        {"<e q:y='1'/>", "q at 3"},
        {"<e><x xmlns:q='own'/><q:y/></e>", "q at 22"},
        {"<e><x xmlns:q='own'></x><q:y/></e>", "q at 25"},
        {"<e><x xmlns:cc='own'><q:y/></x></e>", "q at 22"},
        {"<xmlns:e/>", "xmlns at 1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        char missing[64];
        assert_false(complete(rows[i].event, "", " xmlns:c='C'", &out, missing));
        assert_string_equal(missing, rows[i].missing);
        buf_fini(&out);
    }
}

static void at_most_256_different_prefixes_can_be_missing(void **state)
{
    struct buf event = BUF_EMPTY;
    struct buf outer = BUF_EMPTY;
    (void)state;
    for (int i = 0; i <= 256; i++) buf_append_format(&outer, " xmlns:p%d='u%d'", i, i);
    buf_append_char(&outer, '\0');
    for (int count = 256; count <= 257; count++) {
        struct buf out = BUF_EMPTY;
        char missing[64];
        buf_clear(&event);
        buf_append_text(&event, "<e>");
        for (int i = 0; i < 2 * count; i++) buf_append_format(&event, "<p%d:x/>", i / 2);
        buf_append_text(&event, "</e>");
        buf_append_char(&event, '\0');
        assert_int_equal(complete(event.data, "", outer.data, &out, missing), count == 256);
        if (count == 257) assert_memory_equal(missing, "p256 at ", 8);
        buf_fini(&out);
    }
    buf_fini(&event);
    buf_fini(&outer);
}

/* The walk must end within the event, whatever that is: a cut-off event in a block of its own shows it. */
static void text_that_is_not_well_formed_is_read_no_further_than_its_end(void **state)
{
    static const char event[] = "<a:e c:x = 'v'><!-- c --><![CDATA[ d ]]><?p i?><b:x xmlns:b=\"u\"/></a:e>";
    char text[sizeof event];
    (void)state;
    for (size_t len = 0; len < sizeof event; len++) {
        struct buf out = BUF_EMPTY;
        char missing[64];
        memcpy(text, event, len);
        text[len] = '\0';
        (void)complete(text, "", " xmlns:a='A' xmlns:c='C'", &out, missing);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_become_declarations),
        cmocka_unit_test(a_wrong_pair_is_refused_and_named_with_a_remedy),
        cmocka_unit_test(a_prefix_and_a_uri_may_be_1024_bytes_long),
        cmocka_unit_test(the_last_declaration_of_a_prefix_is_found),
        cmocka_unit_test(missing_prefixes_are_declared_behind_the_events_name),
        cmocka_unit_test(a_prefix_that_is_declared_nowhere_is_named_with_its_place),
        cmocka_unit_test(at_most_256_different_prefixes_can_be_missing),
        cmocka_unit_test(text_that_is_not_well_formed_is_read_no_further_than_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
