/* xml_answer -- see xml_answer.h. */
#include "uploader/http/xml_answer.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct xml_answer {
    xmlDocPtr doc;
};

struct xml_answer *xml_answer_parse(const struct buf *body)
{
    xmlDocPtr doc = xmlReadMemory(body->data, (int)body->len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!doc) return NULL;
    struct xml_answer *answer = malloc(sizeof *answer);
    if (!answer) abort();
    answer->doc = doc;
    return answer;
}

/* libxml2 frees its copies without wiping them. Texts shorter than this may be shared by nodes, and are no secrets. */
#define SECRET_MIN 16
static void wipe_texts(xmlNodePtr node)
{
    for (; node; node = node->next) {
        if (node->type == XML_TEXT_NODE && node->content && strlen((char *)node->content) >= SECRET_MIN)
            OPENSSL_cleanse(node->content, strlen((char *)node->content));
        wipe_texts(node->children);
    }
}

void xml_answer_free(struct xml_answer *answer)
{
    if (!answer) return;
    wipe_texts(xmlDocGetRootElement(answer->doc));
    xmlFreeDoc(answer->doc);
    free(answer);
}

static void wipe_and_free(xmlChar *text)
{
    if (text) OPENSSL_cleanse(text, strlen((const char *)text));
    xmlFree(text);
}

static void find_text(xmlNodePtr node, const char *name, char *out, size_t size)
{
    for (; node && !*out; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) continue;
        if (strcmp((const char *)node->name, name) != 0) {
            find_text(node->children, name, out, size);
            continue;
        }
        xmlChar *text = xmlNodeGetContent(node);
        if (text && strlen((const char *)text) < size) (void)snprintf(out, size, "%s", (const char *)text);
        wipe_and_free(text);
    }
}

void xml_answer_text(const struct xml_answer *answer, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    if (answer) find_text(xmlDocGetRootElement(answer->doc), name, out, size);
}

void xml_answer_field(const struct xml_answer *answer, const char *name, char *out, size_t size)
{
    out[0] = '\0';
    xmlNodePtr root = answer ? xmlDocGetRootElement(answer->doc) : NULL;
    for (xmlNodePtr node = root ? root->children : NULL; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0) continue;
        xmlChar *text = xmlNodeGetContent(node);
        if (text) (void)snprintf(out, size, "%s", (const char *)text);
        wipe_and_free(text);
    }
}
