/*
 * gather -- fills in a status from what is there: the spool, the lock files of both programs, and the disk.
 *
 * It costs the same however large the backlog is: totals, index look-ups and short tables. It takes no lock, and holds no
 * snapshot of the spool beyond one statement.
 */
#ifndef COMMON_STATUS_GATHER_H
#define COMMON_STATUS_GATHER_H

#include "common/status/status.h"

/* Only what the lock files hold, where the spool cannot be read; judged. `spool_path` is borrowed by `status`, `why_no_spool` copied. */
void status_gather_programs(struct status *status, const char *spool_path, const struct why *why_no_spool);

/*
 * Everything, judged. `db` is an open spool (common/spool.h), of the calling thread.
 *   RES_RETRY    the spool is locked or its disk fails: what the lock files hold is filled in all the same
 *   RES_BROKEN   the spool is damaged; as above
 */
MUST_CHECK enum result status_gather(struct status *status, struct db *db, const char *spool_path,
                                     struct why *why);

#endif
