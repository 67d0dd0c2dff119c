/*
 * drop -- removes child elements from an event (DROP_FIELDS), so that personal data does not leave the site.
 *
 * Each child of the event element that has one of the names is removed whole, from its `<` to its last `>`, with
 * everything inside it and however often it occurs. Every other byte stays, also the white space around it. A name
 * without a prefix matches this name with any prefix or none; a name with a prefix matches only itself. This is done
 * before the event is rendered, so a removed element is in no output format.
 */
#ifndef UPLOADER_RENDER_DROP_H
#define UPLOADER_RENDER_DROP_H

#include "common/buf.h"
#include "common/why.h"

/*
 * Checks a list as a person writes it ("cn, p:code"), and removes the white space in place.
 *   RES_REFUSE   it is not a list of names; `why` names the wrong entry and says what is expected
 */
MUST_CHECK enum result drop_tidy(const char *setting, char *names, struct why *why);

/*
 * Appends the event without the children that `names` (from drop_tidy()) lists.
 *   RES_REFUSE   `xml` is not exactly one complete element: nothing was appended, and nothing of it may be shipped
 */
MUST_CHECK enum result drop_fields(const char *names, const char *xml, size_t len, struct buf *out,
                                   struct why *why);

#endif
