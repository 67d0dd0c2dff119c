/* chunk -- see chunk.h. */
#include "collector/intake/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "collector/framing/validator.h"

/* What an item may grow by when it is validated: its columns, or a detail. */
#define VALIDATED_BYTES 256
#define LARGE_BYTES     ((size_t)64 << 10) /* SQLite's work on a smaller payload is not counted */

struct chunk *chunk_new(const struct validator_options *options)
{
    struct chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk) abort();
    chunk->group = group_new();
    chunk->options = options;
    return chunk;
}

void chunk_free(struct chunk *chunk)
{
    if (!chunk) return;
    group_free(chunk->group);
    free(chunk->bytes);
    free(chunk);
}

bool chunk_is_empty(const struct chunk *chunk)
{
    return chunk->group->item_count == 0;
}

bool chunk_takes_items(const struct chunk *chunk)
{
    return chunk->group->item_count < CHUNK_ITEMS_MAX &&
           chunk->group->memory_bytes < CHUNK_COPIED_MAX; /* far more than a cleared chunk keeps */
}

bool chunk_has_space(const struct chunk *chunk)
{
    return CHUNK_BYTES - chunk->used >= CHUNK_READ_MIN && chunk_takes_items(chunk);
}

char *chunk_space(struct chunk *chunk, size_t *len)
{
    if (!chunk->bytes) {
        chunk->bytes = malloc(CHUNK_BYTES);
        if (!chunk->bytes) abort();
    }
    *len = CHUNK_BYTES - chunk->used;
    return chunk->bytes + chunk->used;
}

void chunk_note_read(struct chunk *chunk, size_t bytes)
{
    chunk->group->read_bytes += bytes;
}

/* Bytes that were read into the chunk stay there. All others are copied, because the framer reuses their memory. */
static struct slice keep_data(struct chunk *chunk, const struct frame *frame, const struct buf *given,
                              bool *is_terminated)
{
    struct slice bytes = {frame->data, frame->len};
    uintptr_t offset = (uintptr_t)frame->data - (uintptr_t)chunk->bytes;
    if (given) {
        size_t end = (size_t)(frame->data - given->data) + frame->len;
        group_adopt(chunk->group, given->data, given->capacity);
        *is_terminated = end < given->capacity;
        if (*is_terminated) given->data[end] = '\0';
        return bytes;
    }
    if (!chunk->bytes || offset >= CHUNK_BYTES) return group_copy(chunk->group, bytes);
    chunk->used = offset + frame->len;
    return bytes;
}

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

void chunk_add(struct chunk *chunk, const struct frame *frame, const char *source, int64_t received_at,
               const struct buf *given)
{
    struct item_origin origin = {
        .received_at = received_at,
        .source = text_of(source),
        .encoding = text_of(frame->encoding),
        .namespaces = text_of(frame->namespaces),
    };
    bool is_terminated = false;
    struct slice payload = keep_data(chunk, frame, given, &is_terminated);
    struct item *item = group_add(chunk->group, ITEM_FRAME, payload, frame->true_len, &origin);
    item->is_terminated = is_terminated;
    chunk->received_bytes += frame->true_len;
    size_t work = item->len > LARGE_BYTES ? item->len : 0; /* of SQLite, on a reject */
    if (frame->is_event && !frame->fields)
        work = validator_work_bytes(chunk->options, item->len, frame->encoding, frame->namespaces);
    if (work > chunk->work_bytes) chunk->work_bytes = work;
    if (frame->fields)
        group_make_event(chunk->group, item, frame->fields);
    else if (frame->is_event)
        chunk->unvalidated++;
    else
        group_make_reject(chunk->group, item, frame->reason, text_of(frame->detail));
}

size_t chunk_memory(const struct chunk *chunk)
{
    return (chunk->bytes ? CHUNK_BYTES : 0) + chunk->group->memory_bytes + chunk->work_bytes +
           chunk->unvalidated * VALIDATED_BYTES;
}

/* SQLite makes a row of the payload. */
void chunk_note_validated(struct chunk *chunk)
{
    size_t longest = 0;
    for (size_t i = 0; i < chunk->group->item_count; i++)
        if (chunk->group->items[i].len > longest) longest = chunk->group->items[i].len;
    chunk->work_bytes = longest > LARGE_BYTES ? longest : 0;
    chunk->unvalidated = 0;
}

void chunk_clear(struct chunk *chunk)
{
    group_clear(chunk->group);
    chunk->used = chunk->work_bytes = chunk->unvalidated = chunk->replaced = 0;
    chunk->received_bytes = 0;
    chunk->is_validated = false;
}

void chunk_shrink(struct chunk *chunk)
{
    group_shrink(chunk->group);
    free(chunk->bytes);
    chunk->bytes = NULL;
}
