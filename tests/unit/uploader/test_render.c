/* test_render -- whole objects, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/support/same_rendition.h"
#include "uploader/render/xml.h"

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
static struct buf render_batch(const struct batch *batch, const struct row *rows, size_t count,
                               struct rendition *rendition)
{
    struct buf out = BUF_EMPTY;
    struct why why = {0};
    buf_append_text(&out, "what was there before");
    struct render *render = render_begin(batch, &out);
    for (size_t i = 0; i < count; i++) assert_int_equal(render_row(render, &rows[i], &why), RES_OK);
    render_end(render, rendition);
    render_hash(&out, HASH_SHA256_AND_MD5, rendition, NULL);
    render_free(render);
    assert_int_equal(rendition->bytes, out.len);
    buf_append_char(&out, '\0');
    return out;
}

static struct batch some_batch(enum batch_kind kind, enum batch_format format, bool has_metadata)
{
    return (struct batch){
        .id = 41,
        .kind = kind,
        .format = format,
        .has_metadata = has_metadata,
        .identity = {.spool = "7f3a9c21d4", .node = "gate-1"},
        .sealed_at = 1753805700999,
    };
}

static struct buf render(enum batch_kind kind, enum batch_format format, bool has_metadata,
                         const struct row *rows, size_t count)
{
    struct rendition rendition;
    struct batch batch = some_batch(kind, format, has_metadata);
    return render_batch(&batch, rows, count, &rendition);
}

static void an_object_of_events_has_exactly_the_expected_bytes(void **state)
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

static void an_empty_event_becomes_an_empty_object_or_metadata_alone(void **state)
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

static void xml_metadata_comes_first_and_colliding_names_get_an_underscore(void **state)
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
        xml_append_event(&out, &batch, &row);
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

static void a_rejects_payload_is_rendered_as_text_or_base64(void **state)
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

static void each_reject_is_rendered_on_its_own_line(void **state)
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

static void a_reject_without_payload_quotes_nothing_of_it(void **state)
{
    struct row reject = event(3, "<EVENT><plasectrxLname>Smith");
    struct batch batch = some_batch(BATCH_REJECTS, BATCH_NDJSON, true);
    struct rendition rendition;
    (void)state;
    reject.reason = "malformed", reject.detail = "line 1, column 4: Attribute Smith redefined",
    reject.bytes = 28;
    batch.omits_payload = true;
    struct buf out = render_batch(&batch, &reject, 1, &rendition);
    assert_string_equal(
        out.data, "{\"_id\":\"3\",\"_received_at\":\"2025-07-29T16:15:00.045Z\",\"_source\":\"192.0.2.7\","
                  "\"_reason\":\"malformed\",\"_detail\":\"line 1, column 4: not well-formed XML\","
                  "\"_bytes\":\"28\",\"_truncated\":\"false\"}\n");
    buf_fini(&out);
}

static void pretty_json_has_one_member_on_each_line(void **state)
{
    static const struct {
        enum batch_format format;
        bool has_metadata;
        const char *object;
    } rows[] = {
        {BATCH_JSON, false,
         "[\n  {\n    \"a\": \"1\",\n    \"b\": \"\"\n  },\n  {},\n  {\n    \"@x\": \"\"\n  }\n]\n"},
        {BATCH_NDJSON, false, "{\"a\":\"1\",\"b\":\"\"}\n{}\n{\"@x\":\"\"}\n"}, /* for json alone */
        {BATCH_XML, false, HEAD "<EVENT><a>1</a><b/></EVENT>\n<EVENT/>\n<EVENT x=''/>\n</EVENTS>\n"},
    };
    const struct row events[] = {event(7, "<EVENT><a>1</a><b/></EVENT>"), event(8, "<EVENT/>"),
                                 event(9, "<EVENT x=''/>")};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = some_batch(BATCH_EVENTS, rows[i].format, rows[i].has_metadata);
        struct rendition rendition;
        batch.is_pretty = true;
        struct buf out = render_batch(&batch, events, COUNT(events), &rendition);
        assert_string_equal(out.data, rows[i].object);
        buf_fini(&out);
    }
}

static void dropped_fields_are_absent_from_every_format(void **state)
{
    static const struct {
        enum batch_format format;
        bool has_metadata;
        const char *object;
    } rows[] = {
        {BATCH_XML, false, HEAD "<EVENT><a>1</a>\n </EVENT>\n</EVENTS>\n"},
        {BATCH_XML, true, HEAD "<EVENT " META_7 "><a>1</a>\n </EVENT>\n</EVENTS>\n"},
        {BATCH_JSON, false, "[\n{\"a\":\"1\"}\n]\n"},
        {BATCH_NDJSON, true, "{" JSON_META("7") ",\"a\":\"1\"}\n"},
    };
    const struct row row =
        event(7, "<EVENT><l x='1'>Smith<n>J</n></l><a>1</a>\n <l/><l>again</l><p:l xmlns:p='u'/></EVENT>");
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct batch batch = some_batch(BATCH_EVENTS, rows[i].format, rows[i].has_metadata);
        struct rendition rendition;
        (void)snprintf(batch.dropped, sizeof batch.dropped, "k,l");
        struct buf out = render_batch(&batch, &row, 1, &rendition);
        assert_string_equal(out.data, rows[i].object);
        buf_fini(&out);
    }
}

static void a_malformed_event_is_refused_if_fields_are_dropped(void **state)
{
    static const enum batch_format formats[] = {BATCH_XML, BATCH_JSON, BATCH_NDJSON};
    const struct row row = event(7, "<EVENT><l>Smith</EVENT>");
    (void)state;
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct batch batch = some_batch(BATCH_EVENTS, formats[i], true);
        struct buf out = BUF_EMPTY;
        struct why why = {0};
        (void)snprintf(batch.dropped, sizeof batch.dropped, "l");
        struct render *render = render_begin(&batch, &out);
        assert_int_equal(render_row(render, &row, &why), RES_REFUSE);
        assert_memory_equal(why.text, "event 7: ", 9);
        assert_true(out.len == 0 || !memmem(out.data, out.len, "Smith", 5));
        assert_null(strstr(why.text, "Smith"));
        render_free(render);
        render_free(NULL);
        buf_fini(&out);
    }
}

/* What gzip -d makes of it; freed with buf_fini(). */
static struct buf uncompressed(const struct buf *body)
{
    struct buf text = BUF_EMPTY;
    z_stream stream = {.next_in = (Bytef *)body->data, .avail_in = (uInt)body->len};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    int code = Z_OK;
    while (code == Z_OK) {
        buf_reserve(&text, 65536);
        stream.next_out = (Bytef *)text.data + text.len;
        stream.avail_out = 65536;
        code = inflate(&stream, Z_NO_FLUSH);
        text.len += 65536 - stream.avail_out;
    }
    assert_int_equal(code, Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    (void)inflateEnd(&stream);
    return text;
}

/* Objects of nothing, of one small event, and of more than many slices. */
static void compressed_objects_are_deterministic_and_decompress_to_the_plain_one(void **state)
{
    static const size_t counts[] = {1, 2, 300, 5000};
    static const enum batch_format formats[] = {BATCH_XML, BATCH_JSON, BATCH_NDJSON};
    struct buf xml = BUF_EMPTY;
    struct row *rows = calloc(5000, sizeof *rows);
    (void)state;
    assert_non_null(rows);
    for (int i = 0; i < 60; i++) buf_append_format(&xml, "%s<a%d>%d</a%d>", i ? "" : "<EVENT>", i, i * i, i);
    buf_append(&xml, "</EVENT>", 9);
    for (int64_t i = 0; i < 5000; i++) rows[i] = event(i + 1, xml.data);
    for (size_t i = 0; i < COUNT(counts) * COUNT(formats); i++) {
        struct batch batch = some_batch(BATCH_EVENTS, formats[i % COUNT(formats)], true);
        struct rendition plain_is;
        struct rendition once_is;
        struct rendition again_is;
        size_t count = counts[i / COUNT(formats)];
        struct buf plain = render_batch(&batch, rows, count, &plain_is);
        batch.is_gzip = true;
        struct buf once = render_batch(&batch, rows, count, &once_is);
        struct buf again = render_batch(&batch, rows, count, &again_is);
        once.len--; /* the end for comparing */
        struct buf text = uncompressed(&once);
        assert_int_equal(text.len, plain.len - 1);
        assert_memory_equal(text.data, plain.data, text.len);
        check_same_rendition(&once_is, &again_is);
        assert_memory_equal(once.data, again.data, once.len);
        assert_string_equal(plain_is.content_sha256, plain_is.sha256);
        assert_string_equal(once_is.content_sha256, plain_is.sha256);
        assert_string_not_equal(once_is.sha256, plain_is.sha256);
        buf_fini(&text);
        buf_fini(&plain);
        buf_fini(&once);
        buf_fini(&again);
    }
    free(rows);
    buf_fini(&xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_of_events_has_exactly_the_expected_bytes),
        cmocka_unit_test(an_empty_event_becomes_an_empty_object_or_metadata_alone),
        cmocka_unit_test(xml_metadata_comes_first_and_colliding_names_get_an_underscore),
        cmocka_unit_test(json_names_that_collide_with_metadata_get_an_underscore),
        cmocka_unit_test(a_rejects_payload_is_rendered_as_text_or_base64),
        cmocka_unit_test(each_reject_is_rendered_on_its_own_line),
        cmocka_unit_test(a_reject_without_payload_quotes_nothing_of_it),
        cmocka_unit_test(pretty_json_has_one_member_on_each_line),
        cmocka_unit_test(dropped_fields_are_absent_from_every_format),
        cmocka_unit_test(a_malformed_event_is_refused_if_fields_are_dropped),
        cmocka_unit_test(compressed_objects_are_deterministic_and_decompress_to_the_plain_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
