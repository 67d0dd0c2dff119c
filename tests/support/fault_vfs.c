/* fault_vfs -- see fault_vfs.h. A file of ours is a header with the real file behind it; all but three calls pass. */
#include "tests/support/fault_vfs.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>

#include "tests/support/disk_log.h"

struct fault_file {
    sqlite3_file base;
    const char *path;     /* SQLite's, for as long as the file is open; NULL: a temporary file */
    bool syncs_directory; /* with its first sync, as "unix" does for journals and logs */
    int64_t real_file[];  /* as many bytes as the real VFS asks for; SQLite aligns to eight */
};

static sqlite3_vfs *unix_vfs;
static sqlite3_vfs vfs;
static int calls_left; /* until the failing one; 0: none fails */
static bool has_fired;
static enum fault what;
static bool counts_syncs_only;

void fault_disk_at(int nth, enum fault fault)
{
    calls_left = nth;
    has_fired = false;
    what = fault;
    counts_syncs_only = false;
}

void fault_sync_at(int nth)
{
    fault_disk_at(nth, FAULT_EIO);
    counts_syncs_only = true;
}

bool fault_fired(void)
{
    bool fired = has_fired;
    calls_left = 0;
    has_fired = false;
    return fired;
}

static bool fails_now(bool is_sync)
{
    if (counts_syncs_only && !is_sync) return false;
    if (calls_left == 0 || --calls_left > 0) return false;
    has_fired = true;
    return true;
}

static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct fault_file *)file)->real_file;
}

static const char *path_of(const sqlite3_file *file)
{
    return ((const struct fault_file *)file)->path;
}

/* ---- the calls that may fail ---- */

/* As "unix" leaves it: SQLite asks for errno behind an I/O error. */
static int fail_with(int code)
{
    static const int errors[FAULT_COUNT] = {[FAULT_EIO] = EIO, [FAULT_FULL] = ENOSPC, [FAULT_QUOTA] = EDQUOT};
    errno = errors[what];
    return code;
}

static int file_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    bool fails = fails_now(false);
    int done = fails ? len / 2 : len;
    int code = real(file)->pMethods->xWrite(real(file), data, done, offset);
    assert(code == SQLITE_OK); /* the machine's own disk must not fail here */
    disk_log_write(path_of(file), data, (size_t)done, (size_t)offset);
    if (!fails) return SQLITE_OK;
    return fail_with(what == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails_now(false)) return fail_with(SQLITE_IOERR_TRUNCATE);
    disk_log_truncate(path_of(file), (size_t)size);
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct fault_file *ours = (struct fault_file *)file;
    bool fails = fails_now(true);
    (void)flags;
    disk_log_sync(ours->path, !fails);
    if (fails) return fail_with(SQLITE_IOERR_FSYNC);
    if (ours->syncs_directory) disk_log_sync_directory(ours->path);
    ours->syncs_directory = false;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *self, const char *path, int sync_directory)
{
    (void)self;
    disk_log_delete(path);
    if (sync_directory) disk_log_sync_directory(path);
    return unix_vfs->xDelete(unix_vfs, path, 0);
}

/* ---- the calls that pass ---- */

static int file_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), data, len, offset);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_lock(sqlite3_file *file, int *is_reserved)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), is_reserved);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete_it)
{
    return real(file)->pMethods->xShmUnmap(real(file), delete_it);
}

static sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory mapping: each write is seen */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct fault_file *ours = (struct fault_file *)file;
    (void)self;
    ours->path = path;
    ours->syncs_directory =
        flags & SQLITE_OPEN_CREATE && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL);
    int code = unix_vfs->xOpen(unix_vfs, path, real(file), flags, out_flags);
    file->pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

void fault_vfs_install(void)
{
    if (unix_vfs) return;
    unix_vfs = sqlite3_vfs_find("unix");
    assert(unix_vfs);
    vfs = *unix_vfs;
    vfs.pNext = NULL;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(struct fault_file) + unix_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    int code = sqlite3_vfs_register(&vfs, 1);
    assert(code == SQLITE_OK);
}
