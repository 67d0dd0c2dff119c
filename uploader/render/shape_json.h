/*
 * shape_json -- the JSON members of events whose markup was seen before (common/xml/shapes.h): all of them but the values
 * stands ready, so that such an event is not taken apart again. What is written is what members.h would write.
 *
 * An event whose shape is not known is read by plain_reader.h, which notes its tags here, and is written by members.h;
 * shape_json_learn() then remembers what became of its shape.
 */
#ifndef UPLOADER_RENDER_SHAPE_JSON_H
#define UPLOADER_RENDER_SHAPE_JSON_H

#include "common/xml/plain.h"
#include "uploader/render/members.h"

#define SHAPE_JSON_KEYS_MAX 16384 /* bytes of an event's keys; of one with more nothing stands ready */

struct shape_json;

/* Used by one thread at a time. Out of memory aborts. */
struct shape_json *shape_json_new(void);
void shape_json_free(struct shape_json *shapes); /* accepts NULL */

/*
 * Adds the members of the event. False: they do not stand ready, or their keys and texts might be more than `most_bytes`;
 * nothing was added.
 */
bool shape_json_write(struct shape_json *shapes, const char *xml, size_t len, bool renames_collisions,
                      size_t most_bytes, struct json_object *to);

/* The event is read by its tags, the first of which follows; its next tag. */
void shape_json_begin(struct shape_json *shapes, const char *xml);
void shape_json_note(struct shape_json *shapes, const struct xml_plain_tag *tag);

/* All tags were noted, and `members` is what became of the event. */
void shape_json_learn(struct shape_json *shapes, size_t len, const struct members *members,
                      bool renames_collisions, bool is_pretty);

#endif
