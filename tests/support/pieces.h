/*
 * pieces -- reads one piece of markup from text, in the plainest way: from its beginning, whole, as often as wanted. It
 * shares no code with what the tests check, and is slow.
 */
#ifndef TESTS_SUPPORT_PIECES_H
#define TESTS_SUPPORT_PIECES_H

#include <stdbool.h>

#include "collector/framing/event.h"
#include "common/xml/names.h"

enum piece_kind {
    PIECE_NONE, /* the text begins with no complete piece of markup */
    PIECE_START,
    PIECE_EMPTY, /* a tag that is start and end: <a/> */
    PIECE_END,
    PIECE_COMMENT,
    PIECE_CDATA,
    PIECE_INSTRUCTION,
    PIECE_DECLARATION, /* <?xml version= ...?> */
};

struct piece {
    enum piece_kind kind;
    size_t len;
    struct slice name; /* of a tag; in the text */
    bool has_attributes;
};

/* Tags are taken strictly: attributes have quoted values without `<`, and white space before each. */
struct piece piece_read(struct slice text);

/* Would more bytes make a piece of markup, or a document type, of a text that is not one yet? */
bool piece_may_follow(struct slice text);

bool slice_begins_with(struct slice text, const char *prefix);
struct slice slice_behind(struct slice text, size_t len); /* without its first `len` bytes */

/* Does a set of names hold this name? */
bool name_is_in(const struct xml_names *names, struct slice name);

/* Does the text begin with the start tag of an element of the set, as far as its name and one byte behind that? */
bool text_begins_element(struct slice text, const struct xml_names *names);

/* The first such place in the text; text.len: there is none. */
size_t text_find_element(struct slice text, const struct xml_names *names);

/* What UTF-16 the text begins with: `width` 2, and `low` is the place of the byte that carries ASCII; width 1: none. */
struct units {
    size_t width;
    size_t low;
};
struct units units_at(struct slice text);

/* The ASCII of UTF-16 text, other characters as a byte above 0x7F; the caller frees it. */
char *units_narrow(struct slice text, struct units units, size_t limit, struct slice *narrow);

#endif
