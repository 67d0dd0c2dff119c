/*
 * status -- how the whole installation is: what `eventspool status`, the page, /healthz, /metrics, alerts and the status
 * document show, gathered in one place so that they can never disagree.
 *
 * The facts come from status_gather() (gather.h); what they mean is decided without I/O by status_judge() (judge.h).
 *
 * Times are ms since 1970, and 0 where there is none.
 */
#ifndef COMMON_STATUS_STATUS_H
#define COMMON_STATUS_STATUS_H

#include "common/problem.h"
#include "common/progress.h"
#include "common/spool.h"

#define STATUS_REQUESTS_MAX 20
#define STATUS_SENDERS_MAX  64
#define STATUS_BATCHES_MAX  10
#define STATUS_COUNTERS_MAX 128
#define STATUS_PROBLEMS_MAX (2 * PROBLEM_COUNT + 8)
#define STATUS_NAME_SIZE    260
#define STATUS_KEY_SIZE     1100
#define STATUS_VERSION_SIZE 24

#define STATUS_ROW_OVERHEAD   1.15 /* what a byte of an event takes in the spool, with its row and its page */
#define STATUS_ROOM_HOURS_MAX 87600 /* ten years: more than anybody wants to know */

struct status_program {
    bool is_running;    /* it holds its lock, and its sign of life is fresh */
    bool is_hanging;    /* its process holds the lock, and does not go on */
    bool is_unseen;     /* this user may not see whether it runs */
    bool is_silent;     /* it could not write its lock file: its problems are not known */
    struct why why_not; /* if it does not run */
    int64_t seen_at;    /* its last sign of life; 0: it has never run here */
    int64_t started_at;
    char version[STATUS_VERSION_SIZE]; /* "": not known */
    struct problem problems[PROBLEM_COUNT];
    size_t problem_count;
};

/* A request of a command that is not finished yet. */
struct status_request {
    char program[16], action[40], requested_at[32];
    char sentence[400]; /* how far it is; "" if that is not known yet */
    struct progress progress;
};

struct status_sender {
    char sender[STATUS_NAME_SIZE], source[64];
    int64_t last_event_at, events_today, events;
};

struct status_batch {
    int64_t id, first_id, last_id, events, bytes, attempts, sealed_at, shipped_at;
    char kind[8], state[12], key[STATUS_KEY_SIZE];
};

/* A counter for monitoring: docs/reference-status.md lists the names. */
struct status_counter {
    char name[32], label[64];
    int64_t value, last_at;
};

struct status_disk {
    int64_t free_bytes;     /* of the spool's file system; -1: not known */
    int64_t unused_bytes;   /* free pages of the spool, which count as free */
    int64_t min_free_bytes; /* SPOOL_MIN_FREE; -1: no collector has said so yet */
    int64_t max_bytes;      /* SPOOL_MAX_SIZE; 0: no ceiling */
    int64_t bytes_24h;      /* received in the last 24 hours, or since the oldest event that is still there */
    int64_t measured_ms;    /* over how long that was; 0: there is nothing to measure */
    int64_t events_24h;
};

struct status {
    int64_t now;
    const char *spool_path; /* borrowed */
    bool has_spool;         /* false: only the programs and the problems are known, and: */
    struct why why_no_spool;
    struct spool_identity identity;
    int64_t created_at;
    int64_t first_id; /* of the first event that is shipped under the spool's present name */
    struct status_program collector, uploader;

    int64_t events_received, event_bytes, received_bytes, rejects_received,
        last_event_at; /* since the spool's creation */
    int64_t backlog_events, backlog_bytes,
        oldest_at; /* not shipped and not given up; `oldest_at` 0: there are none */
    int64_t rejects_24h, abandoned_events, spool_bytes;
    int64_t sealed, blocked, abandoned; /* batches */
    int64_t last_shipped_at;

    int64_t uploader_seen_at; /* its last report into the spool */
    bool is_trial;
    char destination[STATUS_KEY_SIZE];
    int64_t rotation_ms, max_file_bytes; /* 0: no uploader has said so yet */
    char last_error[WHY_SIZE],
        remedy[WHY_SIZE]; /* what the uploader reports while it runs, or an incident of the last day */

    struct status_request requests[STATUS_REQUESTS_MAX];
    size_t request_count;
    struct status_sender senders[STATUS_SENDERS_MAX]; /* those with the most events, most first */
    size_t sender_count;
    struct status_batch batches[STATUS_BATCHES_MAX]; /* newest first */
    size_t batch_count;
    struct status_counter counters[STATUS_COUNTERS_MAX];
    size_t counter_count;
    struct status_disk disk;

    /* ---- by status_judge() ---- */
    struct problem problems
        [STATUS_PROBLEMS_MAX]; /* of both programs and those that follow from facts, the worst first */
    size_t problem_count;
    enum flow flow;
    enum problem_severity severity; /* of the worst problem; info: all is well */
};

/* Has it been judged to have a problem of this code, of whichever program? */
bool status_has(const struct status *status, enum problem_code code);

/* The value of a counter; 0 if there is none. */
int64_t status_counter(const struct status *status, const char *name, const char *label);

/* How many bytes may still come before reading stops; 0 while it has stopped for want of space; -1: not known. */
int64_t status_room_bytes(const struct status *status);

/* For how many hours that is enough at the rate of the last 24 hours; -1: not known, or nothing comes. */
int64_t status_room_hours(const struct status *status);

/* When the next object of events is due by its age; 0: nothing waits, or it is not known. It may be due earlier by size. */
int64_t status_next_due_at(const struct status *status);

#endif
