/*
 * purger -- what was shipped goes when it has been kept long enough, a little at a time; and pages go back to the disk.
 */
#ifndef UPLOADER_SHIP_PURGER_H
#define UPLOADER_SHIP_PURGER_H

#include "uploader/settings.h"
#include "uploader/spool/spool.h"

struct purger {
    const struct settings *settings;
    struct spool_out *spool;
    int64_t next_at, seldom_at; /* monotonic */
};

/*
 * Purges for some milliseconds, if it is time to; where space is short (`is_space_low`), whatever has been shipped.
 * `*has_more`: call again at once.
 */
MUST_CHECK enum result purger_turn(struct purger *purger, bool is_space_low, bool *has_more, struct why *why);

#endif
