/*
 * shape_json -- see shape_json.h. What stands ready is one text, as of an event whose values are all empty, and the places in
 * it where the values belong.
 */
#include "uploader/render/shape_json.h"

#include <stdlib.h>

#include "common/xml/chars.h"
#include "common/xml/shapes.h"

struct known {
    bool is_ready;
    bool is_pretty, renames_collisions; /* as it was learned */
    size_t key_bytes;                   /* of all elements, also of those that are no member */
    struct buf json;                    /* each member begins with its comma */
    uint32_t places[XML_SHAPE_TEXTS_MAX];
};

struct shape_json {
    struct xml_shapes *shapes;
    struct known known[XML_SHAPES_MAX];
    struct buf scratch;

    /* the event that is being read by its tags: */
    size_t elements, texts;
    size_t element_of[XML_SHAPE_TEXTS_MAX]; /* by the number of the text */
};

struct shape_json *shape_json_new(void)
{
    struct shape_json *s = calloc(1, sizeof *s);
    if (!s) abort();
    s->shapes = xml_shapes_new();
    return s;
}

void shape_json_free(struct shape_json *s)
{
    if (!s) return;
    for (size_t i = 0; i < XML_SHAPES_MAX; i++) buf_fini(&s->known[i].json);
    buf_fini(&s->scratch);
    xml_shapes_free(s->shapes);
    free(s);
}

/* ---- writing ---- */

static void append_run(struct buf *text, const struct xml_plain_run *run)
{
    struct xml_plain_text read = xml_plain_text_of(run);
    const char *piece = NULL;
    size_t len = 0;
    while (xml_plain_next_piece(&read, &piece, &len)) buf_append(text, piece, len);
}

static void append_value(struct shape_json *s, struct buf *out, const struct xml_plain_run *run)
{
    const char *text = run->at;
    size_t len = run->len;
    if (!run->is_literal) {
        buf_clear(&s->scratch);
        append_run(&s->scratch, run);
        text = s->scratch.data;
        len = s->scratch.len;
    }
    xml_trim(&text, &len);
    json_escape(out, text, len);
}

/* The texts are a part of the event. */
static bool may_write(const struct known *known, size_t len, size_t most_bytes, bool renames_collisions,
                      const struct json_object *to)
{
    return known->is_ready && known->key_bytes + len <= most_bytes &&
           known->renames_collisions == renames_collisions && known->is_pretty == to->is_pretty;
}

bool shape_json_write(struct shape_json *s, const char *xml, size_t len, bool renames_collisions,
                      size_t most_bytes, struct json_object *to)
{
    struct xml_shaped event;
    if (!xml_shapes_read(s->shapes, xml, len, &event) || event.len != len) return false;
    const struct known *known = &s->known[event.shape];
    if (!may_write(known, len, most_bytes, renames_collisions, to)) return false;
    size_t at = to->is_empty ? 1 : 0; /* no comma before the first member of all */
    for (size_t i = 0; i < event.count; i++) {
        buf_append(to->out, known->json.data + at, known->places[i] - at);
        append_value(s, to->out, &event.texts[i]);
        at = known->places[i];
    }
    buf_append(to->out, known->json.data + at, known->json.len - at);
    to->is_empty = false;
    return true;
}

/* ---- learning ---- */

void shape_json_begin(struct shape_json *s, const char *xml)
{
    xml_shapes_begin(s->shapes, xml);
    s->elements = s->texts = 0;
}

void shape_json_note(struct shape_json *s, const struct xml_plain_tag *tag)
{
    size_t text = xml_shapes_add(s->shapes, tag);
    if (text != XML_SHAPES_NONE) s->element_of[s->texts++] = s->elements;
    if (tag->kind != XML_PLAIN_END) s->elements++;
}

static size_t count_key_bytes(const struct members *members, size_t elements)
{
    size_t bytes = 0;
    for (size_t i = 0; i < elements; i++) bytes += members_entry(members, i).key_len;
    return bytes;
}

/* Elements with children are no members, as they have no text of their own: else the event would have no shape. */
static void make_ready(const struct shape_json *s, const struct members *members, struct known *known)
{
    struct json_object object = {&known->json, known->is_pretty, false};
    size_t text = 0;
    for (size_t i = 0; i < s->elements; i++) {
        struct members_entry entry = members_entry(members, i);
        if (entry.has_children) continue;
        json_add(&object, entry.key, entry.key_len, "", 0);
        bool has_text = text < s->texts && s->element_of[text] == i;
        if (has_text) known->places[text++] = (uint32_t)known->json.len - 1; /* before the quote */
    }
}

void shape_json_learn(struct shape_json *s, size_t len, const struct members *members,
                      bool renames_collisions, bool is_pretty)
{
    size_t shape = xml_shapes_end(s->shapes, len);
    if (shape == XML_SHAPES_NONE) return;
    struct known *known = &s->known[shape];
    buf_clear(&known->json);
    known->is_pretty = is_pretty;
    known->renames_collisions = renames_collisions;
    known->key_bytes = count_key_bytes(members, s->elements);
    known->is_ready = known->key_bytes <= SHAPE_JSON_KEYS_MAX;
    if (known->is_ready) make_ready(s, members, known);
}
