/* remainder -- see remainder.h. */
#include "collector/spool/remainder.h"

#include <assert.h>
#include <inttypes.h>

#include "common/buf.h"

void remainder_name_origin(struct group *group, int64_t id, struct slice namespaces)
{
    struct slice kept = group_copy(group, namespaces);
    struct buf detail = BUF_EMPTY;
    for (size_t i = 0; i < group->reject_count; i++) {
        struct reject *part = &group->rejects[i];
        detail.len = 0;
        buf_append_format(&detail, "what is left of reject %" PRId64 ", from which %zu event%s taken: %.*s",
                          id, group->event_count, group->event_count == 1 ? " was" : "s were",
                          (int)part->detail.len, part->detail.data);
        part->detail = group_copy(group, (struct slice){detail.data, detail.len});
        if (part->namespaces.len == 0) part->namespaces = kept;
    }
    buf_fini(&detail);
}

struct reject remainder_join(struct group *group)
{
    assert(group->reject_count > 0);
    struct reject joined = group->rejects[0];
    struct buf bytes = BUF_EMPTY;
    joined.bytes = 0;
    for (size_t i = 0; i < group->reject_count; i++) {
        const struct reject *part = &group->rejects[i];
        buf_append(&bytes, part->payload.data, part->payload.len);
        joined.bytes += part->bytes;
        if (joined.encoding.len == 0) joined.encoding = part->encoding;
        if (joined.namespaces.len == 0) joined.namespaces = part->namespaces;
    }
    joined.payload = group_copy(group, (struct slice){bytes.data, bytes.len});
    buf_fini(&bytes);
    return joined;
}
