/*
 * lexer -- turns text into the tokens of XML's markup. Pure, and the same for any segmentation: a token that is not
 * complete is said to be so, and is asked for again, from its first byte, when more of it is there; no byte but those
 * of its name is looked at twice for that.
 *
 * The lexer reads bytes. Text in an encoding whose bytes are not those of ASCII must be made so before
 * (collector/framing/reader.h).
 *
 * It does not check that the markup is well-formed, and it does not search for the end of a comment or CDATA section:
 * its caller does (collector/framing/closings.h), who knows how far to search. Everything else ends where the start tag
 * of a mark stands in it: a mark is an element for whose sake the stream is read, as EVENT is for the framer.
 */
#ifndef COMMON_XML_LEXER_H
#define COMMON_XML_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/xml/names.h"

#define XML_NAME_MAX 1024 /* bytes of a name; markup with a longer one is no markup */

enum xml_kind {
    XML_TEXT, /* up to the next `<`, or to the end of what is there */
    XML_MARK, /* `<NAME`, the beginning of a mark's start tag: what follows is read by xml_lexer_read_tag() */
    XML_START,       /* `<name ...>` */
    XML_EMPTY,       /* `<name .../>` */
    XML_END,         /* `</name ...>` */
    XML_COMMENT,     /* `<!--`: the opening alone */
    XML_CDATA,       /* `<![CDATA[`: the opening alone */
    XML_INSTRUCTION, /* `<?name ...?>` */
    XML_DECLARATION, /* `<?xml ...?>` */
    XML_DOCTYPE,     /* `<!DOCTYPE ...>` */
    XML_BROKEN,      /* `<` that begins no markup, or markup that a `<` or a mark broke off, up to there */
    XML_UNFINISHED,  /* it is not complete */
};

struct xml_token {
    enum xml_kind kind;
    enum xml_kind of;         /* broken or unfinished: what it would have been; XML_TEXT: that is not clear */
    size_t len;               /* of the token */
    size_t name_at, name_len; /* mark, tags, instruction: where in the token its name stands */
    size_t values;            /* tags: quoted values */
    /*
     * Unfinished: no mark begins before this byte of it. If it `hides`, it is a DOCTYPE in which a comment is open, and
     * the text of that begins here.
     */
    size_t looked;
    bool hides;
};

struct xml_lexer {
    const struct xml_names *marks; /* borrowed */
    bool is_in_mark;               /* the next token is the tag of a mark that was reported already */

    /* What is known about the unfinished token. */
    size_t looked;
    size_t values;
    char quote;        /* the quote that is open; 0: none */
    bool is_in_subset; /* DOCTYPE: between its brackets */
    bool is_hiding;    /* DOCTYPE: a comment is open */
};

/* `marks` is borrowed for the lexer's life; an empty set: there are none. */
void xml_lexer_init(struct xml_lexer *lexer, const struct xml_names *marks);

/*
 * The token that begins at `text`; `len` is at least 1. If it is XML_UNFINISHED, the next call is for the same token.
 */
struct xml_token xml_lexer_next(struct xml_lexer *lexer, const char *text, size_t len);

/* After XML_MARK: the next token is its whole tag, from the same `<`. */
void xml_lexer_read_tag(struct xml_lexer *lexer);

/* Forgets the unfinished token: the next call is for another one. */
void xml_lexer_forget(struct xml_lexer *lexer);

/* The comment in an unfinished DOCTYPE ends before byte `end` of the token. */
void xml_lexer_close_comment(struct xml_lexer *lexer, size_t end);

/*
 * Passes text and plain tags (`<name>`, `</name>` of elements that are no marks) from the beginning of `text`, the
 * quick way; returns where something else begins, or may begin. Nothing of an unfinished token is passed.
 */
size_t xml_lexer_skip_plain(const struct xml_lexer *lexer, const char *text, size_t len);

/* Does the start tag of a mark begin at `text`, which begins with `<`? 1: yes, 0: no, -1: more bytes are needed. */
int xml_lexer_is_mark(const struct xml_lexer *lexer, const char *text, size_t len);

/* How many of the first bytes are characters of a name; `len`: it may go on. */
size_t xml_name_len(const char *text, size_t len);

#endif
