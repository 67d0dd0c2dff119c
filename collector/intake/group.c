/* group -- see group.h. Bytes are copied into blocks that never move, so that slices into them stay valid. */
#include "collector/intake/group.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE    ((size_t)64 << 10)
#define KEPT_CAPACITY 1024 /* elements: a larger array is freed when the group is cleared */

struct group_block {
    struct group_block *next;
    size_t used, size;
    char bytes[];
};

struct group *group_new(void)
{
    struct group *group = calloc(1, sizeof *group);
    if (!group) abort();
    return group;
}

static void free_blocks(struct group *group)
{
    while (group->blocks) {
        struct group_block *block = group->blocks;
        group->blocks = block->next;
        group->memory_bytes -= block->size;
        free(block);
    }
}

static void free_arrays(struct group *group)
{
    free(group->events);
    free(group->rejects);
    group->events = NULL;
    group->rejects = NULL;
    group->memory_bytes -=
        group->event_capacity * sizeof *group->events + group->reject_capacity * sizeof *group->rejects;
    group->event_capacity = group->reject_capacity = 0;
}

void group_free(struct group *group)
{
    if (!group) return;
    free_blocks(group);
    free_arrays(group);
    free(group);
}

static struct group_block *block_with_space(struct group *group, size_t len)
{
    struct group_block *block = group->blocks;
    if (block && block->size - block->used >= len) return block;
    size_t size = len > BLOCK_SIZE ? len : BLOCK_SIZE;
    block = malloc(sizeof *block + size);
    if (!block) abort();
    *block = (struct group_block){.next = group->blocks, .used = 0, .size = size};
    group->blocks = block;
    group->memory_bytes += size;
    return block;
}

struct slice group_copy(struct group *group, struct slice bytes)
{
    if (!bytes.data) return bytes;
    struct group_block *block = block_with_space(group, bytes.len);
    char *copy = block->bytes + block->used;
    memcpy(copy, bytes.data, bytes.len);
    block->used += bytes.len;
    return (struct slice){copy, bytes.len};
}

/* Makes space for one more element of `size` bytes; the array doubles. */
static void *grow_array(struct group *group, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return array;
    size_t more = *capacity ? *capacity : 64;
    *capacity += more;
    group->memory_bytes += more * size;
    array = reallocarray(array, *capacity, size);
    if (!array) abort();
    return array;
}

void group_add_event(struct group *group, const struct event *event)
{
    group->events =
        grow_array(group, group->events, group->event_count, &group->event_capacity, sizeof *group->events);
    struct event *copy = &group->events[group->event_count++];
    *copy = *event;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) copy->fields[i] = group_copy(group, event->fields[i]);
}

/* Rejects of one sender follow each other: most of them share these texts with the one before. */
static struct slice share_or_copy(struct group *group, struct slice text, struct slice previous)
{
    if (text.len == 0) return (struct slice){"", 0};
    if (text.len == previous.len && memcmp(text.data, previous.data, text.len) == 0) return previous;
    return group_copy(group, text);
}

void group_add_reject(struct group *group, const struct reject *reject)
{
    struct reject previous = {0};
    if (group->reject_count > 0) previous = group->rejects[group->reject_count - 1];
    group->rejects = grow_array(group, group->rejects, group->reject_count, &group->reject_capacity,
                                sizeof *group->rejects);
    struct reject *copy = &group->rejects[group->reject_count++];
    *copy = *reject;
    copy->detail = group_copy(group, reject->detail);
    copy->encoding = share_or_copy(group, reject->encoding, previous.encoding);
    copy->namespaces = share_or_copy(group, reject->namespaces, previous.namespaces);
}

void group_clear(struct group *group)
{
    struct group_block *kept = group->blocks;
    if (kept && !kept->next && kept->size == BLOCK_SIZE)
        kept->used = 0;
    else
        free_blocks(group);
    if (group->event_capacity > KEPT_CAPACITY || group->reject_capacity > KEPT_CAPACITY) free_arrays(group);
    group->event_count = group->reject_count = 0;
    group->number = 0;
    group->next = NULL;
    group->retry_of = 0;
    group->is_void = false;
}
