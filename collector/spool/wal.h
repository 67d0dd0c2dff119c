/*
 * wal -- the spool's write-ahead log, as the collector looks after it: what is in it, moving it into the spool's file,
 * keeping it short beside readers, and seeing that it is still the log that other programs use.
 *
 * The decisions are in wal_policy.h, the copying beside the writer in checkpointer.h. Belongs to the writing connection:
 * the writer's thread only, between two transactions.
 */
#ifndef COLLECTOR_SPOOL_WAL_H
#define COLLECTOR_SPOOL_WAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/why.h"

struct checkpointer; /* collector/spool/checkpointer.h */
struct db;           /* common/db.h */
struct problems;     /* common/problems.h */
struct wal;

/*
 * For the writing connection `db`, borrowed until wal_close(), which is due before db_close(). `*wal` is NULL unless
 * RES_OK; the errors are those of common/db.h, and RES_BROKEN if one of the log's two files is missing.
 */
MUST_CHECK enum result wal_open(struct wal **wal, struct db *db, struct why *why);
void wal_close(struct wal *wal); /* accepts NULL */

/*
 * Must succeed once before the first append: moves the whole log into the spool's file. Otherwise our frames could
 * follow frames that an earlier process wrote but could not sync, and a power cut would destroy both.
 *   RES_RETRY   another connection blocks it: try again, and read no sockets until then
 */
MUST_CHECK enum result wal_settle(struct wal *wal, struct why *why);

/* ---- its place ---- */

/*
 * If another program has made a log of its own beside the spool, or an index of its own for our log, our pages would be
 * mixed with its pages: RES_BROKEN. To be called before each transaction.
 */
MUST_CHECK enum result wal_refuse_other(struct wal *wal, struct why *why);

/*
 * Checks that the log and its index are still at their paths, where other programs look for them (common/log_place.h).
 * If one has been deleted, all committed rows are moved into the spool's file, where they are safe; so is each group that
 * is appended from then on. But nothing more should be read: as soon as another program opens the spool, it makes a log
 * of its own, and the two logs would overwrite each other's pages. In the place of a deleted index lies an empty file
 * then, which keeps other programs from that.
 *   RES_RETRY    the log was deleted, and the rows could not be moved yet: try again
 *   RES_BROKEN   another program has written to a log of its own: the rows that were only in our log are lost. Or it has
 *                made an index of its own: they stay in the log, for the next start, unless it has written over them
 */
MUST_CHECK enum result wal_keep(struct wal *wal, struct why *why);
bool wal_is_lost(const struct wal *wal); /* stays true until a restart */

/* ---- its length ---- */

/* Bytes in the log after the last commit. */
int64_t wal_bytes(const struct wal *wal);

/* The length of the log's file, which does not shrink when the log begins again; 0 if it cannot be read. */
int64_t wal_file_bytes(const struct wal *wal);

/*
 * Copies all that readers allow; does not wait. True if that was all: then the next commit begins the log again, so that
 * the length of its file is free for what comes, unless somebody reads it.
 */
bool wal_finish(struct wal *wal);

/* Empties the log's file if no other connection uses it; waits for some ms at most. For quiet moments. */
void wal_truncate(struct wal *wal);

/* The same where much depends on it: first it waits for a checkpoint that is running, some tenths of a second at most. */
void wal_empty(struct wal *wal);

/* ---- keeping it short ---- */

struct wal_parts { /* borrowed until wal_close() */
    struct checkpointer *checkpointer;
    struct problems *problems; /* `foreign_reader` is raised and ended in it */
    const char *spool_path;
};

/* Begins to keep the log short; before this the three functions below do nothing. */
void wal_watch(struct wal *wal, const struct wal_parts *parts);

/*
 * What is due now: after each group (`has_committed`), and now and then while nothing comes. May copy a part of the log,
 * which takes some tenths of a second at most, and waits for readers for WAL_WAIT_MS at most (wal_policy.h).
 */
void wal_maintain(struct wal *wal, bool has_committed);

/* How long the writer is to wait after a group before it takes the next one; what comes meanwhile belongs to that. */
int wal_gap_us(const struct wal *wal);

/* Are new readers kept out? If nothing comes, wal_maintain() is to be called soon: it lets them in. */
bool wal_keeps_out(const struct wal *wal);

/* Where nothing comes, how many ms later wal_maintain() is due; 0: there is no need for it. */
int wal_tick_ms(const struct wal *wal);

#endif
