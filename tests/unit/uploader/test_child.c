/* test_child -- a program that we run: what it gets, what we take from it, and how it is ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/scratch.h"

#define LONG_MS 60000

struct fixture {
    struct signals signals;
    struct lockfile lock;
    struct buf output;
    struct why why;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.lock = LOCKFILE_NONE};
    *state = &fixture;
    return signals_open(&fixture.signals, &fixture.why) == RES_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    signals_close(&f->signals);
    buf_fini(&f->output);
    return 0;
}

/* Runs `sh -c script`; the output is a text afterwards. */
static enum result run(struct fixture *f, const char *script, int timeout_ms, size_t max_bytes)
{
    struct child_limits limits = {timeout_ms, max_bytes, &f->signals, &f->lock};
    char sh[] = "sh";
    char minus_c[] = "-c";
    char text[600];
    char *argv[] = {sh, minus_c, text, NULL};
    (void)snprintf(text, sizeof text, "%s", script);
    buf_clear(&f->output);
    enum result res = child_run(argv, &limits, &f->output, &f->why);
    buf_append_char(&f->output, '\0');
    return res;
}

static void a_childs_output_is_collected_without_its_stderr(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "echo one; echo two >&2; echo three", LONG_MS, 100), RES_OK);
    assert_string_equal(f->output.data, "one\nthree\n");
    assert_int_equal(run(f, "cat", LONG_MS, 100), RES_OK); /* stdin is empty */
    assert_string_equal(f->output.data, "");
}

static void a_child_inherits_only_the_standard_descriptors(void **state)
{
    struct fixture *f = *state;
    int leaky = open("/dev/null", O_RDONLY); // NOLINT(android-cloexec-open): that is the point
    assert_true(leaky > 2);
    assert_int_equal(run(f, "exec ls /proc/self/fd", LONG_MS, 1000), RES_OK);
    assert_string_equal(f->output.data, "0\n1\n2\n3\n"); /* 3 is the directory that ls itself reads */
    close(leaky);
}

static void a_child_has_no_signal_blocked_or_ignored(void **state)
{
    struct fixture *f = *state;
    unsigned long long blocked = 1;
    unsigned long long ignored = 1;
    assert_int_equal(run(f, "grep -E 'Sig(Blk|Ign)' /proc/self/status", LONG_MS, 1000), RES_OK);
    assert_int_equal(sscanf(f->output.data, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & 0x7fffffff, 0); /* 32 and 33 are the C library's own */
}

static void a_childs_failure_is_reported_without_arguments_or_output(void **state)
{
    struct fixture *f = *state;
    char nowhere[] = "/nowhere/program";
    char secret[] = "--password=TOPSECRET";
    char *argv[] = {nowhere, secret, NULL};
    struct child_limits limits = {LONG_MS, 100, &f->signals, &f->lock};
    assert_int_equal(run(f, "echo TOPSECRET; exit 7", LONG_MS, 100), RES_RETRY);
    assert_string_equal(f->why.text, "sh ended with exit code 7");
    assert_int_equal(run(f, "kill -9 $$", LONG_MS, 100), RES_RETRY);
    assert_string_equal(f->why.text, "sh was killed by signal 9");
    assert_int_equal(child_run(argv, &limits, &f->output, &f->why), RES_RETRY);
    assert_string_equal(f->why.text, "cannot start /nowhere/program: No such file or directory");
}

static void a_child_with_too_much_output_is_ended(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(run(f, "yes", LONG_MS, 4096), RES_RETRY);
    assert_string_equal(f->why.text, "sh printed more than 4096 bytes");
    assert_int_equal(run(f, "printf 12345", LONG_MS, 5), RES_OK);
    assert_string_equal(f->output.data, "12345");
}

static void a_timeout_kills_the_child_and_its_descendants(void **state)
{
    struct fixture *f = *state;
    struct scratch *scratch = scratch_new();
    char script[400];
    char path[200];
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/pid", scratch->dir);
    (void)snprintf(script, sizeof script, "sleep 1000 & echo $! > %s; wait", path);
    assert_int_equal(run(f, script, 1500, 100), RES_RETRY);
    assert_string_equal(f->why.text, "sh was ended: it took too long");
    char *text = scratch_read(path, &len);
    int grandchild = 0;
    assert_int_equal(sscanf(text, "%d", &grandchild), 1);
    for (int i = 0; i < 200 && kill(grandchild, 0) == 0; i++) { /* it is dying, or a zombie of init's */
        char state_path[64];
        (void)snprintf(state_path, sizeof state_path, "/proc/%d/stat", grandchild);
        if (!scratch_exists(state_path)) break;
        char *stat = scratch_read(state_path, &len);
        bool is_zombie = strstr(stat, ") Z ") != NULL;
        free(stat);
        if (is_zombie) break;
        (void)usleep(10000);
        assert_true(i < 199);
    }
    free(text);
    scratch_free(scratch);
}

static void a_stop_ends_a_child_at_once(void **state)
{
    struct fixture *f = *state;
    int64_t since = clock_monotonic_ms();
    (void)kill(getpid(), SIGTERM); /* blocked: it waits in the descriptor */
    assert_int_equal(run(f, "sleep 1000", LONG_MS, 100), RES_RETRY);
    assert_string_equal(f->why.text, "sh was ended: a stop was requested");
    assert_true(clock_monotonic_ms() - since < 10000);
}

static void a_child_ends_although_a_descendant_holds_its_output_open(void **state)
{
    struct fixture *f = *state;
    int64_t since = clock_monotonic_ms();
    assert_int_equal(run(f, "sleep 20 & echo done", LONG_MS, 100), RES_OK);
    assert_string_equal(f->output.data, "done\n");
    assert_true(clock_monotonic_ms() - since < 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_childs_output_is_collected_without_its_stderr, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_inherits_only_the_standard_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_has_no_signal_blocked_or_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_childs_failure_is_reported_without_arguments_or_output, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_child_with_too_much_output_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timeout_kills_the_child_and_its_descendants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_ends_a_child_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_ends_although_a_descendant_holds_its_output_open, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
