/*
 * test_schema -- a fresh spool: its shape, its public views, who may write it; and how its schema is brought up to
 * date.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/spool.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void a_fresh_spool_has_its_fixed_page_size_and_vacuum_mode(void **state)
{
    static const struct {
        const char *pragma;
        int64_t value;
    } rows[] = {
        {"application_id", SPOOL_APPLICATION_ID}, {"user_version", SPOOL_SCHEMA}, {"page_size", 16384},
        {"auto_vacuum", 2 /* incremental */},     {"freelist_count", 0},
    };
    struct scratch *s = *state;
    must_visit(s->spool, NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(query_int(s->spool, "PRAGMA %s", rows[i].pragma), rows[i].value);
    check_text(s->spool, "PRAGMA journal_mode", "wal");
    check_text(s->spool, "PRAGMA integrity_check", "ok");
}

static void each_connection_syncs_each_commit_and_leaves_checkpoints_to_us(void **state)
{
    static const struct {
        const char *pragma;
        int64_t value;
    } rows[] = {
        {"PRAGMA synchronous", 2 /* full */},
        {"PRAGMA wal_autocheckpoint", 0},
        {"PRAGMA secure_delete", 0},
        {"PRAGMA journal_size_limit", 64 << 20},
    };
    struct scratch *s = *state;
    struct why why = {0};
    struct db *dbs[2];
    int64_t value;

    assert_int_equal(spool_create_or_open(&dbs[0], s->spool, NULL, &why), RES_OK);
    assert_int_equal(spool_open(&dbs[1], s->spool, &why), RES_OK);
    for (size_t i = 0; i < COUNT(rows) * COUNT(dbs); i++) {
        assert_int_equal(db_get_int(dbs[i % 2], rows[i / 2].pragma, &value, &why), RES_OK);
        assert_int_equal(value, rows[i / 2].value);
    }
    db_close(dbs[0]);
    db_close(dbs[1]);
}

static void every_table_is_private_and_strict(void **state)
{
    struct scratch *s = *state;
    must_visit(s->spool, NULL);
    check_text(
        s->spool,
        "SELECT name, strict FROM pragma_table_list"
        " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        "_alert|1\n_batch|1\n_collector|1\n_counter|1\n_event|1\n_intake|1\n_reject|1\n_request|1\n"
        "_sender|1\n_spool|1\n_uploader|1");
}

/* As the contract's section 3 has them, in its order. */
static const struct {
    const char *view, *columns;
} views[] = {
    {"events",
     "id,received_at,sender,source,uid,name,time,source_name,bytes,state,shipped_at,object_key,batch_id,"
     "payload"},
    {"backlog",
     "id,received_at,sender,source,uid,name,time,source_name,bytes,state,shipped_at,object_key,batch_id"},
    {"batches",
     "id,kind,state,may_be_stored,first_id,last_id,events,bytes,object_key,format,sha256,etag,attempts,"
     "sealed_at,"
     "shipped_at,verified,last_error,remedy,reship_of,resolved_as,resolved_at,resolved_by,resolved_note"},
    {"rejects", "id,received_at,source,reason,detail,bytes,truncated,state,payload"},
    {"senders", "sender,source,last_received_at,silent_seconds,events_today"},
    {"summary",
     "events,bytes,oldest_age_seconds,last_event_at,last_shipped_at,uploader_seen_at,last_error,remedy,"
     "rejects_24h,abandoned_events,spool_bytes,trial_mode"},
};

static void the_public_views_have_the_columns_of_the_contract(void **state)
{
    struct scratch *s = *state;
    char sql[128];
    must_visit(s->spool, NULL);
    for (size_t i = 0; i < COUNT(views); i++) {
        (void)snprintf(sql, sizeof sql, "SELECT group_concat(name) FROM pragma_table_info('%s')",
                       views[i].view);
        check_text(s->spool, sql, views[i].columns);
    }
    check_text(s->spool,
               "SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'view'"
               " AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name)",
               "backlog,batches,events,rejects,senders,summary");
}

static void both_users_of_the_group_can_write_whatever_the_umask(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct scratch *s = *state;
    struct why why = {0};
    struct db *db;
    char path[256];
    char dir[256];

    (void)snprintf(path, sizeof path, "%s/a/b/spool.db", s->dir);
    mode_t before = umask(077);
    assert_int_equal(spool_make_directory(path, &why), RES_OK);
    assert_int_equal(spool_make_directory(path, &why), RES_OK); /* it is there */
    assert_int_equal(spool_create_or_open(&db, path, NULL, &why), RES_OK);
    (void)umask(before);
    (void)snprintf(dir, sizeof dir, "%s/a", s->dir);
    assert_int_equal(mode_of(dir), 02770);
    (void)snprintf(dir, sizeof dir, "%s/a/b", s->dir);
    assert_int_equal(mode_of(dir), 02770);
    for (size_t i = 0; i < COUNT(ends); i++) {
        (void)snprintf(dir, sizeof dir, "%s%s", path, ends[i]);
        assert_int_equal(mode_of(dir), 0660);
    }
    db_close(db);
}

static void creating_is_all_or_nothing_whichever_disk_call_fails(void **state)
{
    bool fired = true;
    (void)state;
    for (int nth = 1; fired; nth++) {
        struct scratch *s = scratch_new();
        struct why why;
        fault_disk_at(nth, (enum fault)(nth % FAULT_COUNT));
        enum result res = visit(s->spool, "first", &why);
        fired = fault_fired();
        assert_true(res == RES_OK || (fired && res == RES_RETRY));
        must_visit(s->spool, "second");
        assert_int_equal(query_int(s->spool, "PRAGMA user_version"), SPOOL_SCHEMA);
        assert_int_equal(query_int(s->spool, "PRAGMA page_size"), SPOOL_PAGE_SIZE);
        assert_int_equal(query_int(s->spool, "PRAGMA auto_vacuum"), 2);
        check_text(s->spool, "PRAGMA integrity_check", "ok");
        visit_and_append(s->spool, 1);
        scratch_free(s);
    }
}

/* ---- the directory ---- */

static void a_check_of_the_directory_makes_nothing_and_says_what_would_be_made(void **state)
{
    struct scratch *s = *state;
    struct why why = {0};
    char path[256];
    char nearest[PATH_MAX];
    char missing[PATH_MAX];
    char expected[256];

    (void)snprintf(path, sizeof path, "%s/a/b/spool.db", s->dir);
    (void)snprintf(expected, sizeof expected, "%s/a", s->dir);
    assert_int_equal(spool_check_directory(path, missing, &why), RES_OK);
    assert_string_equal(missing, expected);
    assert_false(scratch_exists(expected));
    assert_string_equal(spool_nearest_directory(path, nearest), s->dir);
    assert_int_equal(spool_make_directory(path, &why), RES_OK);
    assert_int_equal(spool_check_directory(path, missing, &why), RES_OK);
    assert_string_equal(missing, "");
    assert_int_equal(spool_check_directory("spool.db", missing, &why), RES_OK);
    assert_string_equal(missing, "");
}

static void a_directory_that_cannot_be_made_is_refused_with_its_cause(void **state)
{
    struct scratch *s = *state;
    char path[256];
    char missing[PATH_MAX];

    scratch_write(s->spool, "", 0);
    (void)snprintf(path, sizeof path, "%s/inside/spool.db", s->spool);
    for (int is_made = 0; is_made < 2; is_made++) {
        struct why why = {0};
        enum result res =
            is_made ? spool_make_directory(path, &why) : spool_check_directory(path, missing, &why);
        assert_int_equal(res, RES_REFUSE);
        assert_non_null(strstr(why.text, "Not a directory"));
        assert_string_equal(why.remedy, "set SPOOL_PATH to another place");
    }
    (void)snprintf(path, sizeof path, "%s/link", s->dir);
    assert_int_equal(symlink("nowhere", path), 0);
    (void)snprintf(path, sizeof path, "%s/link/spool.db", s->dir);
    struct why why = {0};
    assert_int_equal(spool_check_directory(path, missing, &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "No such file"));
}

static void a_directory_of_another_user_is_refused_with_that_user_and_the_mode(void **state)
{
    struct scratch *s = *state;
    char missing[PATH_MAX];
    char path[256];
    struct why why = {0};
    if (geteuid() != 0) skip();
    (void)snprintf(path, sizeof path, "%s/a/spool.db", s->dir);
    assert_int_equal(chmod(s->dir, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    enum result checked = spool_check_directory(path, missing, &why);
    enum result made = spool_make_directory(path, &why);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(checked, RES_REFUSE);
    assert_int_equal(made, RES_REFUSE);
    assert_non_null(strstr(why.text, "(65534) may not write in"));
    assert_non_null(strstr(why.text, "with mode 0755"));
    assert_non_null(strstr(why.remedy, "run this as user root (0)"));
}

/* ---- the ladder ---- */

/* As a later version will have it: its first rung is the released one, which must not be climbed again. */
static const struct schema_rung later_ladder[] = {
    {SPOOL_SCHEMA_FIRST, "DELETE FROM _event"},
    {SPOOL_SCHEMA_FIRST + 1, "ALTER TABLE _event ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'"},
    {SPOOL_SCHEMA_FIRST + 2, "UPDATE _event SET colour = 'light ' || colour"},
    {0, NULL},
};

static const struct schema_rung broken_ladder[] = {
    {SPOOL_SCHEMA_FIRST + 1, "CREATE TABLE _new (x)"},
    {SPOOL_SCHEMA_FIRST + 2, "DELETE FROM _event; INSERT INTO nowhere VALUES (1)"},
    {0, NULL},
};

static enum result climb(const char *path, const struct schema_rung *ladder)
{
    struct why why = {0};
    struct db *db = NULL;
    int64_t schema = 0;
    assert_int_equal(spool_open(&db, path, &why), RES_OK);
    assert_int_equal(db_get_int(db, "PRAGMA user_version", &schema, &why), RES_OK);
    assert_int_equal(db_begin(db, &why), RES_OK);
    enum result res = schema_climb(db, ladder, schema, &why);
    res = db_end(db, res, &why);
    db_close(db);
    return res;
}

static void a_released_spool_climbs_the_ladder_and_keeps_its_rows(void **state)
{
    struct scratch *s = *state;
    visit_and_append(s->spool, 1);
    assert_int_equal(climb(s->spool, later_ladder), RES_OK);
    check_text(s->spool, "SELECT id, colour FROM _event", "1|light blue");
    assert_int_equal(query_int(s->spool, "PRAGMA user_version"), SPOOL_SCHEMA_FIRST + 2);
    assert_int_equal(climb(s->spool, later_ladder), RES_OK); /* nothing is left to climb */
    check_text(s->spool, "SELECT id, colour FROM _event", "1|light blue");
    visit_and_append(s->spool, 2); /* a newer minor version */
}

/* The log of climbing; owned by the caller. */
static char *log_of_climb(const char *path, const struct schema_rung *ladder)
{
    char *log = calloc(1, 4096);
    int old = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    if (!log) abort();
    assert_true(old >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    (void)climb(path, ladder);
    (void)dup2(old, STDERR_FILENO);
    assert_true(pread(file, log, 4095, 0) >= 0);
    close(old);
    close(file);
    return log;
}

static void each_rung_of_a_spool_with_rows_is_logged_at_its_begin_and_end(void **state)
{
    struct scratch *s = *state;
    must_visit(s->spool, NULL);
    char *log = log_of_climb(s->spool, later_ladder);
    char *line = log;
    for (int version = SPOOL_SCHEMA_FIRST + 1; version <= SPOOL_SCHEMA_FIRST + 2; version++) {
        char expected[100];
        (void)snprintf(expected, sizeof expected, "is being brought up to date\" to=%d\n", version);
        assert_non_null(line = strstr(line, expected));
        (void)snprintf(expected, sizeof expected, "is ready to be committed\" to=%d took_ms=", version);
        assert_non_null(line = strstr(line, expected));
    }
    assert_null(strstr(line, "is being"));
    free(log);
    log = log_of_climb(s->spool, later_ladder);
    assert_string_equal(log, ""); /* it is up to date */
    free(log);
}

static void a_rung_that_breaks_leaves_the_spool_as_it_was(void **state)
{
    struct scratch *s = *state;
    visit_and_append(s->spool, 1);
    assert_int_not_equal(climb(s->spool, broken_ladder), RES_OK);
    assert_int_equal(query_int(s->spool, "PRAGMA user_version"), SPOOL_SCHEMA);
    check_text(s->spool, "SELECT count(*) FROM _event", "1");
    check_text(s->spool, "SELECT count(*) FROM sqlite_schema WHERE name = '_new'", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_fresh_spool_has_its_fixed_page_size_and_vacuum_mode),
        IN_SCRATCH(each_connection_syncs_each_commit_and_leaves_checkpoints_to_us),
        IN_SCRATCH(every_table_is_private_and_strict),
        IN_SCRATCH(the_public_views_have_the_columns_of_the_contract),
        IN_SCRATCH(both_users_of_the_group_can_write_whatever_the_umask),
        IN_SCRATCH(a_check_of_the_directory_makes_nothing_and_says_what_would_be_made),
        IN_SCRATCH(a_directory_that_cannot_be_made_is_refused_with_its_cause),
        IN_SCRATCH(a_directory_of_another_user_is_refused_with_that_user_and_the_mode),
        IN_SCRATCH(a_released_spool_climbs_the_ladder_and_keeps_its_rows),
        IN_SCRATCH(each_rung_of_a_spool_with_rows_is_logged_at_its_begin_and_end),
        IN_SCRATCH(a_rung_that_breaks_leaves_the_spool_as_it_was),
        cmocka_unit_test(creating_is_all_or_nothing_whichever_disk_call_fails),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
