/*
 * xml_answer -- see xml_answer.h. libxml2 reports each element and each piece of text, and builds no tree, which would
 * need a hundred times the document's size, and would leave copies of keys in memory that nobody wipes.
 */
#include "uploader/http/xml_answer.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

struct element {
    char name[XML_ANSWER_NAME_SIZE]; /* without its prefix; "": it is too long */
    size_t depth;                    /* of the root: 0 */
    size_t from, len;                /* of its text, with that of the elements in it */
};

struct xml_answer {
    struct element elements[XML_ANSWER_ELEMENTS_MAX]; /* in the order of their start tags */
    size_t count;
    struct element *open[XML_ANSWER_DEPTH_MAX];
    size_t depth;
    struct buf text; /* of all elements; its memory never moves */
    xmlParserCtxtPtr parser;
    bool is_refused;
};

/* ---- libxml2's callbacks ---- */

static void refuse(struct xml_answer *answer)
{
    answer->is_refused = true;
    xmlStopParser(answer->parser);
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted_count, const xmlChar **attributes)
{
    struct xml_answer *answer = context;
    size_t len = strlen((const char *)name);
    (void)prefix, (void)uri, (void)namespace_count, (void)namespaces;
    (void)attribute_count, (void)defaulted_count, (void)attributes;
    if (answer->is_refused) return;
    if (answer->count == XML_ANSWER_ELEMENTS_MAX || answer->depth == XML_ANSWER_DEPTH_MAX) {
        refuse(answer);
        return;
    }
    struct element *element = &answer->elements[answer->count++];
    *element = (struct element){.depth = answer->depth, .from = answer->text.len};
    if (len < sizeof element->name) memcpy(element->name, name, len);
    answer->open[answer->depth++] = element;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml_answer *answer = context;
    (void)name, (void)prefix, (void)uri;
    if (answer->is_refused || answer->depth == 0) return;
    struct element *element = answer->open[--answer->depth];
    element->len = answer->text.len - element->from;
}

static void on_text(void *context, const xmlChar *text, int len)
{
    struct xml_answer *answer = context;
    if (answer->is_refused) return;
    if (answer->text.capacity - answer->text.len < (size_t)len)
        refuse(answer);
    else
        buf_append(&answer->text, text, (size_t)len);
}

static void on_document_type(void *context, const xmlChar *name, const xmlChar *external_id,
                             const xmlChar *system_id)
{
    (void)name, (void)external_id, (void)system_id;
    refuse(context);
}

/* ---- parsing ---- */

/* `xml` ends with a NUL. libxml2 reads it where it is: it would not wipe a copy. */
static bool parse(struct xml_answer *answer, const char *xml)
{
    const xmlSAXHandler handler = {.initialized = XML_SAX2_MAGIC,
                                   .startElementNs = on_start,
                                   .endElementNs = on_end,
                                   .characters = on_text,
                                   .cdataBlock = on_text,
                                   .internalSubset = on_document_type};
    answer->parser = xmlNewParserCtxt();
    if (!answer->parser) abort();
    *answer->parser->sax = handler;
    answer->parser->userData = answer;
    (void)xmlCtxtUseOptions(answer->parser,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
    xmlParserInputPtr input = xmlNewStringInputStream(answer->parser, (const xmlChar *)xml);
    if (!input || inputPush(answer->parser, input) < 0) abort();
    (void)xmlParseDocument(answer->parser);
    bool is_read = answer->parser->wellFormed && !answer->is_refused;
    xmlFreeParserCtxt(answer->parser);
    answer->parser = NULL;
    return is_read;
}

/* In any other encoding there are bytes that are no UTF-8, or NULs. */
static bool is_utf8_text(const struct buf *body)
{
    return body->len > 0 && !memchr(body->data, '\0', body->len) &&
           utf8_valid_len(body->data, body->len) == body->len;
}

struct xml_answer *xml_answer_parse(const struct buf *body)
{
    if (!is_utf8_text(body)) return NULL;
    struct xml_answer *answer = calloc(1, sizeof *answer);
    char *xml = strndup(body->data, body->len);
    if (!answer || !xml) abort();
    buf_reserve(&answer->text, body->len);
    bool is_read = parse(answer, xml);
    OPENSSL_cleanse(xml, body->len);
    free(xml);
    if (is_read) return answer;
    xml_answer_free(answer);
    return NULL;
}

void xml_answer_free(struct xml_answer *answer)
{
    if (!answer) return;
    OPENSSL_cleanse(answer->text.data, answer->text.capacity);
    buf_fini(&answer->text);
    free(answer);
}

/* ---- what is in it ---- */

static void copy(const struct xml_answer *answer, const struct element *element, size_t len, char *out)
{
    if (len > 0) memcpy(out, answer->text.data + element->from, len);
    out[len] = '\0';
}

void xml_answer_text(const struct xml_answer *answer, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; answer && i < answer->count; i++) {
        const struct element *element = &answer->elements[i];
        if (strcmp(element->name, name) != 0) continue;
        if (element->len < size) copy(answer, element, element->len, out);
        return;
    }
}

void xml_answer_field(const struct xml_answer *answer, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = answer ? answer->count : 0; i-- > 0;) {
        const struct element *element = &answer->elements[i];
        if (element->depth != 1 || strcmp(element->name, name) != 0) continue;
        const char *text = answer->text.data + element->from;
        copy(answer, element, element->len < size ? element->len : utf8_whole_len(text, size - 1), out);
        return;
    }
}
