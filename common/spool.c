/* spool -- see spool.h. */
#include "common/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lock_wait.h"
#include "common/log_place.h"
#include "common/path.h"
#include "common/sql.h"

enum result spool_configure(struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, "PRAGMA journal_mode = WAL", why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && (!has_row || strcmp(stmt_text(stmt, 0), "wal") != 0))
        res = why_set(why, RES_REFUSE,
                      "SPOOL_PATH: SQLite cannot use a write-ahead log there: choose a local disk");
    stmt_free(stmt);
    if (res != RES_OK) return res;
    /* secure_delete: Debian's SQLite overwrites freed pages by default, which would write every event twice. */
    return db_exec(
        db,
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY",
        why);
}

static enum result refuse(const char *path, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to another file, or move this one away");
    return why_set(why, RES_REFUSE, "SPOOL_PATH=%s is not a spool of eventspool; it was left untouched",
                   path);
}

/* Reads, in one transaction because a collector may be creating the file, what identifies a spool and its version. */
static enum result read_version(struct db *db, int64_t *application, int64_t *schema, int64_t *objects,
                                struct why *why)
{
    enum result res = db_exec(db, "BEGIN", why);
    if (res != RES_OK) return res;
    res = db_get_int(db, "PRAGMA application_id", application, why);
    if (res == RES_OK) res = db_get_int(db, "PRAGMA user_version", schema, why);
    if (res == RES_OK) res = db_get_int(db, "SELECT count(*) FROM sqlite_schema", objects, why);
    return db_end(db, res, why);
}

enum spool_age spool_age_of(int64_t schema, int64_t current)
{
    if (schema < SPOOL_SCHEMA_FIRST) return SPOOL_AGE_DEVELOPMENT;
    if (schema / 100 > current / 100) return SPOOL_AGE_TOO_NEW;
    return schema < current ? SPOOL_AGE_OLDER : SPOOL_AGE_USABLE;
}

/* Checks the version of a file that is a spool. */
static enum result check_age(const char *path, int64_t schema, struct why *why)
{
    switch (spool_age_of(schema, SPOOL_SCHEMA)) {
    case SPOOL_AGE_DEVELOPMENT:
        (void)why_remedy(
            why, RES_REFUSE,
            "set SPOOL_PATH to a new file, or move this one away; what it holds can be shipped with "
            "the version that made it");
        return why_set(why, RES_REFUSE,
                       "SPOOL_PATH=%s was made by a development version (schema %" PRId64
                       "), which this program cannot use; untouched",
                       path, schema);
    case SPOOL_AGE_TOO_NEW:
        (void)why_remedy(why, RES_RETRY, "upgrade this program");
        return why_set(why, RES_RETRY, "the spool %s has schema %" PRId64 ", newer than this program's %d",
                       path, schema, SPOOL_SCHEMA);
    case SPOOL_AGE_OLDER:
    case SPOOL_AGE_USABLE: break;
    }
    return RES_OK;
}

enum result spool_check_version(struct db *db, const char *path, int64_t *schema, struct why *why)
{
    int64_t application = 0;
    int64_t objects = 0;
    enum result res = read_version(db, &application, schema, &objects, why);
    if (res == RES_REFUSE) return refuse(path, why); /* not an SQLite file */
    if (res != RES_OK) return why_wrap(why, res, "open the spool %s", path);
    if (application == 0 && *schema == 0 && objects == 0) return RES_OK; /* empty: not created yet */
    if (application != SPOOL_APPLICATION_ID) return refuse(path, why);
    return check_age(path, *schema, why);
}

/* SQLite says of such a file only that it cannot open `database file`. */
static enum result explain_log(const char *path, enum result res, struct why *why)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    char log[PATH_MAX];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)log_place_path(path, suffixes[i], log);
        if (faccessat(AT_FDCWD, log, R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES)
            return path_explain_rights("SPOOL_PATH", path, log, "read and write", RES_REFUSE, why);
    }
    return res;
}

enum result spool_check_opened(struct db *db, const char *path, int64_t *schema, struct why *why)
{
    enum result res = spool_check_version(db, path, schema, why);
    return res == RES_RETRY ? explain_log(path, res, why) : res;
}

/* To be called when there was no file: one that is being created comes between two looks. */
static bool is_link(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static enum result refuse_link(const char *path, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    (void)why_remedy(why, RES_REFUSE,
                     "mount the disk to which it leads, remove the link, or set SPOOL_PATH to another file");
    return why_set(why, RES_REFUSE, "SPOOL_PATH=%s is a symbolic link to a file that is not there",
                   path_show(path, shown));
}

bool spool_is_missing(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 && errno == ENOENT;
}

enum result spool_check_access(const char *path, struct why *why)
{
    struct stat st;
    bool is_file = stat(path, &st) == 0;
    if (!is_file && errno == EACCES) return path_explain("SPOOL_PATH", path, errno, RES_REFUSE, why);
    if (!is_file && errno == ENOENT && is_link(path)) return refuse_link(path, why);
    is_file = is_file && S_ISREG(st.st_mode);
    if (is_file && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0) return RES_OK;
    if (is_file) return path_explain_rights("SPOOL_PATH", path, path, "read and write", RES_REFUSE, why);
    (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to a file");
    return why_set(why, RES_REFUSE, "SPOOL_PATH=%s is not a regular file", path);
}

/* A spool that is missing will come. One that this user cannot reach may have been there for years. */
static enum result check_existence(const char *path, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    struct stat st;
    if (stat(path, &st) == 0) return RES_OK;
    switch (errno) {
    case ENOENT:
        if (is_link(path)) return refuse_link(path, why);
        return why_set(why, RES_RETRY, "the spool SPOOL_PATH=%s is not there yet: the collector creates it",
                       path_show(path, shown));
    case EACCES: return path_explain("SPOOL_PATH", path, errno, RES_REFUSE, why);
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to a file");
        return path_explain("SPOOL_PATH", path, errno, RES_REFUSE, why);
    default: return path_explain("SPOOL_PATH", path, errno, RES_RETRY, why);
    }
}

enum result spool_check_usable(const char *path, struct why *why)
{
    struct db *db = NULL;
    int64_t schema = 0;
    if (spool_is_missing(path)) return RES_OK; /* the collector creates it */
    enum result res = spool_check_access(path, why);
    if (res == RES_OK) res = db_open(&db, path, SPOOL_LOOK_BUSY_MS, why);
    if (res == RES_OK) res = spool_check_opened(db, path, &schema, why);
    db_close(db);
    /* The one cause that waiting does not mend. */
    bool is_too_new = schema != 0 && spool_age_of(schema, SPOOL_SCHEMA) == SPOOL_AGE_TOO_NEW;
    if (res != RES_RETRY || is_too_new) return res;
    why_clear(why);
    return RES_OK;
}

/* An index is empty for as long as a collector keeps others out of the spool (common/log_place.h). */
static enum result explain_guard(const char *path, enum result res, struct why *why)
{
    char index[PATH_MAX];
    struct stat st;
    (void)log_place_path(path, "-shm", index);
    if (stat(index, &st) != 0 || st.st_size > 0) return res;
    return why_wrap(why, res,
                    "%s was deleted while in use, and the collector keeps others out until it is restarted",
                    index);
}

static enum result open_existing(struct db **out, const char *path, bool is_command, struct why *why)
{
    struct db *db = NULL;
    int64_t schema = 0;
    *out = NULL;
    enum result res = check_existence(path, why);
    if (res == RES_OK) res = spool_check_access(path, why);
    if (res == RES_OK) res = db_open(&db, path, SPOOL_BUSY_MS, why);
    if (res == RES_OK && is_command) lock_wait_watch(db);
    if (res == RES_OK) res = spool_check_opened(db, path, &schema, why);
    if (res == RES_OK && schema == 0)
        res = why_set(why, RES_RETRY, "the spool %s is not there yet: the collector creates it", path);
    if (res == RES_OK) res = spool_configure(db, why);
    if (res == RES_OK) res = db_keep_log(db, why);
    if (res != RES_OK) {
        db_close(db);
        db = NULL;
    }
    *out = db;
    return res == RES_RETRY ? explain_guard(path, res, why) : res;
}

enum result spool_open(struct db **db, const char *path, struct why *why)
{
    return open_existing(db, path, false, why);
}

enum result spool_open_for_command(struct db **db, const char *path, struct why *why)
{
    return open_existing(db, path, true, why);
}

enum result spool_load_identity(struct db *db, struct spool_identity *identity, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_load_identity, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && !has_row) res = why_set(why, RES_BROKEN, "the spool's identity is missing");
    if (res == RES_OK) {
        (void)snprintf(identity->spool, sizeof identity->spool, "%s", stmt_text(stmt, 0));
        (void)snprintf(identity->node, sizeof identity->node, "%s", stmt_text(stmt, 1));
    }
    stmt_free(stmt);
    return res;
}

enum result spool_stat_file(const char *path, struct spool_file *file, struct why *why)
{
    struct statx st;
    if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
        return why_set(why, RES_BROKEN, "stat %s: %s", path, strerror(errno));
    file->device = (int64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
    file->inode = (int64_t)st.stx_ino;
    file->born_at =
        st.stx_mask & STATX_BTIME ? st.stx_btime.tv_sec * 1000 + st.stx_btime.tv_nsec / 1000000 : 0;
    return RES_OK;
}

enum result spool_check_file(struct db *db, const struct spool_file *file, bool *is_same, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    *is_same = false;
    enum result res = stmt_prepare(&stmt, db, sql_load_file_identity, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row)
        *is_same = stmt_int(stmt, 1) == file->inode && stmt_int(stmt, 2) == file->born_at &&
                   (file->born_at != 0 || stmt_int(stmt, 0) == file->device);
    stmt_free(stmt);
    return res;
}
