/* test_name_file -- a finished file gets its name, and what is there already stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/commands/name_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/bare_file_system.h"
#include "tests/support/scratch.h"

enum there { NOTHING, FILE_THERE, LINK, DANGLING_LINK, FIFO, DIRECTORY };

static void make(const char *path, enum there what)
{
    switch (what) {
    case NOTHING: break;
    case FILE_THERE: scratch_write(path, "older", 5); break;
    case LINK: assert_int_equal(symlink("/dev/null", path), 0); break;
    case DANGLING_LINK: assert_int_equal(symlink("nowhere", path), 0); break;
    case FIFO: assert_int_equal(mkfifo(path, 0600), 0); break;
    case DIRECTORY: assert_int_equal(mkdir(path, 0700), 0); break;
    }
}

static void only_a_file_makes_way_and_only_when_told(void **state)
{
    static const struct {
        enum there there;
        bool may_replace;
        enum result expected;
        const char *remedy;
    } rows[] = {
        {NOTHING, false, RES_OK, ""},
        {NOTHING, true, RES_OK, ""},
        {FILE_THERE, false, RES_BROKEN, "--force"},
        {FILE_THERE, true, RES_OK, ""},
        {LINK, false, RES_BROKEN, "another name"},
        {LINK, true, RES_BROKEN, "another name"},
        {DANGLING_LINK, true, RES_BROKEN, "another name"},
        {FIFO, false, RES_BROKEN, "another name"},
        {FIFO, true, RES_BROKEN, "another name"},
        {DIRECTORY, false, RES_BROKEN, "another name"},
        {DIRECTORY, true, RES_BROKEN, "another name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scratch *scratch = scratch_new();
        struct stat before = {0};
        struct stat after = {0};
        struct why why = {0};
        struct aside aside;
        char path[200];
        (void)snprintf(path, sizeof path, "%s/path", scratch->dir);
        make(path, rows[i].there);
        (void)lstat(path, &before);
        assert_int_equal(name_file_check(path, rows[i].may_replace, &why), rows[i].expected);
        assert_non_null(strstr(why.remedy, rows[i].remedy));
        why_clear(&why);
        assert_true(aside_open(&aside, scratch->dir, "test", rows[i].may_replace, 0600));
        assert_int_equal(name_file(&aside, path, rows[i].may_replace, &why), rows[i].expected);
        assert_non_null(strstr(why.remedy, rows[i].remedy));
        assert_int_equal(lstat(path, &after), 0);
        assert_true((after.st_ino != before.st_ino) == (rows[i].expected == RES_OK));
        aside_close(&aside);
        assert_int_equal(rmdir(scratch->dir), -1);
        assert_int_equal(remove(path), 0);
        assert_int_equal(rmdir(scratch->dir), 0); /* nothing else is left */
        scratch_free(scratch);
    }
}

static void a_failure_names_the_path(void **state)
{
    struct scratch *scratch = scratch_new();
    struct aside aside;
    struct why why = {0};
    char path[200];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/nowhere/path", scratch->dir);
    assert_int_equal(name_file_check(path, false, &why), RES_OK);
    assert_true(aside_open(&aside, scratch->dir, "test", false, 0600));
    assert_int_equal(name_file(&aside, path, false, &why), RES_BROKEN);
    assert_non_null(strstr(why.text, path));
    aside_close(&aside);
    scratch_free(scratch);
}

static void a_file_system_that_cannot_do_it_comes_with_a_remedy(void **state)
{
    struct scratch *scratch = scratch_new();
    struct aside aside;
    struct why why = {0};
    char path[200];
    (void)state;
    bare = (struct bare){.has_no_nameless = true, .has_no_flags = true};
    (void)snprintf(path, sizeof path, "%s/path", scratch->dir);
    scratch_write(path, "older", 5);
    assert_true(aside_open(&aside, scratch->dir, "test", true, 0600));
    assert_int_equal(name_file(&aside, path, true, &why), RES_BROKEN);
    assert_non_null(strstr(why.remedy, "without --force"));
    bare.has_no_links = true;
    assert_int_equal(name_file(&aside, path, true, &why), RES_BROKEN);
    assert_non_null(strstr(why.remedy, "redirection"));
    aside_close(&aside);
    bare = (struct bare){0};
    scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_file_makes_way_and_only_when_told),
        cmocka_unit_test(a_failure_names_the_path),
        cmocka_unit_test(a_file_system_that_cannot_do_it_comes_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
