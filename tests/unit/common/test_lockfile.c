/* test_lockfile -- one program of a kind per spool, and the sign that it lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/lockfile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct place {
    char directory[64];
    char spool[80];
    char lock[100]; /* of the collector */
};

static int place_new(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (!place) return -1;
    (void)snprintf(place->directory, sizeof place->directory, "/tmp/test_lockfile.XXXXXX");
    if (!mkdtemp(place->directory)) return -1;
    (void)snprintf(place->spool, sizeof place->spool, "%s/spool.db", place->directory);
    (void)snprintf(place->lock, sizeof place->lock, "%s-collector.lock", place->spool);
    *state = place;
    return 0;
}

static int place_free(void **state)
{
    struct place *place = *state;
    char other[100];
    (void)snprintf(other, sizeof other, "%s-uploader.lock", place->spool);
    (void)unlink(place->lock);
    (void)unlink(other);
    int failed = rmdir(place->directory);
    free(place);
    return failed;
}

/* Another process that takes the collector's lock and holds it until it is killed. */
static pid_t holder_start(const struct place *place)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lockfile lock = LOCKFILE_NONE;
        struct why why = {0};
        char ok = lockfile_take(&lock, place->spool, "collector", &why) == RES_OK;
        if (write(ready[1], &ok, 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void holder_kill(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_lock_names_its_holder_and_ends_with_its_process(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char pid[24];

    pid_t child = holder_start(place);
    (void)snprintf(pid, sizeof pid, "process %d)", (int)child);
    enum result while_held = lockfile_take(&lock, place->spool, "collector", &why);
    holder_kill(child);

    assert_int_equal(while_held, RES_RETRY);
    assert_int_equal(lock.fd, -1);
    assert_non_null(strstr(why.text, pid));
    assert_non_null(strstr(why.text, place->spool));
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
}

static void collector_and_uploader_hold_their_locks_side_by_side(void **state)
{
    const struct place *place = *state;
    struct lockfile collector = LOCKFILE_NONE;
    struct lockfile uploader = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&collector, place->spool, "collector", &why), RES_OK);
    assert_int_equal(lockfile_take(&uploader, place->spool, "uploader", &why), RES_OK);
    lockfile_release(&collector);
    lockfile_release(&uploader);
}

static void a_missing_directory_is_refused_with_the_settings_name(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char path[120];
    (void)snprintf(path, sizeof path, "%s/absent/spool.db", place->directory);
    assert_int_equal(lockfile_take(&lock, path, "collector", &why), RES_REFUSE);
    assert_non_null(strstr(why.text, "SPOOL_PATH"));
    assert_non_null(strstr(why.text, "No such file"));
}

static void releasing_keeps_the_file_and_may_be_done_twice(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
    lockfile_release(&lock);
    lockfile_beat(&lock);
    assert_int_equal(access(place->lock, F_OK), 0);
}

static void a_check_distinguishes_never_run_running_and_stopped(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};

    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_RETRY);
    assert_non_null(strstr(why.text, "no collector has run here"));
    assert_int_not_equal(access(place->lock, F_OK), 0); /* looking leaves nothing behind */

    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);

    lockfile_release(&lock);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_RETRY);
    assert_non_null(strstr(why.text, "no collector is running"));
}

static void a_holder_fails_the_check_until_its_heartbeat_returns(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    struct timespec long_ago[2] = {{.tv_sec = time(NULL) - LOCKFILE_DEAD_MS / 1000 - 60}};
    struct timespec lately[2] = {{.tv_sec = time(NULL) - LOCKFILE_DEAD_MS / 1000 + 10}};
    long_ago[1] = long_ago[0];
    lately[1] = lately[0];

    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(utimensat(AT_FDCWD, place->lock, lately, 0), 0);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);

    assert_int_equal(utimensat(AT_FDCWD, place->lock, long_ago, 0), 0);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_RETRY);
    assert_non_null(strstr(why.text, "the collector has shown no sign of life for"));

    lockfile_beat(&lock);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
}

static void a_published_text_is_readable_while_the_lock_is_held(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    struct stat st;
    char text[LOCKFILE_TEXT_SIZE];

    assert_string_equal(lockfile_read(place->spool, "collector", text), "");
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_publish(&lock, "first line\nsecond\n");
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "first line\nsecond\n ", 19), 0);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_size, 16 + LOCKFILE_TEXT_SIZE);
    lockfile_publish(&lock, "third\n");
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "third\n    ", 10), 0);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_size, 16 + LOCKFILE_TEXT_SIZE);

    lockfile_release(&lock);
    assert_string_equal(lockfile_read(place->spool, "collector", text), "");
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_null(strstr(lockfile_read(place->spool, "collector", text), "third"));
    lockfile_release(&lock);
}

int main(void)
{
#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(a_lock_names_its_holder_and_ends_with_its_process),
        IN_A_PLACE(collector_and_uploader_hold_their_locks_side_by_side),
        IN_A_PLACE(a_missing_directory_is_refused_with_the_settings_name),
        IN_A_PLACE(releasing_keeps_the_file_and_may_be_done_twice),
        IN_A_PLACE(a_check_distinguishes_never_run_running_and_stopped),
        IN_A_PLACE(a_published_text_is_readable_while_the_lock_is_held),
        IN_A_PLACE(a_holder_fails_the_check_until_its_heartbeat_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
