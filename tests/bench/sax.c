/*
 * sax -- what libxml2 alone costs on the same events: its SAX push parser, fed each event whole from memory, one
 * context reset for each, handlers that only count. It is libxml2's fastest way. Prints events per second and CPU
 * seconds. usage: sax < events
 */
#include <assert.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/bench/rows.h"

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    (void)name, (void)prefix, (void)uri, (void)namespace_count, (void)namespaces;
    (void)attribute_count, (void)default_count, (void)attributes;
    size_t *elements = ((xmlParserCtxtPtr)context)->_private;
    ++*elements;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)context, (void)name, (void)prefix, (void)uri;
}

static void on_text(void *context, const xmlChar *chars, int count)
{
    (void)context, (void)chars, (void)count;
}

/* Callgrind counts from its entry to its exit. */
__attribute__((noinline)) static void parse_all(xmlParserCtxtPtr parser, const struct group *rows)
{
    for (size_t i = 0; i < rows->item_count; i++) {
        struct slice payload = item_event(&rows->items[i]).payload;
        int res = xmlCtxtResetPush(parser, NULL, 0, NULL, NULL);
        assert(res == 0);
        res = xmlParseChunk(parser, payload.data, (int)payload.len, 1);
        assert(res == XML_ERR_OK && parser->wellFormed);
    }
}

int main(void)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
    };
    size_t elements = 0;
    struct group *rows = rows_read();
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
    if (!parser) abort();
    parser->_private = &elements;
    parser->userData = parser;

    double cpu = rows_cpu_seconds();
    int64_t since = clock_monotonic_ms();
    parse_all(parser, rows);
    double seconds = (double)(clock_monotonic_ms() - since) / 1000;
    cpu = rows_cpu_seconds() - cpu;
    (void)printf("events=%zu elements=%zu seconds=%.3f cpu_seconds=%.3f\n", rows->item_count, elements,
                 seconds, cpu);
    xmlFreeParserCtxt(parser);
    xmlCleanupParser();
    group_free(rows);
    return 0;
}
