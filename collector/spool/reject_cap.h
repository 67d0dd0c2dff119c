/*
 * reject_cap -- what is kept of rejects when unshipped ones have reached REJECTS_MAX_SIZE: the beginning of a payload,
 * the length received and the SHA-256; and one row stands for all rejects of one sender and reason, for an hour. Pure:
 * the rows themselves are written by reject_rows.h.
 *
 * A sender is what collector/intake/address.h counts as one address. No more than REJECT_CAP_ROWS rows of senders take
 * rejects at the same time: while there are so many, those of all further senders share one row for each reason. So in
 * an hour at most REJECT_CAP_PLACES rows begin, whatever addresses and reasons come; as many again after a restart,
 * and where a batch, a retry, a dismissal or a failed transaction has ended what the rows may take.
 *
 * A reject does not know its connection, only its sender's address. So connections of one address share a row. The
 * rejects of a row need not follow each other: a sender that alternates between two reasons makes two rows.
 *
 * `bytes` of a row is the sum of the lengths received, its payload the beginning of the first reject, and its detail
 * that of the first reject, with the number of rejects and the SHA-256 of their bytes one after the other. Its `source` is
 * the address of them all; the network, if they came from addresses of one; else it says that they are several, and the
 * detail names the first.
 */
#ifndef COLLECTOR_SPOOL_REJECT_CAP_H
#define COLLECTOR_SPOOL_REJECT_CAP_H

#include "collector/framing/event.h"
#include "collector/intake/address.h"

#define REJECT_CAP_BYTES       4096    /* bytes of a payload that are kept */
#define REJECT_CAP_MS          3600000 /* how long a row takes further rejects */
#define REJECT_CAP_ROWS        256     /* rows of one sender that take further rejects at the same time */
#define REJECT_CAP_PLACES      (REJECT_CAP_ROWS + REJECT_REASON_COUNT) /* with those that senders share */
#define REJECT_CAP_ROOM        400  /* bytes by which a detail and a source grow at most */
#define REJECT_CAP_DETAIL_SIZE 1200 /* of a detail with its terminator */

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

/*
 * The row that `reject` belongs to: that of its sender and reason, else the shared one of its reason if all rows of
 * senders are taken. NULL if there is none, or none of the last hour. Valid until the next call.
 */
struct joined_reject *reject_cap_find(struct reject_cap *cap, const struct reject *reject);

/* All rows, one after the other: the i-th, NULL behind the last. */
struct joined_reject *reject_cap_row(struct reject_cap *cap, size_t i);

/* The row `id`, checked, was inserted with `reject` alone, for which there was none. */
void reject_cap_begin(struct reject_cap *cap, const struct reject *reject, int64_t id);

/* Joins `reject` to a row that was found. */
void reject_cap_join(struct joined_reject *row, const struct reject *reject);

/* The detail of a row that stands for several rejects, in `text`. */
struct slice reject_cap_detail(const struct joined_reject *row, char text[REJECT_CAP_DETAIL_SIZE]);

/* Its source, in `text` or borrowed from the row. */
struct slice reject_cap_source(const struct joined_reject *row, char text[ADDRESS_NETWORK_SIZE]);

void reject_cap_forget(struct reject_cap *cap, struct joined_reject *row);
void reject_cap_forget_all(struct reject_cap *cap);

/*
 * Is the problem `rejects_capped` there? It begins when something was capped, and ends when the unshipped rejects take
 * less than 15/16 of `max_bytes`: to be asked after each group, and now and then while nothing comes. `was_present`: it
 * was there before, or may have been, as at the start; `has_capped`: something was capped since. max_bytes 0: nothing is ever
 * capped.
 */
bool reject_cap_holds(bool was_present, bool has_capped, int64_t bytes, int64_t max_bytes);

#endif
