/*
 * parser -- runs libxml2 over one event: is it well-formed, and which texts fill its columns?
 *
 * One parser context is used again and again. There is no DTD, no entity besides the five predefined ones and character
 * references, no network, no XML_PARSE_HUGE. The limits below bound what a sender may invent, so that the time grows
 * with an event's length only, whatever its content. The validator (validator.h) says how much memory is used. A parser
 * is used by one thread at a time.
 */
#ifndef COLLECTOR_FRAMING_PARSER_H
#define COLLECTOR_FRAMING_PARSER_H

#include "collector/framing/event.h"
#include "collector/framing/index_fields.h"

#define PARSER_DEPTH_MAX 200 /* libxml2's push parser has no limit of its own */
/* On one element, with namespaces: libxml2 compares each with all others */
#define PARSER_ATTRIBUTES_MAX 256
#define PARSER_NAMESPACES_MAX 256       /* in scope: libxml2 searches them for every prefix */
#define PARSER_NAME_MAX       1024      /* bytes of a name, a prefix, a namespace */
#define PARSER_NAMES_MAX      16384     /* different names in one event: libxml2's dictionary gets slow */
#define PARSER_NAMES_BYTES    (2 << 20) /* bytes that the dictionary may hold */
#define PARSER_MESSAGE_MAX    301 /* with its terminator: a name in libxml2's message may be very long */
/* A longer event is large: it is parsed in slices. A shorter one cannot hold too many names */
#define PARSER_LARGE ((size_t)64 << 10)

struct parser;

enum parsed {
    PARSED,            /* well-formed */
    PARSED_UNDECLARED, /* well-formed, but it uses prefixes that it does not declare */
    PARSED_NOT,        /* neither: the error says why */
};

struct parser_error {
    enum reject_reason reason;        /* malformed, too_deep, doctype */
    size_t line, column;              /* begin with 1; 0: not known */
    char message[PARSER_MESSAGE_MAX]; /* one line; it may name elements, but never shows text */
    bool is_forbidden_character;      /* XML forbids the character at this place */
};

/* Borrows `fields` for the parser's life. Never fails: out of memory aborts. */
struct parser *parser_new(const struct index_fields *fields);
void parser_free(struct parser *parser); /* accepts NULL */

/*
 * Parses `text`, which is UTF-8. `is_terminated`: a NUL stands behind it, so that it is not copied if it is large. `error`
 * is filled in for PARSED_NOT only.
 */
enum parsed parser_check(struct parser *parser, struct slice text, bool is_terminated,
                         struct parser_error *error);

/*
 * A column's value of the event that was PARSED, trimmed; absent, or at most EVENT_FIELD_MAX bytes until the next call.
 */
struct slice parser_column(const struct parser *parser, enum event_field field);

/* Frees the memory of a strange event. Costs nothing otherwise. */
void parser_trim(struct parser *parser);

#define PARSER_VERSION_SIZE 24 /* of a version with its terminator */

/* The version of libxml2 that this process has loaded, e.g. "2.9.14"; `version` is returned. */
const char *parser_version(char version[PARSER_VERSION_SIZE]);

/* The line and the column, in characters, of the byte at `at`. */
void parser_find_position(struct slice text, size_t at, size_t *line, size_t *column);

#endif
