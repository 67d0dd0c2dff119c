/* due -- see due.h. */
#include "uploader/ship/due.h"

bool due_now(const struct waiting *waiting, const struct due_rules *rules, struct due_watch *watch,
             int64_t now, int64_t monotonic)
{
    if (!waiting->is_some) return false;
    if (watch->first_id != waiting->first_id) *watch = (struct due_watch){waiting->first_id, monotonic};
    return waiting->bytes >= rules->max_file_bytes ||
           waiting->last_id - waiting->first_id >= BATCH_COUNT_MAX ||
           now - waiting->oldest_at >= rules->rotation_ms ||
           monotonic - watch->seen_at >= rules->rotation_ms || waiting->first_id <= rules->flush_id;
}
