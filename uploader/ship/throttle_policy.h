/*
 * throttle_policy -- what share of its time a thread of the uploader may work, so that the collector does not suffer.
 * Pure: the caller brings the time and what it has seen. How threads keep to the share is throttle.h.
 *
 *   state      when                                          the share, at the end of each window
 *   FREE       nothing was received for four times the       all
 *              longest of the last pauses, or space is low
 *   HURRYING   events come in, and the backlog is behind     a sixteenth of all more; so is the floor
 *   YIELDING   events come in, and it is not behind          by how late events become visible:
 *                                                            - up to 1 ms: a sixty-fourth of all more
 *                                                            - more than 2 ms: an eighth less, down to a half
 *                                                            - up to 10 ms, and less than a half: more, up to a half
 *                                                            - more than 20 ms: a quarter less, down to a quarter
 *                                                            - else it stays: so it does not swing about a limit
 *
 * Whoever begins to yield begins with a half. The backlog is behind if at least another whole batch waits, whose oldest
 * event is older than THROTTLE_BEHIND_MS, and no less waits than half a second ago. So an old backlog that becomes
 * smaller is not behind: draining it faster is worth less than the collector's latency. The floor is what was needed to
 * keep up: a share that yields does not fall below it, and it comes down slowly, so the share does not swing between too
 * much and too little while senders give more than both programs can take.
 *
 * How late events are is seen in the spool itself: the age of the newest committed event, less the mean time between two
 * events, whenever there are new ones. It contains all that an event waits for: to be read and validated, the lock, the
 * disk. Not used is how late our own sleeps end, or how long our own commits take: measured, both say less of it. Nor is
 * any figure of what work costs. Bursts look like lateness, which costs the drain no more than the least share does.
 */
#ifndef UPLOADER_SHIP_THROTTLE_POLICY_H
#define UPLOADER_SHIP_THROTTLE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_WINDOW_MS 250 /* the share changes once in a window */
/*
 * Nothing was received for so long: the collector needs nothing. In between: so many times the longest of the last pauses,
 * so that the end of a load is noticed soon, and the pause between two bursts is not taken for it.
 */
#define THROTTLE_QUIET_LEAST_MS 100
#define THROTTLE_QUIET_MS       1000
#define THROTTLE_QUIET_PAUSES   4
#define THROTTLE_TREND_MS       500  /* the shortest time over which the backlog's growth is measured */
#define THROTTLE_REPORT_MS      2000 /* nothing was sealed for so long: what waits is not known */
#define THROTTLE_BEHIND_MS      1000 /* a backlog that is younger is not behind */

/* How late events are */
#define THROTTLE_TIMELY_US    1000 /* the collector has cores and disk to spare */
#define THROTTLE_LATE_US      2000 /* it suffers, */
#define THROTTLE_LATER_US     10000
#define THROTTLE_VERY_LATE_US 20000 /* and much */

#define THROTTLE_SHARE_ALL   1000 /* shares are in thousandths */
#define THROTTLE_SHARE_HALF  500
#define THROTTLE_SHARE_LEAST 250

enum throttle_state { THROTTLE_FREE, THROTTLE_YIELDING, THROTTLE_HURRYING };

/* All zeros but for the share: nothing has been seen. The fields belong to the policy; read state and share. */
struct throttle_policy {
    enum throttle_state state;
    int share; /* in thousandths */
    int floor; /* likewise */

    bool has_looked;
    int64_t window_at;   /* monotonic ms, as all times here: when the current window began */
    int64_t looked_at;   /* the last look, */
    int64_t bytes, rows; /* and what had been received then */
    int64_t received_at; /* the last look that found more; only with has_received */
    bool has_received;
    int64_t pause_ms; /* the longest between two looks that found more, which counts for less with each one */
    int64_t late_us;  /* a running mean */

    int64_t reported_at; /* when the backlog was measured last */
    bool has_mark;
    int64_t mark_at, mark_bytes; /* what waited when the growth of the backlog was measured last */
    bool is_behind;
};

/* As the spool has it now. */
struct throttle_look {
    int64_t bytes;      /* received in all, ever */
    int64_t rows;       /* events received in all, ever */
    int64_t newest_age; /* ms since the newest event was received */
    bool is_space_low;
};

/* What was found when a batch was to be sealed. */
struct throttle_backlog {
    int64_t sealed_bytes; /* 0: nothing was due */
    int64_t left_bytes;   /* what waits behind them */
    int64_t oldest_age;   /* ms since the oldest event was received that waited */
};

struct throttle_policy throttle_policy_begin(void);

/* To be called many times a second while there is work, and now and then otherwise. `now` never goes back. */
void throttle_policy_look(struct throttle_policy *policy, int64_t now, const struct throttle_look *look);

void throttle_policy_backlog(struct throttle_policy *policy, int64_t now,
                             const struct throttle_backlog *backlog);

/* How long to sleep after so much work, in the same unit. */
int64_t throttle_policy_sleep(int share, int64_t worked);

#endif
