/* test_aside -- a file gets its name when it is whole, replaces nothing, and leaves nothing behind, on every file system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/aside.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "tests/support/bare_file_system.h"
#include "tests/support/scratch.h"

#define LABEL "7f3a9c21d4"

static const struct {
    const char *name;
    struct bare bare;
} systems[] = {
    {"ext4", {0}},
    {"vfat", {.has_no_nameless = true, .has_no_links = true}},
    {"nfs", {.has_no_nameless = true, .has_no_flags = true}},
};

static int set_up(void **state)
{
    bare = (struct bare){0};
    *state = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    bare = (struct bare){0};
    scratch_free(*state);
    return 0;
}

static const char *join(const struct scratch *s, const char *name, char path[200])
{
    (void)snprintf(path, 200, "%s/%s", s->dir, name);
    return path;
}

static const char *part(const struct scratch *s, int place, char path[200])
{
    (void)snprintf(path, 200, "%s/.eventspool-" LABEL "-%d.part", s->dir, place);
    return path;
}

/* How many names are in the directory. */
static int count_names(const struct scratch *s)
{
    int count = -2; /* . and .. */
    DIR *dir = opendir(s->dir);
    assert_non_null(dir);
    while (readdir(dir)) count++;
    closedir(dir);
    return count;
}

static void expect_file(const char *path, const char *text)
{
    size_t len = 0;
    char *bytes = scratch_read(path, &len);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(bytes, text, len);
    free(bytes);
}

static void a_file_has_its_name_when_it_is_whole_and_nothing_else_is_left(void **state)
{
    struct scratch *s = *state;
    char path[200];
    struct aside aside;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        bare = systems[i].bare;
        for (int needs_path = 0; needs_path < 2; needs_path++) {
            (void)snprintf(path, sizeof path, "%s/%s-%d", s->dir, systems[i].name, needs_path);
            assert_true(aside_open(&aside, s->dir, LABEL, needs_path, 0640));
            assert_int_equal(count_names(s), 2 * (int)i + needs_path + (*aside.path != '\0'));
            if (needs_path || bare.has_no_nameless) assert_string_not_equal(aside.path, "");
            assert_int_equal(write(aside.fd, "whole", 5), 5);
            assert_true(aside_name(&aside, path));
            aside_close(&aside);
            expect_file(path, "whole");
            assert_int_equal(count_names(s), 2 * (int)i + needs_path + 1);
        }
    }
}

static void what_has_the_name_stays(void **state)
{
    struct scratch *s = *state;
    char path[200];
    scratch_write(join(s, "there", path), "older", 5);
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        struct aside aside;
        bare = systems[i].bare;
        assert_true(aside_open(&aside, s->dir, LABEL, false, 0600));
        assert_false(aside_name(&aside, path));
        assert_int_equal(errno, EEXIST);
        aside_close(&aside);
        aside_close(&aside);
        expect_file(path, "older");
        assert_int_equal(count_names(s), 1);
    }
}

static void a_file_system_that_cannot_name_without_replacing_is_told_by_its_error(void **state)
{
    struct scratch *s = *state;
    char path[200];
    struct aside aside;
    bare = (struct bare){.has_no_nameless = true, .has_no_flags = true, .has_no_links = true};
    assert_true(aside_open(&aside, s->dir, LABEL, false, 0600));
    assert_false(aside_name(&aside, join(s, "new", path)));
    assert_int_equal(errno, ENOTSUP);
    aside_close(&aside);
    assert_int_equal(count_names(s), 0);
}

static void a_missing_or_full_directory_is_told_by_its_error(void **state)
{
    struct scratch *s = *state;
    char path[200];
    struct aside aside;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        bare = systems[i].bare;
        assert_false(aside_open(&aside, join(s, "nowhere", path), LABEL, false, 0600));
        assert_int_equal(errno, ENOENT);
        assert_int_equal(aside.fd, -1);
    }
    for (int place = 0; place < ASIDE_PLACES; place++) assert_int_equal(mkdir(part(s, place, path), 0700), 0);
    assert_false(aside_open(&aside, s->dir, LABEL, true, 0600));
    assert_int_equal(errno, EBUSY);
}

static void what_a_killed_process_has_left_is_removed(void **state)
{
    struct scratch *s = *state;
    char path[200];
    struct aside aside;
    scratch_write(part(s, 0, path), "left", 4);
    scratch_write(part(s, 5, path), "left", 4);
    aside_clean(s->dir, "another");
    assert_int_equal(count_names(s), 2);
    assert_true(aside_open(&aside, s->dir, LABEL, true, 0600));
    assert_string_equal(aside.path, part(s, 0, path));
    expect_file(path, "");
    aside_close(&aside);
    assert_int_equal(count_names(s), 1);
    aside_clean(s->dir, LABEL);
    assert_int_equal(count_names(s), 0);
}

static void what_somebody_writes_is_left_alone(void **state)
{
    struct scratch *s = *state;
    char path[200];
    struct aside first;
    struct aside second;
    assert_true(aside_open(&first, s->dir, LABEL, true, 0600));
    aside_clean(s->dir, LABEL);
    assert_string_equal(first.path, part(s, 0, path));
    assert_true(scratch_exists(first.path));
    assert_true(aside_open(&second, s->dir, LABEL, true, 0600));
    assert_string_equal(second.path, part(s, 1, path));
    aside_close(&first);
    aside_close(&second);
    assert_int_equal(count_names(s), 0);
}

static void a_link_a_pipe_and_a_directory_in_its_place_are_left_alone(void **state)
{
    struct scratch *s = *state;
    char path[200];
    char other[200];
    struct aside aside;
    scratch_write(join(s, "other", other), "mine", 4);
    assert_int_equal(symlink(other, part(s, 0, path)), 0);
    assert_int_equal(mkfifo(part(s, 1, path), 0600), 0);
    assert_int_equal(mkdir(part(s, 2, path), 0700), 0);
    assert_true(aside_open(&aside, s->dir, LABEL, true, 0600));
    assert_string_equal(aside.path, part(s, 3, path));
    assert_int_equal(write(aside.fd, "x", 1), 1);
    aside_close(&aside);
    expect_file(other, "mine");
    assert_int_equal(count_names(s), 4);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_file_has_its_name_when_it_is_whole_and_nothing_else_is_left),
        IN_SCRATCH(what_has_the_name_stays),
        IN_SCRATCH(a_file_system_that_cannot_name_without_replacing_is_told_by_its_error),
        IN_SCRATCH(a_missing_or_full_directory_is_told_by_its_error),
        IN_SCRATCH(what_a_killed_process_has_left_is_removed),
        IN_SCRATCH(what_somebody_writes_is_left_alone),
        IN_SCRATCH(a_link_a_pipe_and_a_directory_in_its_place_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
