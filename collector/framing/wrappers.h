/*
 * wrappers -- the elements that are open between events, and the namespaces that they declare. Pure.
 *
 * An open element counts as a wrapper once an event has begun in it, or when it had to be decided what it is before it
 * ended. Of more than WRAPPERS_MAX the outermost is forgotten, as it is when the names and declarations of all take
 * more than WRAPPERS_TEXT_MAX.
 */
#ifndef COLLECTOR_FRAMING_WRAPPERS_H
#define COLLECTOR_FRAMING_WRAPPERS_H

#include "collector/framing/event.h"
#include "common/buf.h"

#define WRAPPERS_MAX      64
#define WRAPPERS_TEXT_MAX 16384

struct open_element {
    uint64_t at, tag_end;                   /* its start tag: its first byte, and behind its last */
    size_t text_at, name_len, declared_len; /* its name and then its declarations in the wrappers' text */
    bool is_wrapper;
    bool has_event;                     /* an event has begun in it, */
    bool has_event_directly;            /* and not in another element in it */
    bool has_data;                      /* it has an attribute that declares no namespace */
    bool is_bare;                       /* no attributes, no text and no element in it so far */
    bool is_ignored;                    /* IGNORE_ELEMENTS names it */
    bool had_element_before;            /* ignored: the gap held an element before it */
    uint64_t first_before, last_before; /* ignored: the gap's content before it (gap.h) */
};

struct wrappers {
    struct open_element
        *ring;           /* of WRAPPERS_MAX; NULL while none is open: there may be thousands of connections */
    size_t first, count; /* in the ring: the outermost and how many follow it */
    struct buf text; /* of the open elements in their order, behind that of elements that were forgotten */
    struct buf declarations; /* of all of them, if `is_fresh` */
    bool is_fresh;
};

void wrappers_fini(struct wrappers *wrappers);

/* Opens an element: its name and its declarations (namespaces.h) are copied; one of these may be cut to nothing. */
struct open_element *wrappers_open(struct wrappers *wrappers, struct slice name, struct slice declarations);

/* An open element: 0 is the outermost, `count` - 1 the innermost. */
struct open_element *wrappers_at(struct wrappers *wrappers, size_t index);

/* The innermost open element; NULL: none is open. */
struct open_element *wrappers_innermost(struct wrappers *wrappers);

/* The index of the innermost open element of that name; `count`: there is none. */
size_t wrappers_find(struct wrappers *wrappers, struct slice name);

/* Closes the element at `index` and all in it. */
void wrappers_close(struct wrappers *wrappers, size_t index);

struct slice wrappers_name(const struct wrappers *wrappers, const struct open_element *element);

/* The declarations of all open elements, terminated; of one prefix the last one counts. Good until the next change. */
const char *wrappers_declarations(struct wrappers *wrappers);

size_t wrappers_held_bytes(const struct wrappers *wrappers);

#endif
