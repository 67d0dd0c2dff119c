/* batch -- see batch.h. */
#include "uploader/batch/batch.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"

static const char *const kinds[BATCH_KIND_COUNT] = {[BATCH_EVENTS] = "events", [BATCH_REJECTS] = "rejects"};

static const struct {
    const char *name; /* also the extension */
    const char *content_type;
} formats[] = {
    [BATCH_XML] = {"xml", "application/xml"},
    [BATCH_JSON] = {"json", "application/json"},
    [BATCH_NDJSON] = {"ndjson", "application/x-ndjson"},
};

const char *batch_kind_name(enum batch_kind kind)
{
    return kinds[kind];
}

const char *batch_format_name(enum batch_format format)
{
    return formats[format].name;
}

bool batch_format_of(const char *name, enum batch_format *format)
{
    for (int i = 0; i < (int)(sizeof formats / sizeof *formats); i++) {
        if (strcmp(name, formats[i].name) != 0) continue;
        *format = (enum batch_format)i;
        return true;
    }
    return false;
}

int64_t batch_count(const struct batch *batch)
{
    return batch->last_id - batch->first_id + 1;
}

void batch_move(struct batch *batch, enum batch_state next)
{
    assert(batch_state_may_become(batch->state, next));
    log_debug("batch moves", "batch=%" PRId64 " from=%s to=%s", batch->id, batch_state_name(batch->state),
              batch_state_name(next));
    batch->state = next;
}

struct batch batch_once_more(const struct batch *batch)
{
    struct batch again = *batch;
    again.id = 0;
    again.state = BATCH_SEALED;
    again.recorded = again.earlier = (struct rendition){.bytes = 0};
    again.attempts = 0;
    again.is_unknown = again.is_occupied = false;
    again.reship_of = batch->id;
    return again;
}

bool batch_may_be_stored(const struct batch *batch)
{
    return batch->is_unknown || batch->is_occupied;
}

const char *batch_content_type(const struct batch *batch)
{
    return formats[batch->format].content_type;
}

const char *batch_extension(enum batch_format format)
{
    return formats[format].name;
}
