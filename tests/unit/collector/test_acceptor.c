/*
 * test_acceptor -- who is accepted, over real sockets of the loopback: each 127.0.0.x is a sender's address.
 *
 * The main thread is the event loop. Nothing is committed; the intake takes what the few bytes become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "common/log.h"
#include "tests/support/event_names.h"
#include "tests/support/some_gate.h"

#define SENDERS_MAX 32

struct fixture {
    struct event_base *base;
    struct some_gate gate;
    struct intake *intake;
    struct clients *clients;
    struct acceptor *acceptor;
    struct lockfile lock;
    struct problems *problems;
    struct allow *allow;
    int listening_fd; /* the acceptor's */
    struct sockaddr_in address;
    int fds[SENDERS_MAX];
    int senders;
};

/* ---- time ---- */

static _Atomic int64_t passed_ms;

/* Stands before the C library's function, for the programs' clock and for libevent's. */
int clock_gettime(clockid_t id, struct timespec *time)
{
    if (syscall(SYS_clock_gettime, id, time) != 0) return -1;
    if (id != CLOCK_REALTIME) time->tv_sec += (time_t)(passed_ms / 1000);
    return 0;
}

static void turn(struct fixture *f)
{
    assert_true(event_base_loop(f->base, EVLOOP_NONBLOCK) >= 0);
}

static void let_pass(struct fixture *f, int64_t ms)
{
    passed_ms += ms;
    turn(f);
    turn(f);
}

/* ---- the fixture ---- */

static void open_acceptor(struct fixture *f, int64_t max_connections, int64_t max_per_source,
                          const char *allow)
{
    struct clients_options options = {.framing = {.events = &event_names, .max_message = 1 << 20},
                                      .memory_bytes = 8 << 20};
    struct why why = {0};
    int fd = -1;
    socklen_t len = sizeof f->address;
    log_configure(LOG_ERROR, LOG_TEXT);
    assert_int_equal(allow_parse(&f->allow, allow, &why), RES_OK);
    assert_int_equal(listener_bind(&fd, "127.0.0.1", 0, NULL, &why), RES_OK);
    assert_int_equal(listener_listen(fd, "127.0.0.1", 0, &why), RES_OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&f->address, &len), 0);
    f->listening_fd = fd;
    some_gate_init(&f->gate);
    options.gate = f->gate.gate;
    assert_int_equal(intake_open(&f->intake, 8 << 20, NULL, &why), RES_OK);
    f->clients = clients_new(f->base, f->intake, &options);
    f->acceptor =
        acceptor_new(f->base, fd, f->clients,
                     &(struct acceptor_options){f->allow, max_connections, max_per_source, f->problems});
    acceptor_start(f->acceptor);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->base = event_base_new();
    f->lock = LOCKFILE_NONE;
    f->problems = problems_open(&f->lock, "collector");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < f->senders; i++)
        if (f->fds[i] >= 0) close(f->fds[i]);
    acceptor_free(f->acceptor);
    clients_free(f->clients);
    intake_close(f->intake);
    some_gate_fini(&f->gate);
    allow_free(f->allow);
    problems_close(f->problems);
    event_base_free(f->base);
    free(f);
    return 0;
}

/* ---- senders ---- */

/* From 127.0.0.`host`; the system accepts it, whatever we do. */
static int dial(struct fixture *f, int host)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000U + (uint32_t)host)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && f->senders < SENDERS_MAX);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f->address, sizeof f->address), 0);
    f->fds[f->senders] = fd;
    return f->senders++;
}

static bool is_connected(const struct fixture *f, int sender)
{
    char byte = 0;
    return recv(f->fds[sender], &byte, sizeof byte, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* And waits until the collector's side has seen it, accepted or not. */
static int connect_sender(struct fixture *f, int host)
{
    int sender = dial(f, host);
    turn(f);
    return sender;
}

/* And waits until it has been read. */
static void send_text(struct fixture *f, int sender, const char *text)
{
    assert_int_equal(send(f->fds[sender], text, strlen(text), MSG_NOSIGNAL), strlen(text));
    turn(f);
    turn(f);
}

static int connect_proven(struct fixture *f, int host)
{
    int sender = connect_sender(f, host);
    send_text(f, sender, "<EVENT>1</EVENT>");
    return sender;
}

static void read_again(struct fixture *f)
{
    some_gate_set(&f->gate, false);
    clients_serve_queue(f->clients);
    turn(f);
}

static bool is_problem_present(const struct fixture *f)
{
    return problems_is_present(f->problems, PROBLEM_CONNECTIONS_FULL);
}

/* ---- tests ---- */

static void senders_that_allow_from_does_not_name_take_no_place(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 1, 0, "127.0.0.2");
    int sender = connect_proven(f, 2);
    int other = connect_sender(f, 3);
    assert_true(is_connected(f, sender) && !is_connected(f, other));
    assert_false(is_problem_present(f));
}

static void one_host_replaces_only_its_own_connections(void **state)
{
    static const char *const kinds[] = {"", "<", "<EVENT>unfinished", "<EVENT>1</EVENT>"};
    struct fixture *f = *state;
    open_acceptor(f, 6, 0, "all");
    int quiet = connect_proven(f, 2);
    let_pass(f, 3600 * 1000);
    for (int i = 0; i < 20; i++) {
        int sender = connect_sender(f, 9);
        assert_true(is_connected(f, sender));
        send_text(f, sender, kinds[i % 4]);
    }
    assert_int_equal(clients_count(f->clients), 6);
    int other = connect_proven(f, 3);
    assert_true(is_connected(f, quiet) && is_connected(f, other));
    assert_int_equal(clients_count(f->clients), 6);
    assert_false(is_problem_present(f));
}

static void where_nobody_can_go_the_newcomer_is_closed_until_one_has_gone(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    int first = connect_proven(f, 2);
    int second = connect_proven(f, 3);
    int third = connect_sender(f, 4);
    assert_true(is_connected(f, third)); /* one of them may be about to go */
    let_pass(f, 1000);
    assert_true(is_connected(f, first) && is_connected(f, second) && !is_connected(f, third));
    assert_true(is_problem_present(f));
    let_pass(f, 60 * 1000);
    assert_true(is_problem_present(f)); /* the next one would find no place either */
    close(f->fds[first]);
    f->fds[first] = -1;
    turn(f);
    let_pass(f, 2000);
    assert_false(is_problem_present(f));
    assert_true(is_connected(f, connect_sender(f, 4)));
}

static void at_the_limit_of_one_address_its_idlest_goes(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 10, 2, "all");
    int proven = connect_proven(f, 2);
    int idle = connect_sender(f, 2);
    int third = connect_sender(f, 2);
    int other = connect_sender(f, 3);
    assert_true(is_connected(f, proven) && is_connected(f, third) && is_connected(f, other));
    assert_false(is_connected(f, idle));
}

static void at_a_limit_of_one_the_sender_keeps_its_connection(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 10, 1, "all");
    int proven = connect_proven(f, 2);
    int second = connect_sender(f, 2);
    let_pass(f, 1000);
    assert_true(is_connected(f, proven) && !is_connected(f, second));
    assert_false(is_problem_present(f));
}

/* More at once than there are places, each with an event: they take turns, and nothing is lost. */
static void senders_of_one_event_each_all_find_a_place(void **state)
{
    static const char event[] = "<EVENT>1</EVENT>";
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    for (int i = 0; i < 20; i++) {
        int sender = dial(f, 2 + i);
        assert_int_equal(send(f->fds[sender], event, sizeof event - 1, MSG_NOSIGNAL), sizeof event - 1);
        assert_int_equal(shutdown(f->fds[sender], SHUT_WR), 0);
    }
    for (int i = 0; i < 20; i++) { /* a connection that is closed with bytes that were not read is reset */
        char byte = 0;
        ssize_t n = -1;
        while ((n = recv(f->fds[i], &byte, sizeof byte, MSG_DONTWAIT)) < 0 && errno == EAGAIN) turn(f);
        assert_int_equal(n, 0);
    }
}

/* The loop has not seen it yet: it is read before it is decided who goes. */
static void a_first_event_that_was_not_read_yet_keeps_the_place(void **state)
{
    static const char event[] = "<EVENT>1</EVENT>";
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    int first = connect_sender(f, 2);
    int second = connect_sender(f, 3);
    int third = dial(f, 4); /* so that the listening socket is the first that is ready */
    assert_int_equal(send(f->fds[first], event, sizeof event - 1, MSG_NOSIGNAL), sizeof event - 1);
    assert_int_equal(send(f->fds[second], event, sizeof event - 1, MSG_NOSIGNAL), sizeof event - 1);
    turn(f);
    let_pass(f, 1000);
    assert_true(is_connected(f, first) && is_connected(f, second) && !is_connected(f, third));
}

/* They wait for us: while nothing is read, no bytes in a socket mean that a sender is silent. */
static void senders_that_are_not_read_are_not_silent(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 3, 0, "all");
    some_gate_set(&f->gate, true);
    int waiting = connect_sender(f, 2);
    int silent = connect_sender(f, 3);
    int other = connect_sender(f, 4);
    send_text(f, waiting, "<EVENT>1</EVENT>");
    send_text(f, other, "<EVENT>1</EVENT>");
    let_pass(f, 3600 * 1000);
    int newcomer = connect_sender(f, 5);
    send_text(f, newcomer, "<EVENT>1</EVENT>");
    assert_true(is_connected(f, waiting) && is_connected(f, other) && is_connected(f, newcomer));
    assert_false(is_connected(f, silent));
    assert_int_equal(clients_count(f->clients), 3);
    read_again(f);
    assert_true(is_connected(f, waiting) && is_connected(f, other) && is_connected(f, newcomer));
    int last = connect_sender(f, 6);
    let_pass(f, 1000);
    assert_false(is_connected(f, last)); /* each of the others has sent an event */
}

static void nobody_goes_whose_bytes_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 3, 0, "all");
    some_gate_set(&f->gate, true);
    for (int i = 0; i < 3; i++) send_text(f, connect_sender(f, 2), "<EVENT>1</EVENT>");
    int first = connect_sender(f, 3);
    int second = connect_sender(f, 4);
    let_pass(f, 500);
    assert_false(is_problem_present(f)); /* it may be a short pause */
    for (int i = 0; i < 3; i++) let_pass(f, 1000);
    assert_true(is_problem_present(f));
    for (int i = 0; i < 5; i++) assert_true(is_connected(f, i));
    assert_int_equal(clients_count(f->clients), 3);
    read_again(f);
    for (int i = 0; i < 3; i++) let_pass(f, 1000);
    assert_false(is_problem_present(f));
    assert_int_equal(clients_count(f->clients), 3);
    assert_true(is_connected(f, first) && is_connected(f, second) && is_connected(f, 2));
}

static void a_stop_takes_the_newcomer_that_waits_for_a_place(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    some_gate_set(&f->gate, true);
    for (int i = 0; i < 2; i++) send_text(f, connect_sender(f, 2), "<EVENT>1</EVENT>");
    for (int i = 0; i < 3; i++) (void)connect_sender(f, 3);
    assert_int_equal(clients_count(f->clients), 2);
    assert_int_equal(acceptor_take_waiting(f->acceptor, INT64_MAX), 0);
    assert_int_equal(clients_count(f->clients), 5);
    for (int i = 0; i < 5; i++) assert_true(is_connected(f, i));
}

static void a_newcomer_that_waits_is_the_first_when_accepting_goes_on(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 1, 0, "all");
    some_gate_set(&f->gate, true);
    send_text(f, connect_sender(f, 2), "<");
    int newcomer = connect_sender(f, 3);
    acceptor_stop(f->acceptor);
    read_again(f);
    let_pass(f, 1000);
    assert_true(is_connected(f, 0));
    acceptor_start(f->acceptor);
    let_pass(f, 1000);
    assert_true(!is_connected(f, 0) && is_connected(f, newcomer));
    assert_int_equal(clients_count(f->clients), 1);
}

/* While nothing is read the lines may fill up; who comes then waits in the system's queue, and a stop finds all. */
static void while_nobody_is_read_nobody_is_refused(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit low = {DESCRIPTORS_OWN + 1 + 8, limit.rlim_max}; /* one place, and lines for 8 */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    open_acceptor(f, 1, 0, "all");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    some_gate_set(&f->gate, true);
    send_text(f, connect_sender(f, 2), "<");
    for (int i = 0; i < 12; i++) (void)connect_sender(f, 2);
    let_pass(f, 1000);
    for (int i = 0; i < 13; i++) assert_true(is_connected(f, i));
    assert_int_equal(clients_count(f->clients), 1);
    assert_int_equal(acceptor_take_waiting(f->acceptor, INT64_MAX), 0);
    assert_int_equal(clients_count(f->clients), 13);
}

/* It may end at any time. */
static void a_newcomer_may_wait_for_its_place_until_the_end(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 1, 0, "all");
    some_gate_set(&f->gate, true);
    send_text(f, connect_sender(f, 2), "<");
    (void)connect_sender(f, 3);
    assert_int_equal(clients_count(f->clients), 1);
}

static void out_of_descriptors_accepting_pauses_and_goes_on(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    open_acceptor(f, 10, 0, "all");
    int first = connect_proven(f, 2);
    int second = dial(f, 3);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, limit.rlim_max}), 0);
    for (int i = 0; i < 3; i++) let_pass(f, 1000);
    bool was_present = is_problem_present(f);
    int64_t were_there = clients_count(f->clients);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(was_present);
    assert_int_equal(were_there, 1);
    for (int i = 0; i < 3; i++) let_pass(f, 1000);
    assert_int_equal(clients_count(f->clients), 2);
    assert_false(is_problem_present(f));
    assert_true(is_connected(f, first) && is_connected(f, second));
}

static void a_stop_takes_all_that_wait_and_closes_nobody(void **state)
{
    struct fixture *f = *state;
    int senders[8];
    open_acceptor(f, 2, 0, "127.0.0.2/31");
    int first = connect_proven(f, 2);
    for (int i = 0; i < 8; i++) senders[i] = dial(f, i == 7 ? 4 : 3);
    assert_int_equal(acceptor_take_waiting(f->acceptor, INT64_MAX), 0);
    assert_int_equal(clients_count(f->clients), 8);
    assert_true(is_connected(f, first));
    for (int i = 0; i < 7; i++) assert_true(is_connected(f, senders[i]));
    assert_false(is_connected(f, senders[7])); /* it may not send */
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&f->address, sizeof f->address), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(late);
}

/* As a service manager has it. */
static void a_stop_leaves_who_waits_to_whoever_else_has_the_socket(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    int kept = dup(f->listening_fd);
    assert_true(kept >= 0);
    for (int i = 0; i < 5; i++) (void)dial(f, 2);
    assert_int_equal(acceptor_take_waiting(f->acceptor, 2), 0);
    assert_int_equal(clients_count(f->clients), 2);
    (void)dial(f, 2); /* nobody is refused */
    assert_int_equal(listener_count_waiting(kept), 4);
    for (int i = 0; i < 6; i++) assert_true(is_connected(f, i));
    close(kept);
}

static void a_stop_tells_how_many_could_not_be_accepted(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    open_acceptor(f, 2, 0, "all");
    for (int i = 0; i < 5; i++) (void)dial(f, 2);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, limit.rlim_max}), 0);
    int64_t left = acceptor_take_waiting(f->acceptor, INT64_MAX);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(left, 5);
    assert_int_equal(clients_count(f->clients), 0);
}

static void nobody_is_accepted_while_accepting_is_stopped(void **state)
{
    struct fixture *f = *state;
    open_acceptor(f, 2, 0, "all");
    acceptor_stop(f->acceptor);
    int sender = connect_sender(f, 2);
    assert_int_equal(clients_count(f->clients), 0);
    acceptor_start(f->acceptor);
    turn(f);
    assert_int_equal(clients_count(f->clients), 1);
    assert_true(is_connected(f, sender));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(senders_that_allow_from_does_not_name_take_no_place),
        TEST(one_host_replaces_only_its_own_connections),
        TEST(where_nobody_can_go_the_newcomer_is_closed_until_one_has_gone),
        TEST(at_the_limit_of_one_address_its_idlest_goes),
        TEST(at_a_limit_of_one_the_sender_keeps_its_connection),
        TEST(senders_of_one_event_each_all_find_a_place),
        TEST(a_first_event_that_was_not_read_yet_keeps_the_place),
        TEST(senders_that_are_not_read_are_not_silent),
        TEST(nobody_goes_whose_bytes_cannot_be_read),
        TEST(a_stop_takes_the_newcomer_that_waits_for_a_place),
        TEST(a_newcomer_that_waits_is_the_first_when_accepting_goes_on),
        TEST(while_nobody_is_read_nobody_is_refused),
        TEST(a_newcomer_may_wait_for_its_place_until_the_end),
        TEST(out_of_descriptors_accepting_pauses_and_goes_on),
        TEST(a_stop_takes_all_that_wait_and_closes_nobody),
        TEST(a_stop_leaves_who_waits_to_whoever_else_has_the_socket),
        TEST(a_stop_tells_how_many_could_not_be_accepted),
        TEST(nobody_is_accepted_while_accepting_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
