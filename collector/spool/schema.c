/*
 * schema -- see schema.h. The file is made before SQLite sees it (for its mode); a crash at any point leaves
 * an empty file or a whole schema, and the next start goes on from there.
 */
#include "collector/spool/schema.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/inodes.h"
#include "common/log.h"
#include "common/long_call.h"
#include "common/path.h"
#include "common/spool.h"
#include "common/sql.h"

/* A released rung never changes: spools that have climbed it do not climb it again. */
static const struct schema_rung schema_ladder[] = {
    {SPOOL_SCHEMA_FIRST, sql_schema_001_init},
    {0, NULL},
};

const char *spool_directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int len = slash && slash > path ? (int)(slash - path) : 1;
    (void)snprintf(out, PATH_MAX, "%.*s", len, slash ? path : ".");
    return out;
}

/* Makes a new directory's name durable; if that fails there is nothing better to do. */
static void sync_parent(const char *dir)
{
    char parent[PATH_MAX];
    int fd = open(spool_directory_of(dir, parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) log_debug("cannot sync the directory", "path=%s", LOG_QUOTE(parent));
    if (fd >= 0) close(fd);
}

static enum result make_one_directory(const char *dir, struct why *why)
{
    if (mkdir(dir, 02770) == 0) {
        if (chmod(dir, 02770) != 0) log_debug("cannot set the directory's mode", "path=%s", LOG_QUOTE(dir));
        sync_parent(dir);
        return RES_OK;
    }
    return errno == EEXIST ? RES_OK : why_set(why, RES_REFUSE, "cannot make %s: %s", dir, strerror(errno));
}

/* `missing` becomes the directory below it on the way, "" if there is none. */
static const char *find_nearest(const char *path, char missing[PATH_MAX], char out[PATH_MAX])
{
    struct stat st;
    missing[0] = '\0';
    (void)spool_directory_of(path, out);
    while (lstat(out, &st) != 0 && errno == ENOENT) {
        (void)snprintf(missing, PATH_MAX, "%s", out);
        (void)spool_directory_of(missing, out);
    }
    return out;
}

const char *spool_nearest_directory(const char *path, char out[PATH_MAX])
{
    char missing[PATH_MAX];
    return find_nearest(path, missing, out);
}

static enum result check_writable(const char *path, const char *dir, struct why *why)
{
    if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0) return RES_OK;
    if (errno == EACCES) return path_explain_rights("SPOOL_PATH", path, dir, "write in", RES_REFUSE, why);
    (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to another place");
    return why_set(why, RES_REFUSE, "SPOOL_PATH=%s: cannot write in %s: %s", path, dir, strerror(errno));
}

enum result spool_check_directory(const char *path, char missing[PATH_MAX], struct why *why)
{
    char dir[PATH_MAX];
    struct stat st;
    (void)find_nearest(path, missing, dir);
    if (stat(dir, &st) != 0) {
        (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to another place");
        return path_explain("SPOOL_PATH", path, errno, RES_REFUSE, why);
    }
    if (S_ISDIR(st.st_mode)) return check_writable(path, dir, why);
    (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to another place");
    return why_set(why, RES_REFUSE, "SPOOL_PATH=%s: %s is not a directory", path, dir);
}

static enum result make_directories(const char *path, struct why *why)
{
    char dir[PATH_MAX];
    enum result res = RES_OK;
    (void)spool_directory_of(path, dir);
    for (char *slash = strchr(dir + 1, '/'); slash && res == RES_OK; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        res = make_one_directory(dir, why);
        *slash = '/';
    }
    if (res == RES_OK) res = make_one_directory(dir, why);
    if (res == RES_OK) return res;
    (void)why_remedy(why, res,
                     "give this user write access to the directory, or set SPOOL_PATH to another place");
    return why_wrap(why, res, "SPOOL_PATH=%s", path);
}

enum result spool_make_directory(const char *path, struct why *why)
{
    char missing[PATH_MAX];
    enum result res = spool_check_directory(path, missing, why);
    return res == RES_OK && *missing ? make_directories(path, why) : res;
}

/* SQLite gives -wal and -shm the mode of the file itself, which both programs' group must be able to write. */
static enum result make_file(const char *path, struct why *why)
{
    struct stat st = {.st_size = 0};
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (fd < 0 && (errno == ENOSPC || errno == EDQUOT)) {
        (void)why_remedy(why, RES_RETRY, "free space on the disk of SPOOL_PATH, or raise the quota there");
        (void)why_set(why, RES_RETRY, "cannot create the file: %s", strerror(errno));
        return inodes_explain(path, RES_RETRY, why);
    }
    if (fd < 0 && errno != EEXIST) {
        (void)why_remedy(why, RES_REFUSE, "give this user write access to the directory, or set SPOOL_PATH");
        return why_set(why, RES_REFUSE, "SPOOL_PATH=%s: cannot create it: %s", path, strerror(errno));
    }
    if (fd >= 0) close(fd);
    enum result res = spool_check_access(path, why);
    /* An empty file is new, or a start before this one ended before its mode was set. */
    if (res == RES_OK && stat(path, &st) == 0 && st.st_size == 0 && chmod(path, 0660) != 0)
        log_debug("cannot set the spool's mode", "path=%s", LOG_QUOTE(path));
    return res;
}

/* What opening has changed. */
enum change { CHANGE_NONE, CHANGE_CREATED, CHANGE_REDRAWN };

static void draw_spool_id(char out[SPOOL_ID_SIZE])
{
    unsigned char random[(SPOOL_ID_SIZE - 1) / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        abort(); /* never fails for so few bytes */
    for (size_t i = 0; i < sizeof random; i++) (void)snprintf(out + 2 * i, 3, "%02x", random[i]);
}

static void bind_file(struct stmt *stmt, const char *spool, const struct spool_file *file)
{
    stmt_set_text(stmt, ":spool", spool);
    stmt_set_int(stmt, ":device", file->device);
    stmt_set_int(stmt, ":inode", file->inode);
    stmt_set_int(stmt, ":born_at", file->born_at);
}

static enum result create_identity(struct db *db, const struct spool_file *file, const char *node,
                                   struct why *why)
{
    char spool[SPOOL_ID_SIZE];
    char host[SPOOL_NODE_MAX + 1] = "";
    struct stmt *stmt = NULL;

    draw_spool_id(spool);
    if (gethostname(host, sizeof host - 1) != 0 || !*host) (void)snprintf(host, sizeof host, "eventspool");
    for (char *c = host; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c)) *c = '-'; /* as NODE_ID may be */
    enum result res = stmt_prepare(&stmt, db, sql_create_identity, why);
    if (res == RES_OK) {
        bind_file(stmt, spool, file);
        stmt_set_text(stmt, ":node", node ? node : host);
        stmt_set_int(stmt, ":created_at", clock_now_ms());
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

static enum result doubt_open_batches(struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    enum result res = stmt_prepare(&stmt, db, sql_doubt_open_batches, why);
    if (res == RES_OK) {
        stmt_set_int(stmt, ":now", clock_now_ms());
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

/* To be called in a transaction. */
static enum result redraw_identity(struct db *db, const struct spool_file *file, struct why *why)
{
    char spool[SPOOL_ID_SIZE];
    struct stmt *stmt = NULL;

    draw_spool_id(spool);
    enum result res = stmt_prepare(&stmt, db, sql_redraw_identity, why);
    if (res == RES_OK) {
        bind_file(stmt, spool, file);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res == RES_OK ? doubt_open_batches(db, why) : res;
}

static enum result check_identity(struct db *db, const struct spool_file *file, enum change *change,
                                  struct why *why)
{
    bool is_same = false;
    enum result res = spool_check_file(db, file, &is_same, why);
    if (res != RES_OK || is_same) return res;
    *change = CHANGE_REDRAWN;
    return redraw_identity(db, file, why);
}

static enum result rename_node(struct db *db, const char *node, struct why *why)
{
    struct stmt *stmt = NULL;
    if (!node) return RES_OK;
    enum result res = stmt_prepare(&stmt, db, sql_rename_node, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":node", node);
        res = stmt_run(stmt, NULL, why);
    }
    stmt_free(stmt);
    return res;
}

/* Page size and vacuum mode must be set before the first page is written; they do nothing to a file that has pages. */
static enum result shape_file(struct db *db, struct why *why)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL",
                   SPOOL_PAGE_SIZE);
    return db_exec(db, sql, why);
}

static enum result climb_one(struct db *db, const struct schema_rung *rung, struct why *why)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d; PRAGMA application_id = %d", rung->version,
                   SPOOL_APPLICATION_ID);
    enum result res = db_exec(db, rung->sql, why);
    return res == RES_OK ? db_exec(db, sql, why) : res;
}

/* Of a spool that has rows, a statement may take minutes. */
static enum result climb_and_log(struct db *db, const struct schema_rung *rung, struct why *why)
{
    int64_t began_at = clock_monotonic_ms();
    log_info("the spool's schema is being brought up to date", "to=%d", rung->version);
    struct long_call *call = long_call_begin("bringing the spool's schema up to date", LONG_CALL_LOG_MS);
    enum result res = climb_one(db, rung, why);
    long_call_end(call);
    if (res == RES_OK)
        log_info("the spool's schema is ready to be committed", "to=%d took_ms=%" PRId64, rung->version,
                 clock_monotonic_ms() - began_at);
    return res;
}

enum result schema_climb(struct db *db, const struct schema_rung *ladder, int64_t schema, struct why *why)
{
    enum result res = RES_OK;
    for (const struct schema_rung *rung = ladder; rung->sql && res == RES_OK; rung++)
        if (rung->version > schema)
            res = schema == 0 ? climb_one(db, rung, why) : climb_and_log(db, rung, why);
    return res;
}

/* Schema and identity, in one transaction. */
static enum result bring_up_to_date(struct db *db, int64_t schema, const struct spool_file *file,
                                    const char *node, enum change *change, struct why *why)
{
    enum result res = db_begin(db, why);
    if (res != RES_OK) return res;
    res = schema_climb(db, schema_ladder, schema, why);
    *change = schema == 0 ? CHANGE_CREATED : CHANGE_NONE;
    if (res == RES_OK && schema == 0) res = create_identity(db, file, node, why);
    if (res == RES_OK && schema != 0) res = check_identity(db, file, change, why);
    if (res == RES_OK) res = rename_node(db, node, why);
    return db_end(db, res, why);
}

/* After the commit: what has become of the spool. */
static enum result log_change(struct db *db, enum change change, struct why *why)
{
    struct spool_identity identity;
    enum result res = spool_load_identity(db, &identity, why);
    if (res == RES_OK && change == CHANGE_CREATED)
        log_info("spool created", "spool=%s node=%s", identity.spool, LOG_QUOTE(identity.node));
    if (res == RES_OK && change == CHANGE_REDRAWN)
        log_warn("the spool's file is a copy: it got a new identity", "spool=%s", identity.spool);
    return res;
}

/* Each of these says itself which file is meant. */
static enum result open_file(struct db **db, const char *path, struct spool_file *file, int64_t *schema,
                             struct why *why)
{
    enum result res = make_file(path, why);
    if (res == RES_OK) res = spool_stat_file(path, file, why);
    if (res == RES_OK) res = db_open(db, path, SPOOL_WRITER_BUSY_MS, why);
    return res == RES_OK ? spool_check_opened(*db, path, schema, why) : res;
}

static enum result use_file(struct db *db, int64_t schema, const struct spool_file *file, const char *path,
                            const char *node, struct why *why)
{
    enum change change = CHANGE_NONE;
    enum result res = schema == 0 ? shape_file(db, why) : RES_OK;
    if (res == RES_OK) res = spool_configure(db, why);
    if (res == RES_OK) res = bring_up_to_date(db, schema, file, node, &change, why);
    if (res == RES_OK) res = log_change(db, change, why);
    return res == RES_OK ? res : why_wrap(why, res, "SPOOL_PATH=%s", path);
}

enum result spool_create_or_open(struct db **out, const char *path, const char *node, struct why *why)
{
    struct db *db = NULL;
    struct spool_file file = {0};
    int64_t schema = 0;

    enum result res = open_file(&db, path, &file, &schema, why);
    if (res == RES_OK) res = use_file(db, schema, &file, path, node, why);
    if (res != RES_OK) {
        db_close(db);
        db = NULL;
    }
    *out = db;
    return res;
}

enum result spool_new_identity(struct db *db, const char *path, struct spool_identity *before,
                               struct spool_identity *after, struct why *why)
{
    struct spool_file file = {0};
    enum result res = spool_stat_file(path, &file, why);
    if (res == RES_OK) res = db_begin(db, why);
    if (res != RES_OK) return res;
    res = spool_load_identity(db, before, why);
    if (res == RES_OK) res = redraw_identity(db, &file, why);
    if (res == RES_OK) res = spool_load_identity(db, after, why);
    return db_end(db, res, why);
}
