/*
 * reship_order -- which past batches are to be sent again, and how. As a text it is the argument of a request.
 */
#ifndef UPLOADER_SHIP_RESHIP_ORDER_H
#define UPLOADER_SHIP_RESHIP_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

struct reship_order {
    int64_t batch_id;           /* 0: all that were sealed from since_at to before until_at */
    int64_t since_at, until_at; /* wall clock */
    bool has_new_keys, is_dry_run;
};

void reship_order_write(const struct reship_order *order, struct buf *out);
bool reship_order_read(const char *text, struct reship_order *order); /* false: the text is not an order */

#endif
