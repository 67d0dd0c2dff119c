/*
 * run -- all connections from the first attempt to the last closing.
 * Happy path: one thread runs one loop: connect what is due, grant events at the schedule, send on every
 * connection that can take bytes, close what is done, and wait only when nothing could be sent. What can fail:
 * single connections, which end while the others go on. A signal to stop lets the events begun be finished; a
 * second signal, or 5 s, ends that too.
 */
#include "tools/acmsim/run.h"

#include "tools/acmsim/clock.h"
#include "tools/acmsim/message.h"
#include "tools/acmsim/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define FINISH_NS (5 * NS_PER_S)

/* Besides the connections: the standard three, epoll, signals, the ledger, what a lookup opens. */
#define OTHER_FILES 32

/* An endless stream still has to count in 12 hex digits. */
#define ENDLESS ((UINT64_C(1) << 48) - 1)

static bool allow_files(uint64_t connections)
{
    struct rlimit limit = {0};
    rlim_t needed = connections + OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return true;
    if (limit.rlim_max < needed) {
        message("--connections: \"%ju\" is too many for the limit of open files, %ju; right would be %ju at "
                "most, or a higher limit (ulimit -Hn)",
                (uintmax_t)connections, (uintmax_t)limit.rlim_max,
                (uintmax_t)(limit.rlim_max > OTHER_FILES ? limit.rlim_max - OTHER_FILES : 0));
        return false;
    }
    limit.rlim_cur = needed;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static uint64_t share_of(const struct options *o, uint64_t connection)
{
    if (o->count == 0) return ENDLESS;
    return o->count / o->connections + (connection < o->count % o->connections);
}

static bool make_conns(struct run *run)
{
    run->conns = calloc(run->options->connections, sizeof *run->conns);
    if (run->conns == NULL) return false;
    run->conn_count = run->options->connections;
    for (unsigned i = 0; i < run->conn_count; i++) {
        run->conns[i].outlet.fd = -1;
        stream_init(&run->conns[i].stream, i, share_of(run->options, i), run->options->seed);
    }
    return true;
}

/* An event of epoll without a connection is a signal. */
static bool watch_signals(struct run *run)
{
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};

    return run->epoll_fd >= 0 && epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, run->signal_fd, &interest) == 0;
}

bool run_open(struct run *run, const struct options *o)
{
    *run = (struct run){.options = o, .epoll_fd = -1, .signal_fd = -1};
    if (!allow_files(o->connections)) return false;
    run->signal_fd = signals_open();
    if (run->signal_fd < 0) return false;
    run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!watch_signals(run) || !make_conns(run)) {
        message("cannot start: %s", strerror(errno));
        return false;
    }
    ring_init(&run->ring, o);
    run->filled.ring = &run->ring;
    return true;
}

void run_close(struct run *run)
{
    for (size_t i = 0; i < run->conn_count; i++) conn_close(&run->conns[i]);
    free(run->conns);
    ring_fini(&run->ring);
    target_close(&run->target);
    signals_close(run->signal_fd);
    if (run->epoll_fd >= 0) close(run->epoll_fd);
}

/* A connection has just been established. */
static void begin_sending(struct run *run, struct conn *c)
{
    if (run->started_ns == 0) {
        run->started_ns = run->ended_ns = clock_now_ns();
        schedule_start(&run->schedule, run->options->rate, run->options->interval_ms, run->started_ns);
    }
    if (!schedule_has_limit(&run->schedule)) c->stream.granted = c->stream.share;
}

static bool may_be_granted(const struct conn *c)
{
    return c->state == CONN_SENDING && !stream_is_due(&c->stream) && c->stream.sent < c->stream.share;
}

/* Give the events that the schedule allows to the connections in turn, to each as many as to any other. */
static void grant(struct run *run, int64_t now)
{
    uint64_t allowed = 0;
    uint64_t ready = 0;
    uint64_t each = 0;

    if (run->started_ns == 0 || !schedule_has_limit(&run->schedule) || run->is_stopping) return;
    allowed = schedule_allow(&run->schedule, now);
    for (size_t i = 0; allowed > 0 && i < run->conn_count; i++) ready += may_be_granted(&run->conns[i]);
    if (ready == 0) return;
    each = allowed > ready ? allowed / ready : 1;
    for (size_t i = 0; allowed > 0 && i < run->conn_count; i++) {
        struct conn *c = &run->conns[run->next_granted];
        uint64_t left = c->stream.share - c->stream.sent;
        uint64_t events = each < left ? each : left;
        run->next_granted = (run->next_granted + 1) % run->conn_count;
        if (!may_be_granted(c)) continue;
        events = events < allowed ? events : allowed;
        c->stream.granted += events;
        schedule_spend(&run->schedule, events);
        allowed -= events;
    }
}

/* All that was to be sent on this connection has been taken by the kernel. */
static void end_sending(struct run *run, struct conn *c, int64_t now)
{
    int64_t linger_ns = (int64_t)run->options->linger_ms * NS_PER_MS;

    if (linger_ns == 0 || run->is_stopping) {
        conn_close(c);
        return;
    }
    c->state = CONN_LINGERING;
    c->due_ns = now + linger_ns;
}

/* One step of one connection; true when another step can follow at once. */
static bool step(struct run *run, struct conn *c, int64_t now)
{
    struct stream *s = &c->stream;

    if (c->state == CONN_WAITING && c->due_ns <= now) conn_connect(c, &run->target, run->epoll_fd);
    if (c->state == CONN_LINGERING && c->due_ns <= now) conn_close(c);
    if (c->state != CONN_SENDING) return c->state == CONN_WAITING && c->due_ns <= now;
    if (stream_is_due(s) && !c->is_blocked) {
        uint64_t before = s->bytes;
        conn_send(c, &run->filled, run->options->hostile & HOSTILE_SPLIT);
        if (s->bytes != before) run->ended_ns = clock_now_ns();
    }
    if (c->state == CONN_SENDING && !stream_is_due(s) && (s->sent == s->share || run->is_stopping))
        end_sending(run, c, clock_now_ns());
    return c->state == CONN_SENDING && stream_is_due(s) && !c->is_blocked;
}

static bool is_live(const struct conn *c)
{
    return c->state != CONN_CLOSED && c->state != CONN_FAILED;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long epoll may wait when no connection can send now: whole milliseconds, rounded up; -1 for ever. */
static int wait_ms(const struct run *run, int64_t now)
{
    int64_t due = run->is_stopping ? run->stop_due_ns : INT64_MAX;

    for (size_t i = 0; i < run->conn_count; i++) {
        const struct conn *c = &run->conns[i];
        if (c->state == CONN_WAITING || c->state == CONN_LINGERING)
            due = earlier(due, c->due_ns);
        else if (may_be_granted(c))
            due = earlier(due, schedule_next_due_ns(&run->schedule));
    }
    if (due == INT64_MAX) return -1;
    due = due > now ? (due - now + NS_PER_MS - 1) / NS_PER_MS : 1;
    return (int)earlier(due, 60000);
}

static void stop_all(struct run *run, bool at_once)
{
    run->stop_due_ns = clock_now_ns() + FINISH_NS;
    run->is_stopping = true;
    for (size_t i = 0; i < run->conn_count; i++) {
        struct conn *c = &run->conns[i];
        if (c->state == CONN_SENDING && c->stream.offset > 0 && !at_once)
            c->stream.granted = c->stream.sent + 1;
        else if (is_live(c))
            conn_close(c);
    }
}

static void react(struct run *run, struct conn *c)
{
    switch (c->state) {
    case CONN_CONNECTING:
        conn_finish_connect(c, &run->target);
        if (c->state == CONN_SENDING) begin_sending(run, c);
        break;
    case CONN_SENDING:
    case CONN_LINGERING:
        c->is_blocked = false;
        conn_check_peer(c);
        break;
    default: break;
    }
}

static void wait_and_react(struct run *run, int timeout_ms)
{
    struct epoll_event events[256];
    int count = epoll_wait(run->epoll_fd, events, sizeof events / sizeof events[0], timeout_ms);

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr != NULL)
            react(run, events[i].data.ptr);
        else if (signals_take_stop(run->signal_fd))
            stop_all(run, run->is_stopping);
    }
}

static void give_up_if_stuck(struct run *run, int64_t now)
{
    for (size_t i = 0; run->is_stopping && now >= run->stop_due_ns && i < run->conn_count; i++) {
        if (is_live(&run->conns[i])) conn_fail(&run->conns[i], "finish the event begun", ETIMEDOUT);
    }
}

/* Run the loop until every connection has ended. */
static void run_loop(struct run *run)
{
    bool any_live = true;

    while (any_live) {
        int64_t now = clock_now_ns();
        bool can_go_on = false;

        any_live = false;
        grant(run, now);
        give_up_if_stuck(run, now);
        for (size_t i = 0; i < run->conn_count; i++) {
            can_go_on |= step(run, &run->conns[i], now);
            any_live |= is_live(&run->conns[i]);
        }
        if (any_live) wait_and_react(run, can_go_on ? 0 : wait_ms(run, clock_now_ns()));
    }
}

bool run_all(struct run *run)
{
    const struct options *o = run->options;
    int64_t deadline = clock_now_ns() + (int64_t)o->wait_s * NS_PER_S;
    bool is_ok = true;

    if (o->is_stdout) {
        conn_open_stdout(&run->conns[0], run->epoll_fd);
        begin_sending(run, &run->conns[0]);
    } else if (!target_open(&run->target, o->host, (unsigned)o->port, deadline, run->signal_fd)) {
        return signals_take_stop(run->signal_fd);
    }
    run_loop(run);
    for (size_t i = 0; i < run->conn_count; i++) is_ok &= run->conns[i].state != CONN_FAILED;
    return is_ok;
}
