/* test_passed_sockets -- which descriptors are taken for what, and what is refused with the name of what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/passed_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST       100 /* descriptors of these tests begin here */
#define US          4711
#define ROWS(array) (sizeof(array) / sizeof(array)[0])

/* ---- sockets ---- */

static void put_at(int fd, int number)
{
    assert_true(fd >= 0);
    assert_int_equal(dup2(fd, number), number);
    close(fd);
}

/* Where the system chooses. */
static int listening(int family)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(sa_family_t);
    int fd = socket(family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static int two_listen(void **state)
{
    (void)state;
    put_at(listening(AF_INET), FIRST);
    put_at(listening(AF_INET), FIRST + 1);
    return 0;
}

static int close_them(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) close(FIRST + i);
    return 0;
}

static enum result find(struct passed_sockets *sockets, const char *pid, const char *fds, const char *names,
                        struct why *why)
{
    char texts[3][200];
    char *env[] = {texts[0], texts[1], names ? texts[2] : NULL, NULL};
    (void)snprintf(texts[0], sizeof texts[0], "LISTEN_PID=%s", pid);
    (void)snprintf(texts[1], sizeof texts[1], "LISTEN_FDS=%s", fds);
    (void)snprintf(texts[2], sizeof texts[2], "LISTEN_FDNAMES=%s", names ? names : "");
    memset(why, 0, sizeof *why);
    return passed_sockets_find(sockets, env, US, FIRST, why);
}

/* ---- tests ---- */

static void names_say_which_is_which_and_without_them_the_order_does(void **state)
{
    static const struct {
        const char *count, *names;
        int events, status;
    } rows[] = {
        {"0", NULL, -1, -1},
        {"0", "", -1, -1},
        {"1", NULL, FIRST, -1},
        {"2", NULL, FIRST, FIRST + 1},
        {"1", "events", FIRST, -1},
        {"1", "status", -1, FIRST},
        {"2", "events:status", FIRST, FIRST + 1},
        {"2", "status:events", FIRST + 1, FIRST},
        {"1", "eventspool.socket", FIRST, -1}, /* what a unit is called that names nothing */
        {"2", "a.socket:b.socket", FIRST, FIRST + 1},
        {"2", ":", FIRST, FIRST + 1},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct passed_sockets sockets;
        struct why why;
        assert_int_equal(find(&sockets, "4711", rows[i].count, rows[i].names, &why), RES_OK);
        assert_int_equal(sockets.fds[PASSED_EVENTS], rows[i].events);
        assert_int_equal(sockets.fds[PASSED_STATUS], rows[i].status);
        assert_string_equal(why.text, "");
        assert_string_equal(why.remedy, "");
    }
}

static void a_socket_that_is_taken_does_not_block_and_is_not_inherited(void **state)
{
    struct passed_sockets sockets;
    struct why why;
    (void)state;
    assert_int_equal(find(&sockets, "4711", "1", NULL, &why), RES_OK);
    assert_true(fcntl(FIRST, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(FIRST, F_GETFD) & FD_CLOEXEC);
}

static void what_is_meant_for_another_process_or_for_none_is_not_taken(void **state)
{
    char fds[] = "LISTEN_FDS=1";
    char pid[] = "LISTEN_PID=4711";
    char *const without_pid[] = {fds, NULL};
    char *const without_fds[] = {pid, NULL};
    struct passed_sockets sockets;
    struct why why;
    (void)state;
    assert_int_equal(find(&sockets, "4712", "1", NULL, &why), RES_OK);
    assert_int_equal(sockets.fds[PASSED_EVENTS], -1);
    assert_int_equal(find(&sockets, "4712", "rubbish", NULL, &why), RES_OK); /* not ours to judge */
    assert_int_equal(passed_sockets_find(&sockets, without_pid, US, FIRST, &why), RES_OK);
    assert_int_equal(sockets.fds[PASSED_EVENTS], -1);
    assert_int_equal(passed_sockets_find(&sockets, without_fds, US, FIRST, &why), RES_OK);
    assert_int_equal(sockets.fds[PASSED_EVENTS], -1);
}

static void a_wrong_variable_is_refused_by_its_name(void **state)
{
    static const struct {
        const char *pid, *count, *names, *said;
    } rows[] = {
        {"", "1", NULL, "LISTEN_PID= is not"},
        {"self", "1", NULL, "LISTEN_PID=self is not"},
        {"-4711", "1", NULL, "LISTEN_PID=-4711 is not"},
        {"4711 ", "1", NULL, "LISTEN_PID=4711  is not"},
        {"4711", "", NULL, "LISTEN_FDS= is not"},
        {"4711", "-1", NULL, "LISTEN_FDS=-1 is not"},
        {"4711", "one", NULL, "LISTEN_FDS=one is not"},
        {"4711", "1.5", NULL, "LISTEN_FDS=1.5 is not"},
        {"4711", "3", NULL, "LISTEN_FDS=3: the service manager passes more than 2"},
        {"4711", "99999999999", NULL, "LISTEN_FDS=99999999999: "},
        {"4711", "2", "events", "LISTEN_FDNAMES=events is not one name for each"},
        {"4711", "1", "events:status", "LISTEN_FDNAMES=events:status is not one name for each"},
        {"4711", "2", "events:status:", "LISTEN_FDNAMES=events:status: is not one name for each"},
        {"4711", "2", "events:events", "two sockets of the name `events`"},
        {"4711", "2", "events:other", "the name `other`, which means nothing here"},
        {"4711", "2", ":status", "the name ``, which means nothing here"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct passed_sockets sockets;
        struct why why;
        assert_int_equal(find(&sockets, rows[i].pid, rows[i].count, rows[i].names, &why), RES_REFUSE);
        assert_non_null(strstr(why.text, rows[i].said));
        assert_string_not_equal(why.remedy, "");
    }
}

static int connected(int family)
{
    int pair[2] = {-1, -1};
    assert_int_equal(socketpair(family, SOCK_STREAM, 0, pair), 0);
    close(pair[1]);
    return pair[0];
}

/* By loopback, as Accept=yes would pass it. */
static int accepted(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
    int fd = accept(server, NULL, NULL);
    close(server);
    close(client);
    return fd;
}

static void what_nobody_can_connect_to_by_tcp_is_refused(void **state)
{
    const struct {
        int fd;
        const char *said;
    } rows[] = {
        {-1, "is not open"},
        {open("/dev/null", O_RDONLY), "is no stream socket"},
        {socket(AF_INET, SOCK_DGRAM, 0), "is no stream socket"},
        {listening(AF_UNIX), "is no TCP socket"},
        {connected(AF_UNIX), "is no TCP socket"},
        {socket(AF_INET, SOCK_STREAM, 0), "does not listen"},
        {accepted(), "does not listen"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct passed_sockets sockets;
        struct why why;
        close(FIRST);
        if (rows[i].fd >= 0) put_at(rows[i].fd, FIRST);
        assert_int_equal(find(&sockets, "4711", "1", "events", &why), RES_REFUSE);
        assert_non_null(strstr(why.text, "descriptor 100, passed by the service manager for `events`, "));
        assert_non_null(strstr(why.text, rows[i].said));
        assert_non_null(strstr(why.remedy, "ListenStream="));
        assert_int_equal(sockets.fds[PASSED_EVENTS], -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_say_which_is_which_and_without_them_the_order_does, two_listen,
                                        close_them),
        cmocka_unit_test_setup_teardown(a_socket_that_is_taken_does_not_block_and_is_not_inherited,
                                        two_listen, close_them),
        cmocka_unit_test_setup_teardown(what_is_meant_for_another_process_or_for_none_is_not_taken,
                                        two_listen, close_them),
        cmocka_unit_test_setup_teardown(a_wrong_variable_is_refused_by_its_name, two_listen, close_them),
        cmocka_unit_test_setup_teardown(what_nobody_can_connect_to_by_tcp_is_refused, NULL, close_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
