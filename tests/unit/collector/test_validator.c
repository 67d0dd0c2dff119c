/*
 * test_validator -- what is well-formed, what is not and for which reason, encodings, and the columns' values.
 * Run from the repository's root: the samples are read from tests/data/samples/.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/parser.h"
#include "collector/framing/single_byte.h"
#include "collector/framing/validator.h"

#include <float.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/support/event_names.h"
#include "tests/support/sanitized.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MEGABYTE     ((size_t)1 << 20)
#define LONGEST      (8 * MEGABYTE) /* MAX_MESSAGE_SIZE */
#define PLAIN_EVENTS ((size_t)128)
#define COST_MAX     100
#define TRIES        5
#define GOOD         "<EVENT><a>0</a><cn>1</cn></EVENT>"

/* A large event is parsed where it lies if a NUL stands behind it, and otherwise copied: with the same verdict. */
static void check(struct validator *validator, struct slice bytes, const char *encoding,
                  struct verdict *verdict)
{
    struct verdict terminated;
    char *data = malloc(bytes.len + 1);
    assert_non_null(data);
    memcpy(data, bytes.data, bytes.len);
    data[bytes.len] = '\0';
    struct validator_input input = {data, bytes.len, encoding, "", true};
    validator_check(validator, &input, &terminated);
    input = (struct validator_input){bytes.data, bytes.len, encoding, "", false};
    validator_check(validator, &input, verdict);
    assert_int_equal(terminated.is_valid, verdict->is_valid);
    if (!verdict->is_valid)
        assert_int_equal(terminated.reason, verdict->reason); /* libxml2 words some differently */
    free(data);
}

/*
 * Validates a copy in a block of its own: a sanitizer sees a byte too many. The verdict's payload is a copy that lives
 * on.
 */
static struct verdict validate_copy(struct validator *validator, struct slice bytes, const char *encoding)
{
    static char payload[4096];
    struct verdict verdict;
    char *data = malloc(bytes.len + !bytes.len);

    assert_non_null(data);
    memcpy(data, bytes.data, bytes.len);
    memset(&verdict, 0x55, sizeof verdict);
    check(validator, (struct slice){data, bytes.len}, encoding, &verdict);
    if (verdict.is_valid && verdict.payload.len <= sizeof payload) {
        memcpy(payload, verdict.payload.data, verdict.payload.len);
        verdict.payload.data = payload;
    }
    free(data);
    return verdict;
}

static void assert_slice(struct slice slice, const char *expected)
{
    if (!expected) {
        assert_null(slice.data);
        return;
    }
    assert_non_null(slice.data);
    assert_int_equal(slice.len, strlen(expected));
    assert_memory_equal(slice.data, expected, slice.len);
}

/* The parser is used again and again: whatever came before, a good event is good and a bad prefix is bad. */
static void assert_works(struct validator *validator)
{
    struct verdict verdict = validate_copy(validator, (struct slice)BYTES("<EVENT><p:a/></EVENT>"), "");
    assert_false(verdict.is_valid);
    verdict = validate_copy(validator, (struct slice)BYTES(GOOD), "");
    assert_true(verdict.is_valid);
    assert_slice(verdict.payload, GOOD);
    assert_slice(verdict.fields[EVENT_UID], "1");
    assert_slice(verdict.fields[EVENT_NAME], NULL);
}

/* ---- samples ---- */

static const struct {
    const char *sample;
    const char *uid;
    const char *name;
    const char *time;
    const char *source_name;
} known[] = {
    {"01_", "38901f4a95d14013", "Input point in alarm", "20140610125028Z", "Input on subpanel 0 Address 1"},
    {"02_", "9be0c4d1a7f24e52", "Local grant", "20250804135402Z", "FLOOR 2 TS2 IN (21)"},
    {"03_", "0f3a77c2d9b84d11", "Door forced open", "20250804031907Z", "Loading Dock North"},
    {"04_", "63e5d0a94c1f4b07", "Door held open", "20250804032155Z", "Loading Dock North"},
    {"05_", "a1b2c3d4e5f60718", "Valid credential at open door", "20250331011500Z",
     "Wejście główne – 正面玄関"},
    {"06_", "77aa00bb11cc22dd", "Invalid card format", "20250804140001Z", "Parking gate IN"},
    {"07_", "c0ffee1234567890", "Deactivated card attempt", "20250804140544Z", "R&D Lab <3> \"Clean\" Room"},
    {"10_", "10101010abababab", "Panel offline", "20250804151500Z", "HQ-LP4502-01"},
    {"14_", "dec1000000000000", "Local grant", "20250804153000Z", "HQ Main"},
    {"14_", "dec1000100000000", "Door open", "20250804153001Z", "HQ Main"},
    {"14_", "dec1000200000000", "Door closed", "20250804153002Z", "HQ Main"},
    {"16_", "acac00000000acac", "Input point in alarm", "20250804160000Z", "Cabinet 3"},
    {"16_", "acac00000000acac", "Input point in alarm", "20250804160100Z", "Cabinet 3"},
    {"16_", "acac00000000acac", "Input point in alarm", "20250804160200Z", "Cabinet 3"},
    {"16_", "acac00000000acac", "Input point in alarm", "20250804160300Z", "Cabinet 3"},
    {"16_", "acac00000000acac", "Input point in alarm", "20250804160300Z", "Cabinet 3"},
    {"17_", NULL, NULL, NULL, NULL},
};

static void check_sample_event(struct validator *validator, const struct frame *frame, size_t nth)
{
    struct verdict verdict;
    check(validator, (struct slice){frame->data, frame->len}, frame->encoding, &verdict);
    assert_int_equal(verdict.is_valid, known[nth].uid != NULL);
    if (!verdict.is_valid) { /* its first end tag is broken over two lines */
        assert_int_equal(verdict.reason, REJECT_MALFORMED);
        assert_string_equal(verdict.detail, "line 3, column 1: expected '>'");
        return;
    }
    assert_ptr_equal(verdict.payload.data, frame->data);
    assert_int_equal(verdict.payload.len, frame->len);
    assert_slice(verdict.fields[EVENT_UID], known[nth].uid);
    assert_slice(verdict.fields[EVENT_NAME], known[nth].name);
    assert_slice(verdict.fields[EVENT_TIME], known[nth].time);
    assert_slice(verdict.fields[EVENT_SOURCE_NAME], known[nth].source_name);
    assert_slice(verdict.fields[EVENT_SENDER], "cn=544de4aa06914073,ou=gateways,dc=plasec");
}

static void every_sample_gets_its_verdict_columns_and_unchanged_bytes(void **state)
{
    struct validator *validator = *state;
    struct sample samples[SAMPLES_MAX];
    size_t count = samples_load(samples);
    size_t nth = 0;
    const struct framer_options framing = {&event_names, NULL, MEGABYTE, NULL};

    for (size_t i = 0; i < count; i++) {
        struct frames *frames = frames_read(&framing, (struct slice){samples[i].data, samples[i].len}, WHOLE);
        for (size_t k = 0; k < frames->count; k++) {
            assert_in_range(nth, 0, COUNT(known) - 1);
            assert_memory_equal(samples[i].name, known[nth].sample, strlen(known[nth].sample));
            assert_int_equal(samples[i].is_broken, known[nth].uid == NULL);
            check_sample_event(validator, &frames->list[k], nth++);
        }
        frames_free(frames);
    }
    assert_int_equal(nth, COUNT(known));
    samples_free(samples, count);
}

/* ---- well-formed or not ---- */

static void a_well_formed_event_is_valid_and_keeps_its_bytes(void **state)
{
    static const struct slice rows[] = {
        BYTES("<EVENT/>"),
        BYTES("<EVENT a='1' b=\"2\"></EVENT >"),
        BYTES("<EVENT>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;\r\n\t</EVENT>"),
        BYTES("<EVENT a='&amp;&lt;&#10;'/>"),
        BYTES("<EVENT><!-- a - b --><?p q?><![CDATA[<&]]]]></EVENT>"),
        BYTES("<EVENT>"
              "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F"
              "\xBF\xBD<"
              "/EVENT>"),
        BYTES("<\xC3\xA9v\xC3\xA8nement/>"),
        BYTES("<p:a xmlns:p='u'><p:b p:c='1'><q:d xmlns:q='v'/></p:b></p:a>"),
        BYTES("<EVENT xmlns='relative/name' xml:space='odd' xml:lang='?'/>"),
    };
    struct validator *validator = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict verdict = validate_copy(validator, rows[i], "");
        if (!verdict.is_valid) bytes_print(verdict.detail, rows[i]);
        assert_true(verdict.is_valid);
        assert_int_equal(verdict.payload.len, rows[i].len);
        assert_memory_equal(verdict.payload.data, rows[i].data, rows[i].len);
        assert_works(validator);
    }
}

struct bad {
    const char *encoding;
    struct slice bytes;
    enum reject_reason reason;
    const char *detail; /* its beginning */
};

#define BAD(encoding, text, ...)                                                                             \
    {                                                                                                        \
        encoding, BYTES(text), __VA_ARGS__                                                                   \
    }
#define MALFORMED(text, detail) BAD("", text, REJECT_MALFORMED, detail)
#define WITH_DOCTYPE(text, at)                                                                               \
    BAD("", text, REJECT_DOCTYPE, "line 1, column " at ": a document type declaration")
#define BAD_ENCODING(encoding, text, why)                                                                    \
    BAD(encoding, text, REJECT_ENCODING, "declared encoding \"" encoding "\": " why)
#define NOT_IN_IT(encoding, text) BAD_ENCODING(encoding, text, "the bytes are not in it")
#define NO_NAME(encoding)         BAD(encoding, "<EVENT/>", REJECT_ENCODING, "the XML declaration names")

static void check_bad(struct validator *validator, const struct bad *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict verdict = validate_copy(validator, rows[i].bytes, rows[i].encoding);
        bool is_expected = !verdict.is_valid && verdict.reason == rows[i].reason &&
                           strncmp(verdict.detail, rows[i].detail, strlen(rows[i].detail)) == 0;
        if (!is_expected) {
            bytes_print("event", rows[i].bytes);
            fail_msg("valid %d, reason %d, detail %s", verdict.is_valid, (int)verdict.reason, verdict.detail);
        }
        assert_works(validator);
    }
}

static void a_malformed_event_is_rejected_with_line_and_column(void **state)
{
    static const struct bad rows[] = {
        MALFORMED("<EVENT><a></b></EVENT>", "line 1, column 15: "),
        MALFORMED("<EVENT><cn>2</b></EVENT>", "line 1, column "),
        MALFORMED("<EVENT>\r\n<a>\n\n </EVENT>", "line 4, column 10: "),
        MALFORMED("<EVENT>a & b</EVENT>", "line 1, column 11: "),
        MALFORMED("<EVENT>&amp</EVENT>", "line 1, column 12: "),
        MALFORMED("<EVENT>&eacute;</EVENT>", "line 1, column 16: Entity 'eacute' not defined"),
        MALFORMED("<EVENT a='&eacute;'/>", "line 1, column 19: Entity 'eacute' not defined"),
        MALFORMED("<EVENT a='1' b='2' a='3'/>", "line 1, column 25: "),
        MALFORMED("<EVENT xmlns:p='u' xmlns:q='u' p:a='1' q:a='2'/>", "line 1, column "),
        MALFORMED("<EVENT a/>", "line 1, column "),
        MALFORMED("<EVENT a=b/>", "line 1, column "),
        MALFORMED("<EVENT a='1'b='2'/>", "line 1, column "),
        MALFORMED("<EVENT a='<'/>", "line 1, column "),
        MALFORMED("<EVENT><p:a/></EVENT>",
                  "line 1, column 9: Namespace prefix p is not declared; XML_NAMESPACES"),
        MALFORMED("<EVENT><a p:b='1'/></EVENT>",
                  "line 1, column 11: Namespace prefix p is not declared; XML_NAMESPACES"),
        MALFORMED("<EVENT><a xmlns:p='u'/><p:b/></EVENT>",
                  "line 1, column 25: Namespace prefix p is not declared; XML_NAMESPACES"),
        MALFORMED("<EVENT xmlns:p='u'><p:a>", "line 1, column "),
        MALFORMED("<EVENT>]]></EVENT>", "line 1, column 8: "),
        MALFORMED("<EVENT><!-- a -- b --></EVENT>", "line 1, column 15: "),
        MALFORMED("<EVENT><?xml version='1.0'?></EVENT>", "line 1, column 13: "),
        MALFORMED("<EVENT>< a/></EVENT>", "line 1, column "),
        MALFORMED("<EVENT><![cdata[]]></EVENT>", "line 1, column "),
        MALFORMED("<EVENT><!DOCTYPE a></EVENT>", "line 1, column "),
        MALFORMED("<EVENT><!ENTITY a 'b'></EVENT>", "line 1, column "),
        MALFORMED("<EVENT/ >", "line 1, column "),
        MALFORMED("<EVENT/>text", "line 1, column 9: "),
        MALFORMED("<EVENT/><EVENT/>", "line 1, column 9: "),
        MALFORMED("<EVENT>", "line 1, column "),
        MALFORMED("<EVENT", "line 1, column "),
        MALFORMED("<", "line 1, column "),
        MALFORMED("text", "line 1, column "),
        MALFORMED("", "line 1, column 1: "),
        BAD("ISO-8859-1", "", REJECT_MALFORMED, "line 1, column 1: "),
    };
    check_bad(*state, rows, COUNT(rows));
}

static void a_forbidden_character_is_malformed_anywhere_in_an_event(void **state)
{
    static const struct bad rows[] = {
        MALFORMED("<EVENT>\n\xC3\xA9\0</EVENT>", "line 2, column 2: character U+0000"),
        MALFORMED("<EVENT/>\0", "line 1, column 9: character U+0000"),
        MALFORMED("\0", "line 1, column 1: character U+0000"),
        MALFORMED("<EVENT>\x01</EVENT>", "line 1, column 8: a character "),
        MALFORMED("<EVENT>&#1;</EVENT>", "line 1, column 12: a character "),
        MALFORMED("<EVENT>&#0;</EVENT>", "line 1, column 12: a character "),
        MALFORMED("<EVENT>&#xD800;</EVENT>", "line 1, column 16: a character "),
        MALFORMED("<EVENT>\xEF\xBF\xBE</EVENT>", "line 1, column 8: a character "),
        MALFORMED("<EVENT a='\x1F'/>", "line 1, column 11: a character "),
        MALFORMED("<EVENT><!--\x01--></EVENT>", "line 1, column 12: "),
        MALFORMED("<EVENT><?p \x01?></EVENT>", "line 1, column 12: a character "),
        MALFORMED("<EVENT><![CDATA[\x01]]></EVENT>", "line 1, column 17: a character "),
        MALFORMED("<EVENT><![CDATA[\xEF\xBF\xBF]]></EVENT>", "line 1, column 17: a character "),
        BAD("windows-1252", "<EVENT>\x01</EVENT>", REJECT_MALFORMED, "line 1, column 8: a character "),
    };
    check_bad(*state, rows, COUNT(rows));
}

static void a_doctype_is_rejected_before_any_entity_is_expanded(void **state)
{
    static const struct bad rows[] = {
        WITH_DOCTYPE("<!DOCTYPE EVENT><EVENT/>", "16"),
        WITH_DOCTYPE("<!DOCTYPE EVENT SYSTEM 'file:///etc/passwd'><EVENT/>", "44"),
        WITH_DOCTYPE("<!DOCTYPE EVENT [<!ENTITY a 'b'>]><EVENT>&a;</EVENT>", "17"),
        WITH_DOCTYPE("<!DOCTYPE EVENT [<!ENTITY a '0123456789'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
                     "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><EVENT>&c;&c;&c;&c;</EVENT>",
                     "17"),
    };
    check_bad(*state, rows, COUNT(rows));
}

static void invalid_utf8_is_an_encoding_reject_anywhere_in_an_event(void **state)
{
    static const char *const places[] = {"<EVENT>%s</EVENT>",
                                         "<EVENT>01234%s56789</EVENT>",
                                         "<EVENT>\xC3\xA9%s\xC3\xA9</EVENT>",
                                         "<EVENT a='%s'/>",
                                         "<EVENT a='&lt;%s'/>",
                                         "<EVENT><!-- %s --></EVENT>",
                                         "<EVENT><?p %s?></EVENT>",
                                         "<EVENT><a%s/></EVENT>",
                                         "<EVENT><![CDATA[%s]]></EVENT>",
                                         "<EVENT xmlns:a='%s'/>",
                                         "<EVENT/>%s",
                                         "<EVENT><![CDATA[0123456789abcdef%s]]></EVENT>"};
    static const char *const rows[] = {
        "\x80", /* continuation bytes alone */
        "\x80\x80",
        "\xC3",             /* cut short */
        "\xE2\x82",         /* the same */
        "\xF0\x9F\x98",     /* the same */
        "\xC0\xAF",         /* longer than need be */
        "\xC1\xBF",         /* the same */
        "\xE0\x80\xAF",     /* the same */
        "\xE0\x9F\xBF",     /* the same */
        "\xF0\x80\x80\xAF", /* the same */
        "\xF0\x8F\xBF\xBF", /* the same */
        "\xED\xA0\x80",     /* a surrogate */
        "\xED\xBF\xBF",     /* the same */
        "\xF4\x90\x80\x80", /* above U+10FFFF */
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
    };
    struct validator *validator = *state;
    char text[128];

    for (size_t i = 0; i < COUNT(rows) * COUNT(places); i++) {
        const char *row = rows[i / COUNT(places)];
        const char *place = places[i % COUNT(places)];
        size_t before = (size_t)(strchr(place, '%') - place);
        int len = snprintf(text, sizeof text, "%.*s%s%s", (int)before, place, row, place + before + 2);
        struct verdict verdict = validate_copy(validator, (struct slice){text, (size_t)len}, "");
        if (verdict.is_valid || verdict.reason != REJECT_ENCODING) fail_msg("%zu: %s", i, text);
        assert_non_null(strstr(verdict.detail, "not UTF-8"));
        assert_works(validator);
    }
}

/* ---- ceilings ---- */

static struct slice nested(char *text, size_t depth)
{
    size_t len = 0;
    for (size_t i = 0; i < depth; i++) len += (size_t)sprintf(text + len, i ? "<a>" : "<EVENT>");
    for (size_t i = depth; i-- > 0;) len += (size_t)sprintf(text + len, i ? "</a>" : "</EVENT>");
    return (struct slice){text, len};
}

static void elements_nest_two_hundred_deep_and_no_deeper(void **state)
{
    static const struct {
        size_t depth;
        bool is_valid;
    } rows[] = {{1, true}, {199, true}, {200, true}, {201, false}, {256, false}, {257, false}, {5000, false}};
    struct validator *validator = *state;
    static char text[5000 * 8];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict verdict = validate_copy(validator, nested(text, rows[i].depth), "");
        assert_int_equal(verdict.is_valid, rows[i].is_valid);
        if (!verdict.is_valid) {
            assert_int_equal(verdict.reason, REJECT_TOO_DEEP);
            assert_string_equal(verdict.detail,
                                "line 1, column 607: more than 200 elements inside each other");
        }
        assert_works(validator);
    }
}

static void a_name_may_be_1024_bytes_long(void **state)
{
    static const char *const forms[] = {"<EVENT><%s/></EVENT>", "<EVENT %s='1'/>", "<EVENT xmlns:%s='u'/>",
                                        "<EVENT xmlns='%s'/>", "<EVENT xmlns:p='u' p:%s='1'/>"};
    struct validator *validator = *state;
    char name[PARSER_NAME_MAX + 2];
    char text[2048];

    for (size_t i = 0; i < COUNT(forms); i++) {
        for (size_t len = PARSER_NAME_MAX; len <= PARSER_NAME_MAX + 1; len++) {
            const char *place = strchr(forms[i], '%');
            memset(name, 'n', len);
            name[len] = '\0';
            (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(place - forms[i]), forms[i], name, place + 2);
            struct verdict verdict = validate_copy(validator, (struct slice){text, strlen(text)}, "");
            assert_int_equal(verdict.is_valid, len == PARSER_NAME_MAX);
            if (verdict.is_valid) continue;
            assert_int_equal(verdict.reason, REJECT_MALFORMED);
            assert_non_null(strstr(verdict.detail, ": a name or namespace of more than 1024 bytes"));
            assert_memory_equal(verdict.detail, "line 1, column 1", strlen("line 1, column 1"));
        }
    }
    assert_works(validator);
}

/* Of `attributes` and `namespaces` on each of `depth` elements. */
static void build_crowd(struct buf *event, int depth, int attributes, int namespaces)
{
    buf_clear(event);
    for (int d = 0; d < depth; d++) {
        buf_append_text(event, "<e");
        for (int i = 0; i < attributes; i++) buf_append_format(event, " a%d=''", i);
        for (int i = 0; i < namespaces; i++) buf_append_format(event, " xmlns:p%d='u'", i);
        buf_append_text(event, "><e/>");
    }
    for (int d = 0; d < depth; d++) buf_append_text(event, "</e>");
}

static void attributes_and_namespaces_are_bounded(void **state)
{
    static const struct {
        int depth, attributes, namespaces;
        const char *detail; /* NULL: valid */
    } rows[] = {
        {1, 256, 0, NULL},
        {1, 257, 0, "more than 256 attributes on one element"},
        {1, 0, 256, NULL},
        {1, 128, 129, "more than 256 attributes on one element"},
        {200, 128, 1, NULL},
        {128, 0, 2, NULL},
        {129, 0, 2, "more than 256 namespaces declared inside each other"},
        {2, 0, 129, "more than 256 namespaces declared inside each other"},
    };
    struct validator *validator = *state;
    struct buf event = BUF_EMPTY;

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t pad = 0; pad <= 70000; pad += 70000) { /* small and large */
            build_crowd(&event, rows[i].depth - (rows[i].depth == 200), rows[i].attributes,
                        rows[i].namespaces);
            buf_reserve(&event, pad);
            memset(event.data + event.len, '\n', pad);
            event.len += pad;
            struct verdict verdict = validate_copy(validator, (struct slice){event.data, event.len}, "");
            assert_int_equal(verdict.is_valid, rows[i].detail == NULL);
            if (!verdict.is_valid) assert_int_equal(verdict.reason, REJECT_MALFORMED);
            if (!verdict.is_valid) assert_non_null(strstr(verdict.detail, rows[i].detail));
        }
    }
    buf_clear(&event); /* an element that ends takes its namespaces along */
    buf_append_text(&event, "<EVENT>");
    for (int i = 0; i < 1000; i++) buf_append_format(&event, "<a xmlns:p%d='u'><p%d:b/></a>", i, i);
    buf_append_text(&event, "</EVENT>");
    assert_true(validate_copy(validator, (struct slice){event.data, event.len}, "").is_valid);
    buf_fini(&event);
    assert_works(validator);
}

/* ---- encodings ---- */

static void an_event_in_a_declared_encoding_is_kept_as_utf8(void **state)
{
    static const struct {
        const char *encoding;
        const char *text;
        const char *utf8;
    } rows[] = {
        {"ISO-8859-1", "\xE9", "é"},
        {"iso-8859-1", "\xE9", "é"},
        {"ISO-8859-2", "\xB1\xE6", "ąć"},
        {"ISO-8859-15", "\xA4", "€"},
        {"windows-1252", "\x80", "€"},
        {"windows-1250", "\x9C", "ś"},
        {"windows-1251", "\xC4", "Д"},
        {"KOI8-R", "\xC4", "д"},
        {"Shift_JIS", "\x90\xB3\x96\xCA", "正面"},
        {"EUC-JP", "\xC0\xB5", "正"},
        {"GB18030", "\xD5\xFD", "正"},
        {"US-ASCII", "e", "e"},
        {"UTF-8", "é", "é"},
        {"utf-8", "é", "é"},
        {"UTF8", "é", "é"},
    };
    struct validator *validator = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[64];
        char utf8[64];
        int len = snprintf(text, sizeof text, "<EVENT><cn>%s</cn></EVENT>", rows[i].text);
        (void)snprintf(utf8, sizeof utf8, "<EVENT><cn>%s</cn></EVENT>", rows[i].utf8);
        struct verdict verdict =
            validate_copy(validator, (struct slice){text, (size_t)len}, rows[i].encoding);
        if (!verdict.is_valid) fail_msg("%s: %s", rows[i].encoding, verdict.detail);
        assert_slice(verdict.payload, utf8);
        assert_slice(verdict.fields[EVENT_UID], rows[i].utf8);
        assert_works(validator);
    }
}

static void bytes_outside_the_declared_encoding_are_an_encoding_reject(void **state)
{
    static const struct bad rows[] = {
        NOT_IN_IT("US-ASCII", "<EVENT>\xE9</EVENT>"),
        NOT_IN_IT("windows-1252", "<EVENT>\x81</EVENT>"),
        NOT_IN_IT("Shift_JIS", "<EVENT>\x83</EVENT>"),
        NOT_IN_IT("UTF-16", "<EVENT/>"),
        BAD("UTF-16LE", "<EVENT></EVENT>", REJECT_ENCODING, "encoding \"UTF-16LE\": the bytes are not in it"),
        NOT_IN_IT("utf-16be", "<EVENT/>"),
        NOT_IN_IT("UTF-32", "<EVENT/>"),
        NOT_IN_IT("UCS-2", "<EVENT/>"),
        NOT_IN_IT("ISO-10646-UCS-2", "<EVENT/>"),
        NOT_IN_IT("IBM037", "<EVENT/>"),
        BAD_ENCODING("klingon", "<EVENT/>", "not known"),
        NO_NAME("ISO-8859-1//TRANSLIT"),
        NO_NAME("//"),
        NO_NAME(" "),
        NO_NAME("8859-1"),
        NO_NAME("a\nb"),
        NO_NAME("\xC3"),
    };
    check_bad(*state, rows, COUNT(rows));
}

/* The log is one line per event: a library must not write between them, and payload least of all. */
static void the_validator_prints_nothing_to_stderr(void **state)
{
    struct validator *validator = *state;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    (void)validate_copy(validator, (struct slice)BYTES("<EVENT>\x81</EVENT>"), "windows-1252");
    (void)validate_copy(validator, (struct slice)BYTES("<EVENT/>"), "klingon");
    (void)validate_copy(validator, (struct slice)BYTES("<EVENT xmlns='relative' xml:lang='?'><a></b>"), "");
    (void)fflush(stderr);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(lseek(fileno(file), 0, SEEK_END), 0);
    (void)close(saved);
    (void)fclose(file);
}

/* ---- columns ---- */

static void a_column_holds_the_first_matching_childs_trimmed_text(void **state)
{
    static const struct {
        const char *event;
        const char *uid; /* NULL: absent */
    } rows[] = {
        {"<EVENT/>", NULL},
        {"<EVENT><CN>1</CN><cn2/></EVENT>", NULL},
        {"<EVENT><cn></cn></EVENT>", ""},
        {"<EVENT><cn/></EVENT>", ""},
        {"<EVENT><cn> \r\n\t </cn></EVENT>", ""},
        {"<EVENT><cn>\n 1  2\t</cn></EVENT>", "1  2"},
        {"<EVENT><cn>\u00A01\u00A0</cn></EVENT>", "\u00A01\u00A0"}, /* white space is XML's */
        {"<EVENT><cn>1</cn><cn>2</cn></EVENT>", "1"},
        {"<EVENT><cn/><cn>2</cn></EVENT>", ""},
        {"<EVENT><a><cn>1</cn></a></EVENT>", NULL},
        {"<EVENT><a><cn>1</cn></a><cn>2</cn></EVENT>", "2"},
        {"<EVENT><cn>1<cn>2</cn>3<b>4</b>5</cn></EVENT>", "135"},
        {"<EVENT cn='1'>2</EVENT>", NULL},
        {"<EVENT xmlns:p='u'><p:cn>1</p:cn></EVENT>", NULL},
        {"<EVENT xmlns='u'><cn a='1'>2</cn></EVENT>", "2"},
        {"<EVENT><cn>a&amp;b&#65;&#x20AC;</cn></EVENT>", "a&bA€"},
        {"<EVENT><cn> <![CDATA[ <&> ]]> </cn></EVENT>", "<&>"},
        {"<EVENT><cn>a<!-- b -->c<?d e?>f</cn></EVENT>", "acf"},
        {"<cn>1</cn>", NULL},
        {"<cn><cn>1</cn></cn>", "1"},
    };
    struct validator *validator = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdict verdict =
            validate_copy(validator, (struct slice){rows[i].event, strlen(rows[i].event)}, "");
        assert_true(verdict.is_valid);
        assert_slice(verdict.fields[EVENT_UID], rows[i].uid);
        assert_works(validator);
    }
}

static void a_trimmed_column_is_cut_at_a_character_boundary(void **state)
{
    static const struct {
        size_t spaces;
        size_t letters;
        const char *more;
        size_t len;
    } rows[] = {
        {0, 255, "", 255},
        {0, 256, "", 256},
        {0, 257, "", 256},
        {0, 1000, "", 256},
        {0, 254, "é", 256},
        {0, 254, "éa", 256},
        {0, 255, "é", 255},
        {0, 255, "éa", 255},
        {0, 253, "€", 256},
        {0, 254, "€", 254},
        {0, 255, "€abc", 255},
        {0, 252, "😀", 256},
        {0, 253, "😀a", 253},
        {0, 255, "<![CDATA[é]]>a", 255},
        {0, 255, "&#233;a", 255},
        {300, 1, "", 1},
        {300, 256, "", 256},
        {5000, 300, "", 256},
        {0, 1, "<![CDATA[ \n]]> ", 1},
    };
    struct validator *validator = *state;
    char text[8192];

    for (size_t i = 0; i < COUNT(rows); i++) {
        int len = snprintf(text, sizeof text, "<EVENT><cn>%*s", (int)rows[i].spaces, "");
        memset(text + len, 'x', rows[i].letters);
        len += (int)rows[i].letters;
        len += snprintf(text + len, sizeof text - (size_t)len, "%s</cn></EVENT>", rows[i].more);
        struct verdict verdict = validate_copy(validator, (struct slice){text, (size_t)len}, "");
        assert_true(verdict.is_valid);
        assert_int_equal(verdict.fields[EVENT_UID].len, rows[i].len);
        size_t same = rows[i].letters < rows[i].len ? rows[i].letters : rows[i].len;
        assert_memory_equal(verdict.fields[EVENT_UID].data, strchr(text, 'x'), same);
        assert_memory_equal(verdict.fields[EVENT_UID].data + same, rows[i].more, rows[i].len - same);
    }
}

static void a_long_detail_is_one_line_of_whole_characters(void **state)
{
    struct validator *validator = *state;
    char text[4096];

    for (int pad = 0; pad < 4; pad++) {
        size_t len = (size_t)sprintf(text, "<EVENT><a%.*s", pad, "aaa");
        for (int i = 0; i < 300; i++) len += (size_t)sprintf(text + len, "正");
        len += (size_t)sprintf(text + len, "></EVENT>");
        struct verdict verdict = validate_copy(validator, (struct slice){text, len}, "");
        assert_false(verdict.is_valid);
        assert_in_range(strlen(verdict.detail), 250, sizeof verdict.detail - 1);
        assert_null(strchr(verdict.detail, '\n'));
        /* It ends with the whole of that character. */
        assert_string_equal(verdict.detail + strlen(verdict.detail) - strlen("正"), "正");
    }
}

static void the_mapping_decides_which_child_fills_which_column(void **state)
{
    static const struct {
        struct index_fields fields;
        const char *event;
        const char *values[EVENT_FIELD_COUNT]; /* uid, name, time, sender, source_name; NULL: absent */
    } rows[] = {
        {{{"id", "\u00e9v", "", "id", "door"}},
         "<E><cn>0</cn><\u00e9v> 1 </\u00e9v><id>2</id><id>3</id></E>",
         {"2", "1", NULL, "2", NULL}},
        {{{"p:id", "id", "*:id", "q:id", "p:x"}},
         "<E xmlns:p='u' xmlns:q='u'><p:id>1</p:id><id>2</id><q:id>3</q:id></E>",
         {"1", "2", "1", "3", NULL}},
        {{{"p:id", "id", "*:id", "q:id", ""}},
         "<E xmlns:p='u' xmlns:q='u'><x/><id>1</id><q:id>2</q:id><id>3</id><q:id>4</q:id></E>",
         {NULL, "1", "1", "2", NULL}},
        {{{"*:id", "p:id", "", "", ""}},
         "<E xmlns:p='u'><p:id>1</p:id><p:id>2</p:id></E>",
         {"1", "1", NULL, NULL, NULL}},
        {{{"*:id", "p:id", "", "", ""}},
         "<E xmlns:p='u'><id>1</id><p:id>2</p:id></E>",
         {"1", "2", NULL, NULL, NULL}},
        {{{"p:id", "", "", "", ""}}, "<E xmlns='u'><id>1</id></E>", {NULL, NULL, NULL, NULL, NULL}},
        {{{"p:id", "", "", "", ""}}, "<E><p:id xmlns:p='u'>1</p:id></E>", {"1", NULL, NULL, NULL, NULL}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct validator *validator = validator_new(&(struct validator_options){.fields = &rows[i].fields});
        struct verdict verdict =
            validate_copy(validator, (struct slice){rows[i].event, strlen(rows[i].event)}, "");
        assert_true(verdict.is_valid);
        for (int k = 0; k < EVENT_FIELD_COUNT; k++) assert_slice(verdict.fields[k], rows[i].values[k]);
        validator_free(validator);
    }
}

/* ---- memory ---- */

static struct verdict check_buf(struct validator *validator, const struct buf *event)
{
    return validate_copy(validator, (struct slice){event->data, event->len}, "");
}

static void new_names_in_every_event_do_not_grow_the_memory(void **state)
{
    struct validator *validator = *state;
    size_t before = 0;
    char text[512];

    for (int i = 0; i < 20000; i++) {
        if (i == 5000) before = mallinfo2().uordblks; /* the dictionary has been full once by then */
        size_t len = (size_t)sprintf(text, "<EVENT>");
        for (int k = 0; k < 10; k++)
            len += (size_t)sprintf(text + len, "<element_%d_%d a%d_%d='1'/>", i, k, i, k);
        len += (size_t)sprintf(text + len, "</EVENT>");
        struct verdict verdict;
        check(validator, (struct slice){text, len}, "", &verdict);
        assert_true(verdict.is_valid);
    }
    assert_true(mallinfo2().uordblks < before + 2 * MEGABYTE);
    assert_works(validator);
}

/* One validator for all tests, as in the collector: nothing may be left of what it has seen. */
static int set_up(void **state)
{
    *state = validator_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    validator_free(*state);
    return 0;
}

/* libxml2 refuses any new name once its dictionary holds too much: of one sender's names, for all the others. */
static void long_names_do_not_exhaust_the_parsers_dictionary(void **state)
{
    struct validator *validator = *state;
    struct buf event = BUF_EMPTY;
    for (int i = 0; i < 600; i++) {
        buf_clear(&event);
        buf_append_text(&event, "<EVENT>");
        for (int k = 0; k < 60; k++) buf_append_format(&event, "<n%0*d/>", PARSER_NAME_MAX - 1, i * 60 + k);
        buf_append_text(&event, "</EVENT>");
        struct verdict verdict = check_buf(validator, &event);
        if (!verdict.is_valid) fail_msg("event %d: %s", i, verdict.detail);
    }
    buf_fini(&event);
    assert_works(validator);
}

/* ---- large events ---- */

static void build_event(struct buf *event, size_t padding, const char *rest)
{
    buf_clear(event);
    buf_append_text(event, "<EVENT>");
    buf_reserve(event, padding);
    memset(event->data + event->len, 'x', padding);
    event->len += padding;
    buf_append_format(event, "\n%s", rest);
}

static bool is_same_verdict(const struct verdict *large, const struct verdict *small, const char *uid)
{
    struct slice field = large->fields[EVENT_UID];
    if (large->is_valid != small->is_valid) return false;
    if (!large->is_valid) return large->reason == small->reason && strcmp(large->detail, small->detail) == 0;
    return field.len == strlen(uid) && (field.len == 0 || memcmp(field.data, uid, field.len) == 0);
}

/* What the library makes of pieces must not show: each construct is cut at each of its bytes by a slice's end. */
static void slicing_a_large_event_does_not_change_its_verdict(void **state)
{
    static const char *const rows[] = {
        "<cn>1</cn></EVENT>",
        "<cn a='b>c' d=\"e>f\"> 1&amp;2 <![CDATA[ <x> ]]> ]</cn></EVENT>",
        "<cn>s\u00e9\u20ac\U0001F600&#xE9;&#8364;</cn ></EVENT\n>",
        "<!-- a > - -> b --><?p q? > r?><cn>1</cn><!-- \u20ac --></EVENT>",
        "<p:a xmlns:p='u>v'><p:b p:c='1>2'/></p:a><cn>\r\n1\r\n</cn></EVENT>",
        "<a>\n</b></EVENT>",
        "a ]]> b</EVENT>",
        "a ]]]]]] b ]]]> c</EVENT>",
        "]] > <cn>s\u00e9\u20ac\U0001F600&#xE9;&#8364;</cn></EVENT>",
        "\u00e9\u20ac\U0001F600&#xE9;&#8364;\u00e9\u20ac\U0001F600<cn>1</cn><a></EVENT>",
        "\r\n\r\r\n\n\r \r<cn>1</cn>\r</EVENT>\r\r",
        "\r\n\r\r\n\n\r \r<cn>1</cn>\r</EVENT>\r\ra",
        "\r\n\r\r\n\r \r</cn>\r</EVENT>",
        "\u20ac\xEF\xBF\xBE</EVENT>",
        "<![CDATA[]]]]><![CDATA[>]]><![CDATA[\u20ac ]] ]> \r\n]]]><cn>1</cn></EVENT>",
        "<![CDATA[\u20ac\r\n\x01]]]></EVENT>",
        "<![CDATA[\u20ac\r\n]]]></EVENT></EVENT>",
        "<!--\r\n\r\u20ac\r\n--\r></EVENT>",
        "<?p \r\n\r\u20ac\r\n?><cn>\u20ac</cn><?p\x02?></EVENT>",
        "a & b</EVENT>",
        "&amp</EVENT>",
        "&eacute;</EVENT>",
        "&#1;</EVENT>",
        "<a b='&eacute;'/></EVENT>",
        "<a b='1' c='2' b='3'/></EVENT>",
        "<a b='1'c='2'/></EVENT>",
        "<a b='<'/></EVENT>",
        "<a b=c/></EVENT>",
        "<p:a/></EVENT>",
        "<a p:b='1'/></EVENT>",
        "<!-- a -- b --></EVENT>",
        "<?xml version='1.0'?></EVENT>",
        "< a/></EVENT>",
        "<![cdata[]]></EVENT>",
        "<!DOCTYPE a></EVENT>",
        "\x01</EVENT>",
        "\xEF\xBF\xBE</EVENT>",
        "<a b='\x01>'/></EVENT>",
        "<!--\x01--></EVENT>",
        "<![CDATA[a\x01]]></EVENT>",
        "<?p \x01?></EVENT>",
        "</EVENT>text",
        "</EVENT><!-- a --> ",
        "</EVENT><EVENT/>",
        "<a>",
        "</EVENT",
        "<cn",
        "",
    };
    static const size_t slices[] = {65536, 262144, 524288};
    struct validator *validator = *state;
    struct buf event = BUF_EMPTY;
    char uid[64];

    for (size_t i = 0; i < COUNT(rows) * COUNT(slices); i++) {
        const char *row = rows[i / COUNT(slices)];
        build_event(&event, 1, row);
        struct verdict small = check_buf(validator, &event);
        if (small.is_valid) (void)snprintf(small.detail, sizeof small.detail, "valid");
        (void)snprintf(uid, sizeof uid, "%.*s", (int)small.fields[EVENT_UID].len,
                       small.fields[EVENT_UID].data);
        for (size_t cut = 0; cut <= strlen(row); cut++) {
            build_event(&event, slices[i % COUNT(slices)] - strlen("<EVENT>\n") - cut, row);
            struct verdict large = check_buf(validator, &event);
            if (!is_same_verdict(&large, &small, uid)) {
                bytes_print("row", (struct slice){row, strlen(row)});
                fail_msg("cut at %zu: %s, not %s", cut, large.detail, small.detail);
            }
        }
    }
    buf_fini(&event);
    assert_works(validator);
}

static void a_slice_may_end_inside_a_multibyte_character(void **state)
{
    static const struct {
        const char *encoding;
        const char *text;
        const char *utf8;
    } rows[] = {
        {"Shift_JIS", "\x90\xB3\x96\xCA", "正面"},
        {"GB18030", "\xD5\xFD\x81\x30\x81\x30", "正\xC2\x80"},
        {"ISO-2022-JP", "\x1B$B@5LL\x1B(B", "正面"},
    };
    struct validator *validator = *state;
    struct buf event = BUF_EMPTY;
    char row[128];

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t cut = 0; cut <= strlen(rows[i].text); cut++) {
            struct verdict verdict;
            (void)snprintf(row, sizeof row, "%s<cn>%s</cn></EVENT>", rows[i].text, rows[i].text);
            build_event(&event, 65536 - strlen("<EVENT>\n") - cut, row);
            check(validator, (struct slice){event.data, event.len}, rows[i].encoding, &verdict);
            if (!verdict.is_valid) fail_msg("%s, cut at %zu: %s", rows[i].encoding, cut, verdict.detail);
            assert_slice(verdict.fields[EVENT_UID], rows[i].utf8);
            (void)snprintf(row, sizeof row, "\n%s<cn>%s</cn></EVENT>", rows[i].utf8, rows[i].utf8);
            assert_memory_equal(verdict.payload.data + verdict.payload.len - strlen(row), row, strlen(row));
        }
        build_event(&event, 65536 - strlen("<EVENT>\n") - 1, "\xFF</EVENT>");
        struct verdict verdict;
        check(validator, (struct slice){event.data, event.len}, rows[i].encoding, &verdict);
        assert_false(verdict.is_valid);
        assert_int_equal(verdict.reason, REJECT_ENCODING);
    }
    buf_fini(&event);
    assert_works(validator);
}

/* `unit` with the number in place of each %x. */
static void append_numbered(struct buf *event, const char *unit, unsigned number)
{
    for (const char *at = unit; *at; at++) {
        if (at[0] == '%' && at[1] == 'x') {
            buf_append_format(event, "%x", number);
            at++;
        } else {
            buf_append_char(event, *at);
        }
    }
}

struct longest {
    const char *begin;
    const char *unit; /* %x: a number that is different each time */
    const char *end;
    const char *encoding;
    const char *detail; /* NULL: valid */
};

/* An event of `len` bytes: `begin`, as many `unit`s as fit, `end`. */
static void build_repeated(struct buf *event, const struct longest *row, size_t len)
{
    buf_clear(event);
    buf_append_text(event, row->begin);
    for (unsigned i = 0; event->len + strlen(row->unit) + 64 < len; i++)
        if (strstr(row->unit, "%x"))
            append_numbered(event, row->unit, i);
        else
            buf_append_text(event, row->unit);
    buf_append_text(event, row->end);
}

/* They are as long as MAX_MESSAGE_SIZE lets in. */
static const struct longest longest_rows[] = {
    {"<EVENT>", "<a>some text</a>\n", "</EVENT>", "", NULL},
    {"<EVENT>", "<a>s\xE9me text</a>\n", "</EVENT>", "windows-1252", NULL},
    {"<EVENT>", "text ", "</EVENT>", "", NULL},
    {"<EVENT>", "\u20ac\r\n]>", "</EVENT>", "", NULL},
    {"<EVENT><cn>", " ", "</cn></EVENT>", "", NULL},
    {"<EVENT>", "&amp;&#65;", "</EVENT>", "", NULL},
    {"<EVENT><!--", "> \u20ac - ", "--></EVENT>", "", NULL},
    {"<EVENT><?p ", "? > ", "?></EVENT>", "", NULL},
    {"<EVENT><![CDATA[", "<&>] ", "]]></EVENT>", "", NULL},
    {"<EVENT a='", "> &amp;\n", "'></EVENT>", "", NULL},
    {"<EVENT>", "<a b='1' c='2' d='3' e='4' f='5'/>", "</EVENT>", "", NULL},
    {"<EVENT>", "<!----><?p?><![CDATA[]]><a/>", "</EVENT>", "", NULL},
    {"<EVENT>", "<a xmlns='?'/>", "</EVENT>", "", NULL},
    {"<EVENT>", "<a xml:lang='?' xml:space='?'/>", "</EVENT>", "", NULL},
    {"<EVENT>&#", "0", "65;</EVENT>", "", NULL},
    {"<EVENT>", "<a%x/>", "</EVENT>", "", "more than 16384 different names"},
    {"<EVENT>", "<a b%x=''/>", "</EVENT>", "", "more than 16384 different names"},
    {"<EVENT>", "<a xmlns='u:%x'/>", "</EVENT>", "", "more than 16384 different names"},
    {"<EVENT>", "<?a%x?>", "</EVENT>", "", "more than 16384 different names"},
    {"<EVENT", " a%x=''", "></EVENT>", "", "more than 256 attributes on one element"},
    {"<EVENT", " a%x+AD0AIgAi-", "></EVENT>", "UTF-7", "more than 256 attributes on one element"},
    {"<EVENT>", "<a%x xmlns:a%x='u'>", "</EVENT>", "", "more than 200 elements inside each other"},
    {"<EVENT><", "n", "/></EVENT>", "", "a name or namespace of more than 1024 bytes"},
    {"<EVENT xmlns='", "n", "'/>", "", "a name or namespace of more than 1024 bytes"},
    {"<EVENT>&", "n", ";</EVENT>", "", "a name or namespace of more than 1024 bytes"},
    {"<EVENT>", "<p:a/>", "</EVENT>", "", "Namespace prefix p is not declared"},
    {"<EVENT>", "<a p:b='' q:b='' r:b=''/>", "</EVENT>", "", "Namespace prefix p is not declared"},
    {"<EVENT>", "\x80", "</EVENT>", "windows-1252", "more than 10,000,000 bytes as UTF-8"},
};

#if !IS_SANITIZED /* the time of such a program says nothing, and is a minute */

/* The processor's time that `count` events like this one take, of `len` bytes each. */
static double check_seconds(struct validator *validator, const struct longest *row, size_t len, size_t count)
{
    struct buf event = BUF_EMPTY;
    struct verdict verdict;
    build_repeated(&event, row, len);
    clock_t since = clock();
    for (size_t i = 0; i < count; i++)
        check(validator, (struct slice){event.data, event.len}, row->encoding, &verdict);
    double seconds = (double)(clock() - since) / CLOCKS_PER_SEC;
    buf_fini(&event);
    return seconds;
}

/*
 * How many times what as many bytes of short, plain events take? Those are measured beside it, and where the answer is
 * too much, both are measured again: whatever else runs on the machine may slow either.
 */
static double cost_of_longest(struct validator *validator, const struct longest *row)
{
    static const struct longest plain = {"<EVENT>", "<a>some text</a>\n", "</EVENT>", "", NULL};
    double least = DBL_MAX;
    for (int i = 0; i < TRIES && least > COST_MAX; i++) {
        double plain_seconds = check_seconds(validator, &plain, LONGEST / PLAIN_EVENTS, PLAIN_EVENTS);
        double cost = check_seconds(validator, row, LONGEST, 1) / plain_seconds;
        if (cost < least) least = cost;
    }
    return least;
}

/*
 * Of libxml2: short plain events do not get so far. The dearest costs 8 to 13 times as much (libxml2 words an error for each
 * prefix that is not declared); a search that is quadratic in eight megabytes, hundreds of times.
 */
static void the_longest_event_costs_little_more_than_short_ones(void **state)
{
    struct validator *validator = validator_new(&(struct validator_options){.is_libxml2_alone = true});

    (void)state;
    for (size_t i = 0; i < COUNT(longest_rows); i++) {
        const struct longest *row = &longest_rows[i];
        double cost = cost_of_longest(validator, row);
        if (cost > COST_MAX) fail_msg("%s%s: %.1f times as much", row->begin, row->unit, cost);
    }
    validator_free(validator);
}

#endif

static void the_longest_event_gets_its_verdict_and_leaves_no_memory(void **state)
{
    struct validator *validator = *state;
    struct buf event = BUF_EMPTY;

    for (size_t i = 0; i < COUNT(longest_rows); i++) {
        const struct longest *row = &longest_rows[i];
        struct verdict verdict;
        build_repeated(&event, row, LONGEST);
        check(validator, (struct slice){event.data, event.len}, row->encoding, &verdict);
        bool is_expected =
            verdict.is_valid == !row->detail && (!row->detail || strstr(verdict.detail, row->detail));
        if (!is_expected)
            fail_msg("%s%s: %s", row->begin, row->unit, verdict.is_valid ? "valid" : verdict.detail);
        validator_trim(validator);
        if (mallinfo2().uordblks + mallinfo2().hblkhd >= event.capacity + MEGABYTE)
            fail_msg("%s%s: %zu bytes are left", row->begin, row->unit,
                     mallinfo2().uordblks + mallinfo2().hblkhd - event.capacity);
    }
    buf_fini(&event);
    assert_works(validator);
}

/* Memory that is not written yet holds anything: libxml2 must not read on behind the decoded event. */
static void a_large_event_that_a_table_decodes_ends_where_it_ends(void **state)
{
    struct validator *validator = validator_new(NULL);
    struct buf event = BUF_EMPTY;
    struct verdict verdict;
    (void)state;
    for (int i = 0; i < SINGLE_BYTE_NEW; i++)
        check(validator, (struct slice)BYTES("<EVENT><cn>\xE9</cn></EVENT>"), "ISO-8859-1", &verdict);
    buf_append_text(&event, "<EVENT><cn>\xE9</cn><a>");
    while (event.len <= PARSER_LARGE) buf_append_text(&event, "xxxxxxxxxxxxxxxx");
    buf_append_text(&event, "</a></EVENT>");
    (void)mallopt(M_PERTURB, 0x55); /* a sanitizer needs no help, and has no such option */
    check(validator, (struct slice){event.data, event.len}, "ISO-8859-1", &verdict);
    (void)mallopt(M_PERTURB, 0);
    assert_true(verdict.is_valid);
    buf_fini(&event);
    validator_free(validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_gets_its_verdict_columns_and_unchanged_bytes),
        cmocka_unit_test(a_well_formed_event_is_valid_and_keeps_its_bytes),
        cmocka_unit_test(a_malformed_event_is_rejected_with_line_and_column),
        cmocka_unit_test(a_forbidden_character_is_malformed_anywhere_in_an_event),
        cmocka_unit_test(a_doctype_is_rejected_before_any_entity_is_expanded),
        cmocka_unit_test(invalid_utf8_is_an_encoding_reject_anywhere_in_an_event),
        cmocka_unit_test(elements_nest_two_hundred_deep_and_no_deeper),
        cmocka_unit_test(a_name_may_be_1024_bytes_long),
        cmocka_unit_test(attributes_and_namespaces_are_bounded),
        cmocka_unit_test(an_event_in_a_declared_encoding_is_kept_as_utf8),
        cmocka_unit_test(bytes_outside_the_declared_encoding_are_an_encoding_reject),
        cmocka_unit_test(the_validator_prints_nothing_to_stderr),
        cmocka_unit_test(a_column_holds_the_first_matching_childs_trimmed_text),
        cmocka_unit_test(a_trimmed_column_is_cut_at_a_character_boundary),
        cmocka_unit_test(the_mapping_decides_which_child_fills_which_column),
        cmocka_unit_test(a_long_detail_is_one_line_of_whole_characters),
        cmocka_unit_test(new_names_in_every_event_do_not_grow_the_memory),
        cmocka_unit_test(long_names_do_not_exhaust_the_parsers_dictionary),
        cmocka_unit_test(slicing_a_large_event_does_not_change_its_verdict),
        cmocka_unit_test(a_slice_may_end_inside_a_multibyte_character),
        cmocka_unit_test(a_large_event_that_a_table_decodes_ends_where_it_ends),
#if !IS_SANITIZED
        cmocka_unit_test(the_longest_event_costs_little_more_than_short_ones),
#endif
        cmocka_unit_test(the_longest_event_gets_its_verdict_and_leaves_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
