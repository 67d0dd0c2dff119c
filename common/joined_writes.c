/* joined_writes -- see joined_writes.h. The methods of an open file are replaced by ours, which call them. */
#include "common/joined_writes.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define METHODS_VERSION 2 /* without those of a file that is mapped into memory: a log is not */

#define COPY_SIZE 2048 /* a longer memcpy() is the processor's own loop, which takes a tenth more time here */

struct joined {
    sqlite3_io_methods methods; /* first: a file has a pointer to them, and so to all of this */
    const sqlite3_io_methods *below;
    char *data; /* what waits; NULL: nothing was written yet */
    int len;
    sqlite3_int64 offset; /* of the file, where it belongs */
};

static struct joined *joined_of(sqlite3_file *file)
{
    struct joined *joined = NULL;
    memcpy(&joined, &file->pMethods, sizeof joined); /* SQLite has it as const */
    return joined;
}

static int write_waiting(sqlite3_file *file)
{
    struct joined *j = joined_of(file);
    int len = j->len;
    j->len = 0; /* also if it fails: what it belongs to has failed then */
    return len == 0 ? SQLITE_OK : j->below->xWrite(file, j->data, len, j->offset);
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
    return code == SQLITE_OK ? joined_of(file)->below->xRead(file, data, len, offset) : code;
}

static int truncate_joined(sqlite3_file *file, sqlite3_int64 size)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below->xTruncate(file, size) : code;
}

static int sync_joined(sqlite3_file *file, int flags)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below->xSync(file, flags) : code;
}

static int size_joined(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below->xFileSize(file, size) : code;
}

static int control_joined(sqlite3_file *file, int what, void *argument)
{
    int code = write_waiting(file);
    return code == SQLITE_OK ? joined_of(file)->below->xFileControl(file, what, argument) : code;
}

static int close_joined(sqlite3_file *file)
{
    struct joined *j = joined_of(file);
    int code = write_waiting(file);
    file->pMethods = j->below;
    free(j->data);
    free(j);
    int closed = file->pMethods->xClose(file);
    return code == SQLITE_OK ? closed : code;
}

/* ---- beginning ---- */

bool joined_writes_begin(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    if (code != SQLITE_OK || !file || !file->pMethods) return false;
    struct joined *j = calloc(1, sizeof *j);
    if (!j) abort();
    j->methods = *file->pMethods;
    j->below = file->pMethods;
    j->methods.xClose = close_joined;
    j->methods.xRead = read_joined;
    j->methods.xWrite = write_joined;
    j->methods.xTruncate = truncate_joined;
    j->methods.xSync = sync_joined;
    j->methods.xFileSize = size_joined;
    j->methods.xFileControl = control_joined;
    if (j->methods.iVersion > METHODS_VERSION)
        j->methods.iVersion = METHODS_VERSION; /* we have copied no more */
    file->pMethods = &j->methods;
    return true;
}
