/* test_render -- whole objects, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define HEAD         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>\n"
#define META_7                                                                                               \
    "_spool=\"7f3a9c21d4\" _id=\"7\" _received_at=\"2025-07-29T16:15:00.045Z\" _source=\"192.0.2.7\" "       \
    "_node=\"gate-1\""
#define JSON_META(id)                                                                                        \
    "\"_spool\":\"7f3a9c21d4\",\"_id\":\"" id "\",\"_received_at\":\"2025-07-29T16:15:00.045Z\","            \
    "\"_source\":\"192.0.2.7\",\"_node\":\"gate-1\""

static struct row event(int64_t id, const char *xml)
{
    return (struct row){
        .id = id,
        .received_at = 1753805700045, /* 2025-07-29 16:15:00.045 */
        .source = "192.0.2.7",
        .payload = xml,
        .payload_len = strlen(xml),
    };
}

/* The object of these rows; to be freed with buf_fini(). It has an end for comparing. */
static struct buf render(enum batch_kind kind, enum batch_format format, bool has_metadata,
                         const struct row *rows, size_t count)
{
    struct batch batch = {
        .id = 41,
        .kind = kind,
        .format = format,
        .has_metadata = has_metadata,
        .identity = {.spool = "7f3a9c21d4", .node = "gate-1"},
        .sealed_at = 1753805700999,
    };
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    struct render *render = render_begin(&batch, &out);
    for (size_t i = 0; i < count; i++) assert_int_equal(render_row(render, &rows[i], &why), RES_OK);
    render_end(render);
    buf_append_char(&out, '\0');
    return out;
}

static void an_object_of_events_is_exactly_this(void **state)
{
    static const struct {
        enum batch_format format;
        bool has_metadata;
        const char *object;
    } rows[] = {
        {BATCH_XML, false,
         HEAD "<EVENT><a>1 &amp; 2</a>\r\n</EVENT>\n"
              "<EVENT x='\xC3\xA9'/>\n"
              "</EVENTS>\n"},
        {BATCH_XML, true,
         HEAD "<EVENT " META_7 "><a>1 &amp; 2</a>\r\n</EVENT>\n"
              "<EVENT _spool=\"7f3a9c21d4\" _id=\"8\" _received_at=\"2025-07-29T16:15:00.045Z\" "
              "_source=\"192.0.2.7\" _node=\"gate-1\" x='\xC3\xA9'/>\n"
              "</EVENTS>\n"},
        {BATCH_JSON, false, "[\n{\"a\":\"1 & 2\"},\n{\"@x\":\"\xC3\xA9\"}\n]\n"},
        {BATCH_JSON, true,
         "[\n{" JSON_META("7") ",\"a\":\"1 & 2\"},\n{" JSON_META("8") ",\"@x\":\"\xC3\xA9\"}\n]\n"},
        {BATCH_NDJSON, false, "{\"a\":\"1 & 2\"}\n{\"@x\":\"\xC3\xA9\"}\n"},
        {BATCH_NDJSON, true,
         "{" JSON_META("7") ",\"a\":\"1 & 2\"}\n{" JSON_META("8") ",\"@x\":\"\xC3\xA9\"}\n"},
    };
    const struct row events[] = {event(7, "<EVENT><a>1 &amp; 2</a>\r\n</EVENT>"),
                                 event(8, "<EVENT x='\xC3\xA9'/>")};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf once = render(BATCH_EVENTS, rows[i].format, rows[i].has_metadata, events, COUNT(events));
        struct buf again = render(BATCH_EVENTS, rows[i].format, rows[i].has_metadata, events, COUNT(events));
        assert_string_equal(once.data, rows[i].object);
        assert_string_equal(again.data, rows[i].object);
        buf_fini(&once);
        buf_fini(&again);
    }
}

static void an_event_without_anything_is_an_empty_object_or_metadata_alone(void **state)
{
    static const struct {
        enum batch_format format;
        bool has_metadata;
        const char *object;
    } rows[] = {
        {BATCH_XML, false, HEAD "<EVENT/>\n</EVENTS>\n"},
        {BATCH_XML, true, HEAD "<EVENT " META_7 "/>\n</EVENTS>\n"},
        {BATCH_JSON, false, "[\n{}\n]\n"},
        {BATCH_JSON, true, "[\n{" JSON_META("7") "}\n]\n"},
        {BATCH_NDJSON, false, "{}\n"},
        {BATCH_NDJSON, true, "{" JSON_META("7") "}\n"},
    };
    const struct row empty = event(7, "<EVENT/>");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = render(BATCH_EVENTS, rows[i].format, rows[i].has_metadata, &empty, 1);
        assert_string_equal(out.data, rows[i].object);
        buf_fini(&out);
    }
}

static void xml_metadata_comes_first_and_names_that_collide_get_an_underscore(void **state)
{
    static const struct {
        const char *xml;
        const char *rendered;
    } rows[] = {
        {"<EVENT>t</EVENT>", "<EVENT " META_7 ">t</EVENT>"},
        {"<EVENT/>", "<EVENT " META_7 "/>"},
        {"<EVENT />", "<EVENT " META_7 " />"},
        {"<EVENT\n>t</EVENT\n>", "<EVENT " META_7 "\n>t</EVENT\n>"},
        {"<p:EVENT xmlns:p='u'/>", "<p:EVENT " META_7 " xmlns:p='u'/>"},
        {"<EVENT a='1'/>", "<EVENT " META_7 " a='1'/>"},
        {"<EVENT\r\n\ta = \"1\"\n  b='2' >", "<EVENT " META_7 "\r\n\ta = \"1\"\n  b='2' >"},
        {"<EVENT _id='1'/>", "<EVENT " META_7 " __id='1'/>"},
        {"<EVENT _id = '1' __id=\"2\" id='3'/>", "<EVENT " META_7 " __id = '1' ___id=\"2\" id='3'/>"},
        {"<EVENT _spool='' _received_at='' _source='' _node=''/>",
         "<EVENT " META_7 " __spool='' __received_at='' __source='' __node=''/>"},
        {"<EVENT a='_id=' _id='a=\"/>'>_id='1'</EVENT>",
         "<EVENT " META_7 " a='_id=' __id='a=\"/>'>_id='1'</EVENT>"},
        {"<EVENT a='>/' b=\"'\" _node='x'/>", "<EVENT " META_7 " a='>/' b=\"'\" __node='x'/>"},
        {"<EVENT xmlns:_id='u' _id:_id='1'/>", "<EVENT " META_7 " xmlns:_id='u' _id:_id='1'/>"},
        {"<EVENT><a _id='1'/></EVENT>", "<EVENT " META_7 "><a _id='1'/></EVENT>"},
    };
    struct batch batch = {.has_metadata = true, .identity = {.spool = "7f3a9c21d4", .node = "gate-1"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = BUF_EMPTY;
        struct row row = event(7, rows[i].xml);
        render_xml_event(&out, &batch, &row);
        buf_append_char(&out, '\0');
        assert_string_equal(out.data, rows[i].rendered);
        buf_fini(&out);
    }
}

static void json_names_that_collide_with_metadata_get_an_underscore(void **state)
{
    const struct row row = event(7, "<EVENT><_id>1</_id><__id>2</__id></EVENT>");
    (void)state;
    struct buf with = render(BATCH_EVENTS, BATCH_NDJSON, true, &row, 1);
    struct buf without = render(BATCH_EVENTS, BATCH_NDJSON, false, &row, 1);
    assert_string_equal(with.data, "{" JSON_META("7") ",\"__id\":\"1\",\"___id\":\"2\"}\n");
    assert_string_equal(without.data, "{\"_id\":\"1\",\"__id\":\"2\"}\n");
    buf_fini(&with);
    buf_fini(&without);
}

/* A reject's payload and its length; the literal may hold NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void a_reject_is_a_line_of_json_with_its_payload_as_text_or_base64(void **state)
{
    static const struct {
        const char *payload;
        size_t len;
        int64_t bytes; /* as they came */
        const char *end;
    } rows[] = {
        {BYTES("GET / HTTP/1.1\r\n"), 16,
         "\"_bytes\":\"16\",\"_truncated\":\"false\",\"payload\":\"GET / HTTP/1.1\\r\\n\"}\n"},
        {BYTES("a\0\"\\"), 4,
         "\"_bytes\":\"4\",\"_truncated\":\"false\",\"payload\":\"a\\u0000\\\"\\\\\"}\n"},
        {BYTES("caf\xC3\xA9"), 5, "\"_bytes\":\"5\",\"_truncated\":\"false\",\"payload\":\"caf\xC3\xA9\"}\n"},
        {BYTES("caf\xE9"), 4, "\"_bytes\":\"4\",\"_truncated\":\"false\",\"payload_base64\":\"Y2Fm6Q==\"}\n"},
        {BYTES("\xFF"), 1, "\"_bytes\":\"1\",\"_truncated\":\"false\",\"payload_base64\":\"/w==\"}\n"},
        {BYTES("\xFF\xFE\0"), 3, "\"_bytes\":\"3\",\"_truncated\":\"false\",\"payload_base64\":\"//4A\"}\n"},
        {BYTES("<EVENT>"), 9000000000,
         "\"_bytes\":\"9000000000\",\"_truncated\":\"true\",\"payload\":\"<EVENT>\"}\n"},
        {BYTES("<a>\xC3"), 5, "\"_bytes\":\"5\",\"_truncated\":\"true\",\"payload_base64\":\"PGE+ww==\"}\n"},
        {BYTES(""), 0, "\"_bytes\":\"0\",\"_truncated\":\"false\",\"payload\":\"\"}\n"},
    };
    static const char begin[] =
        "{\"_id\":\"3\",\"_received_at\":\"2025-07-29T16:15:00.045Z\",\"_source\":\"2001:db8::1\","
        "\"_reason\":\"malformed\",\"_detail\":\"line 1, column 2: \\\"x\\\"\",";
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row reject = {
            .id = 3,
            .received_at = 1753805700045,
            .source = "2001:db8::1",
            .payload = rows[i].payload,
            .payload_len = rows[i].len,
            .reason = "malformed",
            .detail = "line 1, column 2: \"x\"",
            .bytes = rows[i].bytes,
        };
        struct buf out = render(BATCH_REJECTS, BATCH_NDJSON, false, &reject, 1);
        assert_memory_equal(out.data, begin, strlen(begin));
        assert_string_equal(out.data + strlen(begin), rows[i].end);
        buf_fini(&out);
    }
}

static void rejects_stand_line_by_line(void **state)
{
    struct row rejects[2] = {event(1, "x"), event(2, "y")};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        rejects[i].reason = "stray_bytes", rejects[i].detail = "", rejects[i].bytes = 1;
    struct buf out = render(BATCH_REJECTS, BATCH_NDJSON, true, rejects, 2);
    const char *second = strchr(out.data, '\n');
    assert_non_null(second);
    assert_memory_equal(out.data, "{\"_id\":\"1\",", 11);
    assert_memory_equal(second, "\n{\"_id\":\"2\",", 12);
    assert_string_equal(out.data + out.len - 17, ",\"payload\":\"y\"}\n");
    buf_fini(&out);
}

static void an_event_that_cannot_be_parsed_is_an_error_and_not_an_object(void **state)
{
    struct batch batch = {.format = BATCH_JSON};
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    struct row row = event(7, "<EVENT>");
    (void)state;
    struct render *render = render_begin(&batch, &out);
    assert_int_equal(render_row(render, &row, &why), RES_BROKEN);
    render_end(render);
    render_end(NULL);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_of_events_is_exactly_this),
        cmocka_unit_test(an_event_without_anything_is_an_empty_object_or_metadata_alone),
        cmocka_unit_test(xml_metadata_comes_first_and_names_that_collide_get_an_underscore),
        cmocka_unit_test(json_names_that_collide_with_metadata_get_an_underscore),
        cmocka_unit_test(a_reject_is_a_line_of_json_with_its_payload_as_text_or_base64),
        cmocka_unit_test(rejects_stand_line_by_line),
        cmocka_unit_test(an_event_that_cannot_be_parsed_is_an_error_and_not_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
