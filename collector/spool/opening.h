/*
 * opening -- opens the spool for appending, however long that takes: creates it or brings it up to date, and settles
 * the write-ahead log that a crash has left, before anything may be appended.
 *
 * Whatever another program or a full disk holds up is only a reason to try again, so the program can listen meanwhile.
 */
#ifndef COLLECTOR_SPOOL_OPENING_H
#define COLLECTOR_SPOOL_OPENING_H

#include "collector/intake/intake.h"
#include "collector/spool/append.h"
#include "collector/spool/space_keeper.h"
#include "common/turn.h"

#define OPENING_PAUSE_MS   200  /* between two tries */
#define OPENING_FAILING_MS 8000 /* for so long it is a start that waits; then people have to know */

struct opening {
    const char *path; /* borrowed, as are all pointers here but `spool` */
    const char *node;
    enum spool_sync sync;
    bool must_settle;       /* the last collector did not end cleanly: what it left in the log is in doubt */
    struct spool_in *spool; /* NULL until it is open; then the caller's to close, whatever comes next */
    bool has_looked;        /* the first try has looked whether the write-ahead log is long */
    int64_t settling_since; /* monotonic; 0: it is not long, and settling it is not worth a line in the log */
    bool is_too_new;        /* the last try has failed because a newer program has changed the schema */
    int64_t failing_since;  /* monotonic; 0: no try has failed */
    bool is_alarming;       /* the gate holds `commit_failing` for it */
};

/*
 * One try; a lock that others hold is waited for some tenths of a second. RES_OK: `spool` may be appended to. Not to be
 * called after that.
 *   RES_RETRY    locked, no space, an I/O error: try again, and read no sockets until then
 *   RES_REFUSE, RES_BROKEN   as spool_in_open(): the program cannot go on
 */
MUST_CHECK enum result opening_try(struct opening *opening, struct why *why);

/* What a running collector has at hand while it tries. */
struct opening_surroundings {
    struct gate *gate;     /* follows the cause, as `starting`, and as `commit_failing` if it lasts */
    struct intake *intake; /* its end ends the tries */
    struct space_keeper
        *space; /* its reserve is given up for a full disk, and it asks the uploader for space */
    struct turn *turn;
};

/*
 * Tries until it succeeds or can never succeed; the errors are those of opening_try(). `space` knows the spool from the
 * moment when it is open.
 *   RES_RETRY   the intake was finished meanwhile: a stop
 */
MUST_CHECK enum result opening_wait(struct opening *opening, const struct opening_surroundings *around,
                                    struct why *why);

/*
 * Says why nothing is read yet, and who reads the spool, which may be the cause; logs it the first time. What lasts is
 * `commit_failing` as well, an alarm, unless another reason says so already.
 */
void opening_report(struct opening *opening, struct gate *gate, const struct why *why);

/* The spool is open, with all that belongs to it: ends the alarm, if there is one. `starting` is the caller's to end. */
void opening_end(struct opening *opening, struct gate *gate);

#endif
