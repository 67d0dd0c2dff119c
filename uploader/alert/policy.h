/*
 * policy -- who is told of which problem, when, and how often: the alerts of ALERT_URL. Pure: no I/O and no clock.
 *
 * The caller passes in which problems are present (alert_policy_update()), asks what is to be sent now
 * (alert_policy_next()), and says how each try has ended (alert_policy_sent()). What it promises:
 *
 *   - A problem that has lasted as long as its row in common/problem.h says gets a `begin`. It counts for how long the
 *     problem was seen: gaps of less than 5 minutes do not end it, and do not count. An info never gets one.
 *   - All messages of one occurrence have one id, which no other occurrence has.
 *   - A `begin` is sent until the receiver has taken it, but only while the problem is present. One that was not taken
 *     before the problem was away for 5 minutes is not sent, and has no `end`; unless a try of it may have been taken.
 *   - An `end` is sent when the problem has been away for 5 minutes, until the receiver has taken it, for 7 days. A problem
 *     that comes back again and again within 12 hours has to be away for longer, from its fourth occurrence on: 30 minutes,
 *     2 hours, then 6 hours.
 *   - A `reminder` is one message about all open problems. It is due 1 h after a begin, 3 h after that, and then daily;
 *     there is never more than one an hour.
 *   - At most ALERT_BURST begins are taken at once, and one more for each hour; ALERT_RESERVED of them are kept for critical
 *     problems. There is never more than one end for a begin.
 *   - After a failure nothing is sent for 5 s, then for twice as long each time, up to 5 minutes.
 *
 * Pauses follow the monotonic clock, so that no jump of the wall clock makes a problem older than it was seen to be. Only
 * what is loaded from the spool is measured by the wall clock, and never to more than a whole pause.
 */
#ifndef UPLOADER_ALERT_POLICY_H
#define UPLOADER_ALERT_POLICY_H

#include "common/problem.h"
#include "common/spool.h"

#define ALERTS_MAX     256
#define ALERT_ID_SIZE  80
#define ALERT_BURST    10 /* begins at once */
#define ALERT_RESERVED 3  /* of these, for critical problems */

#define ALERT_QUIET_MS  (5 * 60000LL) /* away for so long: it is over */
#define ALERT_REFILL_MS 3600000LL     /* for one more begin */
#define ALERT_MEMORY_MS                                                                                      \
    (12 * 3600000LL) /* for so long after its end another occurrence counts as a repetition */
#define ALERT_GIVE_UP_MS (7 * 86400000LL) /* for so long an end is sent */

/* The same moment on two clocks. */
struct alert_now {
    int64_t wall; /* ms since 1970 */
    int64_t monotonic;
};

enum alert_stage {
    ALERT_WAITING, /* the problem is there, and nobody was told yet */
    ALERT_OPEN,    /* people were told */
    ALERT_ENDED,   /* it is over; people are to be told */
    ALERT_CLOSED,  /* they were; kept to notice repetitions */
    ALERT_GONE,    /* to be deleted from the spool */
};

/* One occurrence of a problem. Times are ms since 1970, and 0 where there is none; they are for people and for a restart. */
struct alert {
    char id[ALERT_ID_SIZE];
    enum alert_stage stage;
    struct problem problem; /* as it was last seen */
    bool is_in_doubt;       /* a begin may have been taken, though the receiver has not said so */
    int64_t lasted_ms;      /* for how long it was seen to be present, in all */
    int64_t saved_at;       /* when the row was stored; for alert_policy_load() */
    int64_t begun_at;       /* when the begin was taken */
    int64_t told_at;        /* when the begin or the last reminder was */
    int64_t away_at;        /* since when it is away */
    int64_t closed_at;
    int64_t reminders;   /* how many were taken */
    int64_t repetitions; /* earlier occurrences that ended less than 12 h before the next one */

    /* ---- of this process ---- */
    bool is_present;
    bool has_row;       /* it is in the spool */
    bool is_dirty;      /* it differs from its row */
    int64_t away_since; /* monotonic; 0: present, or not known to be away */
    int64_t due;        /* monotonic: OPEN: the next reminder; ENDED: given up; CLOSED: forgotten */
    int64_t tries;      /* of the present message, in vain */
    int64_t saved_ms;   /* lasted_ms in the row */
};

struct alert_policy {
    char spool[SPOOL_ID_SIZE]; /* the first part of each id */
    struct alert list[ALERTS_MAX];
    size_t count;
    int64_t updated_at;   /* monotonic; 0: never */
    int64_t pause_ms;     /* after a failure; 0: the last try was taken */
    int64_t pause_due;    /* monotonic, as are the next two */
    int64_t reminder_due; /* there is none before */
    int64_t refill_due;
    int64_t begins;  /* how many may be sent now */
    size_t given_up; /* ends that were given up, for the caller to log and to set to 0 */
};

/* What is known to be wrong now. */
struct alert_view {
    const struct problem *problems; /* borrowed; infos are passed over */
    size_t count;
    bool is_collector_known; /* else those of the collector may last, though they are not in the list */
    bool is_uploader_known;  /* likewise those of the uploader */
    bool is_spool_known;     /* likewise those that follow from the spool */
};

enum alert_event { ALERT_BEGIN, ALERT_REMINDER, ALERT_END, ALERT_TEST };

/* `begin`, `reminder`, `end`, `test`. */
const char *alert_event_name(enum alert_event event);

/* What is to be sent. The alerts are borrowed until the next call. */
struct alert_message {
    enum alert_event event;
    size_t count;
    const struct alert
        *alerts[ALERTS_MAX]; /* one; of a reminder all that are open and present, the worst first */
};

enum alert_outcome {
    ALERT_TAKEN,
    ALERT_NOT_TAKEN, /* surely not */
    ALERT_IN_DOUBT,  /* it may have been: the connection broke, or a time limit ended it */
};

/* Nothing is known yet. `spool` is the spool's id, without which there are no ids. */
void alert_policy_init(struct alert_policy *policy, const char *spool, struct alert_now now);

/*
 * Takes in a row of the spool, right after alert_policy_init(); `alert` has all but what is of this process. One of another
 * spool's id is GONE at once: the spool is a copy, and the original may still tell of that alert.
 */
void alert_policy_load(struct alert_policy *policy, const struct alert *alert, struct alert_now now);

void alert_policy_update(struct alert_policy *policy, const struct alert_view *view, struct alert_now now);

/* False: nothing is to be sent now. */
bool alert_policy_next(struct alert_policy *policy, struct alert_now now, struct alert_message *message);

/* How a try to send that message has ended, with no call between. */
void alert_policy_sent(struct alert_policy *policy, const struct alert_message *message,
                       enum alert_outcome outcome, struct alert_now now);

/* ---- for the spool (state.h) ---- */

/* Forgets an alert that is GONE and whose row has been deleted; what is behind it moves up. */
void alert_policy_remove(struct alert_policy *policy, size_t index);

#endif
