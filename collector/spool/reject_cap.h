/*
 * reject_cap -- what is kept of rejects when unshipped ones have reached REJECTS_MAX_SIZE: the beginning of a payload,
 * the length received and the SHA-256; and one row stands for all rejects of one sender and reason, for an hour. Pure:
 * the rows themselves are written by reject_rows.h.
 *
 * A reject does not know its connection, only its sender's address. So connections of one address share a row. The
 * rejects of a row need not follow each other: a sender that alternates between two reasons makes two rows.
 *
 * `bytes` of a row is the sum of the lengths received, its payload the beginning of the first reject, and its detail
 * that of the first reject, with the number of rejects and the SHA-256 of their bytes one after the other.
 */
#ifndef COLLECTOR_SPOOL_REJECT_CAP_H
#define COLLECTOR_SPOOL_REJECT_CAP_H

#include "collector/framing/event.h"

#define REJECT_CAP_BYTES       4096    /* bytes of a payload that are kept */
#define REJECT_CAP_MS          3600000 /* how long a row takes further rejects */
#define REJECT_CAP_ROWS        256     /* rows that take further rejects at the same time */
#define REJECT_CAP_ROOM        240     /* bytes by which a detail grows at most */
#define REJECT_CAP_DETAIL_SIZE 1024    /* of a detail with its terminator */

/*
 * What unshipped rejects may take, of REJECTS_MAX_SIZE `max_bytes` and SPOOL_MAX_SIZE `spool_max_bytes` (0: no limit):
 * half of the spool at most, so that the other half is left to events. 0: no cap.
 */
int64_t reject_cap_bytes(int64_t max_bytes, int64_t spool_max_bytes);

struct capped_reject {
    struct reject reject; /* its detail points to `text` */
    char text[REJECT_CAP_DETAIL_SIZE];
};

/* Fills in `capped`, which borrows the bytes of `reject`. A payload of at most REJECT_CAP_BYTES stays as it is. */
void reject_cap(struct capped_reject *capped, const struct reject *reject);

/* A row that takes further rejects. */
struct joined_reject {
    int64_t id;      /* of the row */
    uint64_t count;  /* of rejects */
    uint64_t bytes;  /* as received, of all of them */
    bool is_checked; /* the caller's: this transaction has found that the row may still change */
    bool is_changed; /* the row must be written; the caller clears it */
    struct joined_key *key;
};

struct reject_cap;
struct reject_cap *reject_cap_new(void);
void reject_cap_free(struct reject_cap *cap); /* accepts NULL */

/* The row that `reject` belongs to; NULL if there is none, or none of the last hour. Valid until the next call. */
struct joined_reject *reject_cap_find(struct reject_cap *cap, const struct reject *reject);

/* All rows, one after the other: the i-th, NULL behind the last. */
struct joined_reject *reject_cap_row(struct reject_cap *cap, size_t i);

/* Then all changed rows must be written and forgotten before another one begins. */
bool reject_cap_is_full(const struct reject_cap *cap);

/* The row `id`, checked, was inserted with `reject` alone. */
void reject_cap_begin(struct reject_cap *cap, const struct reject *reject, int64_t id);

/* Joins `reject` to a row that was found. */
void reject_cap_join(struct joined_reject *row, const struct reject *reject);

/* The detail of a row that stands for several rejects, in `text`. */
struct slice reject_cap_detail(const struct joined_reject *row, char text[REJECT_CAP_DETAIL_SIZE]);

void reject_cap_forget(struct reject_cap *cap, struct joined_reject *row);
void reject_cap_forget_all(struct reject_cap *cap);

/*
 * Is the problem `rejects_capped` there? It begins when something was capped, and ends when the unshipped rejects take
 * less than 15/16 of `max_bytes`: to be asked after each group, and now and then while nothing comes. `was_present`: it
 * was there before; `has_capped`: something was capped since. max_bytes 0: nothing is ever capped.
 */
bool reject_cap_holds(bool was_present, bool has_capped, int64_t bytes, int64_t max_bytes);

#endif
