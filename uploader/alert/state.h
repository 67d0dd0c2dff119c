/*
 * state -- the alerts in the spool, so that a restart neither forgets nor repeats one.
 */
#ifndef UPLOADER_ALERT_STATE_H
#define UPLOADER_ALERT_STATE_H

#include "common/db.h"
#include "uploader/alert/policy.h"

/* Takes all rows into a policy that has just been initialised. The errors are those of db.h. */
MUST_CHECK enum result alert_state_load(struct alert_policy *policy, struct db *db, struct alert_now now,
                                        struct why *why);

/*
 * Stores what has changed since the last call, in one transaction; does nothing, and takes no lock, if nothing has. After
 * any other answer than RES_OK the alerts go on in memory, and the next call stores them. The errors are those of db.h.
 */
MUST_CHECK enum result alert_state_save(struct alert_policy *policy, struct db *db, struct alert_now now,
                                        struct why *why);

#endif
