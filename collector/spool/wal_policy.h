/*
 * wal_policy -- decides how the write-ahead log is kept short: pure, without I/O or clock.
 *
 * The log begins again when all of it has been copied into the spool's file and nobody reads it. So a thread copies
 * while the writer goes on; above SPOOL_WAL_FINISH_BYTES the writer copies the rest itself, between two groups. Events
 * wait meanwhile, so the rest is at most WAL_REST_BYTES, unless the log is longer than SPOOL_WAL_RESTART_BYTES.
 * Readers can stand in the way in two manners, which the copied position tells apart:
 * - One long read: the position does not move. It is reported, and nothing else can be done.
 * - Many short ones that overlap: the position moves, but somebody always reads. Then no new reader is let in until
 *   those of now have ended (collector/spool/wal_barrier.h), while events are committed as ever: for WAL_CLOSED_MS at
 *   once, a tenth of the time, and never for a reader that is older than WAL_READER_MS. In between, the writer leaves
 *   longer gaps between groups, since most of the log's growth are pages that each commit writes again.
 * And where all is copied, a reader that began a moment before keeps the log from beginning again with the next commit,
 * and so does a commit of somebody else in between. At full speed the uploader did one or the other each time. So the
 * writer copies the rest while nobody else may write, and waits for the readers of now, whom none can join then: for
 * WAL_WAIT_MS at most, and less and less often where that is in vain.
 * What counts is the log's length and since when it has not begun again. Times are monotonic ms, sizes bytes.
 */
#ifndef COLLECTOR_SPOOL_WAL_POLICY_H
#define COLLECTOR_SPOOL_WAL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define WAL_FILE_BYTES   (64 << 20)  /* the log's file falls back below this when nothing comes */
#define WAL_LONG_BYTES   (128 << 20) /* longer than overlapping readers of half a second may make it */
#define WAL_REST_BYTES   (6 << 20)   /* of a log that may grow on, which the writer copies at once */
#define WAL_LONG_READ_MS 5000        /* a read of this age that is in the way is reported */
#define WAL_CLOSED_MS    1000 /* new readers wait for as long at most: far less than SQLite is patient */
#define WAL_READER_MS    1500 /* a reader of this age is not waited for; readers that share a mark seem older */
#define WAL_WAIT_MS      20   /* the writer waits for readers of a moment for as long at most */
#define WAL_GAP_MIN_US   300 /* left between groups, so that the uploader's short transactions find a moment */
#define WAL_GAP_MAX_US   12000 /* and this at most beside readers that are in the way */
#define WAL_MEDIAN_US    9000  /* from an event's receipt to its commit: the gap leaves room for that */

#define WAL_POLICY_SAMPLES 128

struct wal_policy {
    int64_t bytes;    /* of the log, after the last commit */
    int64_t begun_at; /* when the log last began again */
    int64_t found,
        copied;         /* by the last checkpoint: how long the log was, and how much of it is in the file */
    bool is_blocked;    /* a reader did not let the last checkpoint copy all */
    bool is_unfinished; /* there is something to copy, or may be */
    int64_t reader_since; /* blocked: when the oldest reader began, about */
    int64_t blocked_at;   /* where readers last stopped a checkpoint, since the log began; -1: nowhere */
    int moves;            /* of that place */
    int64_t overlap_at;   /* when that was last seen; 0: never */
    int64_t nudge_at, quiet_at, finish_at, close_at; /* not before */
    int64_t nudge_bytes;                             /* the log's length when the thread was last to copy */
    bool is_copying;                                 /* the thread, or it is about to */
    bool has_marks;                                  /* all is ready to keep readers out */
    int64_t closed_at;                               /* since when no new reader is let in; 0: they are */
    int64_t backoff_ms;                              /* after that was in vain */
    int64_t wait_at, wait_backoff_ms;                /* the same of the writer's waiting for readers */
    int64_t age_ms[2], ages_at; /* the oldest reader seen in this and in the last few seconds */
    int gap_us;
    int64_t gap_at, gap_bytes, gap_commits; /* since the gap was last fitted */
    int64_t above_at;                 /* when overlapping readers last had made the log too long; 0: never */
    int64_t above_since, above_bytes; /* then: when it had last begun again, and how long it was at most */
    struct { /* how long the log was when: so a reader's position tells since when it reads */
        int64_t at, bytes;
    } samples[WAL_POLICY_SAMPLES];
    int sample_count, sample_next;
};

void wal_policy_init(struct wal_policy *policy, int64_t now_ms);

/* ---- what happened ---- */

/* A commit has left the log with `bytes`. */
void wal_policy_note_commit(struct wal_policy *policy, int64_t bytes, int64_t now_ms);

/* The log has been emptied. */
void wal_policy_note_empty(struct wal_policy *policy, int64_t now_ms);

/* A checkpoint that began at `began_at` found `bytes` in the log and has ended with `copied` of them copied. */
void wal_policy_note_checkpoint(struct wal_policy *policy, int64_t bytes, int64_t copied, int64_t began_at);

/* Does the thread copy, or is it about to? */
void wal_policy_note_thread(struct wal_policy *policy, bool is_copying);

/* Have the marks been reserved that are needed to keep readers out? */
void wal_policy_note_marks(struct wal_policy *policy, bool has_marks);

/* No new reader is let in from now on. */
void wal_policy_note_closed(struct wal_policy *policy, int64_t now_ms);

/* Readers are let in again; `is_done`: all is copied, and the next commit begins the log again. */
void wal_policy_note_opened(struct wal_policy *policy, bool is_done, int64_t now_ms);

/* The writer has waited for readers to end; `is_free`: nobody keeps the log from beginning again. */
void wal_policy_note_waited(struct wal_policy *policy, bool is_free, int64_t now_ms);

/* ---- what to do ---- */

struct wal_step {
    bool nudges;    /* the thread is to copy */
    bool finishes;  /* the writer is to copy the rest itself */
    bool waits;     /* and is to wait for the thread, if that is copying */
    int readers_ms; /* and for as long at most for readers that keep the log from beginning again */
    bool truncates;
};

/* After a group has been committed. */
struct wal_step wal_policy_after_group(struct wal_policy *policy, int64_t now_ms);

/* In a quiet moment; `file_bytes`: the length of the log's file. */
struct wal_step wal_policy_quiet(struct wal_policy *policy, int64_t file_bytes, int64_t now_ms);

/*
 * Are read marks to be reserved, since new readers may have to be kept out? Not where all is copied: the log cannot begin
 * again then.
 */
bool wal_policy_wants_marks(const struct wal_policy *policy);

/* Did a reader not let the last checkpoint copy all? */
bool wal_policy_is_blocked(const struct wal_policy *policy);

/* Are new readers to be kept out, or to be kept out still? */
bool wal_policy_wants_closed(const struct wal_policy *policy, int64_t now_ms);

/* Is there work left, though nothing comes? */
bool wal_policy_is_busy(const struct wal_policy *policy, int64_t file_bytes);

/* Where nothing comes, how many ms later the next quiet moment is due; 0: there is no need for one. */
int wal_policy_tick_ms(const struct wal_policy *policy, int64_t file_bytes, int64_t now_ms);

/* ---- what to say ---- */

enum wal_readers {
    WAL_READERS_NONE,
    WAL_READERS_LONG, /* one, which has been reading since `since` and still holds the log */
    WAL_READERS_MANY, /* many short ones: the log has not begun again since `since` */
};

struct wal_readers_report {
    enum wal_readers kind;
    int64_t since, bytes;
};

struct wal_readers_report wal_policy_report(struct wal_policy *policy, int64_t now_ms);

#endif
