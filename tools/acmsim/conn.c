/*
 * conn -- one connection of the appliance to the receiver.
 * Happy path: connect without waiting, send until the kernel has no room, go on when it has, close.
 * What can fail: the receiver refuses, resets or closes; the connection ends as failed and says how many
 * events the kernel had taken. Whether the receiver read those, nobody can know: there are no
 * acknowledgements.
 */
#include "tools/acmsim/conn.h"

#include "tools/acmsim/clock.h"
#include "tools/acmsim/message.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Edge-triggered: `is_blocked` remembers the state between two edges. */
static int watch(int epoll_fd, struct conn *c)
{
    struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->outlet.fd, &interest);
}

static void close_outlet(struct conn *c)
{
    if (c->outlet.fd >= 0 && c->outlet.kind == OUTLET_SOCKET) close(c->outlet.fd);
    c->outlet.fd = -1;
}

void conn_fail(struct conn *c, const char *attempt, int err)
{
    char name[TARGET_NAME_SIZE] = "standard output";

    if (c->address != NULL) target_name(c->address, name);
    message("connection %u to %s: %s: %s; events handed to the kernel: %" PRIu64, c->stream.connection, name,
            attempt, err != 0 ? strerror(err) : "closed by the peer", c->stream.sent);
    close_outlet(c);
    c->state = CONN_FAILED;
}

static void establish(struct conn *c)
{
    c->state = CONN_SENDING;
    c->was_established = true;
    c->is_blocked = false;
}

/* This address failed: the next one at once, all of them again after a while, or never. */
static void attempt_failed(struct conn *c, const struct target *t, int err)
{
    int64_t now = clock_now_ns();

    if (c->address->ai_next == NULL && now >= t->deadline_ns) {
        conn_fail(c, "connect", err);
        return;
    }
    close_outlet(c);
    c->state = CONN_WAITING;
    c->due_ns = c->address->ai_next != NULL ? now : now + TARGET_RETRY_MS * NS_PER_MS;
    c->address = c->address->ai_next;
}

/* A port of the range that the kernel chooses from may be connected to itself while nobody listens. */
static bool is_connected_to_itself(int fd)
{
    struct sockaddr_storage ours = {0};
    struct sockaddr_storage theirs = {0};
    socklen_t ours_size = sizeof ours;
    socklen_t theirs_size = sizeof theirs;

    return getsockname(fd, (struct sockaddr *)&ours, &ours_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&theirs, &theirs_size) == 0 && ours_size == theirs_size &&
           memcmp(&ours, &theirs, ours_size) == 0;
}

/* Leave no trace of such a connection: the receiver is about to listen on that port. */
static void connected(struct conn *c, const struct target *t)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (!is_connected_to_itself(c->outlet.fd)) {
        establish(c);
        return;
    }
    setsockopt(c->outlet.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    attempt_failed(c, t, ECONNREFUSED);
}

void conn_connect(struct conn *c, const struct target *t, int epoll_fd)
{
    int on = 1;

    if (c->address == NULL) c->address = t->addresses;
    c->state = CONN_CONNECTING;
    c->outlet.kind = OUTLET_SOCKET;
    c->outlet.fd = socket(c->address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->outlet.fd < 0) {
        attempt_failed(c, t, errno);
        return;
    }
    /* A lone event must not wait for the acknowledgement of the one before it. */
    (void)setsockopt(c->outlet.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if ((connect(c->outlet.fd, c->address->ai_addr, c->address->ai_addrlen) != 0 && errno != EINPROGRESS) ||
        watch(epoll_fd, c) != 0)
        attempt_failed(c, t, errno);
}

void conn_finish_connect(struct conn *c, const struct target *t)
{
    int err = 0;
    socklen_t size = sizeof err;

    if (getsockopt(c->outlet.fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0) err = errno;
    if (err == 0)
        connected(c, t);
    else
        attempt_failed(c, t, err);
}

void conn_open_stdout(struct conn *c, int epoll_fd)
{
    c->outlet = (struct outlet){.fd = STDOUT_FILENO, .kind = OUTLET_PIPE};
    if (watch(epoll_fd, c) != 0) /* EPERM: a file or a device without waiting */
        c->outlet.kind = OUTLET_FILE;
    establish(c);
}

/* One attempt; false when the connection cannot go on now. A short count means that the room is used up. */
static bool send_some(struct conn *c, const struct ring *ring, const char *data, size_t length)
{
    ssize_t taken = outlet_write(c->outlet, data, length);

    if (taken >= 0) {
        stream_take(&c->stream, ring, (size_t)taken);
        c->is_blocked = c->outlet.kind == OUTLET_SOCKET && (size_t)taken < length;
    } else if (errno == EAGAIN) {
        c->is_blocked = true;
    } else if (errno != EINTR) {
        conn_fail(c, "send", errno);
    }
    return c->state == CONN_SENDING && !c->is_blocked;
}

void conn_send(struct conn *c, struct filled_run *filled, bool is_split)
{
    uint64_t event = c->stream.sent;
    const char *data = NULL;
    size_t length = stream_peek(&c->stream, filled, &data);

    if (!is_split) {
        if (length > 0) (void)send_some(c, filled->ring, data, length);
        return;
    }
    while (length > 0 && c->stream.sent == event && send_some(c, filled->ring, data, 1))
        length = stream_peek(&c->stream, filled, &data);
}

/* Read what the receiver says and forget it: EAGAIN when it is silent, 0 when it hung up, else its error. */
static int drain(struct conn *c)
{
    char ignored[4096];
    ssize_t got = 1;

    while (got > 0 || (got < 0 && errno == EINTR))
        got = recv(c->outlet.fd, ignored, sizeof ignored, MSG_DONTWAIT);
    return got == 0 ? 0 : errno;
}

void conn_check_peer(struct conn *c)
{
    int err = EAGAIN;

    if (c->outlet.kind == OUTLET_SOCKET) err = drain(c);
    if (err != EAGAIN) conn_fail(c, "receive", err);
}

void conn_close(struct conn *c)
{
    int err = 0;

    /* Unread bytes would turn the closing into a reset, which may cost the receiver the last events. */
    if (c->outlet.kind == OUTLET_SOCKET && (c->state == CONN_SENDING || c->state == CONN_LINGERING))
        err = drain(c);
    if (err != 0 && err != EAGAIN) {
        conn_fail(c, "close", err);
        return;
    }
    close_outlet(c);
    c->state = CONN_CLOSED;
}
