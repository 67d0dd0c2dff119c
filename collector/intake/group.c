/* group -- see group.h. Bytes are copied into blocks that never move, so that slices into them stay valid. */
#include "collector/intake/group.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE    ((size_t)64 << 10)
#define KEPT_CAPACITY 4096 /* items: a larger array is freed when the group is cleared */
#define ABSENT        UINT16_MAX

struct group_block {
    struct group_block *next;
    size_t used, size;
    char *bytes; /* behind this struct, or adopted */
};

/* One text after the other, in the order of enum event_field. */
struct item_fields {
    uint16_t len[EVENT_FIELD_COUNT]; /* ABSENT: there is none */
    char text[];
};

_Static_assert(sizeof(struct item) == 40, "there may be an item for every few bytes");
_Static_assert(EVENT_FIELD_MAX < ABSENT, "a length must not look like an absent one");

struct group *group_new(void)
{
    struct group *group = calloc(1, sizeof *group);
    if (!group) abort();
    return group;
}

/* ---- memory ---- */

static bool is_adopted(const struct group_block *block)
{
    return block->bytes != (const char *)(block + 1);
}

static void free_blocks(struct group *group)
{
    while (group->blocks) {
        struct group_block *block = group->blocks;
        group->blocks = block->next;
        group->memory_bytes -= block->size;
        if (is_adopted(block)) free(block->bytes);
        free(block);
    }
}

static void free_items(struct group *group)
{
    free(group->items);
    group->items = NULL;
    group->memory_bytes -= group->item_capacity * sizeof *group->items;
    group->item_capacity = 0;
}

void group_free(struct group *group)
{
    if (!group) return;
    free_blocks(group);
    free_items(group);
    free(group);
}

static struct group_block *push_block(struct group *group, struct group_block *block, char *bytes,
                                      size_t size)
{
    *block = (struct group_block){.next = group->blocks, .size = size, .bytes = bytes};
    group->blocks = block;
    group->memory_bytes += size;
    return block;
}

static struct group_block *block_with_space(struct group *group, size_t len)
{
    struct group_block *block = group->blocks;
    if (block && block->size - block->used >= len) return block;
    size_t size = len > BLOCK_SIZE ? len : BLOCK_SIZE;
    block = malloc(sizeof *block + size);
    if (!block) abort();
    return push_block(group, block, (char *)(block + 1), size);
}

/* `size` bytes of memory, aligned for any struct of this file. */
static char *take(struct group *group, size_t size)
{
    const size_t align = alignof(struct item_origin);
    size = (size + align - 1) / align * align;
    struct group_block *block = block_with_space(group, size);
    char *memory = block->bytes + block->used;
    block->used += size;
    return memory;
}

struct slice group_copy(struct group *group, struct slice bytes)
{
    if (!bytes.data) return bytes;
    char *copy = take(group, bytes.len);
    if (bytes.len > 0) memcpy(copy, bytes.data, bytes.len);
    return (struct slice){copy, bytes.len};
}

void group_adopt(struct group *group, char *memory, size_t len)
{
    struct group_block *block = malloc(sizeof *block);
    if (!block) abort();
    (void)push_block(group, block, memory, len);
    block->used = len;
    if (!block->next || block->next->used == block->next->size) return;
    /* The block with space stays the first one. */
    group->blocks = block->next;
    block->next = group->blocks->next;
    group->blocks->next = block;
}

void group_release(struct group *group, const char *data)
{
    struct group_block **link = &group->blocks;
    while (*link && !(is_adopted(*link) && (uintptr_t)data - (uintptr_t)(*link)->bytes < (*link)->size))
        link = &(*link)->next;
    struct group_block *block = *link;
    if (!block) return;
    *link = block->next;
    group->memory_bytes -= block->size;
    free(block->bytes);
    free(block);
}

/* ---- what items share ---- */

static bool is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* A terminated text; that of the item before is shared. */
static struct slice share_or_copy(struct group *group, struct slice text, struct slice previous)
{
    if (text.len == 0) return (struct slice){"", 0};
    if (previous.data && is_equal(text, previous)) return previous;
    char *copy = take(group, text.len + 1);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return (struct slice){copy, text.len};
}

static const struct item_origin *share_origin(struct group *group, const struct item_origin *origin)
{
    static const struct item_origin none;
    const struct item_origin *last =
        group->item_count > 0 ? group->items[group->item_count - 1].origin : &none;
    if (last != &none && last->received_at == origin->received_at && is_equal(last->source, origin->source) &&
        is_equal(last->encoding, origin->encoding) && is_equal(last->namespaces, origin->namespaces))
        return last;
    struct item_origin copy = {
        .received_at = origin->received_at,
        .source = share_or_copy(group, origin->source, last->source),
        .encoding = share_or_copy(group, origin->encoding, last->encoding),
        .namespaces = share_or_copy(group, origin->namespaces, last->namespaces),
    };
    return memcpy(take(group, sizeof copy), &copy, sizeof copy);
}

/* ---- items ---- */

/* Makes space for one more item; the array doubles. */
static void grow_items(struct group *group)
{
    if (group->item_count < group->item_capacity) return;
    size_t more = group->item_capacity ? group->item_capacity : 64;
    group->item_capacity += more;
    group->memory_bytes += more * sizeof *group->items;
    group->items = reallocarray(group->items, group->item_capacity, sizeof *group->items);
    if (!group->items) abort();
}

struct item *group_add(struct group *group, enum item_kind kind, struct slice payload, uint64_t bytes,
                       const struct item_origin *origin)
{
    assert(payload.len <= UINT32_MAX);
    origin = share_origin(group, origin);
    grow_items(group);
    struct item *item = &group->items[group->item_count++];
    *item = (struct item){
        .data = payload.data,
        .bytes = bytes,
        .origin = origin,
        .len = (uint32_t)payload.len,
        .kind = (uint8_t)kind,
    };
    return item;
}

void group_make_event(struct group *group, struct item *item, const struct slice fields[EVENT_FIELD_COUNT])
{
    size_t len = 0;
    bool has_any = false;
    item->kind = ITEM_EVENT;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        assert(fields[i].len <= EVENT_FIELD_MAX);
        len += fields[i].data ? fields[i].len : 0;
        has_any |= fields[i].data != NULL;
    }
    if (!has_any) return;
    struct item_fields *copy = (struct item_fields *)(void *)take(group, sizeof *copy + len);
    char *end = copy->text;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        copy->len[i] = fields[i].data ? (uint16_t)fields[i].len : ABSENT;
        if (!fields[i].data) continue;
        memcpy(end, fields[i].data, fields[i].len);
        end += fields[i].len;
    }
    item->fields = copy;
}

void group_make_reject(struct group *group, struct item *item, enum reject_reason reason, struct slice detail)
{
    struct slice previous = {NULL, 0};
    if (item > group->items && item[-1].kind == ITEM_REJECT)
        previous = (struct slice){item[-1].detail, strlen(item[-1].detail)};
    item->kind = ITEM_REJECT;
    item->reason = (uint8_t)reason;
    item->detail = share_or_copy(group, detail, previous).data;
}

void group_set_namespaces(struct group *group, struct item *item, struct slice namespaces)
{
    struct item_origin origin = *item->origin;
    origin.namespaces = share_or_copy(group, namespaces, origin.namespaces);
    item->origin = memcpy(take(group, sizeof origin), &origin, sizeof origin);
}

void group_add_event(struct group *group, const struct event *event)
{
    struct item_origin origin = {.received_at = event->received_at, .source = event->source};
    struct item *item = group_add(group, ITEM_EVENT, event->payload, event->bytes, &origin);
    group_make_event(group, item, event->fields);
}

void group_add_reject(struct group *group, const struct reject *reject)
{
    struct item_origin origin = {reject->received_at, reject->source, reject->encoding, reject->namespaces};
    struct item *item = group_add(group, ITEM_REJECT, reject->payload, reject->bytes, &origin);
    group_make_reject(group, item, reject->reason, reject->detail);
}

/* ---- as values ---- */

struct event item_event(const struct item *item)
{
    assert(item->kind == ITEM_EVENT);
    struct event event = {
        .received_at = item->origin->received_at,
        .source = item->origin->source,
        .bytes = item->bytes,
        .payload = {item->data, item->len},
    };
    const struct item_fields *fields = item->fields;
    if (!fields) return event;
    const char *text = fields->text;
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        if (fields->len[i] == ABSENT) continue;
        event.fields[i] = (struct slice){text, fields->len[i]};
        text += fields->len[i];
    }
    return event;
}

struct reject item_reject(const struct item *item)
{
    assert(item->kind == ITEM_REJECT);
    return (struct reject){
        .received_at = item->origin->received_at,
        .source = item->origin->source,
        .reason = (enum reject_reason)item->reason,
        .detail = {item->detail, strlen(item->detail)},
        .bytes = item->bytes,
        .encoding = item->origin->encoding,
        .namespaces = item->origin->namespaces,
        .payload = {item->data, item->len},
    };
}

static size_t count_kind(const struct group *group, enum item_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < group->item_count; i++) count += group->items[i].kind == kind;
    return count;
}

size_t group_count_events(const struct group *group)
{
    return count_kind(group, ITEM_EVENT);
}

size_t group_count_rejects(const struct group *group)
{
    return count_kind(group, ITEM_REJECT);
}

void group_drop_rejects(struct group *group)
{
    size_t kept = 0;
    for (size_t i = 0; i < group->item_count; i++)
        if (group->items[i].kind != ITEM_REJECT) group->items[kept++] = group->items[i];
    group->item_count = kept;
}

void group_shrink(struct group *group)
{
    free_blocks(group);
    free_items(group);
}

void group_clear(struct group *group)
{
    struct group_block *kept = group->blocks;
    if (kept && !kept->next && kept->size == BLOCK_SIZE && !is_adopted(kept))
        kept->used = 0;
    else
        free_blocks(group);
    if (group->item_capacity > KEPT_CAPACITY) free_items(group);
    group->item_count = 0;
    group->read_bytes = 0;
    group->number = 0;
    group->next = NULL;
    group->retry_of = 0;
    group->is_void = false;
}
