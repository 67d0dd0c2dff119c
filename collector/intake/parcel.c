/* parcel -- see parcel.h. */
#include "collector/intake/parcel.h"

#include <stdlib.h>
#include <string.h>

struct parcel *parcel_new(void)
{
    struct parcel *parcel = calloc(1, sizeof *parcel);
    if (!parcel) abort();
    parcel->group = group_new();
    return parcel;
}

void parcel_free(struct parcel *parcel)
{
    if (!parcel) return;
    group_free(parcel->group);
    free(parcel->candidates);
    free(parcel->bytes);
    free(parcel);
}

bool parcel_is_empty(const struct parcel *parcel)
{
    return parcel->candidate_count == 0;
}

bool parcel_has_room(const struct parcel *parcel)
{
    return PARCEL_BYTES - parcel->used >= PARCEL_READ_MIN && parcel->candidate_count < PARCEL_FRAMES_MAX &&
           parcel->group->memory_bytes < PARCEL_COPIED_MAX; /* a cleared one keeps far less */
}

char *parcel_room(struct parcel *parcel, size_t *len)
{
    if (!parcel->bytes) {
        parcel->bytes = malloc(PARCEL_BYTES);
        if (!parcel->bytes) abort();
    }
    *len = PARCEL_BYTES - parcel->used;
    return parcel->bytes + parcel->used;
}

/* The frame's bytes stay where they were read; else they lie in the framer, which needs its memory back. */
static struct slice keep_data(struct parcel *parcel, const struct frame *frame)
{
    uintptr_t offset = (uintptr_t)frame->data - (uintptr_t)parcel->bytes;
    if (!parcel->bytes || offset >= PARCEL_BYTES)
        return group_copy(parcel->group, (struct slice){frame->data, frame->len});
    parcel->used = offset + frame->len;
    return (struct slice){frame->data, frame->len};
}

static struct slice keep_source(struct parcel *parcel, const char *source)
{
    size_t len = strlen(source);
    if (parcel->candidate_count > 0) { /* frames of one sender come in runs */
        struct slice last = parcel->candidates[parcel->candidate_count - 1].source;
        if (last.len == len && memcmp(last.data, source, len) == 0) return last;
    }
    return group_copy(parcel->group, (struct slice){source, len});
}

void parcel_add(struct parcel *parcel, const struct frame *frame, const char *source, int64_t received_at)
{
    struct candidate candidate = {*frame, keep_source(parcel, source), received_at};
    candidate.frame.data = keep_data(parcel, frame).data;
    candidate.frame.encoding = "";
    if (frame->is_event && *frame->encoding)
        candidate.frame.encoding =
            group_copy(parcel->group, (struct slice){frame->encoding, strlen(frame->encoding) + 1}).data;
    if (parcel->candidate_count == parcel->candidate_capacity) {
        parcel->candidate_capacity = parcel->candidate_capacity ? 2 * parcel->candidate_capacity : 128;
        parcel->candidates =
            reallocarray(parcel->candidates, parcel->candidate_capacity, sizeof *parcel->candidates);
        if (!parcel->candidates) abort();
    }
    parcel->candidates[parcel->candidate_count++] = candidate;
}

size_t parcel_memory(const struct parcel *parcel)
{
    return (parcel->bytes ? PARCEL_BYTES : 0) + parcel->candidate_capacity * sizeof *parcel->candidates +
           parcel->group->memory_bytes;
}

void parcel_clear(struct parcel *parcel)
{
    group_clear(parcel->group);
    parcel->used = parcel->candidate_count = 0;
    parcel->is_validated = false;
    if (parcel->candidate_capacity <= PARCEL_FRAMES_MAX) return;
    free(parcel->candidates);
    parcel->candidates = NULL;
    parcel->candidate_capacity = 0;
}

void parcel_shrink(struct parcel *parcel)
{
    free(parcel->bytes);
    parcel->bytes = NULL;
}
