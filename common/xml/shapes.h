/*
 * shapes -- remembers the markup of plain elements (plain.h). Events of one sender mostly differ in their texts alone: the
 * markup of such a one is compared with what was there before, many bytes at a time, instead of being understood again.
 * What has a known shape and plain texts, plain.h is sure of, too, and says the same of it.
 *
 * The shape of an element is all of it but the texts of its leaves: names, order, white space in between. Elements with
 * other text between their tags, and an element without children, have none.
 *
 * Where shapes are new again and again, only some elements are looked at, so the search costs such a sender little. All
 * that is remembered takes some 2 MB at most, for ACM's events 100 KB.
 */
#ifndef COMMON_XML_SHAPES_H
#define COMMON_XML_SHAPES_H

#include "common/xml/plain.h"

#define XML_SHAPES_MAX       64    /* that are remembered; with one more all are forgotten */
#define XML_SHAPE_TEXTS_MAX  256   /* leaves of an element that has a shape */
#define XML_SHAPE_MARKUP_MAX 16384 /* bytes of its markup */
#define XML_SHAPES_NONE      SIZE_MAX

struct xml_shapes;

/* An element that has a known shape. */
struct xml_shaped {
    size_t shape; /* its number, less than XML_SHAPES_MAX */
    size_t len;   /* bytes of the element */
    bool is_ascii;
    size_t count; /* texts: of each leaf but those written as `<name/>`, in document order */
    const struct xml_plain_run *texts; /* borrowed until the next element is read */
};

/* Used by one thread at a time. Out of memory aborts. */
struct xml_shapes *xml_shapes_new(void);
void xml_shapes_free(struct xml_shapes *shapes); /* accepts NULL */

/* Reads the element that `text` begins with; more may stand behind it. False: it has no shape that is known. */
bool xml_shapes_read(struct xml_shapes *shapes, const char *text, size_t len, struct xml_shaped *shaped);

/*
 * To remember the shape of an element that had none that is known: begin, add each tag as xml_plain_next() gives it, and
 * end if it was sure. xml_shapes_add() returns the number of the leaf's text among the texts, or XML_SHAPES_NONE.
 */
void xml_shapes_begin(struct xml_shapes *shapes, const char *text);
size_t xml_shapes_add(struct xml_shapes *shapes, const struct xml_plain_tag *tag);
void xml_shapes_give_up(struct xml_shapes *shapes); /* this one's shape is not to be remembered */

/*
 * The element has `len` bytes. Returns the number of its shape, which a forgotten one may have had; XML_SHAPES_NONE: it is
 * not remembered.
 */
size_t xml_shapes_end(struct xml_shapes *shapes, size_t len);

#endif
