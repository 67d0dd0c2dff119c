/* builder -- see builder.h. */
#include "tests/model/builder.h"

#include <stdlib.h>

size_t pick(struct builder *builder, size_t limit)
{
    return chance_below(&builder->chance, limit);
}

bool flip(struct builder *builder, size_t one_in)
{
    return pick(builder, one_in) == 0;
}

const char *pick_name(struct builder *builder)
{
    size_t count = 0;
    while (builder->names[count]) count++;
    return builder->names[pick(builder, count)];
}

void put_bytes(struct builder *builder, const char *bytes, size_t len)
{
    struct buf *text = &builder->stream->text;
    for (size_t i = 0; i < len; i++) {
        if (builder->units == BIG_ENDIAN_UTF16) buf_append_char(text, '\0');
        buf_append_char(text, bytes[i]);
        if (builder->units == LITTLE_ENDIAN_UTF16) buf_append_char(text, '\0');
    }
}

void put(struct builder *builder, const char *text)
{
    put_bytes(builder, text, strlen(text));
}

void put_filler(struct builder *builder, size_t len)
{
    static const char letters[] = "abcdefgh 0123 xyz\n'\"&;-]?/=>";
    for (size_t i = 0; i < len; i++) {
        /* No two of a kind that would close a construct: every second one is a letter. */
        size_t limit = i % 2 == 0 || i + 1 == len ? 8 : sizeof letters - 1;
        put_bytes(builder, &letters[pick(builder, limit)], 1);
    }
}

static size_t part_len(const struct builder *builder)
{
    return builder->stream->text.len - builder->part_at;
}

bool fits(const struct builder *builder)
{
    return part_len(builder) <= builder->stream->max_message;
}

static bool holds(const char *text, size_t len, const char *wanted)
{
    return len > 0 && memmem(text, len, wanted, strlen(wanted)) != NULL;
}

/*
 * The bytes between an opening and what may close it are hidden, or not if the opening is given up before. Only
 * constructs in eight-bit units are left open.
 */
static void settle_open(struct builder *builder)
{
    const char *text = builder->stream->text.data + builder->part_at;
    unsigned closed = 0;
    if (holds(text, part_len(builder), "-->")) closed |= CLOSES_COMMENT;
    if (holds(text, part_len(builder), "]]>")) closed |= CLOSES_CDATA;
    if (!(builder->open & closed)) return;
    for (size_t i = builder->opened_part; i < builder->stream->count; i++)
        builder->stream->parts[i].fate = FATE_UNKNOWN;
    builder->open &= ~closed;
    builder->stream->parts[builder->stream->count].fate = FATE_UNKNOWN;
    lose_track(builder);
}

static bool is_event(const struct stream_part *part)
{
    return part->fate == FATE_EVENT || part->fate == FATE_EXACT;
}

struct stream_part *end_part(struct builder *builder, const char *what, enum fate fate)
{
    struct stream *stream = builder->stream;
    if ((stream->count & (stream->count - 1)) == 0) { /* full: its room is a power of two */
        stream->parts = realloc(stream->parts, (stream->count * 2 + 1) * sizeof *stream->parts);
        if (!stream->parts) abort();
    }
    struct stream_part *part = &stream->parts[stream->count];
    *part = (struct stream_part){
        .what = what, .at = builder->part_at, .len = part_len(builder), .fate = fate, .reasons = ANY_REASON};
    settle_open(builder);
    if (stream->is_foreign) part->fate = FATE_UNKNOWN;
    if (builder->is_lost && builder->lost_units == (int)builder->units && is_event(part))
        builder->is_lost = false;
    if (builder->is_lost) part->fate = FATE_UNKNOWN;
    part->is_prompt = builder->open == 0;
    stream->count++;
    builder->part_at = stream->text.len;

    if (is_event(part)) builder->gap_at = stream->text.len;
    if (part->fate == FATE_EVENT) {
        builder->is_clean = true;
        if (builder->depth > 0) builder->wrappers[builder->depth - 1].has_held_event = true;
    } else if (part->fate != FATE_SEPARATOR && part->fate != FATE_OWN) {
        builder->is_clean = false;
    }
    if (stream->text.len - builder->gap_at >= stream->max_message) {
        builder->knows_wrappers = false; /* the gap was divided, perhaps in a tag or a declaration */
        builder->declared = NULL;
    }
    return part;
}

void lose_track(struct builder *builder)
{
    builder->is_lost = true;
    builder->lost_units = (int)builder->units;
    builder->knows_wrappers = false;
    builder->declared = NULL;
    builder->is_clean = false;
}

void open_construct(struct builder *builder, unsigned closes)
{
    if (builder->open == 0) builder->opened_part = builder->stream->count - 1;
    builder->open |= closes;
    builder->is_clean = false;
}

void push_wrapper(struct builder *builder, const char *name)
{
    if (builder->depth == WRAPPERS_MAX) {
        memmove(builder->wrappers, builder->wrappers + 1, (WRAPPERS_MAX - 1) * sizeof builder->wrappers[0]);
        builder->depth--;
    }
    builder->wrappers[builder->depth++] = (struct wrapper){.name = name};
}

bool pop_wrapper(struct builder *builder, const char *name)
{
    for (size_t i = builder->depth; i > 0; i--)
        if (strcmp(builder->wrappers[i - 1].name, name) == 0) {
            builder->depth = i - 1;
            return true;
        }
    return false;
}
