/* test_dir -- what a directory as a store answers, and whose trouble its failures are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/store/check_document.h"
#include "uploader/store/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/bare_file_system.h"
#include "tests/support/scratch.h"

#define SPOOL_ID "7f3a9c21d4"
#define NOBODY   65534

struct fixture {
    struct scratch *scratch;
    struct store *store;
    struct check_document document;
    struct object object;
    struct stored stored;
    struct why why;
    char directory[200];
    char path[400]; /* of the document */
};

static const struct spool_identity identity = {.spool = SPOOL_ID, .node = "node-1"};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->scratch = scratch_new();
    (void)snprintf(f->directory, sizeof f->directory, "%s/objects", f->scratch->dir);
    (void)snprintf(f->path, sizeof f->path, "%s/events/_check-node-1", f->directory);
    f->store = dir_open(f->directory);
    check_document_init(&f->document, "events/", BATCH_EVENTS, BATCH_JSON, &identity);
    f->object = check_document_object(&f->document);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bare = (struct bare){0};
    check_document_fini(&f->document);
    store_close(f->store);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static enum store_answer prove(struct fixture *f)
{
    why_clear(&f->why);
    return store_prove(f->store, &f->object, &f->stored, &f->why);
}

static void expect_cause(const struct fixture *f, enum scope scope, const char *code)
{
    assert_int_equal(f->stored.cause.scope, scope);
    assert_int_equal(f->stored.cause.status, 0);
    assert_string_equal(f->stored.cause.code, code);
}

static void a_document_proves_the_directory_and_stays_there(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(prove(f), STORE_DONE);
        assert_true(f->stored.is_from_store && f->stored.is_authentic);
    }
    char *bytes = scratch_read(f->path, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "[]\n", 3);
    free(bytes);
    assert_false(store_has_new_keys(f->store));
    assert_true(store_is_here(f->store, store_destination(f->store)));
    assert_false(store_is_here(f->store, "s3://bucket"));
}

static void another_document_in_its_place_is_no_obstacle_and_stays(void **state)
{
    struct fixture *f = *state;
    size_t len = 0;
    assert_int_equal(prove(f), STORE_DONE);
    scratch_write(f->path, "other", 5);
    assert_int_equal(prove(f), STORE_DONE);
    char *bytes = scratch_read(f->path, &len);
    assert_int_equal(len, 5);
    free(bytes);
}

static void an_examination_says_whether_the_document_is_new_and_a_look_writes_none(void **state)
{
    struct fixture *f = *state;
    struct store_proof proof;
    assert_int_equal(store_look(f->store, &f->object, &f->stored, &f->why), STORE_ABSENT);
    assert_int_not_equal(access(f->directory, F_OK), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_examine(f->store, &f->object, &proof, &f->stored, &f->why), STORE_DONE);
        assert_int_equal(proof.is_new, i == 0);
        assert_int_equal(proof.keeps_others, PROVEN_YES);
        assert_int_equal(proof.can_read, PROVEN_YES);
    }
    assert_int_equal(store_look(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
    scratch_write(f->path, "other", 5);
    assert_int_equal(store_look(f->store, &f->object, &f->stored, &f->why), STORE_CONFLICT);
    assert_int_equal(store_examine(f->store, &f->object, &proof, &f->stored, &f->why), STORE_DONE);
    assert_false(proof.is_new);
}

static void a_document_of_no_batch_replaces_the_last_one(void **state)
{
    struct fixture *f = *state;
    struct buf body = BUF_EMPTY;
    char path[400];
    (void)snprintf(path, sizeof path, "%s/status/node-1.json", f->directory);
    for (int i = 0; i < 2; i++) {
        size_t len = 0;
        buf_append_char(&body, 'x');
        assert_int_equal(
            store_put_document(f->store, "status/node-1.json", "application/json", &body, &f->why),
            STORE_DONE);
        char *bytes = scratch_read(path, &len);
        assert_int_equal(len, i + 1);
        free(bytes);
    }
    assert_int_equal(store_put_document(f->store, "status/node-1.json/x", "application/json", &body, &f->why),
                     STORE_REFUSED);
    assert_non_null(strstr(f->why.remedy, "write access"));
    buf_fini(&body);
}

static void another_file_under_a_batchs_name_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
    scratch_write(f->path, "other", 5);
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_CONFLICT);
    expect_cause(f, SCOPE_BATCH, "OtherObject");
    assert_true(f->stored.is_from_store && f->stored.is_authentic);
}

static void a_place_that_is_no_directory_is_everybodys_trouble(void **state)
{
    struct fixture *f = *state;
    scratch_write(f->directory, "x", 1);
    assert_int_equal(prove(f), STORE_REFUSED);
    expect_cause(f, SCOPE_ENDPOINT, "ENOTDIR");
    assert_false(f->stored.is_from_store || f->stored.is_authentic);
    assert_non_null(strstr(f->why.remedy, "DESTINATION_DIR"));
}

static void a_name_that_is_too_long_is_the_objects_own_trouble(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->document.batch.object_key, sizeof f->document.batch.object_key, "events/%0300d", 0);
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_REFUSED);
    expect_cause(f, SCOPE_BATCH, "ENAMETOOLONG");
    assert_non_null(strstr(f->why.remedy, "shorten PREFIX"));
}

/* ---- other file systems ---- */

static enum store_answer put(struct fixture *f)
{
    why_clear(&f->why);
    return store_put(f->store, &f->object, &f->stored, &f->why);
}

/* What the directory of the objects holds. */
static void expect_names(const struct fixture *f, const char *expected)
{
    char command[600];
    char names[200] = "";
    (void)snprintf(command, sizeof command, "ls -A %s/events | tr '\\n' ' '", f->directory);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    (void)!fgets(names, sizeof names, pipe);
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(names, expected);
}

static void every_file_system_that_replaces_nothing_will_do(void **state)
{
    static const struct bare systems[] = {
        {.has_no_links = false},
        {.has_no_links = true}, /* a file without a name can be made, and gets none */
        {.has_no_nameless = true, .has_no_links = true, .has_no_blocks_ahead = true}, /* vfat */
        {.has_no_nameless = true, .has_no_flags = true, .has_no_blocks_ahead = true}, /* NFS */
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        bare = systems[i];
        store_close(f->store);
        f->store = dir_open(f->directory);
        (void)unlink(f->path);
        assert_int_equal(put(f), STORE_DONE);
        assert_int_equal(put(f), STORE_DONE);
        expect_names(f, "_check-node-1 ");
    }
    scratch_write(f->path, "other", 5);
    assert_int_equal(put(f), STORE_CONFLICT);
    expect_names(f, "_check-node-1 ");
}

static void one_that_cannot_name_without_replacing_needs_another_directory(void **state)
{
    struct fixture *f = *state;
    bare = (struct bare){.has_no_nameless = true, .has_no_flags = true, .has_no_links = true};
    assert_int_equal(put(f), STORE_REFUSED);
    expect_cause(f, SCOPE_ENDPOINT, "EOPNOTSUPP");
    assert_non_null(strstr(f->why.remedy, "another file system"));
    expect_names(f, "");
}

static void what_was_left_by_a_kill_is_removed_and_what_is_somebodys_stays(void **state)
{
    static const char part[] = "%s/events/.eventspool-" SPOOL_ID "-9.part";
    static const char mine[] = "%s/events/._check-node-1.part";
    struct fixture *f = *state;
    char left[400];
    char other[400];
    assert_int_equal(put(f), STORE_DONE);
    (void)snprintf(left, sizeof left, part, f->directory);
    (void)snprintf(other, sizeof other, mine, f->directory);
    scratch_write(left, "x", 1);
    scratch_write(other, "mine", 4);
    assert_int_equal(store_find(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
    expect_names(f, "._check-node-1.part _check-node-1 ");
    scratch_write(left, "x", 1);
    store_close(f->store);
    f->store = dir_open(f->directory); /* as a process that was started anew */
    assert_int_equal(put(f), STORE_DONE);
    expect_names(f, "._check-node-1.part _check-node-1 ");
}

/* Reading from a pipe would never end. */
static void what_is_no_file_under_a_batchs_name_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(put(f), STORE_DONE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(remove(f->path), 0);
        assert_int_equal(i == 0   ? mkfifo(f->path, 0600)
                         : i == 1 ? symlink("nowhere", f->path)
                                  : mkdir(f->path, 0700),
                         0);
        assert_int_equal(put(f), STORE_CONFLICT);
        expect_cause(f, SCOPE_BATCH, "OtherObject");
        assert_non_null(strstr(f->why.text, "no file"));
        assert_int_equal(store_find(f->store, &f->object, &f->stored, &f->why), STORE_CONFLICT);
    }
}

/* ---- directories that may not be listed ---- */

static void make_directory(const char *path, uid_t owner, mode_t mode)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, owner, (gid_t)-1), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* `mode` of the directory above the one of the setting, which is there already or not. */
static enum store_answer put_below(struct fixture *f, mode_t mode, bool is_there)
{
    char directory[300];
    (void)snprintf(directory, sizeof directory, "%s/%04o", f->scratch->dir, (unsigned)mode);
    make_directory(directory, 0, mode);
    (void)strcat(directory, "/objects");
    if (is_there) make_directory(directory, NOBODY, 0300);
    struct store *store = dir_open(directory);
    assert_int_equal(seteuid(NOBODY), 0);
    why_clear(&f->why);
    enum store_answer answer = store_put(store, &f->object, &f->stored, &f->why);
    if (answer == STORE_DONE) answer = store_find(store, &f->object, &f->stored, &f->why);
    assert_int_equal(seteuid(0), 0);
    store_close(store);
    return answer;
}

static void directories_on_the_way_need_not_be_listed(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0) skip();
    assert_int_equal(chmod(f->scratch->dir, 0711), 0);
    assert_int_equal(put_below(f, 0711, true), STORE_DONE);
    assert_int_equal(put_below(f, 0733, false), STORE_DONE);
    assert_int_equal(put_below(f, 0700, true), STORE_REFUSED);
    assert_non_null(strstr(f->why.remedy, "give this user write access"));
}

static void a_document_is_empty_and_says_whose_it_is(void **state)
{
    static const struct {
        enum batch_format format;
        const char *body;
    } rows[] = {
        {BATCH_XML, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>\n</EVENTS>\n"},
        {BATCH_JSON, "[]\n"},
        {BATCH_NDJSON, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct check_document document;
        check_document_init(&document, "a/b/", BATCH_REJECTS, rows[i].format, &identity);
        assert_string_equal(document.batch.object_key, "a/b/_check-node-1");
        assert_int_equal(document.batch.id, 0);
        assert_int_equal(batch_count(&document.batch), 0);
        assert_int_equal(document.body.len, strlen(rows[i].body));
        if (document.body.len > 0) assert_memory_equal(document.body.data, rows[i].body, document.body.len);
        assert_int_equal(document.rendition.bytes, document.body.len);
        assert_int_equal(strlen(document.rendition.sha256), 64);
        assert_string_equal(document.rendition.content_sha256, document.rendition.sha256);
        check_document_fini(&document);
    }
}

/* The system tells an error of the disk once, to whoever asks first: an fsync() that follows succeeds. */
static void an_error_of_one_step_fails_the_object_unless_steps_are_not_supported(void **state)
{
    struct fixture *f = *state;
    bare.step_error = EIO;
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_NOT_NOW);
    expect_cause(f, SCOPE_ENDPOINT, "EIO");
    assert_int_not_equal(access(f->path, F_OK), 0);
    bare.step_error = EOPNOTSUPP;
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
}

/* Text of this length, in memory that begins at a page. */
static struct buf text_of(size_t len)
{
    struct buf text = BUF_EMPTY;
    buf_reserve(&text, len > BUF_LARGE ? len : BUF_LARGE);
    for (size_t i = 0; i < len; i++) buf_append_char(&text, (char)('a' + i % 23));
    return text;
}

static off_t longest_step_of(struct fixture *f, bool is_gentle)
{
    f->object.is_gentle = is_gentle;
    bare.longest_step = 0;
    assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
    assert_int_equal(unlink(f->path), 0);
    return bare.longest_step;
}

static void a_gentle_object_is_written_in_small_steps(void **state)
{
    struct fixture *f = *state;
    struct buf body = text_of((size_t)1 << 20);
    f->object.body = &body;
    for (int i = 0; i < 2; i++) {
        bare.has_no_direct = i > 0;
        assert_int_equal(longest_step_of(f, false), 512 << 10);
        assert_int_equal(longest_step_of(f, true), 128 << 10);
    }
    buf_fini(&body);
}

static bool is_direct_known(const struct fixture *f)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/direct", f->scratch->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_DIRECT, 0600);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

/* Whole blocks, parts of one behind them, parts alone, and memory that begins in the middle of a page. */
static void an_object_of_any_length_is_written_as_it_is(void **state)
{
    static const size_t lengths[] = {1,      4095, 4096, 4097, 128 << 10, (512 << 10) + 1, (1 << 20) + 4095,
                                     3 << 20};
    static const struct bare systems[] = {{0}, {.has_no_direct = true}, {.has_larger_blocks = true}};
    struct fixture *f = *state;
    bool is_known = is_direct_known(f);
    for (size_t i = 0; i < 2 * (sizeof lengths / sizeof *lengths); i++) {
        struct buf text = text_of(lengths[i / 2] + 1);
        struct buf body = {.data = text.data + i % 2, .len = lengths[i / 2]};
        f->object.body = &body;
        for (size_t n = 0; n < sizeof systems / sizeof *systems; n++) {
            size_t len = 0;
            bare = systems[n];
            f->object.is_gentle = n == 0;
            assert_int_equal(store_put(f->store, &f->object, &f->stored, &f->why), STORE_DONE);
            bool is_direct = i % 2 == 0 && n == 0 && body.len >= 4096 && is_known;
            assert_int_equal(bare.direct_writes > 0, is_direct);
            char *bytes = scratch_read(f->path, &len);
            assert_int_equal(len, body.len);
            assert_memory_equal(bytes, body.data, len);
            free(bytes);
            assert_int_equal(unlink(f->path), 0);
        }
        buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_gentle_object_is_written_in_small_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_object_of_any_length_is_written_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_document_proves_the_directory_and_stays_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_document_in_its_place_is_no_obstacle_and_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            an_examination_says_whether_the_document_is_new_and_a_look_writes_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_document_of_no_batch_replaces_the_last_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_file_under_a_batchs_name_is_a_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_place_that_is_no_directory_is_everybodys_trouble, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_too_long_is_the_objects_own_trouble, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_file_system_that_replaces_nothing_will_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_cannot_name_without_replacing_needs_another_directory,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_left_by_a_kill_is_removed_and_what_is_somebodys_stays,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_under_a_batchs_name_is_a_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(directories_on_the_way_need_not_be_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_of_one_step_fails_the_object_unless_steps_are_not_supported,
                                        set_up, tear_down),
        cmocka_unit_test(a_document_is_empty_and_says_whose_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
