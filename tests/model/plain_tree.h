/*
 * plain_tree -- random events that are plain, or nearly so, with the truth about their columns: it is written down while
 * an event is put together, so that no parser is asked.
 *
 * Names up to 1,025 bytes, depth up to 201, lengths up to two bytes beyond the pass's limit; children that fill columns,
 * repeated, nested, with text around their own children; texts with references, line ends of each kind, white space at
 * their ends, and characters of each length where a column is cut.
 */
#ifndef TESTS_MODEL_PLAIN_TREE_H
#define TESTS_MODEL_PLAIN_TREE_H

#include "collector/framing/index_fields.h"
#include "common/buf.h"
#include "tests/support/chance.h"

struct plain_tree {
    struct buf text; /* the event, and what stands behind it */
    size_t len;      /* of the event */
    bool is_within;  /* the limits of the pass (common/xml/plain.h), which must be sure of it then */
    bool is_ascii;
    struct buf columns[EVENT_FIELD_COUNT]; /* trimmed and cut */
    bool has_column[EVENT_FIELD_COUNT];
};

enum plain_tree_size { PLAIN_TREE_SMALL, PLAIN_TREE_ANY };

/* Columns as `fields` have them; of a small one some hundred bytes, rarely more. */
void plain_tree_build(struct plain_tree *tree, const struct index_fields *fields, enum plain_tree_size size,
                      struct chance *chance);
void plain_tree_fini(struct plain_tree *tree);

#endif
