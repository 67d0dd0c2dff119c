/*
 * db -- a thin skin over SQLite: open, prepare, bind, step, transaction.
 *
 * A connection belongs to one thread at a time. Every SQLite code becomes a result in one place, db_result():
 *   RES_RETRY    locked past the busy timeout, disk full, an I/O error, out of descriptors
 *   RES_REFUSE   not a database, or of a kind that this program does not write
 *   RES_BROKEN   corrupt, or replaced under us
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/why.h"

struct db;
struct stmt;

/* Opens; waits up to `busy_ms` for other writers from then on. `*db` is NULL unless RES_OK. Borrows nothing. */
MUST_CHECK enum result db_open(struct db **db, const char *path, int busy_ms, struct why *why);
void db_close(struct db *db); /* accepts NULL; all statements must have been freed */

/* Runs one or more statements and discards their rows. */
MUST_CHECK enum result db_exec(struct db *db, const char *sql, struct why *why);

/* One statement, one integer: `PRAGMA page_size`. No row counts as 0. */
MUST_CHECK enum result db_get_int(struct db *db, const char *sql, int64_t *value, struct why *why);

/* BEGIN IMMEDIATE; and COMMIT if `res` is RES_OK, else (or when that fails) ROLLBACK. db_end returns the verdict. */
MUST_CHECK enum result db_begin(struct db *db, struct why *why);
MUST_CHECK enum result db_end(struct db *db, enum result res, struct why *why);

/* Since the last db_begin(), has something failed because the disk is full? */
bool db_was_full(const struct db *db);

/* Changes what db_open() has set. */
void db_set_busy(struct db *db, int busy_ms);

enum db_checkpoint {
    DB_PASSIVE,  /* what can be done now */
    DB_RESTART,  /* all of it, waiting for readers: the next commit begins the WAL again */
    DB_TRUNCATE, /* likewise, and the WAL's file is emptied */
};

struct db_wal {
    int frames; /* in the WAL, a page each */
    int copied; /* of them, from the first on, into the file */
};

/*
 * Copies the WAL into the file, as far as no reader needs the old pages.
 *   RES_RETRY   another connection is in the way: where it is a checkpoint, `wal->frames` is negative, else a reader
 */
MUST_CHECK enum result db_checkpoint(struct db *db, enum db_checkpoint how, struct db_wal *wal,
                                     struct why *why);

/* Where the WAL of this connection's file lies; borrowed for the connection's life. */
const char *db_wal_path(const struct db *db);

/* Calls `hook` after each commit of this connection with the number of pages in the WAL. */
void db_on_commit(struct db *db, void (*hook)(void *context, int wal_pages), void *context);

/* Prepares one statement for many uses; borrowed text. stmt_free() accepts NULL. */
MUST_CHECK enum result stmt_prepare(struct stmt **stmt, struct db *db, const char *sql, struct why *why);
void stmt_free(struct stmt *stmt);

/* Bind by name (":id"). Texts and blobs are borrowed until the next reset; NULL binds NULL. */
void stmt_set_int(struct stmt *stmt, const char *name, int64_t value);
void stmt_set_text(struct stmt *stmt, const char *name, const char *text);
void stmt_set_text_n(struct stmt *stmt, const char *name, const char *text, size_t len);
void stmt_set_blob(struct stmt *stmt, const char *name, const void *data, size_t len);

/* One step. `*has_row` tells whether a row is there to be read; when there is none the statement has been reset. */
MUST_CHECK enum result stmt_step(struct stmt *stmt, bool *has_row, struct why *why);

/* Runs a statement without rows to its end and resets it. `*changed`, where not NULL, is the number of rows. */
MUST_CHECK enum result stmt_run(struct stmt *stmt, int64_t *changed, struct why *why);

/* One row at most; reads nothing. stmt_reset() is due after reading it. */
void stmt_reset(struct stmt *stmt);

/* Columns of the current row, from 0. Texts and blobs live until the next step or reset. */
int64_t stmt_int(struct stmt *stmt, int column);
bool stmt_is_null(struct stmt *stmt, int column);
const char *stmt_text(struct stmt *stmt, int column); /* NULL where the column is NULL */
const void *stmt_blob(struct stmt *stmt, int column, size_t *len);

#endif
