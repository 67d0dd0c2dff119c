/*
 * db -- see db.h. SQLite's own busy handler sleeps up to 100 ms between two tries, ours 0.25 ms, so that each program
 * can use the short gaps between the other's transactions.
 */
#include "common/db.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/inodes.h"
#include "common/joined_writes.h"
#include "common/log.h"
#include "common/log_place.h"

#define BUSY_SLEEP_US  250
#define LET_GO_MS      20 /* of waiting for a lock */
#define STMT_PARAM_MAX 32

struct db {
    sqlite3 *handle;
    int busy_ms;
    int64_t busy_since; /* monotonic ms: the beginning of the present wait for a lock */
    bool has_let_go;    /* in this wait */
    bool was_full;
    bool is_in_doubt;      /* the last COMMIT failed, perhaps in its sync */
    struct log_place *log; /* NULL: db_keep_log() was not called */
    void (*on_commit)(void *context, int wal_pages);
    void *on_commit_context;
    bool (*on_busy)(void *context);
    void *on_busy_context;
    int wait_ms; /* when on_wait is due; it is NULL once it was called */
    void (*on_wait)(void *context, const char *path);
    void *on_wait_context;
};

struct stmt {
    sqlite3_stmt *handle;
    struct db *db;
    int params;
    int next; /* the likely index of the next name, from 1: names are mostly bound in order */
    char
        *names[STMT_PARAM_MAX]; /* copies: SQLite frees its own when another program has changed the schema */
};

/*
 * SQLite itself knows ENOSPC of a write alone: a sync, a lengthened file or a quota are I/O errors to it. It does not keep
 * errno for each of them (sqlite3_system_errno()), but right behind the call it still has its value.
 */
static bool is_full(int code, int error)
{
    bool is_io =
        (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_READ && code != SQLITE_IOERR_SHORT_READ;
    if (!is_io && (code & 0xff) != SQLITE_CANTOPEN) return (code & 0xff) == SQLITE_FULL;
    return error == ENOSPC || error == EDQUOT;
}

/* An I/O error: has a file reached the limit of this process? Then the disk is well. errno is kept as above. */
static bool is_too_large(int code, int error)
{
    return (code & 0xff) == SQLITE_IOERR && error == EFBIG;
}

/* What waits in memory is lost with a restart, so a limit is to be raised without one. */
static void explain_io(bool has_no_limit_left, enum result res, struct why *why)
{
    if (has_no_limit_left)
        (void)why_remedy(
            why, res,
            "raise the limit on the size of files: `prlimit --fsize=unlimited --pid %d` for now, "
            "and where this program is started (`ulimit -f`, LimitFSIZE=)",
            (int)getpid());
    else
        (void)why_remedy(why, res, "check the disk of SPOOL_PATH: it reports errors");
}

/* `error`: errno, as is_full() takes it. */
static enum result explain(struct db *db, int code, int error, const char *what, enum result res,
                           struct why *why)
{
    const char *path = db->handle ? sqlite3_db_filename(db->handle, "main") : NULL;
    const char *cause = "";
    why->is_locked = (code & 0xff) == SQLITE_BUSY;
    if (is_full(code, error)) {
        db->was_full = true;
        cause = "no space left: ";
        (void)why_remedy(why, res, "free space on the disk of SPOOL_PATH, or raise the quota there");
    } else if ((code & 0xff) == SQLITE_IOERR) {
        if (is_too_large(code, error)) cause = "a file is as large as the limit of this process allows: ";
        explain_io(is_too_large(code, error), res, why);
    }
    (void)why_set(why, res, "%s: %s%s (%d)", what, cause,
                  db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code),
                  db->handle ? sqlite3_extended_errcode(db->handle) : code);
    if ((code & 0xff) != SQLITE_CANTOPEN || !path) return res;
    return inodes_explain(path, res, why); /* of -wal or -shm */
}

static enum result db_result(struct db *db, int code, const char *what, struct why *why)
{
    int error = errno;
    if (code == SQLITE_CONSTRAINT_COMMITHOOK && db_check_log(db, why) != RES_OK)
        return why_wrap(why, RES_BROKEN, "%s", what);
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return RES_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA: return explain(db, code, error, what, RES_RETRY, why);
    case SQLITE_READONLY:
        return explain(db, code, error, what, code == SQLITE_READONLY_DBMOVED ? RES_BROKEN : RES_RETRY, why);
    case SQLITE_NOTADB: return explain(db, code, error, what, RES_REFUSE, why);
    default: return explain(db, code, error, what, RES_BROKEN, why);
    }
}

static void tell_of_wait(struct db *db)
{
    void (*hook)(void *context, const char *path) = db->on_wait;
    db->on_wait = NULL;
    hook(db->on_wait_context, sqlite3_db_filename(db->handle, "main"));
}

static int wait_for_lock(void *context, int tries)
{
    struct db *db = context;
    struct timespec nap = {.tv_sec = 0, .tv_nsec = BUSY_SLEEP_US * 1000};
    int64_t now = clock_monotonic_ms();
    if (tries == 0) {
        db->busy_since = now;
        db->has_let_go = !db->on_busy;
    }
    if (!db->has_let_go && now - db->busy_since >= LET_GO_MS) {
        (void)db->on_busy(db->on_busy_context); /* the wait goes on in any case */
        db->has_let_go = true;
    }
    if (db->on_wait && now - db->busy_since >= db->wait_ms) tell_of_wait(db);
    if (now - db->busy_since >= db->busy_ms) return 0;
    (void)nanosleep(&nap, NULL);
    return 1;
}

enum result db_open(struct db **out, const char *path, int busy_ms, struct why *why)
{
    struct db *db = calloc(1, sizeof *db);
    if (!db) abort();
    db->busy_ms = busy_ms;
    enum result res = db_result(
        db, sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL), path, why);
    if (res != RES_OK) {
        db_close(db);
        db = NULL;
    } else {
        (void)sqlite3_extended_result_codes(db->handle, 1);
        (void)sqlite3_busy_handler(db->handle, wait_for_lock, db);
    }
    *out = db;
    return res;
}

void db_join_writes(struct db *db)
{
    if (!joined_writes_begin(db->handle)) log_debug("the writes of commits are not joined here", NULL);
}

void db_close(struct db *db)
{
    if (!db) return;
    /* The last to close copies the log into the file: not with an index that describes another one. */
    if (db->log && log_place_check(db->log) == PLACE_TAKEN)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* else a statement was not freed */
    log_place_free(db->log);
    free(db);
}

enum result db_exec(struct db *db, const char *sql, struct why *why)
{
    return db_result(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL), "execute", why);
}

enum result db_get_int(struct db *db, const char *sql, int64_t *value, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *value = 0;
    enum result res = stmt_prepare(&stmt, db, sql, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) *value = stmt_int(stmt, 0);
    stmt_free(stmt);
    return res;
}

enum result db_begin(struct db *db, struct why *why)
{
    /* An earlier rollback may have failed: the transaction that it left open would block us for ever. */
    if (!sqlite3_get_autocommit(db->handle)) (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    db->was_full = false;
    int code = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if ((code & 0xff) == SQLITE_BUSY && db->on_busy && db->on_busy(db->on_busy_context))
        code = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    return db_result(db, code, "begin", why);
}

enum result db_end(struct db *db, enum result res, struct why *why)
{
    if (res == RES_OK) {
        int code = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
        res = db_result(db, code, "commit", why);
        db->is_in_doubt =
            (code & 0xff) == SQLITE_IOERR; /* a write that finds the disk full is another error */
    }
    /* A failed commit may leave the transaction open. If it does not, the error of the rollback means nothing. */
    if (res != RES_OK) (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return res;
}

bool db_is_in_doubt(const struct db *db)
{
    return db->is_in_doubt;
}

bool db_was_full(const struct db *db)
{
    return db->was_full;
}

void db_set_busy(struct db *db, int busy_ms)
{
    db->busy_ms = busy_ms;
}

enum result db_checkpoint(struct db *db, enum db_checkpoint how, struct db_wal *wal, struct why *why)
{
    static const int modes[] = {[DB_PASSIVE] = SQLITE_CHECKPOINT_PASSIVE,
                                [DB_RESTART] = SQLITE_CHECKPOINT_RESTART,
                                [DB_TRUNCATE] = SQLITE_CHECKPOINT_TRUNCATE};
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, modes[how], &wal->frames, &wal->copied);
    return db_result(db, code, "checkpoint", why);
}

const char *db_wal_path(const struct db *db)
{
    return sqlite3_filename_wal(sqlite3_db_filename(db->handle, "main"));
}

static int refuse_commit(void *context)
{
    const struct db *db = context;
    return log_place_check(db->log) >= PLACE_NEW;
}

enum result db_keep_log(struct db *db, struct why *why)
{
    enum result res = log_place_new(&db->log, db_wal_path(db), why);
    if (res == RES_OK) (void)sqlite3_commit_hook(db->handle, refuse_commit, db);
    return res;
}

struct log_place *db_log_place(const struct db *db)
{
    return db->log;
}

enum result db_check_log(const struct db *db, struct why *why)
{
    if (log_place_check(db->log) < PLACE_NEW) return RES_OK;
    (void)why_remedy(why, RES_BROKEN, "stop the uploader and the collector, then start them again");
    return why_set(why, RES_BROKEN, "%s was replaced while in use", log_place_lost(db->log));
}

/* Places in the WAL-index and the numbers of its locks; all are part of SQLite's file format. */
#define INDEX_BYTES     32768
#define INDEX_FRAMES    16  /* offset of the number of frames, 32 bits in the machine's order */
#define INDEX_MARKS     104 /* offset of read mark 1 */
#define INDEX_MARK_LOCK 4   /* number of the lock of read mark 1 */

static sqlite3_file *file_of(struct db *db)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return code == SQLITE_OK && file && file->pMethods && file->pMethods->iVersion >= 2 ? file : NULL;
}

/* The value at an offset; NULL: this connection has not opened the WAL yet. */
static volatile uint32_t *index_value(struct db *db, int offset)
{
    volatile void *index = NULL;
    sqlite3_file *file = file_of(db);
    bool has_index = file && file->pMethods->xShmMap(file, 0, INDEX_BYTES, 0, &index) == SQLITE_OK && index;
    return has_index ? (volatile uint32_t *)index + offset / (int)sizeof(uint32_t) : NULL;
}

bool db_load_marks(struct db *db, struct db_marks *marks)
{
    const volatile uint32_t *frames = index_value(db, INDEX_FRAMES);
    const volatile uint32_t *first = index_value(db, INDEX_MARKS);
    if (!frames || !first) return false;
    marks->frames = __atomic_load_n(frames, __ATOMIC_ACQUIRE);
    for (int i = 0; i < DB_READ_MARKS; i++) marks->marks[i] = __atomic_load_n(&first[i], __ATOMIC_ACQUIRE);
    return true;
}

void db_set_mark(struct db *db, int mark, uint32_t frames)
{
    volatile uint32_t *first = index_value(db, INDEX_MARKS);
    assert(first && mark >= 0 && mark < DB_READ_MARKS);
    __atomic_store_n(&first[mark], frames, __ATOMIC_RELEASE);
}

bool db_lock_mark(struct db *db, int mark)
{
    sqlite3_file *file = file_of(db);
    assert(mark >= 0 && mark < DB_READ_MARKS);
    return file && file->pMethods->xShmLock(file, INDEX_MARK_LOCK + mark, 1,
                                            SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE) == SQLITE_OK;
}

void db_unlock_mark(struct db *db, int mark)
{
    sqlite3_file *file = file_of(db);
    assert(file && mark >= 0 && mark < DB_READ_MARKS);
    int code =
        file->pMethods->xShmLock(file, INDEX_MARK_LOCK + mark, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    assert(code == SQLITE_OK);
}

void db_on_busy(struct db *db, bool (*hook)(void *context), void *context)
{
    db->on_busy = hook;
    db->on_busy_context = context;
}

void db_on_wait(struct db *db, int ms, void (*hook)(void *context, const char *path), void *context)
{
    db->wait_ms = ms;
    db->on_wait = hook;
    db->on_wait_context = context;
}

static int committed(void *context, sqlite3 *handle, const char *name, int wal_pages)
{
    const struct db *db = context;
    (void)handle;
    (void)name;
    db->on_commit(db->on_commit_context, wal_pages);
    return SQLITE_OK;
}

void db_on_commit(struct db *db, void (*hook)(void *context, int wal_pages), void *context)
{
    db->on_commit = hook;
    db->on_commit_context = context;
    (void)sqlite3_wal_hook(db->handle, committed, db);
}

enum result db_add_table(struct db *db, const char *name, const struct sqlite3_module *module, void *context,
                         void (*free_context)(void *context), struct why *why)
{
    int code = sqlite3_create_module_v2(db->handle, name, module, context, free_context);
    return db_result(db, code, "add a table", why);
}

static char *copy(const char *text)
{
    char *own = strdup(text);
    if (!own) abort();
    return own;
}

enum result stmt_prepare(struct stmt **out, struct db *db, const char *sql, struct why *why)
{
    struct stmt *stmt = calloc(1, sizeof *stmt);
    if (!stmt) abort();
    stmt->db = db;
    stmt->next = 1;
    int code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    enum result res = db_result(db, code, "prepare", why);
    if (res != RES_OK) {
        free(stmt);
        stmt = NULL;
    } else {
        stmt->params = sqlite3_bind_parameter_count(stmt->handle);
        assert(stmt->params <= STMT_PARAM_MAX);
        for (int i = 0; i < stmt->params; i++)
            stmt->names[i] = copy(sqlite3_bind_parameter_name(stmt->handle, i + 1));
    }
    *out = stmt;
    return res;
}

void stmt_free(struct stmt *stmt)
{
    if (!stmt) return;
    (void)sqlite3_finalize(stmt->handle); /* repeats the last step's error, which has been reported */
    for (int i = 0; i < stmt->params; i++) free(stmt->names[i]);
    free(stmt);
}

static int param_index(struct stmt *stmt, const char *name)
{
    int index = stmt->next;
    if (index > stmt->params || strcmp(stmt->names[index - 1], name) != 0)
        index = sqlite3_bind_parameter_index(stmt->handle, name);
    assert(index > 0); /* else the statement has no such parameter */
    stmt->next = index + 1;
    return index;
}

void stmt_set_int(struct stmt *stmt, const char *name, int64_t value)
{
    int code = sqlite3_bind_int64(stmt->handle, param_index(stmt, name), value);
    assert(code == SQLITE_OK);
}

void stmt_set_text_n(struct stmt *stmt, const char *name, const char *text, size_t len)
{
    int code =
        sqlite3_bind_text64(stmt->handle, param_index(stmt, name), text, len, SQLITE_STATIC, SQLITE_UTF8);
    assert(code == SQLITE_OK);
}

void stmt_set_text(struct stmt *stmt, const char *name, const char *text)
{
    stmt_set_text_n(stmt, name, text, text ? strlen(text) : 0);
}

void stmt_set_blob(struct stmt *stmt, const char *name, const void *data, size_t len)
{
    /* A NULL pointer would bind NULL: an empty blob needs some address. */
    int code =
        sqlite3_bind_blob64(stmt->handle, param_index(stmt, name), len ? data : "", len, SQLITE_STATIC);
    assert(code == SQLITE_OK);
}

enum result stmt_step(struct stmt *stmt, bool *has_row, struct why *why)
{
    int code = sqlite3_step(stmt->handle);
    enum result res = db_result(stmt->db, code, "step", why);
    *has_row = code == SQLITE_ROW;
    if (!*has_row) stmt_reset(stmt);
    return res;
}

enum result stmt_run(struct stmt *stmt, int64_t *changed, struct why *why)
{
    bool has_row = false;
    enum result res = stmt_step(stmt, &has_row, why);
    assert(res != RES_OK || !has_row);
    if (changed) *changed = res == RES_OK ? sqlite3_changes64(stmt->db->handle) : 0;
    return res;
}

void stmt_reset(struct stmt *stmt)
{
    (void)sqlite3_reset(stmt->handle); /* repeats the last step's error, which has been reported */
    stmt->next = 1;
}

int64_t stmt_int(struct stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

bool stmt_is_null(struct stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

const char *stmt_text(struct stmt *stmt, int column)
{
    return (const char *)sqlite3_column_text(stmt->handle, column);
}

const void *stmt_blob(struct stmt *stmt, int column, size_t *len)
{
    const void *data = sqlite3_column_blob(stmt->handle, column);
    *len = (size_t)sqlite3_column_bytes(stmt->handle, column);
    return data;
}
