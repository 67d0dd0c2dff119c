/*
 * xml_answer -- a small XML document that a server has answered: an error of S3, the keys of STS. Pure.
 *
 * Nothing outside the document is read.
 */
#ifndef UPLOADER_HTTP_XML_ANSWER_H
#define UPLOADER_HTTP_XML_ANSWER_H

#include "common/buf.h"

struct xml_answer;

/* NULL: it is not such a document. The other functions accept NULL as one that is empty. */
struct xml_answer *xml_answer_parse(const struct buf *body);
void xml_answer_free(struct xml_answer *answer); /* wipes, as there may be keys */

/* Copies the text of the first element of this name, at any depth. "": there is none, or it does not fit. */
void xml_answer_text(const struct xml_answer *answer, const char *name, char *out, size_t size);

/* The same of the last one right below the root, cut to the size. */
void xml_answer_field(const struct xml_answer *answer, const char *name, char *out, size_t size);

#endif
