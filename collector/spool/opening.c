/* opening -- see opening.h. */
#include "collector/spool/opening.h"

#include "collector/spool/wal.h"
#include "common/log.h"

enum result opening_try(struct opening *o, struct why *why)
{
    enum result res = RES_OK;
    if (!o->spool) res = spool_in_open(&o->spool, o->path, o->node, o->sync, why);
    if (res != RES_OK) return res;
    res = wal_settle(spool_in_wal(o->spool), why);
    if (res != RES_RETRY || o->must_settle) return res;
    /* Every frame in the log was synced by a program that ended well or still runs: ours may follow them. */
    log_debug("the write-ahead log goes on as it is", "why=%s", LOG_QUOTE(why->text));
    return RES_OK;
}
