/*
 * shapes -- see shapes.h. The markup of an element falls into parts: a text follows each part but the last. The parts of
 * all shapes are the nodes of a tree: shapes that begin alike share the nodes up to the first part in which they differ,
 * so events from which some fields are missing need little more than one shape does.
 */
#include "common/xml/shapes.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xml/chars.h"

#define PATIENCE     16 /* misses in a row; from then on only two of so many elements are looked at */
#define NODES_MAX    4096
#define CHILDREN_MAX 16 /* nodes that are compared in one place */
#define ROOT         0  /* the node before the first part; as a child: none */

struct node {
    uint32_t at; /* the part, in `markup` */
    uint16_t len;
    uint16_t first_child, next_sibling;
    uint16_t ends; /* the number of the shape that ends here, from 1 on; 0: none does */
};

_Static_assert(XML_SHAPE_MARKUP_MAX <= UINT16_MAX, "a part may be as long as the markup");
_Static_assert(NODES_MAX <= UINT16_MAX, "nodes have 16 bits");

struct xml_shapes {
    struct node *nodes; /* NODES_MAX; the first is the root */
    size_t node_count;
    struct buf markup; /* of all nodes */
    size_t count;      /* of shapes */
    size_t misses;     /* in a row */

    struct xml_plain reader;
    struct xml_plain_run texts[XML_SHAPE_TEXTS_MAX];

    /* what is being learned: */
    bool is_learning;
    const char *start, *from; /* of the element, and of what is not in its markup yet */
    struct buf next;          /* its markup */
    size_t text_count;
    uint16_t part_lens[XML_SHAPE_TEXTS_MAX + 1];
};

static void forget_all(struct xml_shapes *shapes)
{
    shapes->nodes[ROOT] = (struct node){.at = 0};
    shapes->node_count = 1;
    shapes->count = 0;
    buf_clear(&shapes->markup);
}

struct xml_shapes *xml_shapes_new(void)
{
    struct xml_shapes *shapes = calloc(1, sizeof *shapes);
    if (!shapes) abort();
    shapes->nodes = calloc(NODES_MAX, sizeof *shapes->nodes);
    if (!shapes->nodes) abort();
    forget_all(shapes);
    return shapes;
}

void xml_shapes_free(struct xml_shapes *shapes)
{
    if (!shapes) return;
    buf_fini(&shapes->markup);
    buf_fini(&shapes->next);
    free(shapes->nodes);
    free(shapes);
}

/* ---- reading ---- */

/* The child whose part stands at `at`; ROOT: there is none. */
static inline size_t find_next(const struct node *nodes, const char *markup, size_t parent, const char *at,
                               const char *end)
{
    size_t child = nodes[parent].first_child;
    for (; child != ROOT; child = nodes[child].next_sibling) {
        size_t len = nodes[child].len;
        if (len <= (size_t)(end - at) && memcmp(at, markup + nodes[child].at, len) == 0) break;
    }
    return child;
}

/*
 * From part to part, with the texts in between. Returns what is behind the element; NULL: its shape is not known. `last` is
 * the node of the last part, behind `count` texts.
 */
static const char *read_parts(struct xml_shapes *shapes, const char *at, size_t *last, size_t *count)
{
    const struct node *nodes = shapes->nodes;
    const char *markup = shapes->markup.data;
    const char *end = shapes->reader.end;
    size_t node = ROOT;
    for (size_t i = 0; at; i++) {
        node = find_next(nodes, markup, node, at, end);
        if (node == ROOT) return NULL;
        at += nodes[node].len;
        *count = i;
        if (nodes[node].ends) break;
        at = xml_plain_read_text(&shapes->reader, at, &shapes->texts[i]);
    }
    *last = node;
    return at;
}

/* Is it likely enough that the shape of an element is known, or will be that of the next one? */
static bool is_worth_it(const struct xml_shapes *shapes)
{
    return shapes->misses < PATIENCE || shapes->misses % PATIENCE < 2;
}

bool xml_shapes_read(struct xml_shapes *shapes, const char *text, size_t len, struct xml_shaped *shaped)
{
    if (!is_worth_it(shapes)) return false;
    size_t last = ROOT;
    xml_plain_begin(&shapes->reader, text, len);
    const char *at = read_parts(shapes, text, &last, &shaped->count);
    if (!at) return false;
    shaped->shape = shapes->nodes[last].ends - 1U;
    shaped->len = (size_t)(at - text);
    shaped->is_ascii = shapes->reader.is_ascii;
    shaped->texts = shapes->texts;
    shapes->misses = 0;
    return true;
}

/* ---- learning ---- */

void xml_shapes_begin(struct xml_shapes *shapes, const char *text)
{
    shapes->is_learning = is_worth_it(shapes);
    shapes->misses++;
    shapes->start = shapes->from = text;
    shapes->text_count = 0;
    buf_clear(&shapes->next);
}

void xml_shapes_give_up(struct xml_shapes *shapes)
{
    shapes->is_learning = false;
}

static bool is_white(const struct xml_plain_run *run)
{
    size_t len = 0;
    while (len < run->len && xml_is_space(run->at[len])) len++;
    return len == run->len;
}

/* The next part of the element ends at `to`. False: its markup is too long. */
static bool add_part(struct xml_shapes *shapes, const char *to)
{
    size_t len = (size_t)(to - shapes->from);
    if (len > XML_SHAPE_MARKUP_MAX - shapes->next.len) return false;
    buf_append(&shapes->next, shapes->from, len);
    shapes->part_lens[shapes->text_count] = (uint16_t)len;
    return true;
}

static size_t add_leaf(struct xml_shapes *shapes, const struct xml_plain_run *content)
{
    if (shapes->text_count == XML_SHAPE_TEXTS_MAX || !add_part(shapes, content->at)) {
        shapes->is_learning = false;
        return XML_SHAPES_NONE;
    }
    shapes->from = content->at + content->len;
    return shapes->text_count++;
}

size_t xml_shapes_add(struct xml_shapes *shapes, const struct xml_plain_tag *tag)
{
    if (!shapes->is_learning) return XML_SHAPES_NONE;
    bool is_leaf = tag->kind == XML_PLAIN_LEAF;
    bool is_alone = is_leaf && tag->name == shapes->start + 1;
    if (is_alone || !is_white(&tag->text)) shapes->is_learning = false;
    if (!shapes->is_learning || !is_leaf || xml_plain_is_closed_at_once(tag)) return XML_SHAPES_NONE;
    return add_leaf(shapes, &tag->content);
}

/*
 * The longer of two children comes first: where one is the beginning of the other, as `</a><b>` is of `</a><b><c>`, the
 * other is what an element has that has both. Returns where the link to a child of this length belongs; NULL: there are
 * too many.
 */
static uint16_t *find_link(struct xml_shapes *shapes, size_t parent, size_t len)
{
    uint16_t *link = &shapes->nodes[parent].first_child;
    uint16_t *place = NULL;
    size_t count = 0;
    for (; *link != ROOT; link = &shapes->nodes[*link].next_sibling, count++)
        if (!place && shapes->nodes[*link].len <= len) place = link;
    if (count >= CHILDREN_MAX) return NULL;
    return place ? place : link;
}

static size_t add_child(struct xml_shapes *shapes, size_t parent, const char *part, size_t len)
{
    uint16_t *link = find_link(shapes, parent, len);
    if (!link || shapes->node_count == NODES_MAX) return ROOT;
    size_t child = shapes->node_count++;
    shapes->nodes[child] =
        (struct node){.at = (uint32_t)shapes->markup.len, .len = (uint16_t)len, .next_sibling = *link};
    *link = (uint16_t)child;
    buf_append(&shapes->markup, part, len);
    return child;
}

/* The longest that is a beginning of the part is found first: the part itself, if it is there. */
static size_t find_child(const struct xml_shapes *shapes, size_t parent, const char *part, size_t len)
{
    size_t child = find_next(shapes->nodes, shapes->markup.data, parent, part, part + len);
    return shapes->nodes[child].len == len ? child : ROOT;
}

/* Returns the node of the last part; ROOT: there was no space for all of them. */
static size_t add_nodes(struct xml_shapes *shapes)
{
    const char *part = shapes->next.data;
    size_t node = ROOT;
    for (size_t i = 0; i <= shapes->text_count; i++) {
        size_t len = shapes->part_lens[i];
        size_t child = find_child(shapes, node, part, len);
        node = child != ROOT ? child : add_child(shapes, node, part, len);
        if (node == ROOT) return ROOT;
        part += len;
    }
    return node;
}

size_t xml_shapes_end(struct xml_shapes *shapes, size_t len)
{
    if (!shapes->is_learning || !add_part(shapes, shapes->start + len)) return XML_SHAPES_NONE;
    shapes->is_learning = false;
    size_t last = add_nodes(shapes);
    bool is_new = shapes->nodes[last].ends == 0;
    if (last == ROOT || (is_new && shapes->count == XML_SHAPES_MAX)) {
        forget_all(shapes);
        return XML_SHAPES_NONE;
    }
    if (is_new) shapes->nodes[last].ends = (uint16_t)++shapes->count;
    return shapes->nodes[last].ends - 1U;
}
