/*
 * flatten -- one event's XML as flat JSON members, every value a string.
 *
 * Each child becomes a member, in document order: its name, and its text without the XML white space around it. A
 * repeated child is called `name[2]`, a nested one `parent/child`; an attribute `name/@attr`, and an attribute of the
 * event element `@attr`. An element with children has a key of its own only if it has text of its own; text of the
 * event element itself stands under its own name. Keys are unique but for one, where a child has the event's own name, because no XML name holds '[', '/' or '@'. Names are
 * as written, prefix included; namespace declarations are no attributes.
 *
 * A key repeats the names of all its parents, so a hostile event of deep nesting could make JSON of a thousand times
 * its size, and a batch of such events more than there is memory. An event whose keys and texts together would be
 * longer than FLATTEN_GROWTH times its XML plus FLATTEN_SLACK bytes becomes a single member `#xml`, which holds its XML
 * unchanged.
 */
#ifndef UPLOADER_RENDER_FLATTEN_H
#define UPLOADER_RENDER_FLATTEN_H

#include <stdbool.h>

#include "common/why.h"
#include "uploader/render/json.h"

#define FLATTEN_GROWTH 8
#define FLATTEN_SLACK  1024

struct flatten;

enum flatten_reader {
    FLATTEN_AUTO, /* our own pass reads what is plain (common/xml/plain.h), libxml2 the rest; the bytes are the same */
    FLATTEN_LIBXML2, /* libxml2 reads everything: what the other is compared with */
};

struct flatten *flatten_new(enum flatten_reader reader);
void flatten_free(struct flatten *flatten); /* accepts NULL */

/*
 * Adds the members of the event, which has a NUL behind it. With `renames_collisions` a name that collides with the
 * metadata's gets one more underscore. An event that this libxml2 does not accept as well-formed, though the
 * collector's did, becomes `#xml`, too.
 *   RES_REFUSE   such an event is not even UTF-8: no JSON can hold it; nothing was added
 */
MUST_CHECK enum result flatten_event(struct flatten *flatten, const char *xml, size_t len,
                                     bool renames_collisions, struct json_object *to, struct why *why);

#endif
