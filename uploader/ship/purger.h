/*
 * purger -- deletes shipped rows when they have been kept long enough, a little at a time, and gives pages back to the
 * disk.
 */
#ifndef UPLOADER_SHIP_PURGER_H
#define UPLOADER_SHIP_PURGER_H

#include "uploader/ship/purge_report.h"
#include "uploader/spool/spool.h"

struct purger_options {
    int64_t retention_ms; /* how long shipped events are kept */
    bool ships_rejects;   /* else old rejects are deleted without having been shipped */
};

struct purger {
    struct purger_options options;
    struct spool_out *spool;
    int64_t next_at, seldom_at; /* monotonic */
    struct purge_report report;
};

/*
 * Purges for some milliseconds, if it is time to. Where space is low, it purges all shipped events, however short a
 * time they were kept. `*has_more`: call again at once. A purge that goes on for long is logged.
 */
MUST_CHECK enum result purger_turn(struct purger *purger, bool is_space_low, bool *has_more, struct why *why);

#endif
