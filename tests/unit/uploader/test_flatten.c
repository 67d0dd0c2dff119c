/*
 * test_flatten -- one event as flat JSON members. In the tables a single quote in what is expected stands for a double
 * one, for the eye.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/flatten.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct row {
    const char *xml;
    const char *json;
};

static int flatten_start(void **state)
{
    *state = flatten_new(FLATTEN_AUTO);
    return 0;
}

static int flatten_end(void **state)
{
    flatten_free(*state);
    return 0;
}

/* The event's members, without the braces around them, in `out`. */
static enum result flatten_alone(struct flatten *flatten, const char *xml, size_t len, bool has_metadata,
                                 struct buf *out, struct why *why)
{
    struct json_object object;
    json_begin(&object, out, false);
    buf_clear(out);
    return flatten_event(flatten, xml, len, has_metadata, &object, why);
}

/* All rows with one flattener, as a batch does it. */
static void check(struct flatten *flatten, const struct row *rows, size_t count, bool has_metadata)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        assert_int_equal(flatten_alone(flatten, rows[i].xml, strlen(rows[i].xml), has_metadata, &out, &why),
                         RES_OK);
        for (size_t j = 0; j < out.len; j++)
            if (out.data[j] == '"') out.data[j] = '\'';
        buf_append_char(&out, '\0');
        if (strcmp(out.data, rows[i].json) != 0)
            fail_msg("%s\n    is %s\nnot %s", rows[i].xml, out.data, rows[i].json);
        buf_fini(&out);
    }
}

/* The same event each time, so its shape is known from the second time on; but how it is to be written changes. */
static void an_event_that_comes_again_is_written_as_each_object_wants(void **state)
{
    static const struct {
        bool is_pretty, has_member;
        const char *json;
    } rows[] = {
        {false, false, "{\"a\":\"1\",\"b/c\":\"\",\"b/d\":\"2\"}"},
        {false, true, "{\"_id\":\"7\",\"a\":\"1\",\"b/c\":\"\",\"b/d\":\"2\"}"},
        {true, false, "  {\n    \"a\": \"1\",\n    \"b/c\": \"\",\n    \"b/d\": \"2\"\n  }"},
        {true, true,
         "  {\n    \"_id\": \"7\",\n    \"a\": \"1\",\n    \"b/c\": \"\",\n    \"b/d\": \"2\"\n  }"},
    };
    static const char event[] = "<EVENT><a>1</a><b> <c/> <d>2</d></b></EVENT>";
    for (size_t i = 0; i < COUNT(rows) * COUNT(rows) * 2; i++) {
        size_t row = i % 2 ? i / 2 / COUNT(rows) : i / 2 % COUNT(rows);
        struct buf out = BUF_EMPTY;
        struct json_object object;
        struct why why = {0};
        json_begin(&object, &out, rows[row].is_pretty);
        if (rows[row].has_member) json_add_text(&object, "_id", "7");
        assert_int_equal(flatten_event(*state, event, strlen(event), false, &object, &why), RES_OK);
        json_end(&object);
        buf_append_char(&out, '\0');
        assert_string_equal(out.data, rows[row].json);
        buf_fini(&out);
    }
}

static void children_stand_under_their_names_in_document_order(void **state)
{
    static const struct row rows[] = {
        {"<EVENT/>", ""},
        {"<EVENT></EVENT>", ""},
        {"<EVENT> \r\n\t </EVENT>", ""},
        {"<EVENT><b>2</b><a>1</a></EVENT>", "'b':'2','a':'1'"},
        {"<EVENT>\n  <a>1</a>\n  <b>2</b>\n</EVENT>\n", "'a':'1','b':'2'"},
        {"<EVENT><a/><b></b><c> \t\r\n </c></EVENT>", "'a':'','b':'','c':''"},
        {"<EVENT><a>1</a><b>x</b><a>2</a><a/></EVENT>", "'a':'1','b':'x','a[2]':'2','a[3]':''"},
        {"<EVENT><A>1</A><a>2</a></EVENT>", "'A':'1','a':'2'"},
        {"<EVENT><a>007</a><b>1E5</b><c>true</c><d>null</d><e>-0.0</e></EVENT>",
         "'a':'007','b':'1E5','c':'true','d':'null','e':'-0.0'"},
        {"<\xC3\xA9v><n\xC3\xA9>\xE2\x82\xAC</n\xC3\xA9></\xC3\xA9v>", "'n\xC3\xA9':'\xE2\x82\xAC'"},
    };
    check(*state, rows, COUNT(rows), false);
}

static void nested_elements_carry_their_parents_names(void **state)
{
    static const struct row rows[] = {
        {"<EVENT><a><b>1</b></a></EVENT>", "'a/b':'1'"},
        {"<EVENT><a><b><c/></b></a></EVENT>", "'a/b/c':''"},
        {"<EVENT><a><b>1</b><b>2</b></a><a><b>3</b></a></EVENT>", "'a/b':'1','a/b[2]':'2','a[2]/b':'3'"},
        {"<EVENT><a><x>1</x></a><b><x>2</x></b><x>3</x></EVENT>", "'a/x':'1','b/x':'2','x':'3'"},
        {"<EVENT><a><a><a>1</a></a></a></EVENT>", "'a/a/a':'1'"},
        {"<EVENT><a> <b/> </a></EVENT>", "'a/b':''"},
        {"<EVENT><a>one<b>two</b>three</a></EVENT>", "'a':'onethree','a/b':'two'"},
        {"<EVENT><a>\n <b>two</b>\n three </a></EVENT>", "'a':'three','a/b':'two'"},
        {"<EVENT><a> <b/>\n<b/> one <b/> two </a></EVENT>",
         "'a':'one  two','a/b':'','a/b[2]':'','a/b[3]':''"},
        {"<EVENT>own<a>1</a> text</EVENT>", "'EVENT':'own text','a':'1'"},
        {"<EVENT>1<a/>2<a/>3<a/>4<a/></EVENT>", "'EVENT':'1234','a':'','a[2]':'','a[3]':'','a[4]':''"},
        {"<EVENT> text </EVENT>", "'EVENT':'text'"},
    };
    check(*state, rows, COUNT(rows), false);
}

static void attributes_follow_their_element(void **state)
{
    static const struct row rows[] = {
        {"<EVENT x='1' y='2'><a/></EVENT>", "'@x':'1','@y':'2','a':''"},
        {"<EVENT><a x='1'>t</a></EVENT>", "'a':'t','a/@x':'1'"},
        {"<EVENT><a x='1'/><a x='2'/></EVENT>", "'a':'','a/@x':'1','a[2]':'','a[2]/@x':'2'"},
        {"<EVENT><a x='1'><b y='2'/></a></EVENT>", "'a/@x':'1','a/b':'','a/b/@y':'2'"},
        {"<EVENT x='1'>t<a/></EVENT>", "'EVENT':'t','@x':'1','a':''"},
        {"<EVENT><a x=''/></EVENT>", "'a':'','a/@x':''"},
        {"<EVENT x=' 1 '/>", "'@x':' 1 '"},
        {"<EVENT x='a&amp;b&lt;c&gt;&quot;'/>", "'@x':'a&b<c>\\''"},
        {"<EVENT x='&#38;#38;'/>", "'@x':'&#38;'"},
        {"<EVENT x='a\nb\tc\r\nd'/>", "'@x':'a b c d'"}, /* XML 1.0, 3.3.3 */
        {"<EVENT x='a&#10;b&#9;c&#xD;d'/>", "'@x':'a\\nb\\tc\\rd'"},
    };
    check(*state, rows, COUNT(rows), false);
}

static void a_text_is_decoded_as_xml_and_trimmed(void **state)
{
    static const struct row rows[] = {
        {"<EVENT><a> \t\r\n x  y \n</a></EVENT>", "'a':'x  y'"},
        {"<EVENT><a>\xC2\xA0x\xE2\x80\x83</a></EVENT>",
         "'a':'\xC2\xA0x\xE2\x80\x83'"}, /* no XML white space */
        {"<EVENT><a>x\r\ny\rz</a></EVENT>", "'a':'x\\ny\\nz'"},
        {"<EVENT><a><![CDATA[x\r\ny\rz]]></a></EVENT>", "'a':'x\\ny\\nz'"},
        {"<EVENT><a>&lt;b&gt; &amp; &quot;</a></EVENT>", "'a':'<b> & \\''"},
        {"<EVENT><a>&amp;lt;</a></EVENT>", "'a':'&lt;'"},
        {"<EVENT><a>&#65;&#x42;&#xe9;&#x1F6AA;</a></EVENT>", "'a':'AB\xC3\xA9\xF0\x9F\x9A\xAA'"},
        {"<EVENT><a>&#32;x&#10;</a></EVENT>", "'a':'x'"},
        {"<EVENT><a><![CDATA[<b>&amp;]]></a></EVENT>", "'a':'<b>&amp;'"},
        {"<EVENT><a>x<![CDATA[]]>y <![CDATA[ z ]]></a></EVENT>", "'a':'xy  z'"},
        {"<EVENT><a><![CDATA[]]></a></EVENT>", "'a':''"},
        {"<EVENT><a>x<!-- not this -->y<?nor this?>z</a></EVENT>", "'a':'xyz'"},
        {"<EVENT><!-- <a>1</a> --><?a 1?></EVENT><!-- after -->", ""},
        {"<EVENT><a>C:\\dir \t \"q\"</a></EVENT>", "'a':'C:\\\\dir \\t \\'q\\''"},
        {"<EVENT><a>\x7f</a></EVENT>", "'a':'\x7f'"},
    };
    check(*state, rows, COUNT(rows), false);
}

static void names_keep_prefixes_and_namespace_declarations_are_omitted(void **state)
{
    static const struct row rows[] = {
        {"<EVENT xmlns='u' xmlns:p='v'><a/><p:a p:x='1' x='2'/></EVENT>",
         "'a':'','p:a':'','p:a/@p:x':'1','p:a/@x':'2'"},
        {"<EVENT xmlns:p='u' xmlns:q='u'><p:a/><q:a/><p:a/></EVENT>", "'p:a':'','q:a':'','p:a[2]':''"},
        {"<p:EVENT xmlns:p='u'>t<p:a>1</p:a></p:EVENT>", "'p:EVENT':'t','p:a':'1'"},
        {"<EVENT xml:lang='de'><a xml:space='preserve'> x </a></EVENT>",
         "'@xml:lang':'de','a':'x','a/@xml:space':'preserve'"},
    };
    check(*state, rows, COUNT(rows), false);
}

static void names_that_collide_with_metadata_get_an_underscore(void **state)
{
    static const struct row with[] = {
        {"<EVENT><_id>1</_id><id>2</id></EVENT>", "'__id':'1','id':'2'"},
        {"<EVENT><_id>1</_id><__id>2</__id><_id>3</_id></EVENT>", "'__id':'1','___id':'2','__id[2]':'3'"},
        {"<EVENT><_node><a x='1'/></_node></EVENT>", "'__node/a':'','__node/a/@x':'1'"},
        {"<EVENT _id='1'><a _id='2'><_id>3</_id></a></EVENT>", "'@_id':'1','a/@_id':'2','a/_id':'3'"},
        {"<EVENT xmlns:p='u'><p:_id>1</p:_id></EVENT>", "'p:_id':'1'"},
        {"<EVENT><_spool/><_received_at/><_source/></EVENT>",
         "'__spool':'','__received_at':'','__source':''"},
        {"<_id>own<a/></_id>", "'__id':'own','a':''"},
    };
    static const struct row without[] = {
        {"<EVENT><_id>1</_id><__id>2</__id></EVENT>", "'_id':'1','__id':'2'"},
        {"<_id>own<a/></_id>", "'_id':'own','a':''"},
    };
    check(*state, with, COUNT(with), true);
    check(*state, without, COUNT(without), false);
}

static void new_members_follow_earlier_ones_after_a_comma(void **state)
{
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    struct json_object object;
    json_begin(&object, &out, false);
    json_add_text(&object, "_id", "1");
    assert_int_equal(flatten_event(*state, "<E><a/><b/></E>", 15, true, &object, &why), RES_OK);
    assert_int_equal(flatten_event(*state, "<E/>", 4, true, &object, &why), RES_OK);
    json_end(&object);
    buf_append_char(&out, '\0');
    assert_string_equal(out.data, "{\"_id\":\"1\",\"a\":\"\",\"b\":\"\"}");
    buf_fini(&out);
}

/* Another libxml2 than the collector's may be stricter: no event may stop the uploader for that. */
static void a_malformed_event_is_kept_as_raw_xml(void **state)
{
    static const struct row rows[] = {
        {"", "'#xml':''"},
        {"x", "'#xml':'x'"},
        {"<E>", "'#xml':'<E>'"},
        {"<E><a></E>", "'#xml':'<E><a></E>'"},
        {"<E/><E/>", "'#xml':'<E/><E/>'"},
        {"<E>&nbsp;</E>", "'#xml':'<E>&nbsp;</E>'"},
        {"<E><b>1</b><a x=1/></E>", "'#xml':'<E><b>1</b><a x=1/></E>'"},
        {"<EVENT><a>1</a></EVENT>", "'a':'1'"}, /* the next one is not harmed */
    };
    check(*state, rows, COUNT(rows), false);
}

static void an_event_that_is_not_utf8_is_refused(void **state)
{
    static const struct row good = {"<EVENT><a>1</a></EVENT>", "'a':'1'"};
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    assert_int_equal(flatten_alone(*state, "<E>\xE9</E>", 8, false, &out, &why), RES_REFUSE);
    assert_int_equal(out.len, 0);
    assert_non_null(strstr(why.text, "UTF-8"));
    buf_fini(&out);
    check(*state, &good, 1, false);
}

/* More names than one parser's dictionary keeps, so that it is made anew in between. */
static void many_names_over_many_events_stay_apart(void **state)
{
    for (unsigned event = 0; event < 200; event++) {
        struct buf xml = BUF_EMPTY;
        struct buf json = BUF_EMPTY;
        buf_append_text(&xml, "<EVENT>");
        for (unsigned i = 0; i < 60; i++) {
            buf_append_format(&xml, "<n%u_%u/><n%u_%u/>", event, i, event, i);
            buf_append_format(&json, "%s'n%u_%u':'','n%u_%u[2]':''", i ? "," : "", event, i, event, i);
        }
        buf_append(&xml, "</EVENT>", 9);
        buf_append_char(&json, '\0');
        check(*state, &(struct row){xml.data, json.data}, 1, false);
        buf_fini(&xml);
        buf_fini(&json);
    }
}

/* `depth` elements inside each other with names of `name_len`, and in the innermost what `inside` says. */
static void nest(struct buf *xml, int depth, int name_len, const char *inside)
{
    buf_append_text(xml, "<EVENT>");
    for (int i = 0; i < depth; i++) buf_append_format(xml, "<n%0*d>", name_len - 1, 0);
    buf_append_text(xml, inside);
    for (int i = 0; i < depth; i++) buf_append_format(xml, "</n%0*d>", name_len - 1, 0);
    buf_append(xml, "</EVENT>", 9);
    xml->len--;
}

static void the_deepest_event_that_the_collector_accepts_is_flattened(void **state)
{
    struct buf xml = BUF_EMPTY;
    struct buf json = BUF_EMPTY;
    nest(&xml, 199, 2, "x");
    buf_append_char(&json, '\'');
    for (int i = 0; i < 199; i++) buf_append_text(&json, i ? "/n0" : "n0");
    buf_append(&json, "':'x'", 6);
    check(*state, &(struct row){xml.data, json.data}, 1, false);
    buf_fini(&xml);
    buf_fini(&json);
}

/* Their keys would be a hundred or a thousand times their size, by elements or by attributes. */
static void a_hostile_event_is_kept_as_raw_xml(void **state)
{
    static const struct {
        int depth, name_len, count;
        bool by_attributes;
    } shapes[] = {
        {198, 57, 6000, false}, /* 50 KB: a batch of 10 MB would be 14 GB of JSON */
        {198, 4000, 3000, false},
        {150, 4000, 4000, true}, /* all within the start tag that passes the ceiling */
        {10, 40000, 10000, true},
        {300, 4, 5000, false}, /* deeper than any that the collector takes */
    };
    static const struct row good = {"<EVENT><a>1</a></EVENT>", "'a':'1'"};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct buf inside = BUF_EMPTY;
        struct buf xml = BUF_EMPTY;
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        bool by_attributes = shapes[i].by_attributes;
        if (by_attributes) buf_append_text(&inside, "<a");
        for (int j = 0; j < shapes[i].count; j++)
            buf_append_format(&inside, by_attributes ? " a%d=''" : "<a%d/>", j);
        if (by_attributes) buf_append_text(&inside, "/>");
        buf_append_char(&inside, '\0');
        nest(&xml, shapes[i].depth, shapes[i].name_len, inside.data);
        assert_int_equal(flatten_alone(*state, xml.data, xml.len, false, &out, &why), RES_OK);
        assert_int_equal(out.len, xml.len + strlen("\"#xml\":\"\""));
        assert_memory_equal(out.data, "\"#xml\":\"<EVENT><n000", 20);
        assert_memory_equal(out.data + out.len - 9, "</EVENT>\"", 9);
        buf_fini(&inside);
        buf_fini(&xml);
        buf_fini(&out);
        check(*state, &good, 1, false);
    }
}

/* Small ones as well: whatever the shape, the JSON is at most a small multiple of the XML. */
static void no_event_grows_beyond_a_small_multiple_of_its_size(void **state)
{
    for (int depth = 0; depth < 199; depth += 11) {
        for (int name_len = 2; name_len < 200; name_len *= 3) {
            struct buf inside = BUF_EMPTY;
            for (int i = 0; i < 500; i++) {
                struct buf xml = BUF_EMPTY;
                struct buf out = BUF_EMPTY;
                struct why why = {0};
                buf_append_text(&inside, "<a/>");
                if (i % 20 != 0) continue;
                buf_append_char(&inside, '\0');
                inside.len--;
                nest(&xml, depth, name_len, inside.data);
                assert_int_equal(flatten_alone(*state, xml.data, xml.len, false, &out, &why), RES_OK);
                assert_true(out.len <= (FLATTEN_GROWTH + 2) * xml.len + 2 * FLATTEN_SLACK);
                buf_fini(&xml);
                buf_fini(&out);
            }
            buf_fini(&inside);
        }
    }
}

/*
 * Two shapes of events whose size can be tuned to the byte, and how many bytes they are below a limit. Of a chain all keys
 * are made and only the innermost element is a member: `<E>`, blanks, 60 elements inside each other, the innermost.
 */
static long chain_spare(long last_len, long blanks)
{
    long len = 7 + blanks + 60 * (2 * 100 + 5) + 2 * last_len + 5;
    long bytes = 1 + blanks + 60 * 101 + last_len;
    for (long depth = 1; depth <= 60; depth++) bytes += depth * 101 - 1;
    return FLATTEN_GROWTH * len + 65536 - bytes;
}

static void append_chain(struct buf *xml, long last_len, long blanks)
{
    buf_append_format(xml, "<E>%*s", (int)blanks, "");
    for (int i = 0; i < 60; i++) buf_append_format(xml, "<n%099d>", 0);
    buf_append_format(xml, "<m%0*d></m%0*d>", (int)last_len - 1, 0, (int)last_len - 1, 0);
    for (int i = 0; i < 60; i++) buf_append_format(xml, "</n%099d>", 0);
    buf_append_text(xml, "</E>");
}

/* A family is all members: one element with text, and 90 children that repeat its long name. */
static long family_spare(long text, long blanks)
{
    long len = 7 + 2 * 100 + 5 + 90 * 4 + text + blanks;
    long bytes = 100 + text + 90 * 102 + 8 * 3 + 81 * 4;
    return FLATTEN_GROWTH * len + FLATTEN_SLACK - bytes;
}

static void append_family(struct buf *xml, long text, long blanks)
{
    buf_append_format(xml, "<E><n%099d>", 0);
    for (int i = 0; i < 90; i++) buf_append_text(xml, "<b/>");
    for (long i = 0; i < text; i++) buf_append_char(xml, 'x');
    buf_append_format(xml, "%*s</n%099d></E>", (int)blanks, "", 0);
}

/* As a chain, but what fills up is the value of an attribute. */
static long attribute_spare(long last_len, long value_len)
{
    return chain_spare(last_len, value_len) + FLATTEN_GROWTH * 5 - 2;
}

static void append_with_attribute(struct buf *xml, long last_len, long value_len)
{
    struct buf chain = BUF_EMPTY;
    append_chain(&chain, last_len, 0);
    buf_append_format(xml, "<E b='%*s'", (int)value_len, "");
    buf_append(xml, chain.data + 2, chain.len - 2);
    buf_fini(&chain);
}

static bool is_kept_raw(enum flatten_reader reader, struct buf *xml)
{
    struct flatten *flatten = flatten_new(reader);
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    buf_append_char(xml, '\0');
    xml->len--;
    assert_int_equal(flatten_alone(flatten, xml->data, xml->len, false, &out, &why), RES_OK);
    bool is_raw = memcmp(out.data, "\"#xml\"", 6) == 0;
    buf_fini(&out);
    flatten_free(flatten);
    return is_raw;
}

static void the_limits_are_exact_to_the_byte(void **state)
{
    static const struct {
        long (*spare)(long, long);
        void (*append)(struct buf *, long, long);
    } shapes[] = {
        {chain_spare, append_chain}, {family_spare, append_family}, {attribute_spare, append_with_attribute}};
    (void)state;
    for (size_t i = 0; i < COUNT(shapes) * 2; i++) {
        struct buf xml = BUF_EMPTY;
        bool is_too_large = i % 2;
        for (long first = 2; first < 40 && xml.len == 0; first++)
            for (long second = 0; second < 5000 && xml.len == 0; second++)
                if (shapes[i / 2].spare(first, second) == -(long)is_too_large)
                    shapes[i / 2].append(&xml, first, second);
        assert_true(xml.len > 0);
        assert_int_equal(is_kept_raw(FLATTEN_AUTO, &xml), is_too_large);
        assert_int_equal(is_kept_raw(FLATTEN_LIBXML2, &xml), is_too_large);
        buf_fini(&xml);
    }
}

/*
 * So many names that some have the same hash, in a table that grows while they come. They begin alike: the hash is of the
 * whole name, or this would take minutes.
 */
static void events_with_many_children_are_numbered(void **state)
{
    static const struct {
        enum flatten_reader reader;
        int names, children;
    } rows[] = {{FLATTEN_AUTO, 900, 1800}, {FLATTEN_LIBXML2, 300000, 301000}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct flatten *flatten = flatten_new(rows[i].reader);
        struct buf xml = BUF_EMPTY;
        struct buf json = BUF_EMPTY;
        buf_append_text(&xml, "<E>");
        for (int j = 0; j < rows[i].children; j++) {
            bool is_second = j >= rows[i].names;
            buf_append_format(&xml, "<a_long_name_%d/>", j % rows[i].names);
            buf_append_format(&json, "%s'a_long_name_%d%s':''", j ? "," : "", j % rows[i].names,
                              is_second ? "[2]" : "");
        }
        buf_append(&xml, "</E>", 5);
        buf_append_char(&json, '\0');
        check(flatten, &(struct row){xml.data, json.data}, 1, false);
        buf_fini(&xml);
        buf_fini(&json);
        flatten_free(flatten);
    }
}

int main(void)
{
#define WITH_FLATTEN(test) cmocka_unit_test_setup_teardown(test, flatten_start, flatten_end)
    const struct CMUnitTest tests[] = {
        WITH_FLATTEN(children_stand_under_their_names_in_document_order),
        WITH_FLATTEN(nested_elements_carry_their_parents_names),
        WITH_FLATTEN(attributes_follow_their_element),
        WITH_FLATTEN(a_text_is_decoded_as_xml_and_trimmed),
        WITH_FLATTEN(names_keep_prefixes_and_namespace_declarations_are_omitted),
        WITH_FLATTEN(names_that_collide_with_metadata_get_an_underscore),
        WITH_FLATTEN(new_members_follow_earlier_ones_after_a_comma),
        WITH_FLATTEN(a_malformed_event_is_kept_as_raw_xml),
        WITH_FLATTEN(an_event_that_is_not_utf8_is_refused),
        WITH_FLATTEN(many_names_over_many_events_stay_apart),
        WITH_FLATTEN(an_event_that_comes_again_is_written_as_each_object_wants),
        WITH_FLATTEN(the_deepest_event_that_the_collector_accepts_is_flattened),
        WITH_FLATTEN(a_hostile_event_is_kept_as_raw_xml),
        WITH_FLATTEN(no_event_grows_beyond_a_small_multiple_of_its_size),
        WITH_FLATTEN(the_limits_are_exact_to_the_byte),
        WITH_FLATTEN(events_with_many_children_are_numbered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
