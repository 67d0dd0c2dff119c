/*
 * validator -- see validator.h.
 *
 * The happy path: transcode where an encoding other than UTF-8 was declared, run libxml2's push parser once over the
 * bytes with SAX handlers that count depth and copy the texts of a few child elements, look at the verdict. Push, from
 * memory in one chunk, is libxml2's fastest way. The first error decides the reason.
 */
#include "collector/validator.h"

#include <assert.h>
#include <libxml/encoding.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"

#define DICTIONARY_MAX 4096 /* names remembered before the parser context is made anew */

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
    bool is_cut;
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

static enum reject_reason reason_of(const xmlError *error)
{
    switch (error->code) {
    case XML_ERR_INVALID_ENCODING:
    case XML_ERR_UNSUPPORTED_ENCODING:
    case XML_ERR_UNKNOWN_ENCODING:
    case XML_I18N_CONV_FAILED: return REJECT_ENCODING;
    case XML_ERR_INVALID_CHAR: /* libxml2 2.9 uses it for bytes that are no UTF-8 as well as for forbidden characters */
        return error->message && strstr(error->message, "not proper UTF-8") ? REJECT_ENCODING : REJECT_MALFORMED;
    default: return REJECT_MALFORMED;
    }
}

static void on_error(void *context, xmlErrorPtr error)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    char detail[VALIDATOR_DETAIL_MAX];

    if (error->level == XML_ERR_WARNING) return;
    const char *message = error->message ? error->message : "not well-formed";
    (void)snprintf(detail, sizeof detail, "line %d, column %d: %.*s", error->line, error->int2,
                   (int)strcspn(message, "\n"), message);
    fail(v, reason_of(error), detail);
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
    if (++v->depth > VALIDATOR_DEPTH_MAX) fail(v, REJECT_TOO_DEEP, "more than 200 elements inside each other");
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

static void on_text(void *context, const xmlChar *text, int len)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    struct field_text *field = v->open_field;
    if (!field || v->depth != 2) return;
    size_t room = sizeof field->text - field->len;
    size_t kept = (size_t)len < room ? (size_t)len : room;
    memcpy(field->text + field->len, text, kept);
    field->len += kept;
    field->is_cut |= kept < (size_t)len;
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
    if (v->parser && xmlDictSize(v->parser->dict) > DICTIONARY_MAX) close_parser(v);
    if (!v->parser) open_parser(v);
    int res = xmlCtxtResetPush(v->parser, NULL, 0, NULL, NULL);
    assert(res == 0);
}

struct validator *validator_new(void)
{
    struct validator *v = calloc(1, sizeof *v);
    if (!v) abort();
    LIBXML_TEST_VERSION
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

/* Encodings whose bytes cannot be what the framer has read as ASCII: a declaration of one is wrong. */
static bool is_wide(const char *encoding)
{
    static const char *const wide[] = {"UTF-16", "UTF16", "UTF-32", "UTF32", "UCS-2", "UCS2", "UCS-4", "UCS4",
                                       "ISO-10646-UCS", "EBCDIC"};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (strncasecmp(encoding, wide[i], strlen(wide[i])) == 0) return true;
    return false;
}

/* Decodes all of `bytes` into v->utf8. False: some byte does not exist in that encoding. */
static bool decode(struct validator *v, xmlCharEncodingHandlerPtr handler, struct slice bytes)
{
    xmlBufferPtr in = xmlBufferCreateStatic((void *)(uintptr_t)bytes.data, bytes.len);
    xmlBufferPtr out = xmlBufferCreateSize(bytes.len * 2 + 16);
    if (!in || !out) abort();
    int res = 1;
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
    return is_whole;
}

/* The event as UTF-8: itself, or transcoded. */
static struct slice to_utf8(struct validator *v, struct slice bytes, const char *encoding)
{
    char detail[VALIDATOR_DETAIL_MAX];
    if (is_utf8(encoding)) return bytes;
    xmlCharEncodingHandlerPtr handler = is_wide(encoding) ? NULL : xmlFindCharEncodingHandler(encoding);
    if (!handler) {
        (void)snprintf(detail, sizeof detail, "declared encoding \"%s\": %s", encoding,
                       is_wide(encoding) ? "the bytes are not in it" : "not known");
        fail(v, REJECT_ENCODING, detail);
        return bytes;
    }
    if (!decode(v, handler, bytes)) {
        (void)snprintf(detail, sizeof detail, "declared encoding \"%s\": some bytes are not in it", encoding);
        fail(v, REJECT_ENCODING, detail);
    }
    (void)xmlCharEncCloseFunc(handler);
    return (struct slice){v->utf8.data, v->utf8.len};
}

/* ---- the verdict ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A column's value: trimmed, and cut at a character where it was too long. */
static struct slice field_value(const struct field_text *field)
{
    const char *text = field->text;
    size_t len = field->len;
    if (!field->is_present) return (struct slice){NULL, 0};
    if (field->is_cut) {
        while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80) len--;
        if (len > 0 && (unsigned char)text[len - 1] >= 0xC0) len--;
    }
    while (len > 0 && is_space(text[len - 1])) len--;
    while (len > 0 && is_space(*text)) text++, len--;
    return (struct slice){text, len};
}

static void parse(struct validator *v, struct slice bytes)
{
    reset_parser(v);
    v->depth = 0;
    v->open_field = NULL;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) v->fields[i].len = 0, v->fields[i].is_present = v->fields[i].is_cut = false;
    int code = xmlParseChunk(v->parser, bytes.data, (int)bytes.len, 1);
    bool is_good = code == XML_ERR_OK && v->parser->wellFormed && v->parser->nsWellFormed;
    if (!is_good) fail(v, REJECT_MALFORMED, "not well-formed");
}

void validator_check(struct validator *v, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict)
{
    v->verdict = verdict;
    v->has_failed = false;
    verdict->payload = to_utf8(v, (struct slice){data, len}, encoding);
    /* libxml2 takes a NUL for the end of its input; it is a forbidden character like others. */
    if (!v->has_failed && memchr(verdict->payload.data, '\0', verdict->payload.len))
        fail(v, REJECT_MALFORMED, "character U+0000 is not allowed");
    if (!v->has_failed) parse(v, verdict->payload);
    verdict->is_valid = !v->has_failed;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) verdict->fields[i] = field_value(&v->fields[i]);
}
