/* test_service_manager -- what a service manager is told, and when; one variable that is wrong is refused by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/service_manager.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"

#define ROWS(array) (sizeof(array) / sizeof(array)[0])

static _Atomic int64_t passed_ms;

/* Stands before the C library's function. */
int clock_gettime(clockid_t id, struct timespec *time)
{
    if (syscall(SYS_clock_gettime, id, time) != 0) return -1;
    if (id != CLOCK_REALTIME) time->tv_sec += (time_t)(passed_ms / 1000);
    return 0;
}

/* ---- a service manager ---- */

struct fixture {
    int fd;
    char name[64]; /* in the abstract namespace */
    struct service_manager *manager;
    char got[4096];
};

static void listen_to_messages(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(f->name);
    memcpy(address.sun_path + 1, f->name + 1, len - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    f->fd = fcntl(fd, F_DUPFD, 100); /* in nobody's place */
    assert_true(fd >= 0 && f->fd >= 0);
    close(fd);
    assert_int_equal(
        bind(f->fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->name, sizeof f->name, "@eventspool-test-notify-%ld", (long)getpid());
    listen_to_messages(f);
    assert_int_equal(setenv("NOTIFY_SOCKET", f->name, 1), 0);
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    service_manager_close(f->manager);
    close(f->fd);
    free(f);
    return 0;
}

static void open_manager(struct fixture *f)
{
    struct why why = {0};
    assert_int_equal(service_manager_open(&f->manager, &why), RES_OK);
}

/* The next message; "" if there is none. */
static const char *next(struct fixture *f)
{
    ssize_t len = recv(f->fd, f->got, sizeof f->got - 1, 0);
    f->got[len < 0 ? 0 : len] = '\0';
    return f->got;
}

/* ---- tests ---- */

static void each_state_is_told_once_and_a_status_when_it_changes(void **state)
{
    struct fixture *f = *state;
    open_manager(f);
    service_manager_extend_start(f->manager);
    assert_string_equal(next(f), "EXTEND_TIMEOUT_USEC=30000000\n");
    service_manager_status(f->manager, "%d senders", 3);
    assert_string_equal(next(f), "STATUS=3 senders\n");
    service_manager_status(f->manager, "%d senders", 3);
    service_manager_ready(f->manager);
    assert_string_equal(next(f), "READY=1\n");
    service_manager_ready(f->manager);
    service_manager_extend_start(f->manager);
    service_manager_beat(f->manager, true);
    service_manager_stopping(f->manager);
    assert_string_equal(next(f), "STOPPING=1\n");
    service_manager_stopping(f->manager);
    assert_string_equal(next(f), "");
}

static void the_watchdog_hears_of_life_at_least_twice_in_its_time_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(setenv("WATCHDOG_USEC", "20000000", 1), 0);
    open_manager(f);
    assert_int_equal(service_manager_beat_ms(f->manager), 5000);
    service_manager_beat(f->manager, true);
    assert_string_equal(next(f), "WATCHDOG=1\n");
    service_manager_beat(f->manager, true); /* at once: not due */
    assert_string_equal(next(f), "");
    passed_ms += 5000;
    service_manager_beat(f->manager, false);
    assert_string_equal(next(f), "");
    service_manager_beat(f->manager, true);
    assert_string_equal(next(f), "WATCHDOG=1\n");
}

static void a_watchdog_for_another_process_is_none_of_ours(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(setenv("WATCHDOG_USEC", "20000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    open_manager(f);
    assert_int_equal(service_manager_beat_ms(f->manager), 0);
    service_manager_beat(f->manager, true);
    assert_string_equal(next(f), "");
}

static void a_message_that_finds_no_room_comes_with_the_next_one(void **state)
{
    struct fixture *f = *state;
    int sent = 0;
    open_manager(f);
    for (int i = 0; i < 5000; i++) service_manager_status(f->manager, "number %d", i);
    service_manager_ready(f->manager);
    while (*next(f)) sent++;
    assert_true(sent < 5000);
    service_manager_beat(f->manager, true);
    assert_string_equal(next(f), "READY=1\nSTATUS=number 4999\n");
}

static void a_manager_that_was_gone_for_a_while_is_told_again(void **state)
{
    struct fixture *f = *state;
    log_configure(LOG_ERROR, LOG_TEXT);
    open_manager(f);
    close(f->fd);
    service_manager_ready(f->manager);
    service_manager_beat(f->manager, true);
    listen_to_messages(f);
    service_manager_beat(f->manager, true);
    assert_string_equal(next(f), "READY=1\n");
}

static void without_a_service_manager_nothing_happens(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    open_manager(f);
    service_manager_ready(f->manager);
    service_manager_status(f->manager, "x");
    service_manager_beat(f->manager, true);
    service_manager_stopping(f->manager);
    assert_int_equal(service_manager_take(f->manager, PASSED_EVENTS), -1);
    assert_int_equal(service_manager_take(f->manager, PASSED_STATUS), -1);
    assert_int_equal(service_manager_beat_ms(f->manager), 0);
    assert_string_equal(next(f), "");
}

/* On the descriptors 3 and 4, where a service manager has them. */
static void pass_two_sockets(void)
{
    char pid[32];
    struct sockaddr_in address = {.sin_family = AF_INET};
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    for (int i = 0; i < 2; i++) {
        int place = PASSED_SOCKETS_FIRST_FD + i;
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(dup2(fd, place), place);
        if (fd != place) close(fd);
    }
    assert_int_equal(setenv("LISTEN_PID", pid, 1), 0);
    assert_int_equal(setenv("LISTEN_FDS", "2", 1), 0);
}

static void a_passed_socket_is_taken_once_and_who_takes_none_leaves_it_to_be_closed(void **state)
{
    struct fixture *f = *state;
    log_configure(LOG_ERROR, LOG_TEXT);
    pass_two_sockets();
    open_manager(f);
    assert_int_equal(service_manager_take(f->manager, PASSED_EVENTS), PASSED_SOCKETS_FIRST_FD);
    assert_int_equal(service_manager_take(f->manager, PASSED_EVENTS), -1);
    service_manager_log_untaken(f->manager);
    service_manager_close(f->manager);
    f->manager = NULL;
    assert_true(fcntl(PASSED_SOCKETS_FIRST_FD, F_GETFD) >= 0);
    assert_true(fcntl(PASSED_SOCKETS_FIRST_FD + 1, F_GETFD) < 0);
    close(PASSED_SOCKETS_FIRST_FD);
}

static void child_processes_do_not_get_the_variables(void **state)
{
    static const char *const names[] = {"LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES",
                                        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ROWS(names); i++)
        if (i != 3) assert_int_equal(setenv(names[i], "1", 1), 0); /* another process is meant */
    open_manager(f);
    for (size_t i = 0; i < ROWS(names); i++) assert_null(getenv(names[i]));
}

static void a_wrong_variable_is_refused_by_its_name(void **state)
{
    static char longest[120];
    const struct {
        const char *name, *value;
    } rows[] = {
        {"NOTIFY_SOCKET", ""},          {"NOTIFY_SOCKET", "run/notify"}, {"NOTIFY_SOCKET", "@"},
        {"NOTIFY_SOCKET", "vsock:2:1"}, {"NOTIFY_SOCKET", longest},      {"WATCHDOG_USEC", ""},
        {"WATCHDOG_USEC", "0"},         {"WATCHDOG_USEC", "20s"},        {"WATCHDOG_USEC", "-1"},
        {"WATCHDOG_PID", "me"},         {"WATCHDOG_PID", "0"},
    };
    struct fixture *f = *state;
    memset(longest, '/', sizeof longest - 1);
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct why why = {0};
        char said[200];
        assert_int_equal(setenv(rows[i].name, rows[i].value, 1), 0);
        assert_int_equal(service_manager_open(&f->manager, &why), RES_REFUSE);
        (void)snprintf(said, sizeof said, "%s=%s is not", rows[i].name, rows[i].value);
        assert_non_null(strstr(why.text, said));
        assert_string_not_equal(why.remedy, "");
        service_manager_close(f->manager);
        f->manager = NULL;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_state_is_told_once_and_a_status_when_it_changes),
        TEST(the_watchdog_hears_of_life_at_least_twice_in_its_time_and_nothing_else),
        TEST(a_watchdog_for_another_process_is_none_of_ours),
        TEST(a_message_that_finds_no_room_comes_with_the_next_one),
        TEST(a_manager_that_was_gone_for_a_while_is_told_again),
        TEST(without_a_service_manager_nothing_happens),
        TEST(a_passed_socket_is_taken_once_and_who_takes_none_leaves_it_to_be_closed),
        TEST(child_processes_do_not_get_the_variables),
        TEST(a_wrong_variable_is_refused_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
