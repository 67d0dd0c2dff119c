/*
 * sax_reader -- see sax_reader.h.
 *
 * It is the parser that reads memory: the push parser (2.9.14) leaves CR LF in CDATA sections, where XML 1.0, 2.11
 * wants LF. Names are borrowed from its dictionary, texts are copied.
 */
#include "uploader/render/sax_reader.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

#define DICTIONARY_MAX   4096      /* names remembered before the parser context is made anew, */
#define DICTIONARY_BYTES (1 << 20) /* and their bytes: at 10 MB libxml2 would refuse any new name */

struct sax_reader {
    xmlParserCtxtPtr parser;
    struct members *members;
    bool has_begun;    /* there is an event element */
    bool is_too_large; /* for the members */
};

/* ---- handlers ---- */

static struct members_name name_of(const xmlChar *prefix, const xmlChar *name)
{
    return (struct members_name){(const char *)prefix, (const char *)name, strlen((const char *)name)};
}

static bool add_element(struct members *members, const struct members_name *name, int attribute_count,
                        const xmlChar **attributes)
{
    bool is_added = members_begin_element(members, name);
    for (int i = 0; is_added && i < attribute_count; i++) {
        const xmlChar **attribute = attributes + (ptrdiff_t)i * 5;
        struct members_name attribute_name = name_of(attribute[1], attribute[0]);
        is_added = members_add_attribute(members, &attribute_name, (const char *)attribute[3],
                                         (size_t)(attribute[4] - attribute[3]));
    }
    return is_added;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    struct sax_reader *reader = ((xmlParserCtxtPtr)context)->_private;
    struct members_name element = name_of(prefix, name);
    (void)uri, (void)namespace_count, (void)namespaces, (void)default_count;
    reader->has_begun = true;
    if (add_element(reader->members, &element, attribute_count, attributes)) return;
    reader->is_too_large = true;
    xmlStopParser(reader->parser); /* no more handlers are called for this event */
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct sax_reader *reader = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)prefix, (void)uri;
    members_end_element(reader->members);
}

static void on_text(void *context, const xmlChar *text, int len)
{
    struct sax_reader *reader = ((xmlParserCtxtPtr)context)->_private;
    members_copy_text(reader->members, (const char *)text, (size_t)len);
}

static void on_error(void *context, xmlErrorPtr error)
{
    (void)context, (void)error; /* the parser's verdict is read at the end */
}

/* ---- the parser ---- */

static void renew_parser(struct sax_reader *reader)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
    if (reader->parser && (xmlDictSize(reader->parser->dict) > DICTIONARY_MAX ||
                           xmlDictGetUsage(reader->parser->dict) > DICTIONARY_BYTES)) {
        xmlFreeParserCtxt(reader->parser);
        reader->parser = NULL;
    }
    if (reader->parser) return;
    reader->parser = xmlNewParserCtxt();
    if (!reader->parser) abort();
    *reader->parser->sax = sax;
    reader->parser->_private = reader;
    reader->parser->userData = reader->parser;
    /* Without NOENT, '&' would stay "&#38;" in attribute values. There is no DTD, so no other entity exists. */
    (void)xmlCtxtUseOptions(reader->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
}

/*
 * Parses the event without a copy of it. xmlCtxtReadMemory() would copy it, and would ask for more input at every tag
 * near its end.
 */
static void parse(xmlParserCtxtPtr parser, const char *xml)
{
    xmlCtxtReset(parser); /* frees the last event's input as well */
    xmlParserInputPtr input = xmlNewStringInputStream(parser, (const xmlChar *)xml);
    if (!input || inputPush(parser, input) < 0) abort();
    (void)xmlParseDocument(parser);
}

bool sax_reader_read(struct sax_reader *reader, const char *xml)
{
    reader->has_begun = reader->is_too_large = false;
    renew_parser(reader);
    parse(reader->parser, xml);
    return reader->has_begun && !reader->is_too_large && reader->parser->wellFormed;
}

struct sax_reader *sax_reader_new(struct members *members)
{
    struct sax_reader *reader = calloc(1, sizeof *reader);
    if (!reader) abort();
    reader->members = members;
    xmlInitParser();
    return reader;
}

void sax_reader_free(struct sax_reader *reader)
{
    if (!reader) return;
    if (reader->parser) xmlFreeParserCtxt(reader->parser);
    free(reader);
}
