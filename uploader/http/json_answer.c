/* json_answer -- see json_answer.h. cJSON itself limits the depth (CJSON_NESTING_LIMIT), and parses recursively. */
#include "uploader/http/json_answer.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>

static bool is_within_bounds(const struct buf *text)
{
    size_t marks = 0;
    for (size_t i = 0; i < text->len && marks <= JSON_ANSWER_MARKS_MAX; i++) {
        if (text->data[i] == '\0') return false;
        marks += strchr(",:[{", text->data[i]) != NULL;
    }
    return text->len > 0 && marks <= JSON_ANSWER_MARKS_MAX;
}

cJSON *json_answer_parse(const struct buf *text)
{
    cJSON *object = is_within_bounds(text) ? cJSON_ParseWithLength(text->data, text->len) : NULL;
    if (cJSON_IsObject(object)) return object;
    json_answer_free(object);
    return NULL;
}

/* cJSON frees its copies as they are. */
static void wipe(cJSON *item)
{
    for (; item; item = item->next) {
        if (item->valuestring) OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
        wipe(item->child);
    }
}

void json_answer_free(cJSON *object)
{
    wipe(object);
    cJSON_Delete(object);
}

const char *json_answer_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}
