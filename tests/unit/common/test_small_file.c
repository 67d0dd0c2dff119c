/* test_small_file -- files, and what else can be read by a path: pipes that give something, nothing, or too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/small_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/scratch.h"

#define MAX 100

struct fixture {
    struct scratch *scratch;
    char path[200];
    struct buf out;
    struct why why;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->scratch = scratch_new();
    (void)snprintf(f->path, sizeof f->path, "%s/file", f->scratch->dir);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    buf_fini(&f->out);
    scratch_free(f->scratch);
    free(f);
    return 0;
}

static enum result read_path(struct fixture *f, const char *path)
{
    buf_clear(&f->out);
    why_clear(&f->why);
    return small_file_read(path, MAX, &f->out, &f->why);
}

static bool has(const struct fixture *f, const char *text)
{
    return f->out.len == strlen(text) && memcmp(f->out.data, text, f->out.len) == 0;
}

static void a_file_is_read_whole_or_refused(void **state)
{
    static char text[MAX + 1];
    struct fixture *f = *state;
    memset(text, 'x', sizeof text);
    assert_int_equal(read_path(f, f->path), RES_RETRY); /* it is not there */
    assert_int_equal(read_path(f, f->scratch->dir), RES_RETRY);
    assert_non_null(strstr(f->why.text, "it is a directory"));
    scratch_write(f->path, "", 0);
    assert_int_equal(read_path(f, f->path), RES_OK);
    assert_int_equal(f->out.len, 0);
    scratch_write(f->path, text, MAX);
    assert_int_equal(read_path(f, f->path), RES_OK);
    assert_int_equal(f->out.len, MAX);
    scratch_write(f->path, text, MAX + 1);
    assert_int_equal(read_path(f, f->path), RES_REFUSE);
    assert_non_null(strstr(f->why.text, "is longer than 100 bytes: it has 101"));
}

static void what_does_not_say_how_long_it_is_is_read_too(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_path(f, "/proc/self/comm"), RES_OK);
    assert_true(has(f, "test_small_file\n"));
    assert_int_equal(read_path(f, "/dev/null"), RES_OK);
    assert_int_equal(f->out.len, 0);
    assert_int_equal(read_path(f, "/dev/zero"), RES_REFUSE);
}

/* What a shell makes of <(command). */
static void a_pipe_with_a_writer_is_read_to_its_end(void **state)
{
    struct fixture *f = *state;
    int fds[2];
    char path[64];
    assert_int_equal(pipe(fds), 0);
    (void)snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
    assert_int_equal(write(fds[1], "one ", 4), 4);
    assert_int_equal(write(fds[1], "two", 3), 3);
    close(fds[1]);
    assert_int_equal(read_path(f, path), RES_OK);
    assert_true(has(f, "one two"));
    close(fds[0]);
}

static void *write_slowly(void *context)
{
    int fd = open((const char *)context, O_WRONLY | O_CLOEXEC); /* waits for the reader */
    for (int i = 0; i < 3; i++) {
        if (write(fd, "x", 1) != 1) abort();
        (void)usleep(50000);
    }
    close(fd);
    return NULL;
}

static void a_slow_writer_is_waited_for(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_slowly, f->path), 0);
    assert_int_equal(read_path(f, f->path), RES_OK);
    assert_true(has(f, "xxx"));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_pipe_that_gives_nothing_is_given_up(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    int64_t since_ms = clock_monotonic_ms();
    assert_int_equal(read_path(f, f->path), RES_RETRY);
    assert_true(clock_monotonic_ms() - since_ms >= SMALL_FILE_WAIT_MS);
    assert_non_null(strstr(f->why.text, "it is no file, and whoever writes to it did not end within 3 s"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_whole_or_refused),         TEST(what_does_not_say_how_long_it_is_is_read_too),
        TEST(a_pipe_with_a_writer_is_read_to_its_end), TEST(a_slow_writer_is_waited_for),
        TEST(a_pipe_that_gives_nothing_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
