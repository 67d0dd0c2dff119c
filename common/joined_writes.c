/* joined_writes -- see joined_writes.h. The methods of an open file are replaced by ours, which call them. */
#include "common/joined_writes.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LOG_VERSION                                                                                          \
    2 /* of SQLite's methods: without those of a file that is mapped into memory, as a log is not, */
#define DATABASE_VERSION 3 /* and with them. We have copied no more. */
#define WRITE_LOCK       0 /* its number: https://www.sqlite.org/walformat.html, 2.3 */

#define COPY_SIZE 2048 /* a longer memcpy() is the processor's own loop, which takes a tenth more time here */

/* Of one connection. */
struct joined {
    sqlite3_io_methods log, database; /* a file has a pointer to its methods, and so to all of this */
    const sqlite3_io_methods *below_log, *below_database;
    int open_files;
    char *data; /* what waits; NULL: nothing was written yet */
    int len;
    sqlite3_int64 offset; /* of the log, where it belongs */
};

/* Of the log. SQLite has the pointer as const. */
static struct joined *joined_of(sqlite3_file *file)
{
    struct joined *joined = NULL;
    memcpy(&joined, &file->pMethods, sizeof joined);
    return joined;
}

static struct joined *joined_of_database(sqlite3_file *file)
{
    char *methods = NULL;
    memcpy(&methods, &file->pMethods, sizeof methods);
    return (struct joined *)(void *)(methods - offsetof(struct joined, database));
}

static int write_waiting(sqlite3_file *file)
{
    struct joined *j = joined_of(file);
    int len = j->len;
    j->len = 0; /* also if it fails: what it belongs to has failed then */
    return len == 0 ? SQLITE_OK : j->below_log->xWrite(file, j->data, len, j->offset);
}

/* Up to the next multiple of JOINED_WRITES_SIZE; returns how many bytes were taken. */
static int take(struct joined *j, const char *data, int len)
{
    int room = (int)JOINED_WRITES_SIZE - (int)((j->offset + j->len) % (sqlite3_int64)JOINED_WRITES_SIZE);
    int taken = len < room ? len : room;
    for (int done = 0; done < taken; done += COPY_SIZE)
        memcpy(j->data + j->len + done, data + done,
               (size_t)(taken - done < COPY_SIZE ? taken - done : COPY_SIZE));
    j->len += taken;
    return taken;
}

/* ---- the methods ---- */

static int write_joined(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    struct joined *j = joined_of(file);
    int code = offset == j->offset + j->len ? SQLITE_OK : write_waiting(file);
    if (!j->data) j->data = malloc(JOINED_WRITES_SIZE);
    if (!j->data) abort();
    for (int done = 0; code == SQLITE_OK && done < len;) {
        if (j->len == 0) j->offset = offset + done;
        done += take(j, (const char *)data + done, len - done);
        if ((j->offset + j->len) % (sqlite3_int64)JOINED_WRITES_SIZE == 0) code = write_waiting(file);
    }
    return code;
}

static int read_joined(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below_log->xRead(file, data, len, offset) : code;
}

static int truncate_joined(sqlite3_file *file, sqlite3_int64 size)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below_log->xTruncate(file, size) : code;
}

static int sync_joined(sqlite3_file *file, int flags)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below_log->xSync(file, flags) : code;
}

static int size_joined(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below_log->xFileSize(file, size) : code;
}

static int control_joined(sqlite3_file *file, int what, void *argument)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below_log->xFileControl(file, what, argument) : code;
}

static void release(struct joined *j)
{
    if (--j->open_files > 0) return;
    free(j->data);
    free(j);
}

/* What waits now belongs to a transaction that has not been committed. */
static int close_joined(sqlite3_file *file)
{
    struct joined *j = joined_of(file);
    file->pMethods = j->below_log;
    j->len = 0;
    release(j);
    return file->pMethods->xClose(file);
}

/* ---- the database's ---- */

/*
 * With the lock of the one who writes ends what may be written: what waits then has been rolled back, and another connection
 * may write there next.
 */
static int lock_database(sqlite3_file *file, int first, int count, int flags)
{
    struct joined *j = joined_of_database(file);
    if (first == WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) && (flags & SQLITE_SHM_EXCLUSIVE)) j->len = 0;
    return j->below_database->xShmLock(file, first, count, flags);
}

static int close_database(sqlite3_file *file)
{
    struct joined *j = joined_of_database(file);
    file->pMethods = j->below_database;
    release(j);
    return file->pMethods->xClose(file);
}

/* ---- beginning ---- */

/* `which` is SQLite's name of the file; NULL: it is not open. */
static sqlite3_file *find_file(sqlite3 *handle, int which)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(handle, "main", which, &file);
    return code == SQLITE_OK && file && file->pMethods ? file : NULL;
}

static void copy_methods(sqlite3_io_methods *to, const sqlite3_io_methods *from, int version)
{
    *to = *from;
    if (to->iVersion > version) to->iVersion = version;
}

/* Else the end of a commit is written behind its sync. */
static bool syncs_all(sqlite3_file *database)
{
    return (database->pMethods->xDeviceCharacteristics(database) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
}

bool joined_writes_begin(sqlite3 *handle)
{
    sqlite3_file *log = find_file(handle, SQLITE_FCNTL_JOURNAL_POINTER);
    sqlite3_file *database = find_file(handle, SQLITE_FCNTL_FILE_POINTER);
    if (!log || !database || database->pMethods->iVersion < LOG_VERSION || !syncs_all(database)) return false;
    struct joined *j = calloc(1, sizeof *j);
    if (!j) abort();
    j->open_files = 2;
    j->below_log = log->pMethods;
    j->below_database = database->pMethods;
    copy_methods(&j->log, log->pMethods, LOG_VERSION);
    j->log.xClose = close_joined;
    j->log.xRead = read_joined;
    j->log.xWrite = write_joined;
    j->log.xTruncate = truncate_joined;
    j->log.xSync = sync_joined;
    j->log.xFileSize = size_joined;
    j->log.xFileControl = control_joined;
    copy_methods(&j->database, database->pMethods, DATABASE_VERSION);
    j->database.xShmLock = lock_database;
    j->database.xClose = close_database;
    log->pMethods = &j->log;
    database->pMethods = &j->database;
    return true;
}
