/*
 * validator -- see validator.h.
 *
 * The happy path: transcode where an encoding other than UTF-8 was declared, see that the bytes are UTF-8, run libxml2's push parser once over the
 * bytes with SAX handlers that count depth and copy the texts of a few child elements, look at the verdict. Push, from
 * memory in one chunk, is libxml2's fastest way. The first error decides the reason.
 */
#include "collector/validator.h"

#include <assert.h>
#include <ctype.h>
#include <libxml/encoding.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/markup.h"
#include "common/buf.h"
#include "common/utf8.h"

#define MESSAGE_MAX      300       /* bytes of a message from libxml2: a name in it may be very long */
#define DICTIONARY_MAX   4096      /* names remembered before the parser context is made anew, */
#define DICTIONARY_BYTES (1 << 20) /* and their bytes: at 10 MB libxml2 would refuse any new name */

/* INDEX_FIELDS' default: which child elements fill the spool's columns. */
static const char *const field_elements[EVENT_FIELD_COUNT] = {
    [EVENT_UID] = "cn",
    [EVENT_NAME] = "plasectrxEventname",
    [EVENT_TIME] = "plasectrxRecdateUTC",
    [EVENT_SENDER] = "plasectrxGatewayDN",
    [EVENT_SOURCE_NAME] = "plasectrxSourcename",
};

struct field_text {
    char text[EVENT_FIELD_MAX];
    size_t len;
    bool is_present;
    bool is_cut; /* it was too long: nothing more is taken */
};

struct validator {
    xmlParserCtxtPtr parser;
    struct buf utf8; /* the event transcoded */
    struct verdict *verdict;
    bool has_failed;
    int depth;
    struct field_text *open_field; /* the column whose element is being read, or NULL */
    struct field_text fields[EVENT_FIELD_COUNT];
    const xmlChar *field_names[EVENT_FIELD_COUNT]; /* in the parser's dictionary: compared by address */
};

/* ---- failing ---- */

static void fail(struct validator *v, enum reject_reason reason, const char *detail)
{
    if (v->has_failed) return; /* the first reason is the one that helps */
    v->has_failed = true;
    v->verdict->reason = reason;
    (void)snprintf(v->verdict->detail, sizeof v->verdict->detail, "%s", detail);
    if (v->parser) xmlStopParser(v->parser);
}

/* How many of the first `len` bytes of a longer text are whole characters. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    return len;
}

/* Fails because of the byte at `at`. */
static void fail_at(struct validator *v, enum reject_reason reason, struct slice bytes, size_t at,
                    const char *why)
{
    char detail[VALIDATOR_DETAIL_MAX];
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        if (((unsigned char)bytes.data[i] & 0xC0) != 0x80) column++;
        if (bytes.data[i] == '\n') line++, column = 1;
    }
    (void)snprintf(detail, sizeof detail, "line %zu, column %zu: %s", line, column, why);
    fail(v, reason, detail);
}

static void on_error(void *context, xmlErrorPtr error)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    char detail[VALIDATOR_DETAIL_MAX];

    if (error->level == XML_ERR_WARNING) return;
    const char *message = error->message ? error->message : "not well-formed";
    /* libxml2 2.9 says of some forbidden characters that they are not UTF-8; here that has been looked at before. */
    if (error->code == XML_ERR_INVALID_CHAR) message = "a character that XML does not allow";
    size_t len = strcspn(message, "\n");
    if (len > MESSAGE_MAX) len = whole_characters(message, MESSAGE_MAX);
    (void)snprintf(detail, sizeof detail, "line %d, column %d: %.*s", error->line, error->int2, (int)len,
                   message);
    fail(v, REJECT_MALFORMED, detail);
}

/* ---- SAX handlers ---- */

static struct field_text *field_of(struct validator *v, const xmlChar *name)
{
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        if (name == v->field_names[i]) return &v->fields[i];
    return NULL;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)uri, (void)namespace_count, (void)namespaces;
    (void)attribute_count, (void)default_count, (void)attributes;
    if (++v->depth > VALIDATOR_DEPTH_MAX)
        fail(v, REJECT_TOO_DEEP, "more than 200 elements inside each other");
    if (v->depth != 2 || prefix) return;
    struct field_text *field = field_of(v, name);
    if (!field || field->is_present) return; /* of a repeated child the first counts */
    field->is_present = true;
    v->open_field = field;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)prefix, (void)uri;
    if (v->depth-- == 2) v->open_field = NULL;
}

static void on_text(void *context, const xmlChar *chars, int count)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    struct field_text *field = v->open_field;
    const char *text = (const char *)chars;
    size_t len = (size_t)count;

    if (!field || v->depth != 2 || field->is_cut) return;
    if (field->len == 0) /* white space before the value takes none of its room */
        while (len > 0 && markup_is_space(*text)) text++, len--;
    size_t room = sizeof field->text - field->len;
    field->is_cut = len > room;
    if (field->is_cut) len = whole_characters(text, room);
    memcpy(field->text + field->len, text, len);
    field->len += len;
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)external, (void)system;
    fail(v, REJECT_DOCTYPE, "a document type declaration (<!DOCTYPE) is not accepted");
}

/* ---- the parser ---- */

static void open_parser(struct validator *v)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    v->parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
    if (!v->parser) abort();
    v->parser->_private = v;
    v->parser->userData = v->parser;
    int unknown = xmlCtxtUseOptions(v->parser, XML_PARSE_NONET);
    assert(unknown == 0);
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        v->field_names[i] = xmlDictLookup(v->parser->dict, (const xmlChar *)field_elements[i], -1);
        if (!v->field_names[i]) abort();
    }
}

static void close_parser(struct validator *v)
{
    xmlFreeParserCtxt(v->parser);
    v->parser = NULL;
}

/* A context for the next event. Names stay in its dictionary, so one that has seen too many is replaced. */
static void reset_parser(struct validator *v)
{
    if (v->parser && (xmlDictSize(v->parser->dict) > DICTIONARY_MAX ||
                      xmlDictGetUsage(v->parser->dict) > DICTIONARY_BYTES))
        close_parser(v);
    if (!v->parser) open_parser(v);
    int res = xmlCtxtResetPush(v->parser, NULL, 0, NULL, NULL);
    assert(res == 0);
}

struct validator *validator_new(void)
{
    struct validator *v = calloc(1, sizeof *v);
    if (!v) abort();
    xmlInitParser();
    return v;
}

void validator_free(struct validator *v)
{
    if (!v) return;
    if (v->parser) close_parser(v);
    buf_fini(&v->utf8);
    free(v);
}

/* ---- encodings ---- */

static bool is_utf8(const char *encoding)
{
    return !*encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

/* As XML defines it; what else is declared need not stand in a log, nor reach iconv, which knows names with options. */
static bool is_encoding_name(const char *encoding)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return isalpha((unsigned char)*encoding) && encoding[strspn(encoding, allowed)] == '\0';
}

/* libxml2 would print the bytes that cannot be decoded to stderr. */
static void say_nothing(void *context, xmlErrorPtr error)
{
    (void)context, (void)error;
}

/*
 * Decodes all of `bytes` into v->utf8. False: they are not in that encoding. The framer has read them as ASCII: where the
 * first one becomes something else, as in UTF-16 and EBCDIC, the declaration is wrong.
 */
static bool decode(struct validator *v, xmlCharEncodingHandlerPtr handler, struct slice bytes)
{
    xmlBufferPtr in = xmlBufferCreateSize(bytes.len + 1);
    xmlBufferPtr out = xmlBufferCreateSize(bytes.len * 2 + 16);
    if (!in || !out || xmlBufferAdd(in, (const xmlChar *)bytes.data, (int)bytes.len) != 0) abort();
    int res = 1;
    xmlSetStructuredErrorFunc(NULL, say_nothing);
    while (res >= 0 && xmlBufferLength(in) > 0) {
        int before = xmlBufferLength(in);
        res = xmlCharEncInFunc(handler, out, in);
        if (xmlBufferLength(in) == before) break;
    }
    bool is_whole = res >= 0 && xmlBufferLength(in) == 0;
    buf_clear(&v->utf8);
    buf_append(&v->utf8, xmlBufferContent(out), (size_t)xmlBufferLength(out));
    xmlBufferFree(in);
    xmlBufferFree(out);
    return is_whole && v->utf8.len > 0 && v->utf8.data[0] == bytes.data[0];
}

/* The event as UTF-8: itself, or transcoded. */
static struct slice to_utf8(struct validator *v, struct slice bytes, const char *encoding)
{
    char detail[VALIDATOR_DETAIL_MAX];
    if (is_utf8(encoding) || bytes.len == 0) return bytes;
    if (!is_encoding_name(encoding)) {
        fail(v, REJECT_ENCODING, "the XML declaration names an encoding that cannot be one");
        return bytes;
    }
    xmlCharEncodingHandlerPtr handler = xmlFindCharEncodingHandler(encoding);
    bool is_decoded = handler && decode(v, handler, bytes);
    if (handler) (void)xmlCharEncCloseFunc(handler);
    if (is_decoded) return (struct slice){v->utf8.data, v->utf8.len};
    (void)snprintf(detail, sizeof detail, "declared encoding \"%s\": %s", encoding,
                   handler ? "the bytes are not in it" : "not known");
    fail(v, REJECT_ENCODING, detail);
    return bytes;
}

/* ---- the verdict ---- */

/* A column's value; on_text() has left out the white space before it. */
static struct slice field_value(const struct field_text *field)
{
    size_t len = field->len;
    if (!field->is_present) return (struct slice){NULL, 0};
    while (len > 0 && markup_is_space(field->text[len - 1])) len--;
    return (struct slice){field->text, len};
}

static void parse(struct validator *v, struct slice bytes)
{
    reset_parser(v);
    v->depth = 0;
    v->open_field = NULL;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        v->fields[i].len = 0, v->fields[i].is_present = v->fields[i].is_cut = false;
    int code = xmlParseChunk(v->parser, bytes.data, (int)bytes.len, 1);
    bool is_good = code == XML_ERR_OK && v->parser->wellFormed && v->parser->nsWellFormed;
    if (!is_good) fail(v, REJECT_MALFORMED, "not well-formed");
}

void validator_check(struct validator *v, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict)
{
    v->verdict = verdict;
    v->has_failed = false;
    struct slice payload = to_utf8(v, (struct slice){data, len}, encoding);
    size_t end = utf8_valid_len(payload.data, payload.len);
    if (end < payload.len) /* libxml2 alone lets overlong forms in CDATA sections pass */
        fail_at(v, REJECT_ENCODING, payload, end, "not UTF-8, and no other encoding is declared");
    /* libxml2 takes a NUL for the end of its input; it is a forbidden character like others. */
    const char *nul = payload.len > 0 ? memchr(payload.data, '\0', payload.len) : NULL;
    if (nul)
        fail_at(v, REJECT_MALFORMED, payload, (size_t)(nul - payload.data),
                "character U+0000 is not allowed");
    verdict->payload = payload;
    if (!v->has_failed) parse(v, payload);
    verdict->is_valid = !v->has_failed;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) verdict->fields[i] = field_value(&v->fields[i]);
}
