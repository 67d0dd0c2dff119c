/* chunk -- see chunk.h. */
#include "collector/intake/chunk.h"

#include <stdlib.h>
#include <string.h>

struct chunk *chunk_new(void)
{
    struct chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk) abort();
    chunk->group = group_new();
    return chunk;
}

void chunk_free(struct chunk *chunk)
{
    if (!chunk) return;
    group_free(chunk->group);
    free(chunk->frames);
    free(chunk->bytes);
    free(chunk);
}

bool chunk_is_empty(const struct chunk *chunk)
{
    return chunk->frame_count == 0;
}

bool chunk_has_space(const struct chunk *chunk)
{
    return CHUNK_BYTES - chunk->used >= CHUNK_READ_MIN && chunk->frame_count < CHUNK_FRAMES_MAX &&
           chunk->group->memory_bytes < CHUNK_COPIED_MAX; /* far more than a cleared chunk keeps */
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

/* Bytes that were read into the chunk stay there. All others are copied, because the framer reuses their memory. */
static struct slice keep_data(struct chunk *chunk, const struct frame *frame)
{
    uintptr_t offset = (uintptr_t)frame->data - (uintptr_t)chunk->bytes;
    if (!chunk->bytes || offset >= CHUNK_BYTES)
        return group_copy(chunk->group, (struct slice){frame->data, frame->len});
    chunk->used = offset + frame->len;
    return (struct slice){frame->data, frame->len};
}

static struct slice keep_source(struct chunk *chunk, const struct received_frame *last, const char *source)
{
    size_t len = strlen(source);
    if (last && last->source.len == len && memcmp(last->source.data, source, len) == 0) return last->source;
    return group_copy(chunk->group, (struct slice){source, len});
}

/* A terminated text; that of the frame before is shared, as frames of one sender follow each other. */
static const char *keep_text(struct chunk *chunk, const char *last, const char *text)
{
    if (!*text) return "";
    if (last && strcmp(last, text) == 0) return last;
    return group_copy(chunk->group, (struct slice){text, strlen(text) + 1}).data;
}

void chunk_add(struct chunk *chunk, const struct frame *frame, const char *source, int64_t received_at)
{
    const struct received_frame *last =
        chunk->frame_count > 0 ? &chunk->frames[chunk->frame_count - 1] : NULL;
    struct received_frame received = {*frame, keep_source(chunk, last, source), received_at};
    received.frame.data = keep_data(chunk, frame).data;
    received.frame.encoding = keep_text(chunk, last ? last->frame.encoding : NULL, frame->encoding);
    received.frame.namespaces = keep_text(chunk, last ? last->frame.namespaces : NULL, frame->namespaces);
    received.frame.detail =
        frame->is_event ? NULL : keep_text(chunk, last ? last->frame.detail : NULL, frame->detail);
    if (chunk->frame_count == chunk->frame_capacity) {
        chunk->frame_capacity = chunk->frame_capacity ? 2 * chunk->frame_capacity : 128;
        chunk->frames = reallocarray(chunk->frames, chunk->frame_capacity, sizeof *chunk->frames);
        if (!chunk->frames) abort();
    }
    chunk->frames[chunk->frame_count++] = received;
}

size_t chunk_memory(const struct chunk *chunk)
{
    return (chunk->bytes ? CHUNK_BYTES : 0) + chunk->frame_capacity * sizeof *chunk->frames +
           chunk->group->memory_bytes;
}

void chunk_clear(struct chunk *chunk)
{
    group_clear(chunk->group);
    chunk->used = chunk->frame_count = chunk->replaced = 0;
    chunk->is_validated = false;
    if (chunk->frame_capacity <= CHUNK_FRAMES_MAX) return;
    free(chunk->frames);
    chunk->frames = NULL;
    chunk->frame_capacity = 0;
}

void chunk_shrink(struct chunk *chunk)
{
    free(chunk->bytes);
    chunk->bytes = NULL;
}
