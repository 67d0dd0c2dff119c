/*
 * markup -- small checks of complete markup: is this a tag, which encoding does it declare? Pure.
 */
#ifndef COLLECTOR_FRAMING_MARKUP_H
#define COLLECTOR_FRAMING_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "collector/framing/event.h"

struct slice markup_trimmed(struct slice text);    /* without white space at its ends */
bool markup_is_name(const char *text, size_t len); /* as far as bytes tell, see common/xml/chars.h */

/* Is `text`, which begins with '<' and ends with '>', a start, end or empty-element tag with proper attributes? */
bool markup_is_tag(const char *text, size_t len);

/*
 * The next attribute of the tag `tag`, from `*at` on, which is 0 at first; its value with its quotes. False: there are
 * no more.
 */
bool markup_next_attribute(struct slice tag, size_t *at, struct slice *name, struct slice *value);

/*
 * Where a tag in `text` has a quoted value more than `max`; `len`: nowhere. Comments, CDATA sections and instructions
 * are passed over. Exact where the text is well-formed; elsewhere an upper bound on what a parser may come to see.
 */
size_t markup_find_crowded_tag(const char *text, size_t len, size_t max);

/* Is `text`, which begins with `<?xml ` and ends with `?>`, a declaration: nothing but names with quoted values? */
bool markup_is_declaration(const char *text, size_t len);

/*
 * Where `text` is an XML declaration (`<?xml ...?>`): `encoding` becomes what it declares, "" for none, cut to `size`.
 * Any other processing instruction changes nothing.
 */
void markup_read_declaration(const char *text, size_t len, char *encoding, size_t size);

#endif
