/* json_tree -- see json_tree.h. */
#include "common/json_tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/printable.h"

cJSON *json_tree_must(cJSON *item)
{
    if (!item) abort();
    return item;
}

void json_tree_add_text(cJSON *parent, const char *name, const char *value)
{
    struct buf shown = BUF_EMPTY;
    printable_append_shown(&shown, value, strlen(value));
    buf_append_char(&shown, '\0');
    (void)json_tree_must(*value ? cJSON_AddStringToObject(parent, name, shown.data)
                                : cJSON_AddNullToObject(parent, name));
    buf_fini(&shown);
}

cJSON *json_tree_add_element(cJSON *array)
{
    cJSON *item = json_tree_must(cJSON_CreateObject());
    (void)cJSON_AddItemToArray(array, item);
    return item;
}

void json_tree_print(cJSON *root, bool is_formatted, struct buf *out)
{
    char *printed = is_formatted ? cJSON_Print(root) : cJSON_PrintUnformatted(root);
    if (!printed) abort();
    buf_append_text(out, printed);
    cJSON_free(printed);
    cJSON_Delete(root);
}
