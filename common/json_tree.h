/*
 * json_tree -- what every document that is made with cJSON needs. Running out of memory aborts.
 */
#ifndef COMMON_JSON_TREE_H
#define COMMON_JSON_TREE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/buf.h"

/* `item`, which was made just now; aborts if it could not be. */
cJSON *json_tree_must(cJSON *item);

/* Adds a text as people may see it (printable.h), since cJSON writes any bytes; null if it is empty: not known, or none. */
void json_tree_add_text(cJSON *parent, const char *name, const char *value);

/* A new object at the end of `array`. */
cJSON *json_tree_add_element(cJSON *array);

/* Appends the document to `out`, over several lines if `is_formatted`, and deletes it. */
void json_tree_print(cJSON *root, bool is_formatted, struct buf *out);

#endif
