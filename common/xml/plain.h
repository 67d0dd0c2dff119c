/*
 * plain -- reads an element that is plain XML tag by tag, and knows at its end that it is well-formed; or is not sure,
 * and a real parser has to read it. Pure, and allocates nothing.
 *
 * Plain is: names of ASCII letters, digits, `_`, `-` and `.`, without a prefix; tags without attributes and white space;
 * text in UTF-8 with the five entities of XML 1.0, 4.6 and references to characters that 2.2 allows. Nothing else: no
 * comment, no CDATA section, no instruction, no other entity. All samples of ACM's events that we have are plain.
 *
 * Promise: where it is sure, XML 1.0 calls the element well-formed, and so does libxml2 2.9.14 with the collector's limits
 * (collector/framing/parser.h). The reverse is not promised: any element may be one that it is not sure of.
 * tests/model/test_plain.c compares it with libxml2.
 */
#ifndef COMMON_XML_PLAIN_H
#define COMMON_XML_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XML_PLAIN_MAX       65536 /* bytes of the element: of a longer one it is not sure */
#define XML_PLAIN_DEPTH_MAX 200   /* elements inside each other */
#define XML_PLAIN_NAME_MAX  1024  /* bytes of a name */
/* Digits of a reference: behind the tenth one libxml2 2.9 takes no letter for a digit */
#define XML_PLAIN_DIGITS_MAX 10

/* A stretch of text as it is written, up to a tag. Borrows from what is read, as all below. */
struct xml_plain_run {
    const char *at;
    size_t len;
    bool is_literal; /* it stands for itself: it has no reference and no CR */
};

enum xml_plain_kind {
    XML_PLAIN_START, /* `<name>`, of an element that has children */
    XML_PLAIN_LEAF,  /* `<name>content</name>` or `<name/>` */
    XML_PLAIN_END,   /* `</name>` of an element that has children */
};

struct xml_plain_tag {
    enum xml_plain_kind kind;
    const char *name;
    size_t name_len;
    struct xml_plain_run content; /* of a leaf; that of `<name/>` is empty, and at the slash */
    struct xml_plain_run text;    /* behind the tag; none behind the end of the whole element */
};

/* Is the leaf written as `<name/>`? */
static inline bool xml_plain_is_closed_at_once(const struct xml_plain_tag *leaf)
{
    return leaf->content.len == 0 && *leaf->content.at == '/';
}

enum xml_plain_state {
    XML_PLAIN_READING,
    XML_PLAIN_ENDED,    /* it is well-formed */
    XML_PLAIN_NOT_SURE, /* for good */
};

struct xml_plain {
    enum xml_plain_state state;
    const char *start, *at, *end;
    size_t depth;  /* elements with children that are open */
    bool is_ascii; /* so far */
    struct xml_plain_open {
        uint32_t at, len; /* its name */
    } open[XML_PLAIN_DEPTH_MAX];
};

/* `text`, borrowed, begins with the element's `<`; more than the element may stand there. */
void xml_plain_begin(struct xml_plain *plain, const char *text, size_t len);

/*
 * The next tag. False: there is none, as the element has ended, or as it is not sure: xml_plain_len() says which. Until
 * then no tag is more than a guess.
 */
bool xml_plain_next(struct xml_plain *plain, struct xml_plain_tag *tag);

/* After the last tag: the bytes of the element, which is well-formed; 0: not sure. */
size_t xml_plain_len(const struct xml_plain *plain);

/*
 * The text from `at` on, up to a `<`, to which the pointer that is returned leads. NULL: it is not plain, or what is read
 * ends before there is one. Sets `run`, and whether it is ASCII so far; all else stays as it is.
 */
const char *xml_plain_read_text(struct xml_plain *plain, const char *at, struct xml_plain_run *run);

/* What a run stands for, piece by piece. */
struct xml_plain_text {
    const char *at, *end;
    char character[4]; /* of the last reference */
};

struct xml_plain_text xml_plain_text_of(const struct xml_plain_run *run);

/*
 * The next piece: references are replaced, and CR and CR LF are LF (XML 1.0, 2.11). The piece is borrowed from what is
 * read, or until the next call. False: there is no more.
 */
bool xml_plain_next_piece(struct xml_plain_text *text, const char **piece, size_t *len);

#endif
