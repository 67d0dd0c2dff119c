/* test_lockfile -- one program of a kind per spool, and the sign that it lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/lockfile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
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

/* How long a try to take a held lock lasts: the shortest of some, since the machine may be busy. */
static int64_t shortest_try_ms(const struct place *place)
{
    int64_t shortest = INT64_MAX;
    for (int i = 0; i < 5; i++) {
        struct lockfile lock = LOCKFILE_NONE;
        struct why why = {0};
        int64_t since = clock_monotonic_ms();
        assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_RETRY);
        int64_t ms = clock_monotonic_ms() - since;
        if (ms < shortest) shortest = ms;
    }
    return shortest;
}

/* A command that asks a running program would lose a third of a second otherwise. */
static void an_owner_is_not_waited_for_and_who_looks_is(void **state)
{
    const struct place *place = *state;
    pid_t child = holder_start(place);
    int64_t owned_ms = shortest_try_ms(place);
    holder_kill(child);
    int looker = open(place->lock, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(looker, LOCK_SH | LOCK_NB), 0);
    int64_t looked_at_ms = shortest_try_ms(place);
    close(looker);
    assert_in_range(owned_ms, 0, 200);
    assert_in_range(looked_at_ms, 300, INT64_MAX);
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

/* Who hangs is there all the same, unlike for lockfile_check(). */
static void a_lock_is_held_until_it_is_released(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    bool is_held = true;

    assert_int_equal(lockfile_is_held(place->spool, "collector", &is_held, &why), RES_OK);
    assert_false(is_held);
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(utimensat(AT_FDCWD, place->lock, long_ago, 0), 0);
    assert_int_equal(lockfile_is_held(place->spool, "collector", &is_held, &why), RES_OK);
    assert_true(is_held);
    lockfile_release(&lock);
    assert_int_equal(lockfile_is_held(place->spool, "collector", &is_held, &why), RES_OK);
    assert_false(is_held);
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
    assert_true(lockfile_publish(&lock, "first line\nsecond\n"));
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "first line\nsecond\n ", 19), 0);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_size, 36864);
    assert_true(lockfile_publish(&lock, "third\n"));
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "third\n    ", 10), 0);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_size, 36864);

    lockfile_release(&lock);
    assert_string_equal(lockfile_read(place->spool, "collector", text), "");
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_null(strstr(lockfile_read(place->spool, "collector", text), "third"));
    lockfile_release(&lock);
}

/* ---- what else may lie in the file's place ---- */

static void assert_refused(const struct place *place, const char *words)
{
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_REFUSE);
    assert_int_equal(lock.fd, -1);
    assert_non_null(strstr(why.text, words));
    assert_non_null(strstr(why.text, place->lock));
    assert_string_not_equal(why.remedy, "");
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_RETRY);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void assert_file_is(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof found - 1, file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(found, text);
}

static void a_link_to_somebodys_file_is_refused_and_the_file_untouched(void **state)
{
    static const char text[] = "ssh-ed25519 AAAA somebody's key, which nobody is to overwrite\n";
    const struct place *place = *state;
    char victim[100];
    struct stat before;
    struct stat after;
    (void)snprintf(victim, sizeof victim, "%s/victim", place->directory);
    write_file(victim, text);
    assert_int_equal(chmod(victim, 0600), 0);
    assert_int_equal(stat(victim, &before), 0);

    assert_int_equal(symlink(victim, place->lock), 0);
    assert_refused(place, "is a symbolic link, which is not followed");
    assert_int_equal(unlink(place->lock), 0);

    assert_int_equal(link(victim, place->lock), 0);
    assert_refused(place, "is a hard link to a file that is no lock file");

    assert_file_is(victim, text);
    assert_int_equal(stat(victim, &after), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    assert_int_equal(unlink(victim), 0);
}

static void a_symbolic_link_to_nowhere_creates_nothing(void **state)
{
    const struct place *place = *state;
    char target[100];
    (void)snprintf(target, sizeof target, "%s/target", place->directory);
    assert_int_equal(symlink(target, place->lock), 0);
    assert_refused(place, "is a symbolic link");
    assert_int_not_equal(access(target, F_OK), 0);
}

static void what_is_no_file_is_refused(void **state)
{
    const struct place *place = *state;
    assert_int_equal(mkfifo(place->lock, 0600), 0);
    assert_refused(place, "is no regular file");
    assert_int_equal(unlink(place->lock), 0);
    assert_int_equal(mkdir(place->lock, 0700), 0);
    assert_refused(place, "is no regular file");
    assert_int_equal(rmdir(place->lock), 0);
}

static void a_backups_hard_link_to_our_own_file_is_no_obstacle(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char backup[100];
    (void)snprintf(backup, sizeof backup, "%s/backup", place->directory);
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
    assert_int_equal(link(place->lock, backup), 0);
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
    assert_int_equal(unlink(backup), 0);
}

static void what_root_has_made_belongs_to_the_spools_owner(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    struct stat st;
    if (geteuid() != 0) skip();
    write_file(place->spool, "");
    assert_int_equal(chown(place->spool, 65534, 65533), 0);
    enum result res = lockfile_take(&lock, place->spool, "collector", &why);
    assert_int_equal(unlink(place->spool), 0);
    assert_int_equal(res, RES_OK);
    lockfile_release(&lock);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(st.st_gid, 65533);
    assert_int_equal(st.st_mode & 07777, 0660);
}

/* ---- how the last owner has ended ---- */

static enum lockfile_end take_and_release(const struct place *place)
{
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    enum lockfile_end last_end = lock.last_end;
    lockfile_release(&lock);
    return last_end;
}

static void the_next_owner_is_told_of_an_unclean_end_once(void **state)
{
    const struct place *place = *state;
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNKNOWN); /* the first */
    assert_int_equal(take_and_release(place), LOCKFILE_END_CLEAN);
    holder_kill(holder_start(place));
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNCLEAN);
    assert_int_equal(take_and_release(place), LOCKFILE_END_CLEAN);
}

static void a_failed_try_to_take_the_lock_does_not_end_its_holder_cleanly(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    pid_t child = holder_start(place);
    enum result while_held = lockfile_take(&lock, place->spool, "collector", &why);
    lockfile_release(&lock);
    enum result health = lockfile_check(place->spool, "collector", &why);
    holder_kill(child);
    assert_int_equal(while_held, RES_RETRY);
    assert_int_equal(health, RES_OK);
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNCLEAN);
}

static void leave(const struct place *place, enum lockfile_end expected)
{
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(lock.last_end, expected);
    lockfile_leave(&lock);
    lockfile_leave(&lock); /* it is not held any more */
}

static void who_leaves_the_lock_passes_on_what_it_was_told(void **state)
{
    const struct place *place = *state;
    for (int i = 0; i < 2; i++) leave(place, LOCKFILE_END_UNKNOWN);
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNKNOWN);
    for (int i = 0; i < 2; i++) leave(place, LOCKFILE_END_CLEAN);
    holder_kill(holder_start(place));
    for (int i = 0; i < 2; i++) leave(place, LOCKFILE_END_UNCLEAN);
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNCLEAN);
    leave(place, LOCKFILE_END_CLEAN);
}

static void other_content_tells_nothing_of_the_last_end(void **state)
{
    static const char *const texts[] = {
        "",
        "12345          \n", /* an earlier version's */
        "12345 running",
        "running        \n",
        "a letter to a friend, longer than a line of ours\n",
    };
    const struct place *place = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_file(place->lock, texts[i]);
        assert_int_equal(take_and_release(place), LOCKFILE_END_UNKNOWN);
        assert_int_equal(take_and_release(place), LOCKFILE_END_CLEAN);
    }
}

static void a_published_text_does_not_change_how_the_end_is_seen(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char text[LOCKFILE_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_true(lockfile_publish(&lock, text));
    close(lock.fd); /* as if the process had been killed */
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNCLEAN);
    assert_int_equal(take_and_release(place), LOCKFILE_END_CLEAN);
}

/* No write succeeds any more, as on a full disk; to be ended with the limit that it returns. */
static struct rlimit disk_fill(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, limit.rlim_max}), 0);
    return limit;
}

static void disk_free(struct rlimit limit)
{
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_had_no_room_is_seen_as_empty_until_it_is_written(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char text[LOCKFILE_TEXT_SIZE];
    assert_false(lockfile_is_empty(place->spool, "collector")); /* nobody holds it */
    struct rlimit limit = disk_fill();
    enum result res = lockfile_take(&lock, place->spool, "collector", &why);
    bool is_published = lockfile_publish(&lock, "early\n");
    disk_free(limit);
    assert_int_equal(res, RES_OK);
    assert_false(is_published || lockfile_is_written(&lock));
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK); /* it is alive all the same */
    assert_true(lockfile_is_empty(place->spool, "collector"));
    assert_string_equal(lockfile_read(place->spool, "collector", text), "");

    assert_true(lockfile_publish(&lock, "later\n") && lockfile_is_written(&lock));
    assert_false(lockfile_is_empty(place->spool, "collector"));
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "later\n   ", 9), 0);
    close(lock.fd); /* as if the process had been killed */
    assert_false(lockfile_is_empty(place->spool, "collector"));
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNCLEAN);
}

/* On a disk that writes in place, a full one takes the mark; one that copies on write does not. */
static void an_end_is_not_clean_where_its_beginning_could_not_be_written(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNKNOWN);
    struct rlimit limit = disk_fill();
    enum result res = lockfile_take(&lock, place->spool, "collector", &why);
    disk_free(limit);
    assert_int_equal(res, RES_OK);
    assert_int_equal(lock.last_end, LOCKFILE_END_CLEAN);
    close(lock.fd); /* as if the process had been killed */
    assert_int_equal(take_and_release(place), LOCKFILE_END_UNKNOWN);
}

/* ---- its place ---- */

static void a_deleted_lock_file_is_put_back_with_what_it_said(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char text[LOCKFILE_TEXT_SIZE];
    struct stat st;
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    lockfile_publish(&lock, "a problem\n");
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK);
    assert_int_equal(unlink(place->lock), 0);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_RETRY);
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "a problem\n", 10), 0);
    assert_int_equal(stat(place->lock, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    lockfile_publish(&lock, "another\n");
    assert_int_equal(strncmp(lockfile_read(place->spool, "collector", text), "another\n", 8), 0);
    lockfile_release(&lock);
    assert_int_equal(take_and_release(place), LOCKFILE_END_CLEAN);
}

static void who_has_lost_the_place_to_another_owner_waits_for_its_end(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    char pid[24];
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(unlink(place->lock), 0);
    pid_t other = holder_start(place);
    (void)snprintf(pid, sizeof pid, "process %d)", (int)other);
    assert_int_equal(lockfile_keep(&lock, &why), RES_BROKEN);
    assert_non_null(strstr(why.text, pid));
    assert_string_equal(why.remedy, "stop one of the two");
    holder_kill(other);
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
}

static void what_is_no_lock_file_is_left_in_its_place(void **state)
{
    const struct place *place = *state;
    struct lockfile lock = LOCKFILE_NONE;
    struct why why = {0};
    assert_int_equal(lockfile_take(&lock, place->spool, "collector", &why), RES_OK);
    assert_int_equal(unlink(place->lock), 0);
    assert_int_equal(symlink("/nowhere", place->lock), 0);
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK);
    assert_int_equal(unlink(place->lock), 0);
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK);
    assert_int_equal(lockfile_check(place->spool, "collector", &why), RES_OK);
    lockfile_release(&lock);
    assert_int_equal(lockfile_keep(&lock, &why), RES_OK); /* it is not held any more */
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
        IN_A_PLACE(a_link_to_somebodys_file_is_refused_and_the_file_untouched),
        IN_A_PLACE(a_symbolic_link_to_nowhere_creates_nothing),
        IN_A_PLACE(what_is_no_file_is_refused),
        IN_A_PLACE(a_backups_hard_link_to_our_own_file_is_no_obstacle),
        IN_A_PLACE(a_file_that_had_no_room_is_seen_as_empty_until_it_is_written),
        IN_A_PLACE(an_end_is_not_clean_where_its_beginning_could_not_be_written),
        IN_A_PLACE(what_root_has_made_belongs_to_the_spools_owner),
        IN_A_PLACE(the_next_owner_is_told_of_an_unclean_end_once),
        IN_A_PLACE(a_failed_try_to_take_the_lock_does_not_end_its_holder_cleanly),
        IN_A_PLACE(who_leaves_the_lock_passes_on_what_it_was_told),
        IN_A_PLACE(other_content_tells_nothing_of_the_last_end),
        IN_A_PLACE(a_published_text_does_not_change_how_the_end_is_seen),
        IN_A_PLACE(a_lock_is_held_until_it_is_released),
        IN_A_PLACE(an_owner_is_not_waited_for_and_who_looks_is),
        IN_A_PLACE(a_holder_fails_the_check_until_its_heartbeat_returns),
        IN_A_PLACE(a_deleted_lock_file_is_put_back_with_what_it_said),
        IN_A_PLACE(who_has_lost_the_place_to_another_owner_waits_for_its_end),
        IN_A_PLACE(what_is_no_lock_file_is_left_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
