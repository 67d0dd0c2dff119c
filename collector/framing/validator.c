/*
 * validator -- see validator.h.
 *
 * The happy path: transcode if an encoding other than UTF-8 was declared, check that the bytes are UTF-8, run
 * libxml2's push parser once over them, with SAX handlers that count and that copy the texts of a few child elements.
 * The first error decides the reason.
 *
 * To push an event in one chunk is libxml2's fastest way, but it copies the chunk. So a large event is pushed in
 * slices: then only what libxml2 must see in one piece (a tag, a comment) is copied as a whole. It gets a parser of its
 * own, and its memory is freed with that parser.
 */
#include "collector/framing/validator.h"

#include <assert.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/columns.h"
#include "collector/framing/markup.h"
#include "collector/framing/transcode.h"
#include "common/buf.h"
#include "common/utf8.h"

#define LARGE ((size_t)64 << 10) /* a longer event is large; a shorter one cannot hold too many names */
/* Not less: at each slice libxml2 searches anew for the end of some constructs */
#define SLICE            ((size_t)256 << 10)
#define MESSAGE_MAX      300         /* bytes of libxml2's message: a name in it may be very long */
#define DICTIONARY_MAX   4096        /* names: with more of them the parser is replaced */
#define DICTIONARY_BYTES (512 << 10) /* likewise with more bytes of names */

#define LONG_NAME           "a name or namespace of more than 1024 bytes"
#define TOO_MANY_ATTRIBUTES "more than 256 attributes on one element"

struct validator {
    const struct index_fields *index_fields; /* borrowed from the caller */
    xmlParserCtxtPtr parser;
    struct columns columns;
    struct buf utf8; /* the event transcoded */

    /* of the event that is being validated: */
    struct verdict *verdict;
    bool has_failed;
    bool is_large;
    int depth;
    int declared[VALIDATOR_DEPTH_MAX + 1]; /* namespaces that the open element of each depth declares */
    int in_scope;                          /* their sum */
};

/* ---- failing ---- */

static void fail(struct validator *v, enum reject_reason reason, const char *detail)
{
    if (v->has_failed) return; /* the first reason helps most */
    v->has_failed = true;
    v->verdict->reason = reason;
    (void)snprintf(v->verdict->detail, sizeof v->verdict->detail, "%s", detail);
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

/* Fails at the parser's present position, and ends the parser's work. */
static void fail_here(struct validator *v, enum reject_reason reason, const char *why)
{
    char detail[VALIDATOR_DETAIL_MAX];
    (void)snprintf(detail, sizeof detail, "line %d, column %d: %s", xmlSAX2GetLineNumber(v->parser),
                   xmlSAX2GetColumnNumber(v->parser), why);
    fail(v, reason, detail);
    xmlStopParser(v->parser);
}

/* How many of the first `len` bytes of a longer text are whole characters. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    return len;
}

/* libxml2's message, or a clearer one. */
static const char *message_of(const xmlError *error)
{
    switch (error->code) {
    case XML_ERR_INVALID_CHAR:
        /* libxml2 2.9 calls some of these not UTF-8, but the bytes have been checked before. */
        return "a character that XML does not allow";
    case XML_ERR_NAME_TOO_LONG:
    case XML_ERR_NO_MEMORY: /* its dictionary refuses so long a name */ return LONG_NAME;
    default: return error->message ? error->message : "not well-formed";
    }
}

static void on_error(void *context, xmlErrorPtr error)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    char detail[VALIDATOR_DETAIL_MAX];

    if (error->level == XML_ERR_WARNING) return;
    const char *message = message_of(error);
    size_t len = strcspn(message, "\n");
    if (len > MESSAGE_MAX) len = whole_characters(message, MESSAGE_MAX);
    (void)snprintf(detail, sizeof detail, "line %d, column %d: %.*s", error->line, error->int2, (int)len,
                   message);
    fail(v, REJECT_MALFORMED, detail);
    xmlStopParser(v->parser);
}

/* ---- SAX handlers ---- */

static bool is_long(const xmlChar *name)
{
    return name && strnlen((const char *)name, VALIDATOR_NAME_MAX + 1) > VALIDATOR_NAME_MAX;
}

/* The limits for one tag. libxml2 gives a namespace as two pointers, an attribute as five. */
static void check_tag(struct validator *v, const xmlChar *name, int namespace_count,
                      const xmlChar **namespaces, int attribute_count, const xmlChar **attributes)
{
    bool has_long_name = is_long(name);
    for (int i = 0; i < 2 * namespace_count; i++) has_long_name |= is_long(namespaces[i]);
    for (int i = 0; i < attribute_count; i++) has_long_name |= is_long(attributes[(size_t)i * 5]);
    if (has_long_name) fail_here(v, REJECT_MALFORMED, LONG_NAME);
    if (namespace_count + attribute_count > VALIDATOR_ATTRIBUTES_MAX)
        fail_here(v, REJECT_MALFORMED, TOO_MANY_ATTRIBUTES);
    if (v->in_scope > VALIDATOR_NAMESPACES_MAX)
        fail_here(v, REJECT_MALFORMED, "more than 256 namespaces declared inside each other");
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)uri, (void)default_count;
    if (++v->depth > VALIDATOR_DEPTH_MAX) {
        fail_here(v, REJECT_TOO_DEEP, "more than 200 elements inside each other");
        return;
    }
    v->declared[v->depth] = namespace_count;
    v->in_scope += namespace_count;
    check_tag(v, name, namespace_count, namespaces, attribute_count, attributes);
    if (v->depth == 2) columns_begin(&v->columns, name, prefix);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)prefix, (void)uri;
    v->in_scope -= v->declared[v->depth];
    if (v->depth-- == 2) columns_end(&v->columns);
}

static void on_text(void *context, const xmlChar *chars, int count)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    if (v->columns.open && v->depth == 2) columns_add_text(&v->columns, (const char *)chars, (size_t)count);
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct validator *v = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)external, (void)system;
    fail_here(v, REJECT_DOCTYPE, "a document type declaration (<!DOCTYPE) is not accepted");
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
    (void)xmlDictSetLimit(v->parser->dict, VALIDATOR_NAMES_BYTES);
    columns_open(&v->columns, v->index_fields, v->parser->dict);
}

static void close_parser(struct validator *v)
{
    if (v->parser) xmlFreeParserCtxt(v->parser);
    v->parser = NULL;
}

/* Prepares the parser for the next event. */
static void reset_parser(struct validator *v)
{
    if (!v->parser) open_parser(v);
    int res = xmlCtxtResetPush(v->parser, NULL, 0, NULL, NULL);
    assert(res == 0);
}

struct validator *validator_new(const struct index_fields *fields)
{
    struct validator *v = calloc(1, sizeof *v);
    if (!v) abort();
    v->index_fields = fields ? fields : &index_fields_default;
    xmlInitParser();
    return v;
}

void validator_trim(struct validator *v)
{
    if (v->utf8.capacity > LARGE) buf_fini(&v->utf8);
    /* Names stay in a parser's dictionary, so a parser that has seen too many is replaced. */
    if (v->parser && (xmlDictSize(v->parser->dict) > DICTIONARY_MAX ||
                      xmlDictGetUsage(v->parser->dict) > DICTIONARY_BYTES))
        close_parser(v);
}

void validator_free(struct validator *v)
{
    if (!v) return;
    close_parser(v);
    buf_fini(&v->utf8);
    free(v);
}

/* ---- before the parser ---- */

/* The event as UTF-8: the bytes themselves, or transcoded. */
static struct slice to_utf8(struct validator *v, struct slice bytes, const char *encoding)
{
    static const char *const whys[] = {
        [TRANSCODE_UNKNOWN] = "not known",
        [TRANSCODE_NOT_IN_IT] = "the bytes are not in it",
        [TRANSCODE_TOO_LONG] = "more than 10,000,000 bytes as UTF-8",
    };
    char detail[VALIDATOR_DETAIL_MAX];
    if (transcode_is_utf8(encoding) || bytes.len == 0) return bytes;
    buf_clear(&v->utf8);
    enum transcoded res = transcode(bytes, encoding, &v->utf8);
    if (res == TRANSCODED) return (struct slice){v->utf8.data, v->utf8.len};
    if (res == TRANSCODE_NO_NAME) /* the declared text may be anything: it is not shown */
        (void)snprintf(detail, sizeof detail, "the XML declaration names an encoding that cannot be one");
    else
        (void)snprintf(detail, sizeof detail, "declared encoding \"%s\": %s", encoding, whys[res]);
    fail(v, res == TRANSCODE_TOO_LONG ? REJECT_OVERSIZE : REJECT_ENCODING, detail);
    return bytes;
}

static void check_bytes(struct validator *v, struct slice bytes)
{
    size_t end = utf8_valid_len(bytes.data, bytes.len);
    if (end < bytes.len) /* libxml2 alone lets overlong forms in CDATA sections pass */
        fail_at(v, REJECT_ENCODING, bytes, end, "not UTF-8, and no other encoding is declared");
    /* libxml2 would take a NUL for the end of its input. XML forbids that character. */
    const char *nul = bytes.len > 0 ? memchr(bytes.data, '\0', bytes.len) : NULL;
    if (nul)
        fail_at(v, REJECT_MALFORMED, bytes, (size_t)(nul - bytes.data), "character U+0000 is not allowed");
}

/*
 * libxml2 compares each attribute with all others before it calls a handler: a large event could occupy it for minutes.
 * The framer has counted the attributes, but before transcoding.
 */
static void check_attributes(struct validator *v, struct slice bytes)
{
    size_t at = markup_find_crowded_tag(bytes.data, bytes.len, VALIDATOR_ATTRIBUTES_MAX);
    if (at < bytes.len) fail_at(v, REJECT_MALFORMED, bytes, at, TOO_MANY_ATTRIBUTES);
}

/* ---- the verdict ---- */

/* To be called after each slice of a large event. */
static void check_names(struct validator *v)
{
    if (v->has_failed) return;
    if (xmlDictSize(v->parser->dict) > VALIDATOR_NAMES_MAX ||
        xmlDictGetUsage(v->parser->dict) > VALIDATOR_NAMES_BYTES)
        fail_here(v, REJECT_MALFORMED, "more than 16384 different names, or 1 MiB of them");
}

/*
 * How many of the bytes from `at` on the next slice takes. libxml2 does not find a forbidden `]]>` that is divided
 * between two slices.
 */
static size_t slice_len(struct slice bytes, size_t at)
{
    size_t len = SLICE;
    if (bytes.len - at <= SLICE) return bytes.len - at;
    while (at + len < bytes.len && bytes.data[at + len - 1] == ']') len++;
    return len;
}

static void parse(struct validator *v, struct slice bytes)
{
    int code = XML_ERR_OK;
    size_t at = 0;
    reset_parser(v);
    v->depth = v->in_scope = 0;
    columns_clear(&v->columns);
    do {
        size_t len = slice_len(bytes, at);
        code = xmlParseChunk(v->parser, bytes.data + at, (int)len, at + len == bytes.len);
        at += len;
        if (v->is_large) check_names(v);
    } while (at < bytes.len && !v->has_failed);
    bool is_well_formed = code == XML_ERR_OK && v->parser->wellFormed && v->parser->nsWellFormed;
    if (!is_well_formed) fail(v, REJECT_MALFORMED, "not well-formed");
}

/* With a parser of its own: the verdict must not depend on the names of earlier events, and the memory is freed. */
static void parse_large(struct validator *v, struct slice bytes)
{
    check_attributes(v, bytes);
    if (v->has_failed) return;
    close_parser(v);
    parse(v, bytes);
    close_parser(v);
}

void validator_check(struct validator *v, const char *data, size_t len, const char *encoding,
                     struct verdict *verdict)
{
    validator_trim(v);
    v->verdict = verdict;
    v->has_failed = false;
    struct slice payload = to_utf8(v, (struct slice){data, len}, encoding);
    v->is_large = payload.len > LARGE;
    if (!v->has_failed) check_bytes(v, payload);
    if (!v->has_failed) (v->is_large ? parse_large : parse)(v, payload);

    verdict->is_valid = !v->has_failed;
    verdict->payload = payload;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        verdict->fields[i] = columns_value(&v->columns, (enum event_field)i);
}
