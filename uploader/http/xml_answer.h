/*
 * xml_answer -- a small XML document that a server has answered: an error of S3, the keys of STS. Pure.
 *
 * Whoever answers may be a portal, or worse. So only the texts of the elements are kept, of so many elements, so deep in
 * each other. A document with a document type is refused: without one there is no entity that could grow, or that could
 * be read from elsewhere. So is one that is not in UTF-8, which AWS writes. The memory needed is a few times the
 * document's size.
 */
#ifndef UPLOADER_HTTP_XML_ANSWER_H
#define UPLOADER_HTTP_XML_ANSWER_H

#include "common/buf.h"

#define XML_ANSWER_ELEMENTS_MAX 128
#define XML_ANSWER_DEPTH_MAX    16
#define XML_ANSWER_NAME_SIZE    64 /* with the closing NUL; an element with a longer name is not kept */

struct xml_answer;

/* NULL: it is not such a document. The other functions accept NULL as one that is empty. */
struct xml_answer *xml_answer_parse(const struct buf *body);
void xml_answer_free(struct xml_answer *answer); /* wipes, as there may be keys */

/* Copies the text of the first element of this name, at any depth. "": there is none, or it does not fit. */
void xml_answer_text(const struct xml_answer *answer, const char *name, char *out, size_t size);

/* The same of the last one right below the root, cut to the size, between two characters. */
void xml_answer_field(const struct xml_answer *answer, const char *name, char *out, size_t size);

#endif
