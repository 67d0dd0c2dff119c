/*
 * db -- a thin layer over SQLite: open, prepare, bind, step, transaction.
 *
 * A connection belongs to one thread at a time. All functions that return a result share these errors, which
 * db_result() makes of SQLite's codes:
 *   RES_RETRY    locked past the busy timeout (why.is_locked), disk full, I/O error, out of descriptors: try again later
 *   RES_REFUSE   the file is not a database: leave it alone
 *   RES_BROKEN   the database is corrupt, or its file was replaced while it was open; or our own SQL is wrong
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/why.h"

struct db;
struct log_place;      /* common/log_place.h */
struct sqlite3_module; /* SQLite's */
struct stmt;

/*
 * Opens an existing database; later calls wait up to `busy_ms` for locks. The caller owns `*db`, which is NULL unless
 * RES_OK. Borrows nothing.
 */
MUST_CHECK enum result db_open(struct db **db, const char *path, int busy_ms, struct why *why);
void db_close(struct db *db); /* accepts NULL; all statements must have been freed */

/*
 * From now on, neighbouring writes to the log are one call of the system (common/joined_writes.h). For a connection that
 * has read the database, and whose `synchronous` is FULL: others could look in vain for what is not synced.
 */
void db_join_writes(struct db *db);

/* Runs one or more statements and discards their rows. */
MUST_CHECK enum result db_exec(struct db *db, const char *sql, struct why *why);

/*
 * Runs one statement and returns the first column of its first row, e.g. `PRAGMA page_size`; 0 if there is no row.
 */
MUST_CHECK enum result db_get_int(struct db *db, const char *sql, int64_t *value, struct why *why);

/*
 * db_begin() runs BEGIN IMMEDIATE. db_end() runs COMMIT if `res` is RES_OK, else ROLLBACK; it returns `res`, or the
 * error of a failed COMMIT, after which the transaction is rolled back as well.
 */
MUST_CHECK enum result db_begin(struct db *db, struct why *why);
MUST_CHECK enum result db_end(struct db *db, enum result res, struct why *why);

/*
 * Has the last commit failed by an I/O error? It may have written pages into the log that a failed sync has left in the
 * operating system's cache alone; the next commit of this connection writes them again.
 */
bool db_is_in_doubt(const struct db *db);

/* Has any call since the last db_begin() failed because the disk or a quota is full? */
bool db_was_full(const struct db *db);

/* Changes how long this connection waits for locks. */
void db_set_busy(struct db *db, int busy_ms);

enum db_checkpoint {
    DB_PASSIVE,  /* copies as much as is possible without waiting */
    DB_RESTART,  /* copies everything, waiting for readers; the next commit starts the WAL again */
    DB_TRUNCATE, /* as DB_RESTART, and empties the WAL's file */
};

struct db_wal {
    int frames; /* in the WAL; each holds one page */
    int copied; /* how many of them, from the first on, have been copied into the file */
};

/*
 * Copies the WAL into the file, as far as no reader needs the old pages.
 *   RES_RETRY   another connection blocks it: another checkpoint if `wal->frames` is negative, else a reader
 */
MUST_CHECK enum result db_checkpoint(struct db *db, enum db_checkpoint how, struct db_wal *wal,
                                     struct why *why);

/* The path of this connection's WAL; borrowed for the connection's life. */
const char *db_wal_path(const struct db *db);

/*
 * Remembers where the files of the WAL are, which this connection must have read; RES_BROKEN if one is missing. From now
 * on no transaction is committed, and nothing is copied into the database at db_close(), where another program uses a log
 * or an index of its own: that would mix its pages with ours. The commit's error is that of db_check_log().
 */
MUST_CHECK enum result db_keep_log(struct db *db, struct why *why);

/* RES_BROKEN, with a remedy, if the log or its index was replaced. For connections that keep their log. */
MUST_CHECK enum result db_check_log(const struct db *db, struct why *why);

/* Borrowed until db_close(); NULL before db_keep_log(). */
struct log_place *db_log_place(const struct db *db);

/*
 * The read marks of the WAL, as SQLite documents them (https://www.sqlite.org/walformat.html, 2.2 and 2.3). A reader
 * holds a shared lock on the mark up to which it reads; nothing behind that is copied into the file meanwhile. A mark may
 * only be changed by who holds its exclusive lock.
 */
#define DB_READ_MARKS  4 /* numbers 1 to 4 there, 0 to 3 here */
#define DB_MARK_UNUSED UINT32_MAX

struct db_marks {
    uint32_t frames;               /* in the WAL */
    uint32_t marks[DB_READ_MARKS]; /* each a number of frames, or beyond them; the mark need not be locked */
};

/* Reads the marks. False: this connection has not opened the WAL yet. */
bool db_load_marks(struct db *db, struct db_marks *marks);

/*
 * Takes one mark for this connection alone; does not wait, and is false if another connection reads with it. Readers that
 * would use the mark wait until it is given back (SQLite tries again for some 10 s). This connection must not read or
 * write meanwhile.
 */
bool db_lock_mark(struct db *db, int mark);
void db_unlock_mark(struct db *db, int mark);

/* Changes a mark that this connection has locked. */
void db_set_mark(struct db *db, int mark, uint32_t frames);

/*
 * Calls `hook` where db_begin() finds the WAL busy, and once where a lock has been waited for during 20 ms: who holds it may
 * be waiting for something of ours. It is to let go of that. If it returns true, having ended what this connection was
 * reading, the transaction is begun once more.
 */
void db_on_busy(struct db *db, bool (*hook)(void *context), void *context);

/* Calls `hook` once, within the first call of this connection that has waited for a lock for `ms`, with the database's path. */
void db_on_wait(struct db *db, int ms, void (*hook)(void *context, const char *path), void *context);

/* Calls `hook` after each commit of this connection with the number of pages in the WAL. */
void db_on_commit(struct db *db, void (*hook)(void *context, int wal_pages), void *context);

/*
 * Prepares one statement for many uses. `sql` is borrowed for the call. The caller owns `*stmt`, which is NULL unless
 * RES_OK.
 */
MUST_CHECK enum result stmt_prepare(struct stmt **stmt, struct db *db, const char *sql, struct why *why);
void stmt_free(struct stmt *stmt); /* accepts NULL */

/*
 * Adds a table that this program provides (https://www.sqlite.org/vtab.html) to this connection. `module` is borrowed for
 * the connection's life; `free_context`, which may be NULL, is called at db_close(), or now if this fails.
 */
MUST_CHECK enum result db_add_table(struct db *db, const char *name, const struct sqlite3_module *module,
                                    void *context, void (*free_context)(void *context), struct why *why);

/* Bind by name (":id"). Texts and blobs are borrowed until the next reset; a NULL text binds NULL. */
void stmt_set_int(struct stmt *stmt, const char *name, int64_t value);
void stmt_set_text(struct stmt *stmt, const char *name, const char *text);
void stmt_set_text_n(struct stmt *stmt, const char *name, const char *text, size_t len);
void stmt_set_blob(struct stmt *stmt, const char *name, const void *data, size_t len);

/* One step. `*has_row` is true if a row can be read; else the statement has been reset. */
MUST_CHECK enum result stmt_step(struct stmt *stmt, bool *has_row, struct why *why);

/* Runs a statement that returns no rows and resets it. `*changed`, if not NULL, is the number of rows it changed. */
MUST_CHECK enum result stmt_run(struct stmt *stmt, int64_t *changed, struct why *why);

/* Ends the use of the current rows: needed unless stmt_step() was called until it found no more rows. */
void stmt_reset(struct stmt *stmt);

/* Columns of the current row, from 0. Texts and blobs live until the next step or reset. */
int64_t stmt_int(struct stmt *stmt, int column);
bool stmt_is_null(struct stmt *stmt, int column);
const char *stmt_text(struct stmt *stmt, int column); /* NULL if the column is NULL */
const void *stmt_blob(struct stmt *stmt, int column, size_t *len);

#endif
