/* test_identity -- whose file is it: another program's, a newer one's, a copy, ours; and the node's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/spool.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/in_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct spool_identity identity_of(const char *path)
{
    struct spool_identity identity;
    struct why why = {0};
    struct db *db;
    assert_int_equal(spool_open(&db, path, &why), RES_OK);
    assert_int_equal(spool_load_identity(db, &identity, &why), RES_OK);
    db_close(db);
    return identity;
}

/* ---- files that are not ours, or not for us ---- */

static void check_refused_untouched(const char *path, enum result expected)
{
    struct why why;
    struct db *db;
    size_t len_before;
    size_t len_after;
    char *before = scratch_read(path, &len_before);

    assert_int_equal(visit(path, "node", &why), expected);
    assert_non_null(strstr(why.text, path));
    assert_true(*why.remedy);
    assert_int_equal(spool_open(&db, path, &why), expected); /* as the uploader does */
    char *after = scratch_read(path, &len_after);
    assert_int_equal(len_after, len_before);
    assert_memory_equal(after, before, len_before);
    free(before);
    free(after);
}

static void a_foreign_database_is_refused_untouched(void **state)
{
    static const char *const foreign[] = {
        "CREATE TABLE theirs (x)",
        "PRAGMA application_id = 1",
        "PRAGMA user_version = 100",
        "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x)",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        struct scratch *s = scratch_new();
        query_do(s->spool, "%s", foreign[i]);
        check_refused_untouched(s->spool, RES_REFUSE);
        scratch_free(s);
    }
}

static void a_text_file_is_refused_untouched(void **state)
{
    struct scratch *s = *state;
    char letter[5000];
    memset(letter, 'a', sizeof letter);
    scratch_write(s->spool, letter, sizeof letter);
    check_refused_untouched(s->spool, RES_REFUSE);
    scratch_write(s->spool, "short", 5);
    check_refused_untouched(s->spool, RES_REFUSE);
}

static void a_spool_of_a_development_version_is_refused_untouched(void **state)
{
    static const int versions[] = {1, 100, 101, 102, SPOOL_SCHEMA_FIRST - 1};
    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct scratch *s = scratch_new();
        must_visit(s->spool, NULL);
        query_do(s->spool, "PRAGMA user_version = %d", versions[i]);
        check_refused_untouched(s->spool, RES_REFUSE);
        scratch_free(s);
    }
}

static void only_a_newer_major_schema_waits_for_an_upgrade(void **state)
{
    struct scratch *s = *state;
    must_visit(s->spool, NULL);
    query_do(s->spool, "PRAGMA user_version = 200");
    check_refused_untouched(s->spool, RES_RETRY);
    query_do(s->spool, "PRAGMA user_version = %d", SPOOL_SCHEMA + 1);
    must_visit(s->spool, NULL);
    visit_and_append(s->spool, 1);
    assert_int_equal(query_int(s->spool, "PRAGMA user_version"), SPOOL_SCHEMA + 1);
}

static void the_uploader_waits_for_the_collector_to_create_the_spool(void **state)
{
    struct scratch *s = *state;
    struct why why = {0};
    struct db *db;

    assert_int_equal(spool_open(&db, s->spool, &why), RES_RETRY);
    assert_null(db);
    scratch_write(s->spool, "", 0);
    assert_int_equal(spool_open(&db, s->spool, &why), RES_RETRY);
    must_visit(s->spool, NULL);
    assert_int_equal(spool_open(&db, s->spool, &why), RES_OK);
    db_close(db);
}

/* ---- identity ---- */

static void opening_twice_keeps_the_identity(void **state)
{
    struct scratch *s = *state;
    must_visit(s->spool, NULL);
    struct spool_identity first = identity_of(s->spool);
    must_visit(s->spool, NULL);
    struct spool_identity again = identity_of(s->spool);
    assert_int_equal(strspn(first.spool, "0123456789abcdef"), 10);
    assert_string_equal(again.spool, first.spool);
    assert_string_equal(again.node, first.node);
}

static void a_copy_gets_its_own_identity_and_continues_the_ids(void **state)
{
    struct scratch *s = *state;
    char copy[256];

    must_visit(s->spool, "here");
    visit_and_append(s->spool, 1);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", s->dir);
    scratch_copy(s->spool, copy);
    visit_and_append(copy, 2);
    struct spool_identity original = identity_of(s->spool);
    struct spool_identity copied = identity_of(copy);
    assert_string_not_equal(copied.spool, original.spool);
    assert_string_equal(copied.node, "here");
    check_text(copy, "SELECT id, uid FROM events", "1|1\n2|2");
    must_visit(copy, NULL); /* and keeps it */
    assert_string_equal(identity_of(copy).spool, copied.spool);

    int res = rename(copy, s->spool); /* a restored backup */
    assert_int_equal(res, 0);
    must_visit(s->spool, NULL);
    assert_string_equal(identity_of(s->spool).spool, copied.spool); /* the same file under another name */
}

static void seal_the_first_event(const char *path)
{
    query_do(
        path,
        "INSERT INTO _batch (kind, first_id, last_id, events, bytes, destination, object_key, format, "
        "compression, metadata, pretty, dropped, omits_payload, spool, node, sealed_at) VALUES "
        "('events', 1, 1, 1, 10, 'file:///d', 'k', 'xml', 'none', 0, 0, '', 0, '0123456789', 'here', 1)");
}

/* What is sealed keeps its key; of the others the first one comes under the new name. */
static void a_new_name_begins_behind_what_is_sealed(void **state)
{
    static const char first_id[] = "SELECT first_id FROM _spool";
    struct scratch *s = *state;
    char copy[256];

    must_visit(s->spool, NULL);
    assert_int_equal(query_int(s->spool, first_id), 1);
    visit_and_append(s->spool, 1);
    visit_and_append(s->spool, 2);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", s->dir);
    scratch_copy(s->spool, copy);
    must_visit(copy, NULL);
    assert_int_equal(query_int(copy, first_id), 1); /* nothing is sealed */
    seal_the_first_event(s->spool);
    (void)snprintf(copy, sizeof copy, "%s/later.db", s->dir);
    scratch_copy(s->spool, copy);
    must_visit(copy, NULL);
    assert_int_equal(query_int(copy, first_id), 2);
    must_visit(s->spool, NULL);
    assert_int_equal(query_int(s->spool, first_id), 1);
}

/* The original may ship it. */
static void what_is_sealed_in_a_copy_may_be_stored(void **state)
{
    struct scratch *s = *state;
    char copy[256];

    visit_and_append(s->spool, 1);
    seal_the_first_event(s->spool);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", s->dir);
    scratch_copy(s->spool, copy);
    must_visit(s->spool, NULL);
    must_visit(copy, NULL);
    check_text(s->spool, "SELECT may_be_stored FROM batches", "0");
    check_text(copy, "SELECT may_be_stored FROM batches", "1");
}

static void node_id_renames_the_installation_for_later_starts(void **state)
{
    static const struct {
        const char *node, *expected;
    } rows[] = {
        {"first", "first"}, {NULL, "first"}, {"second", "second"}, {"second", "second"}, {NULL, "second"}};
    struct scratch *s = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        must_visit(s->spool, rows[i].node);
        assert_string_equal(identity_of(s->spool).node, rows[i].expected);
    }
}

static void the_host_name_is_the_default_node_name(void **state)
{
    struct scratch *s = *state;
    char host[SPOOL_NODE_MAX + 1] = "";
    must_visit(s->spool, NULL);
    (void)gethostname(host, sizeof host - 1);
    assert_string_equal(identity_of(s->spool).node, host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_foreign_database_is_refused_untouched),
        IN_SCRATCH(a_text_file_is_refused_untouched),
        cmocka_unit_test(a_spool_of_a_development_version_is_refused_untouched),
        IN_SCRATCH(only_a_newer_major_schema_waits_for_an_upgrade),
        IN_SCRATCH(the_uploader_waits_for_the_collector_to_create_the_spool),
        IN_SCRATCH(opening_twice_keeps_the_identity),
        IN_SCRATCH(a_copy_gets_its_own_identity_and_continues_the_ids),
        IN_SCRATCH(a_new_name_begins_behind_what_is_sealed),
        IN_SCRATCH(what_is_sealed_in_a_copy_may_be_stored),
        IN_SCRATCH(node_id_renames_the_installation_for_later_starts),
        IN_SCRATCH(the_host_name_is_the_default_node_name),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
