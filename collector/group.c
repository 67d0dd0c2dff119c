/* group -- see group.h. Bytes are copied into blocks that never move, so that the slices stay good. */
#include "collector/group.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)256 << 10)

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

static void free_blocks(struct group_block *block)
{
    while (block) {
        struct group_block *next = block->next;
        free(block);
        block = next;
    }
}

void group_free(struct group *group)
{
    if (!group) return;
    free_blocks(group->blocks);
    free(group->events);
    free(group->rejects);
    free(group);
}

static struct group_block *block_with_room(struct group *group, size_t len)
{
    struct group_block *block = group->blocks;
    if (block && block->size - block->used >= len) return block;
    size_t size = len > BLOCK_SIZE ? len : BLOCK_SIZE;
    block = malloc(sizeof *block + size);
    if (!block) abort();
    *block = (struct group_block){.next = group->blocks, .used = 0, .size = size};
    group->blocks = block;
    return block;
}

static void keep(struct group *group, struct slice *slice)
{
    if (!slice->data) return;
    struct group_block *block = block_with_room(group, slice->len);
    char *copy = block->bytes + block->used;
    memcpy(copy, slice->data, slice->len);
    block->used += slice->len;
    group->bytes += slice->len;
    slice->data = copy;
}

/* Room for one more element of `size` bytes in an array that doubles. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return array;
    *capacity = *capacity ? *capacity * 2 : 64;
    array = reallocarray(array, *capacity, size);
    if (!array) abort();
    return array;
}

void group_add_event(struct group *group, const struct event *event)
{
    group->events = grown(group->events, group->event_count, &group->event_capacity, sizeof *group->events);
    struct event *copy = &group->events[group->event_count++];
    *copy = *event;
    keep(group, &copy->source);
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) keep(group, &copy->fields[i]);
    keep(group, &copy->payload);
}

void group_add_reject(struct group *group, const struct reject *reject)
{
    group->rejects =
        grown(group->rejects, group->reject_count, &group->reject_capacity, sizeof *group->rejects);
    struct reject *copy = &group->rejects[group->reject_count++];
    *copy = *reject;
    keep(group, &copy->source);
    keep(group, &copy->detail);
    keep(group, &copy->payload);
}

bool group_is_empty(const struct group *group)
{
    return group->event_count == 0 && group->reject_count == 0;
}

bool group_is_full(const struct group *group)
{
    return group->bytes >= GROUP_BYTES_MAX || group->event_count + group->reject_count >= GROUP_COUNT_MAX;
}

void group_clear(struct group *group)
{
    struct group_block *spare = group->blocks;
    group->event_count = group->reject_count = 0;
    group->bytes = 0;
    group->number = 0;
    if (!spare) return;
    free_blocks(spare->next);
    spare->next = NULL;
    spare->used = 0;
    if (spare->size <= BLOCK_SIZE) return;
    free(spare);
    group->blocks = NULL;
}
