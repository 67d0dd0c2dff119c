/*
 * names -- a set of element names, as EVENT_ELEMENT and IGNORE_ELEMENTS give it: names as written, with their prefix if
 * they have one; `*:Event` is `Event` with any prefix or none. Pure.
 */
#ifndef COMMON_XML_NAMES_H
#define COMMON_XML_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/why.h"

#define XML_NAMES_MAX      32   /* names in a set */
#define XML_NAMES_NAME_MAX 256  /* bytes of one of them */
#define XML_NAMES_TEXT_MAX 4096 /* bytes of the setting */

struct xml_names {
    struct xml_names_entry {
        char text[XML_NAMES_NAME_MAX + 1]; /* without the `*:` */
        size_t len;
        bool has_any_prefix;
    } list[XML_NAMES_MAX];
    size_t count;
    bool may_begin[256]; /* by byte: may a name that the set holds begin with it? */
};

/*
 * Reads names separated by commas, with white space around them; "" gives an empty set. `setting` is the name for
 * messages.
 *   RES_REFUSE   a part is no XML name, too long, given twice, or there are too many: `why` names setting and part
 */
MUST_CHECK enum result xml_names_parse(const char *setting, const char *text, struct xml_names *names,
                                       struct why *why);

bool xml_names_hold(const struct xml_names *names, const char *name, size_t len);

#endif
