/* reship_order -- see reship_order.h. As text it is five numbers. */
#include "uploader/ship/reship_order.h"

#include <inttypes.h>
#include <stdlib.h>

void reship_order_write(const struct reship_order *order, struct buf *out)
{
    buf_append_format(out, "%" PRId64 " %" PRId64 " %" PRId64 " %d %d", order->batch_id, order->since_at,
                      order->until_at, order->has_new_keys, order->is_dry_run);
}

bool reship_order_read(const char *text, struct reship_order *order)
{
    int64_t numbers[5];
    for (int i = 0; i < 5; i++) {
        char *end = NULL;
        numbers[i] = strtoll(text, &end, 10);
        if (end == text || *end != (i < 4 ? ' ' : '\0')) return false;
        text = end + 1;
    }
    *order = (struct reship_order){numbers[0], numbers[1], numbers[2], numbers[3] != 0, numbers[4] != 0};
    return true;
}
