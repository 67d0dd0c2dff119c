/*
 * drop -- leaves child elements out of an event (DROP_FIELDS), for what must not leave the site.
 *
 * Each child of the event element with one of the names is cut out whole, from its `<` to its last `>`, with all that
 * it holds and however often it occurs; every other byte stays, the white space around it too. A name without a prefix
 * stands for this name with any prefix or none; with a prefix for itself alone. What is cut here is in no format.
 */
#ifndef UPLOADER_RENDER_DROP_H
#define UPLOADER_RENDER_DROP_H

#include "common/buf.h"
#include "common/why.h"

/*
 * Checks a list as a person writes it ("cn, p:code") and tidies it in place: names with single commas between.
 *   RES_REFUSE   not a list of names; `why` says what would be
 */
MUST_CHECK enum result drop_tidy(const char *setting, char *names, struct why *why);

/*
 * Appends the event without the children that `names` (tidy) lists.
 *   RES_REFUSE   this is not one element with its end: nothing was appended, and nothing of it may be shipped
 */
MUST_CHECK enum result drop_fields(const char *names, const char *xml, size_t len, struct buf *out,
                                   struct why *why);

#endif
