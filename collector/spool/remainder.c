/* remainder -- see remainder.h. */
#include "collector/spool/remainder.h"

#include <assert.h>
#include <inttypes.h>

#include "common/buf.h"

void remainder_name_origin(struct group *group, int64_t id, struct slice namespaces)
{
    size_t events = group_count_events(group);
    struct buf detail = BUF_EMPTY;
    for (size_t i = 0; i < group->item_count; i++) {
        struct item *item = &group->items[i];
        if (item->kind != ITEM_REJECT) continue;
        detail.len = 0;
        buf_append_format(&detail, "what is left of reject %" PRId64 ", from which %zu event%s taken: %s", id,
                          events, events == 1 ? " was" : "s were", item->detail);
        group_make_reject(group, item, (enum reject_reason)item->reason,
                          (struct slice){detail.data, detail.len});
        if (item->origin->namespaces.len == 0) group_set_namespaces(group, item, namespaces);
    }
    buf_fini(&detail);
}

struct reject remainder_join(struct group *group)
{
    struct reject joined = {0};
    struct buf bytes = BUF_EMPTY;
    bool has_part = false;
    for (size_t i = 0; i < group->item_count; i++) {
        if (group->items[i].kind != ITEM_REJECT) continue;
        struct reject part = item_reject(&group->items[i]);
        buf_append(&bytes, part.payload.data, part.payload.len);
        if (has_part)
            joined.bytes += part.bytes;
        else
            joined = part;
        has_part = true;
        if (joined.encoding.len == 0) joined.encoding = part.encoding;
        if (joined.namespaces.len == 0) joined.namespaces = part.namespaces;
    }
    assert(has_part);
    joined.payload = group_copy(group, (struct slice){bytes.data, bytes.len});
    buf_fini(&bytes);
    return joined;
}
