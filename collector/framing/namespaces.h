/*
 * namespaces -- declarations for prefixes that an event uses and does not declare. Pure.
 *
 * A list of declarations is attribute text, as it stands in a start tag: ` xmlns:a="u" xmlns:b='v'`, in UTF-8, a blank
 * before each; "" for none.
 */
#ifndef COLLECTOR_FRAMING_NAMESPACES_H
#define COLLECTOR_FRAMING_NAMESPACES_H

#include "collector/framing/event.h"
#include "common/buf.h"
#include "common/why.h"

#define NAMESPACES_TEXT_MAX 4096 /* bytes of XML_NAMESPACES */

/*
 * XML_NAMESPACES: `prefix=uri` pairs separated by commas, white space around them. Appends the declarations to `out`.
 *   RES_REFUSE   `why` names XML_NAMESPACES, the wrong part and a correct form
 */
MUST_CHECK enum result namespaces_parse(const char *text, struct buf *out, struct why *why);

/*
 * The value, quotes included, that `declarations` gives to a prefix; absent: it does not declare it. The last one
 * counts.
 */
struct slice namespaces_find(struct slice declarations, struct slice prefix);

/*
 * Appends to `declarations` one for each prefix of element and attribute names that the event uses where it is not
 * declared, in order of first use; `inner` (wrappers) goes before `outer` (the setting). They belong directly behind the
 * event's own name, at `*insert_at`. False if a prefix is in neither: `missing` is that prefix, in `event`.
 */
bool namespaces_find_missing(struct slice event, struct slice inner, struct slice outer,
                             struct buf *declarations, size_t *insert_at, struct slice *missing);

#endif
