/* object_key -- see object_key.h. */
#include "uploader/object_key.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"

void object_key_make(struct batch *batch, const char *prefix)
{
    char time[CLOCK_KEY_SIZE];
    int len =
        snprintf(batch->object_key, sizeof batch->object_key, "%s%s-%s-%010" PRId64 "-%010" PRId64 ".%s",
                 prefix, clock_key_time(batch->sealed_at, time), batch->identity.spool, batch->first_id,
                 batch->last_id, batch_extension(batch->format));
    assert(len > 0 && (size_t)len < sizeof batch->object_key);
}
