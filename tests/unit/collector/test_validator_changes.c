/*
 * test_validator_changes -- events that the validator changes: another encoding, prefixes that are not declared,
 * characters that XML forbids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/validator.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)
#define LONGEST      (8 * MEGABYTE) /* MAX_MESSAGE_SIZE */
#define F            "\xEF\xBF\xBD"

struct row {
    struct slice bytes;
    const char *encoding;
    const char *wrappers; /* declarations */
    struct slice payload; /* NULL: not valid */
    const char *uid;      /* valid: NULL for none */
    size_t replaced;
    enum reject_reason reason;
    const char *detail; /* its beginning */
};

static bool is_expected(const struct row *row, const struct verdict *verdict)
{
    struct slice uid = verdict->fields[EVENT_UID];
    if (!row->payload.data)
        return !verdict->is_valid && verdict->reason == row->reason &&
               strncmp(verdict->detail, row->detail, strlen(row->detail)) == 0;
    if (!verdict->is_valid || verdict->replaced != row->replaced) return false;
    if (verdict->payload.len != row->payload.len ||
        memcmp(verdict->payload.data, row->payload.data, row->payload.len) != 0)
        return false;
    return row->uid ? uid.data && uid.len == strlen(row->uid) && memcmp(uid.data, row->uid, uid.len) == 0
                    : !uid.data;
}

/* One validator for all rows: nothing may be left of an event when the next one comes. */
static void check_rows(const struct validator_options *options, const struct row *rows, size_t count)
{
    struct validator *validator = validator_new(options);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        char *data = malloc(row->bytes.len + !row->bytes.len); /* a sanitizer sees a byte too many */
        struct verdict verdict;
        assert_non_null(data);
        memcpy(data, row->bytes.data, row->bytes.len);
        struct validator_input input = {data, row->bytes.len, row->encoding ? row->encoding : "",
                                        row->wrappers ? row->wrappers : "", false};
        validator_check(validator, &input, &verdict);
        if (!is_expected(row, &verdict)) {
            bytes_print("event", row->bytes);
            if (verdict.is_valid) bytes_print("became", verdict.payload);
            fail_msg("%zu replaced, reason %d, detail %s", verdict.replaced, (int)verdict.reason,
                     verdict.is_valid ? "" : verdict.detail);
        }
        free(data);
    }
    validator_free(validator);
}

#define VALID(text, ...)                                                                                     \
    {                                                                                                        \
        .bytes = BYTES(text), .payload = BYTES(__VA_ARGS__)                                                  \
    }
#define IN(name, text, result, column)                                                                       \
    {                                                                                                        \
        .bytes = BYTES(text), .encoding = name, .payload = BYTES(result), .uid = column                      \
    }
#define NOT_IN(name, text, words)                                                                            \
    {                                                                                                        \
        .bytes = BYTES(text), .encoding = name, .reason = REJECT_ENCODING, .detail = words                   \
    }
#define MALFORMED(text, words)                                                                               \
    {                                                                                                        \
        .bytes = BYTES(text), .reason = REJECT_MALFORMED, .detail = words                                    \
    }
#define REPLACED(text, result, count)                                                                        \
    {                                                                                                        \
        .bytes = BYTES(text), .payload = BYTES(result), .replaced = count                                    \
    }

/* ---- encodings ---- */

static void the_default_encoding_is_for_bytes_that_are_not_utf8(void **state)
{
    static const struct row rows[] = {
        IN("", "<e><cn>\xE9\x80</cn></e>", "<e><cn>\u00e9\u20ac</cn></e>", "\u00e9\u20ac"),
        IN("", "<e><cn>\u00e9</cn></e>", "<e><cn>\u00e9</cn></e>", "\u00e9"),
        IN("", "<e><cn>e</cn></e>", "<e><cn>e</cn></e>", "e"),
        IN("", "<\xE9v><cn>1</cn></\xE9v>", "<\u00e9v><cn>1</cn></\u00e9v>", "1"),
        IN("ISO-8859-2", "<e><cn>\xB1</cn></e>", "<e><cn>\u0105</cn></e>", "\u0105"),
        NOT_IN("", "<e>\x81</e>",
               "not UTF-8, and DEFAULT_ENCODING \"windows-1252\": the bytes are not in it"),
        NOT_IN("UTF-8", "<e>\n\u00e9\xE9</e>", "line 2, column 2: not UTF-8, although that is declared"),
        NOT_IN("utf8", "<e>\xE9</e>", "line 1, column 4: not UTF-8, although that is declared"),
    };
    (void)state;
    check_rows(&(struct validator_options){.default_encoding = "windows-1252"}, rows, COUNT(rows));
}

static void without_a_default_encoding_the_detail_names_the_setting(void **state)
{
    static const struct row rows[] = {
        NOT_IN(
            "", "<e>\n\u00e9\xE9</e>",
            "line 2, column 2: not UTF-8, and no other encoding is declared; DEFAULT_ENCODING can name it"),
    };
    (void)state;
    check_rows(&(struct validator_options){.default_encoding = "UTF-8"}, rows, COUNT(rows));
    check_rows(NULL, rows, COUNT(rows));
}

static void utf16_found_by_the_bytes_becomes_utf8(void **state)
{
    static const struct row rows[] = {
        IN("UTF-16LE", "<\0c\0>\0\xAC\x20<\0/\0c\0>\0", "<c>\u20ac</c>", NULL),
        IN("UTF-16BE", "\0<\0c\0>\x20\xAC\0<\0/\0c\0>", "<c>\u20ac</c>", NULL),
        IN("UTF-16LE", "<\0c\0>\0\x3D\xD8\x00\xDE<\0/\0c\0>\0", "<c>\U0001F600</c>", NULL),
        IN("UTF-16BE", "\0<\0c\0>\xD8\x3D\xDE\x00\0<\0/\0c\0>", "<c>\U0001F600</c>", NULL),
        NOT_IN("UTF-16LE", "<\0c\0>\0\x3D\xD8<\0/\0c\0>\0", "encoding \"UTF-16LE\": the bytes are not in it"),
        NOT_IN("UTF-16LE", "<\0c\0>\0\x00\xDE<\0/\0c\0>\0", "encoding \"UTF-16LE\": the bytes are not in it"),
        NOT_IN("UTF-16BE", "\0<\0c\0>\xD8\x3D\0<\0/\0c\0>", "encoding \"UTF-16BE\": the bytes are not in it"),
        NOT_IN("UTF-16BE", "\0<\0c\0>\xDE\x00\0<\0/\0c\0>", "encoding \"UTF-16BE\": the bytes are not in it"),
        NOT_IN("UTF-16LE", "<\0c\0/\0>\0<", "encoding \"UTF-16LE\": the bytes are not in it"),
        NOT_IN("UTF-16LE", "<\0c\0>\0\x3D\xD8", "encoding \"UTF-16LE\": the bytes are not in it"),
    };
    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

/* ---- prefixes ---- */

static void missing_prefixes_are_declared_and_columns_are_filled(void **state)
{
    static const struct index_fields fields = {{"p:cn", "", "", "", ""}};
    static const struct validator_options options = {.fields = &fields,
                                                     .namespaces = " xmlns:p=\"P\" xmlns:q=\"Q\""};
    static const struct row rows[] = {
        {.bytes = BYTES("<e><p:cn>1</p:cn></e>"),
         .payload = BYTES("<e xmlns:p=\"P\"><p:cn>1</p:cn></e>"),
         .uid = "1"},
        {.bytes = BYTES("<e><p:cn>1</p:cn></e>"),
         .wrappers = " xmlns:p='W'",
         .payload = BYTES("<e xmlns:p='W'><p:cn>1</p:cn></e>"),
         .uid = "1"},
        VALID("<e><x q:y='1' p:y='2'/></e>", "<e xmlns:q=\"Q\" xmlns:p=\"P\"><x q:y='1' p:y='2'/></e>"),
        {.bytes = BYTES("<e><p:cn>\xE9</p:cn></e>"),
         .encoding = "ISO-8859-1",
         .payload = BYTES("<e xmlns:p=\"P\"><p:cn>\u00e9</p:cn></e>"),
         .uid = "\u00e9"},
        {.bytes = BYTES("<e><p:cn>1</p:cn><q:cn></e>"),
         .reason = REJECT_MALFORMED,
         .detail = "line 1, column 28: Opening and ending tag mismatch"},
        MALFORMED("<e>\n\u00e9<p:x/><r:x/></e>",
                  "line 2, column 9: Namespace prefix r is not declared; XML_NAMESPACES can declare it"),
        MALFORMED("<p:e>\n<a></b></p:e>", "line 2, column "),
        {.bytes = BYTES("<e p:a='1' w:a='2'/>"),
         .wrappers = " xmlns:w='P'",
         .reason = REJECT_MALFORMED,
         .detail = "once its prefixes are declared: Namespaced Attribute a in 'P' redefined"},
        {.bytes = BYTES("<w:e/>"),
         .wrappers = " xmlns:w='a<b'",
         .reason = REJECT_MALFORMED,
         .detail = "once its prefixes are declared: "},
        MALFORMED("<xmlns:e/>", "line 1, column 2: Namespace prefix xmlns is not declared"),
        MALFORMED("<e><:a/></e>", "line 1, column "),
        MALFORMED("<e><p:/></e>", "line 1, column "),
        MALFORMED("<e><p:a:b/></e>", "line 1, column "),
        MALFORMED("<e p:a='1' p:a='2'/>", "line 1, column "),
    };
    (void)state;
    check_rows(&options, rows, COUNT(rows));
}

/* ---- forbidden characters ---- */

static void forbidden_characters_are_replaced_where_it_is_set(void **state)
{
    static const struct validator_options options = {.replaces_invalid = true,
                                                     .namespaces = " xmlns:p=\"P\""};
    static const struct row rows[] = {
        REPLACED("<e>\x01&#2;</e>", "<e>" F F "</e>", 2),
        REPLACED("<e>\0</e>", "<e>" F "</e>", 1),
        REPLACED("<e a='\x1F&#xFFFF;'><!-- \x01 --><?p \x02?><![CDATA[\x03]]></e>",
                 "<e a='" F F "'><!-- " F " --><?p " F "?><![CDATA[" F "]]></e>", 5),
        REPLACED("<e>&#9;</e>", "<e>&#9;</e>", 0),
        {.bytes = BYTES("<e><cn>1\x01</cn></e>"),
         .payload = BYTES("<e><cn>1" F "</cn></e>"),
         .uid = "1" F,
         .replaced = 1},
        {.bytes = BYTES("<e><cn>\xE9\x01</cn></e>"),
         .encoding = "ISO-8859-1",
         .payload = BYTES("<e><cn>\u00e9" F "</cn></e>"),
         .uid = "\u00e9" F,
         .replaced = 1},
        REPLACED("<e><p:x/>\x01</e>", "<e xmlns:p=\"P\"><p:x/>" F "</e>", 1),
        REPLACED("<e>\x01<p:x/></e>", "<e xmlns:p=\"P\">" F "<p:x/></e>", 1),
        MALFORMED("<e><a\x01/></e>", "line 1, column "),
        MALFORMED("<e\0/>", "line 1, column 3: character U+0000 is not allowed"),
        MALFORMED("<e>\x01</f>", "line 1, column 9: Opening and ending tag mismatch"),
        MALFORMED("<e>&#1;\n&#2;&#00003;\x04</f>", "line 2, column 18: Opening and ending tag mismatch"),
        MALFORMED("<e>&#1;\n&#2;<q:x/></e>", "line 2, column 6: Namespace prefix q is not declared"),
        {.bytes = BYTES("<e>&#1;\n&#2;\xE9&#00003;\x04</f>"),
         .encoding = "ISO-8859-1",
         .reason = REJECT_MALFORMED,
         .detail = "line 2, column 19: Opening and ending tag mismatch"},
        {.bytes = BYTES("<e>&#1;\n&#2;\xE9<q:x/></e>"),
         .encoding = "ISO-8859-1",
         .reason = REJECT_MALFORMED,
         .detail = "line 2, column 7: Namespace prefix q is not declared"},
        {.bytes = BYTES("<!DOCTYPE e><e>\x01</e>"),
         .reason = REJECT_DOCTYPE,
         .detail = "line 1, column 12: a document type declaration"},
    };
    (void)state;
    check_rows(&options, rows, COUNT(rows));
}

static void without_the_setting_the_detail_names_it(void **state)
{
#define HINT "; INVALID_CHARACTERS=replace accepts such events"
    static const struct row rows[] = {
        MALFORMED("<e>\x01</e>", "line 1, column 4: a character that XML does not allow" HINT),
        MALFORMED("<e>&#1;</e>", "line 1, column 8: a character that XML does not allow" HINT),
        MALFORMED("<e><!--\x01--></e>", "line 1, column 8: a character that XML does not allow" HINT),
        MALFORMED("<e><?p \x01?></e>", "line 1, column 8: a character that XML does not allow" HINT),
        MALFORMED("<e><![CDATA[\x01]]></e>", "line 1, column 13: a character that XML does not allow" HINT),
        MALFORMED("<e a='\x01'/>", "line 1, column 7: a character that XML does not allow" HINT),
        MALFORMED("<e>\0</e>", "line 1, column 4: character U+0000 is not allowed" HINT),
    };
    (void)state;
    check_rows(NULL, rows, COUNT(rows));
}

/* ---- long events ---- */

static void check_long(const struct validator_options *options, const char *unit, const char *detail)
{
    struct validator *validator = validator_new(options);
    struct buf event = BUF_EMPTY;
    struct verdict verdict;
    buf_append_text(&event, "<e>");
    while (event.len + strlen(unit) + 8 < LONGEST) buf_append_text(&event, unit);
    buf_append_text(&event, "</e>");
    struct validator_input input = {event.data, event.len, "", "", false};
    validator_check(validator, &input, &verdict);
    if (detail ? verdict.is_valid || !strstr(verdict.detail, detail) : !verdict.is_valid)
        fail_msg("%s: %s", unit, verdict.is_valid ? "valid" : verdict.detail);
    if (detail && strstr(detail, "10,000,000")) assert_int_equal(verdict.reason, REJECT_OVERSIZE);
    validator_trim(validator);
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < event.capacity + MEGABYTE);
    buf_fini(&event);
    validator_free(validator);
}

static void the_longest_event_can_be_changed_and_leaves_no_memory(void **state)
{
    static const struct validator_options options = {.replaces_invalid = true,
                                                     .namespaces = " xmlns:p=\"P\""};
    (void)state;
    check_long(&options, "some text, some text \x01", NULL);
    check_long(&options, "<p:a>&#1;</p:a>\n", NULL);
    check_long(&options, "\x01", "more than 10,000,000 bytes as UTF-8 once characters are replaced");
    check_long(&options, "<p:a/><q:b/>\n", "line 1, column 11: Namespace prefix q is not declared");
}

static void an_event_that_becomes_longer_than_the_options_allow_is_a_reject(void **state)
{
    static const struct validator_options options = {.default_encoding = "windows-1252",
                                                     .replaces_invalid = true,
                                                     .namespaces = " xmlns:p=\"P\"",
                                                     .longest_bytes = 30};
#define TOO_LONG "more than 30 bytes as UTF-8"
#define REMEDY   "; a larger INTAKE_MEMORY allows more"
#define OVERSIZE(text, name, words)                                                                          \
    {                                                                                                        \
        .bytes = BYTES(text), .encoding = name, .reason = REJECT_OVERSIZE, .detail = words                   \
    }
    static const struct row rows[] = {
        VALID("<e>0123456789 123456789 12</e>", "<e>0123456789 123456789 12</e>"),
        OVERSIZE("<e>0123456789 1234567890\x80</e>", "",
                 "not UTF-8, and DEFAULT_ENCODING \"windows-1252\": " TOO_LONG REMEDY),
        OVERSIZE("<e>0123456789 1234567890\x80</e>", "windows-1252",
                 "declared encoding \"windows-1252\": " TOO_LONG REMEDY),
        OVERSIZE("<e>0123456789 123456789 \x01</e>", "", TOO_LONG " once characters are replaced" REMEDY),
        OVERSIZE("<p:e>0123456789</p:e>", "", TOO_LONG " once its prefixes are declared" REMEDY),
    };
    (void)state;
    check_rows(&options, rows, COUNT(rows));
}

static void all_changes_of_an_event_are_made_in_one_buffer(void **state)
{
    static const struct validator_options options = {
        .default_encoding = "windows-1252", .replaces_invalid = true, .namespaces = " xmlns:p=\"P\""};
    struct validator *validator = validator_new(&options);
    struct buf event = BUF_EMPTY;
    struct buf memory = BUF_EMPTY;
    struct verdict verdict;
    (void)state;
    buf_append_text(&event, "<p:e>\x01");
    while (event.len < 3 * MEGABYTE) buf_append_text(&event, "\x80\x80\x80\x80");
    buf_append_text(&event, "</p:e>");
    struct validator_input input = {event.data, event.len, "", "", false};
    validator_check(validator, &input, &verdict);
    assert_true(verdict.is_valid);
    assert_int_equal(verdict.replaced, 1);
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < event.capacity + 2 * verdict.payload.len);

    assert_true(validator_give(validator, verdict.payload, &memory));
    assert_int_equal(memory.capacity, verdict.payload.len);
    assert_memory_equal(memory.data, "<p:e xmlns:p=\"P\">" F "\u20ac", 23);
    buf_fini(&memory);
    buf_fini(&event);
    validator_free(validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_encoding_is_for_bytes_that_are_not_utf8),
        cmocka_unit_test(without_a_default_encoding_the_detail_names_the_setting),
        cmocka_unit_test(utf16_found_by_the_bytes_becomes_utf8),
        cmocka_unit_test(missing_prefixes_are_declared_and_columns_are_filled),
        cmocka_unit_test(forbidden_characters_are_replaced_where_it_is_set),
        cmocka_unit_test(without_the_setting_the_detail_names_it),
        cmocka_unit_test(the_longest_event_can_be_changed_and_leaves_no_memory),
        cmocka_unit_test(an_event_that_becomes_longer_than_the_options_allow_is_a_reject),
        cmocka_unit_test(all_changes_of_an_event_are_made_in_one_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
