/*
 * members -- the members that an event becomes, gathered in document order while something reads the event: which keys
 * there are, and which text stands under each, as flatten.h says. It is the same whoever reads. All memory is kept for the
 * next event.
 */
#ifndef UPLOADER_RENDER_MEMBERS_H
#define UPLOADER_RENDER_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "uploader/render/json.h"

#define MEMBERS_DEPTH_MAX 256 /* elements inside each other: more than the collector accepts */

struct members;

struct members_name {
    const char *prefix; /* NULL: none */
    const char *text;
    size_t len; /* of `text` */
};

struct members *members_new(void);
void members_free(struct members *members); /* accepts NULL */

/*
 * Forgets the last event, and all that was borrowed from it. Of the next one keys and texts, also those that are not written,
 * may have `most_bytes` together. With `renames_collisions` a name that collides with the metadata's gets an underscore.
 */
void members_clear(struct members *members, size_t most_bytes, bool renames_collisions);

/*
 * An element begins; an attribute of the element that has begun last. Names are borrowed until members_clear().
 * False: the event is too large or too deep, and it makes no sense to go on.
 */
bool members_begin_element(struct members *members, const struct members_name *name);
bool members_add_attribute(struct members *members, const struct members_name *name, const char *value,
                           size_t len);
void members_end_element(struct members *members);

/* Text of the element that is open: copied, or borrowed until members_clear(). */
void members_copy_text(struct members *members, const char *text, size_t len);
void members_borrow_text(struct members *members, const char *text, size_t len);

/* All at once: an element begins, has this text, which is borrowed, and ends. */
bool members_add_leaf(struct members *members, const struct members_name *name, const char *text, size_t len);

/* What is known of an element by its number, in the order in which they began; there must be no attributes. Borrowed. */
struct members_entry {
    const char *key;
    size_t key_len;
    bool has_children;
};

struct members_entry members_entry(const struct members *members, size_t number);

/* Adds the members. False: their keys and texts would be longer than `most_bytes`; nothing was added. */
bool members_write(const struct members *members, size_t most_bytes, struct json_object *to);

#endif
