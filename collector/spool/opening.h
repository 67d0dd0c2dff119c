/*
 * opening -- opens the spool for appending, in tries: creates it or brings it up to date, and settles the write-ahead
 * log that a crash has left, before anything may be appended.
 *
 * Whatever another program or a full disk holds up is only a reason to try again, so the program can listen meanwhile.
 */
#ifndef COLLECTOR_SPOOL_OPENING_H
#define COLLECTOR_SPOOL_OPENING_H

#include "collector/spool/append.h"

struct opening {
    const char *path; /* borrowed, as is `node` */
    const char *node;
    enum spool_sync sync;
    bool must_settle;       /* the last collector did not end cleanly: what it left in the log is in doubt */
    struct spool_in *spool; /* NULL until it is open; then the caller's to close, whatever comes next */
};

/*
 * One try; a lock that others hold is waited for some tenths of a second. RES_OK: `spool` may be appended to. Not to be
 * called after that.
 *   RES_RETRY    locked, no space, an I/O error: try again, and read no sockets until then
 *   RES_REFUSE, RES_BROKEN   as spool_in_open(): the program cannot go on
 */
MUST_CHECK enum result opening_try(struct opening *opening, struct why *why);

#endif
