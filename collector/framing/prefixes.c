/* prefixes -- see prefixes.h. The newest entry of a bucket is its head, so what is popped is always a head. */
#include "collector/framing/prefixes.h"

#include <stdlib.h>
#include <string.h>

static size_t bucket_of(struct slice prefix)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < prefix.len; i++) hash = (hash ^ (unsigned char)prefix.data[i]) * 16777619U;
    return (hash ^ (hash >> 16)) % PREFIXES_BUCKETS;
}

static bool is_for(const struct prefixes_entry *entry, struct slice prefix)
{
    return entry->prefix.len == prefix.len && memcmp(entry->prefix.data, prefix.data, prefix.len) == 0;
}

void prefixes_fini(struct prefixes *prefixes)
{
    free(prefixes->list);
    *prefixes = (struct prefixes){0};
}

bool prefixes_hold(const struct prefixes *prefixes, struct slice prefix)
{
    size_t number = prefixes->heads[bucket_of(prefix)];
    while (number > 0 && !is_for(&prefixes->list[number - 1], prefix))
        number = prefixes->list[number - 1].below;
    return number > 0;
}

void prefixes_push(struct prefixes *prefixes, struct slice prefix, size_t depth)
{
    size_t *head = &prefixes->heads[bucket_of(prefix)];
    if (prefixes->count == prefixes->capacity) {
        prefixes->capacity = prefixes->capacity ? 2 * prefixes->capacity : 16;
        prefixes->list = reallocarray(prefixes->list, prefixes->capacity, sizeof *prefixes->list);
        if (!prefixes->list) abort();
    }
    prefixes->list[prefixes->count++] = (struct prefixes_entry){prefix, depth, *head};
    *head = prefixes->count;
}

void prefixes_pop(struct prefixes *prefixes, size_t depth)
{
    while (prefixes->count > 0 && prefixes->list[prefixes->count - 1].depth >= depth) {
        const struct prefixes_entry *last = &prefixes->list[--prefixes->count];
        prefixes->heads[bucket_of(last->prefix)] = last->below;
    }
}
