/*
 * parser -- see parser.h.
 *
 * The happy path: run libxml2's push parser once over the text, with SAX handlers that count and that copy the texts of
 * a few child elements. The first error decides; only undeclared prefixes let it go on.
 *
 * To push an event in one chunk is libxml2's fastest way, but it copies the chunk. So a large event is parsed where it
 * lies, which needs a NUL behind it; where there is none, it is pushed in slices: then only what libxml2 must see in one
 * piece (a tag, a comment) is copied as a whole. It gets a parser of its own, and its memory is freed with that parser.
 */
#include "collector/framing/parser.h"

#include <assert.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/columns.h"
#include "collector/framing/markup.h"
#include "common/utf8.h"
#include "common/xml/chars.h"

/* Not less: at each slice libxml2 searches anew for the end of some constructs */
#define SLICE            ((size_t)256 << 10)
#define DICTIONARY_MAX   4096        /* names: with more of them the parser is replaced */
#define DICTIONARY_BYTES (512 << 10) /* likewise with more bytes of names */

#define LONG_NAME           "a name or namespace of more than 1024 bytes"
#define FORBIDDEN_CHARACTER "a character that XML does not allow"
#define TOO_MANY_ATTRIBUTES "more than 256 attributes on one element"

struct parser {
    const struct index_fields *fields; /* borrowed from the caller */
    xmlParserCtxtPtr context;
    struct columns columns;

    /* of the event that is being parsed: */
    struct parser_error *error;
    bool has_failed;
    bool has_undeclared; /* a prefix is not declared */
    bool is_large;
    int depth;
    int declared[PARSER_DEPTH_MAX + 1]; /* namespaces that the open element of each depth declares */
    int in_scope;                       /* their sum */
};

/* ---- failing ---- */

static void fail(struct parser *p, enum reject_reason reason, size_t line, size_t column, const char *message)
{
    struct parser_error *error = p->error;
    if (p->has_failed) return; /* the first reason helps most */
    p->has_failed = true;
    error->reason = reason;
    error->line = line;
    error->column = column;
    error->is_forbidden_character = false;
    (void)snprintf(error->message, sizeof error->message, "%s", message);
}

void parser_find_position(struct slice text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (((unsigned char)text.data[i] & 0xC0) != 0x80) ++*column;
        if (text.data[i] == '\n') ++*line, *column = 1;
    }
}

/* Fails because of the byte at `at`. */
static void fail_at(struct parser *p, struct slice text, size_t at, const char *message)
{
    size_t line = 0;
    size_t column = 0;
    parser_find_position(text, at, &line, &column);
    fail(p, REJECT_MALFORMED, line, column, message);
}

/* Fails at the parser's present position, and ends the parser's work. */
static void fail_here(struct parser *p, enum reject_reason reason, const char *message)
{
    fail(p, reason, (size_t)xmlSAX2GetLineNumber(p->context), (size_t)xmlSAX2GetColumnNumber(p->context),
         message);
    xmlStopParser(p->context);
}

/*
 * Is it because of a character that XML forbids? Of one in an instruction or a CDATA section, libxml2 says that this has
 * no end.
 */
static bool is_of_forbidden_character(xmlParserCtxtPtr context, int code)
{
    const xmlParserInput *input = context->input;
    if (code == XML_ERR_INVALID_CHAR) return true;
    return (code == XML_ERR_PI_NOT_FINISHED || code == XML_ERR_CDATA_NOT_FINISHED) &&
           input->cur < input->end &&
           xml_forbidden_len((const char *)input->cur, (size_t)(input->end - input->cur)) > 0;
}

/* libxml2's message, or a clearer one. */
static const char *message_of(const xmlError *error)
{
    switch (error->code) {
    case XML_ERR_NAME_TOO_LONG:
    case XML_ERR_NO_MEMORY: /* its dictionary refuses so long a name */ return LONG_NAME;
    default: return error->message ? error->message : "not well-formed";
    }
}

static void on_error(void *context, xmlErrorPtr error)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    char message[PARSER_MESSAGE_MAX];

    if (error->level == XML_ERR_WARNING) return;
    if (error->code == XML_NS_ERR_UNDEFINED_NAMESPACE) {
        p->has_undeclared = true;
        return;
    }
    const char *text = message_of(error);
    bool is_of_character = !p->has_failed && is_of_forbidden_character(context, error->code);
    /* libxml2 2.9 calls some of these not UTF-8, but the bytes have been checked before. */
    if (is_of_character) text = FORBIDDEN_CHARACTER;
    size_t len = strcspn(text, "\n");
    if (len >= sizeof message) len = utf8_whole_len(text, sizeof message - 1);
    (void)snprintf(message, sizeof message, "%.*s", (int)len, text);
    fail(p, REJECT_MALFORMED, (size_t)error->line, (size_t)error->int2, message);
    p->error->is_forbidden_character |= is_of_character;
    xmlStopParser(p->context);
}

/* ---- SAX handlers ---- */

/* To be called while a large event is parsed, now and then. */
static void check_names(struct parser *p)
{
    if (p->has_failed) return;
    if (xmlDictSize(p->context->dict) > PARSER_NAMES_MAX ||
        xmlDictGetUsage(p->context->dict) > PARSER_NAMES_BYTES)
        fail_here(p, REJECT_MALFORMED, "more than 16384 different names, or 1 MiB of them");
}

static bool is_long(const xmlChar *name)
{
    return name && strnlen((const char *)name, PARSER_NAME_MAX + 1) > PARSER_NAME_MAX;
}

/* The limits for one tag. libxml2 gives a namespace as two pointers, an attribute as five. */
static void check_tag(struct parser *p, const xmlChar *name, int namespace_count, const xmlChar **namespaces,
                      int attribute_count, const xmlChar **attributes)
{
    bool has_long_name = is_long(name);
    for (int i = 0; i < 2 * namespace_count; i++) has_long_name |= is_long(namespaces[i]);
    for (int i = 0; i < attribute_count; i++) has_long_name |= is_long(attributes[(size_t)i * 5]);
    if (has_long_name) fail_here(p, REJECT_MALFORMED, LONG_NAME);
    if (namespace_count + attribute_count > PARSER_ATTRIBUTES_MAX)
        fail_here(p, REJECT_MALFORMED, TOO_MANY_ATTRIBUTES);
    if (p->in_scope > PARSER_NAMESPACES_MAX)
        fail_here(p, REJECT_MALFORMED, "more than 256 namespaces declared inside each other");
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    (void)uri, (void)default_count;
    if (++p->depth > PARSER_DEPTH_MAX) {
        fail_here(p, REJECT_TOO_DEEP, "more than 200 elements inside each other");
        return;
    }
    p->declared[p->depth] = namespace_count;
    p->in_scope += namespace_count;
    check_tag(p, name, namespace_count, namespaces, attribute_count, attributes);
    if (p->is_large) check_names(p);
    if (p->depth == 2) columns_begin(&p->columns, name, prefix);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)prefix, (void)uri;
    p->in_scope -= p->declared[p->depth];
    if (p->depth-- == 2) columns_end(&p->columns);
}

static void on_text(void *context, const xmlChar *chars, int count)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    if (p->columns.open && p->depth == 2) columns_add_text(&p->columns, (const char *)chars, (size_t)count);
}

/* Its name is in the dictionary. */
static void on_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    (void)target, (void)data;
    if (p->is_large) check_names(p);
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    struct parser *p = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)external, (void)system;
    fail_here(p, REJECT_DOCTYPE, "a document type declaration (<!DOCTYPE) is not accepted");
}

/* ---- the parser ---- */

static void open_parser(struct parser *p)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .processingInstruction = on_instruction,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    p->context = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
    if (!p->context) abort();
    p->context->_private = p;
    p->context->userData = p->context;
    int unknown = xmlCtxtUseOptions(p->context, XML_PARSE_NONET);
    assert(unknown == 0);
    (void)xmlDictSetLimit(p->context->dict, PARSER_NAMES_BYTES);
    columns_open(&p->columns, p->fields, p->context->dict);
}

static void close_parser(struct parser *p)
{
    if (p->context) xmlFreeParserCtxt(p->context);
    p->context = NULL;
}

/* Prepares the parser for the next event. */
static void reset_parser(struct parser *p)
{
    if (!p->context) open_parser(p);
    int res = xmlCtxtResetPush(p->context, NULL, 0, NULL, NULL);
    assert(res == 0);
}

struct parser *parser_new(const struct index_fields *fields)
{
    struct parser *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->fields = fields;
    xmlInitParser();
    return p;
}

void parser_trim(struct parser *p)
{
    /* Names stay in a parser's dictionary, so a parser that has seen too many is replaced. */
    if (p->context && (xmlDictSize(p->context->dict) > DICTIONARY_MAX ||
                       xmlDictGetUsage(p->context->dict) > DICTIONARY_BYTES))
        close_parser(p);
}

void parser_free(struct parser *p)
{
    if (!p) return;
    close_parser(p);
    free(p);
}

/* libxml2 gives its version as a number: 20914, with more behind it where it was built from a repository. */
const char *parser_version(char version[PARSER_VERSION_SIZE])
{
    unsigned long number = strtoul(xmlParserVersion, NULL, 10);
    (void)snprintf(version, PARSER_VERSION_SIZE, "%lu.%lu.%lu", number / 10000 % 100, number / 100 % 100,
                   number % 100);
    return version;
}

/* ---- one text ---- */

/* libxml2 would take a NUL for the end of its input. XML forbids that character. */
static void check_nul(struct parser *p, struct slice text)
{
    const char *nul = text.len > 0 ? memchr(text.data, '\0', text.len) : NULL;
    if (!nul) return;
    fail_at(p, text, (size_t)(nul - text.data), "character U+0000 is not allowed");
    p->error->is_forbidden_character = true;
}

/*
 * libxml2 compares each attribute with all others before it calls a handler: a large event could occupy it for minutes.
 * The framer has counted the attributes, but before transcoding.
 */
static void check_attributes(struct parser *p, struct slice bytes)
{
    size_t at = markup_find_crowded_tag(bytes.data, bytes.len, PARSER_ATTRIBUTES_MAX);
    if (at < bytes.len) fail_at(p, bytes, at, TOO_MANY_ATTRIBUTES);
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

static int push(struct parser *p, struct slice bytes)
{
    int code = XML_ERR_OK;
    size_t at = 0;
    do {
        size_t len = slice_len(bytes, at);
        code = xmlParseChunk(p->context, bytes.data + at, (int)len, at + len == bytes.len);
        at += len;
        if (p->is_large) check_names(p);
    } while (at < bytes.len && !p->has_failed);
    return code;
}

/* Where the bytes lie: libxml2 copies nothing then. */
static int parse_in_place(struct parser *p, struct slice bytes)
{
    xmlParserCtxtPtr context = p->context;
    while (context->inputNr > 0) xmlFreeInputStream(inputPop(context));
    xmlParserInputPtr input = xmlNewInputStream(context);
    if (!input) abort();
    input->base = input->cur = (const xmlChar *)bytes.data;
    input->end = input->base + bytes.len;
    context->progressive = 0;
    if (inputPush(context, input) < 0) abort();
    return xmlParseDocument(context) == 0 ? XML_ERR_OK : context->errNo;
}

static void parse(struct parser *p, struct slice bytes, bool is_in_place)
{
    reset_parser(p);
    p->depth = p->in_scope = 0;
    columns_clear(&p->columns);
    int code = is_in_place ? parse_in_place(p, bytes) : push(p, bytes);
    bool is_well_formed = code == XML_ERR_OK && p->context->wellFormed && p->context->nsWellFormed;
    if (is_well_formed || (p->has_undeclared && p->context->wellFormed)) return;
    fail(p, REJECT_MALFORMED, 0, 0, "not well-formed");
}

/* With a parser of its own: the verdict must not depend on the names of earlier events, and the memory is freed. */
static void parse_large(struct parser *p, struct slice bytes, bool is_terminated)
{
    check_attributes(p, bytes);
    if (p->has_failed) return;
    close_parser(p);
    parse(p, bytes, is_terminated);
    close_parser(p);
}

enum parsed parser_check(struct parser *p, struct slice text, bool is_terminated, struct parser_error *error)
{
    p->error = error;
    p->has_failed = p->has_undeclared = false;
    p->is_large = text.len > PARSER_LARGE;
    check_nul(p, text);
    if (!p->has_failed && p->is_large) parse_large(p, text, is_terminated);
    if (!p->has_failed && !p->is_large) parse(p, text, false);
    if (p->has_failed) return PARSED_NOT;
    return p->has_undeclared ? PARSED_UNDECLARED : PARSED;
}

struct slice parser_column(const struct parser *p, enum event_field field)
{
    return columns_value(&p->columns, field);
}
