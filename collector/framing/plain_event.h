/*
 * plain_event -- settles the plain event: one pass over its bytes tells where it ends, that it is well-formed for certain
 * (common/xml/plain.h), and what its columns hold. Of any other it says so, and libxml2 judges it (parser.h).
 *
 * What it settles is what validator.h and libxml2 would have said of the same bytes: UTF-8, unchanged, with the same
 * columns. It needs not know more than that no other encoding was in force.
 */
#ifndef COLLECTOR_FRAMING_PLAIN_EVENT_H
#define COLLECTOR_FRAMING_PLAIN_EVENT_H

#include "collector/framing/index_fields.h"
#include "common/xml/names.h"

/*
 * The libxml2 with which this was compared (docs/testing.md): what is well-formed differs a little from version to version.
 * With another one the program says so, and VALIDATOR=libxml2 has it judge all.
 */
#define PLAIN_EVENT_COMPARED_WITH "2.9.14"

struct plain_event;

/* Borrows `fields` for its life. Used by one thread at a time. Never fails: out of memory aborts. */
struct plain_event *plain_event_new(const struct index_fields *fields);
void plain_event_free(struct plain_event *plain); /* accepts NULL */

/*
 * Reads the event that begins at `text`; more may stand behind it. Returns its bytes, or 0: it is not plain, not complete,
 * or another event begins in it, by the names of `marks` (NULL: that does not matter). `encoding` as in validator_input.
 */
size_t plain_event_read(struct plain_event *plain, const struct xml_names *marks, const char *encoding,
                        const char *text, size_t len);

/* The columns of the event that was settled last, as in struct verdict; borrowed until the next one is read. */
const struct slice *plain_event_fields(const struct plain_event *plain);

#endif
