/* conn -- see conn.h. A broken connection is treated like a closed one: the sender has to connect again. */
#include "collector/net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

struct conn {
    int fd;
    struct framer *framer;
    uint64_t events;
    char source[EVENT_SOURCE_MAX];
};

struct conn *conn_take_fd(int fd, const char *source, const struct framer_options *options)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) abort();
    conn->fd = fd;
    conn->framer = framer_new(options);
    (void)snprintf(conn->source, sizeof conn->source, "%s", source);
    return conn;
}

static void add_frames(struct conn *conn, struct chunk *chunk)
{
    struct frame frame;
    int64_t now = clock_now_ms();
    while (framer_next(conn->framer, &frame)) {
        conn->events += frame.is_event;
        chunk_add(chunk, &frame, conn->source, now);
    }
}

void conn_close(struct conn *conn, struct chunk *chunk)
{
    if (!conn) return;
    framer_end(conn->framer);
    add_frames(conn, chunk);
    framer_free(conn->framer);
    close(conn->fd);
    free(conn);
}

enum conn_step conn_receive(struct conn *conn, struct chunk *chunk)
{
    size_t space = 0;
    char *bytes = chunk_space(chunk, &space);
    ssize_t n = recv(conn->fd, bytes, space, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return CONN_EMPTY;
    if (n < 0)
        log_debug("the connection broke", "source=%s why=%s", conn->source, LOG_QUOTE(strerror(errno)));
    if (n <= 0) return CONN_ENDED;
    framer_feed(conn->framer, bytes, (size_t)n, clock_monotonic_ms());
    add_frames(conn, chunk);
    return CONN_READ;
}

int64_t conn_silence_due(const struct conn *conn)
{
    return framer_due(conn->framer);
}

void conn_report_silence(struct conn *conn, struct chunk *chunk)
{
    framer_tick(conn->framer, clock_monotonic_ms());
    add_frames(conn, chunk);
}

void conn_reject_unfinished(struct conn *conn, struct chunk *chunk)
{
    static const char detail[] =
        "set aside: INTAKE_MEMORY is used up, and no byte of this event had come for the longest";
    struct frame frame;
    if (framer_set_aside(conn->framer, detail, &frame))
        chunk_add(chunk, &frame, conn->source, clock_now_ms());
    add_frames(conn, chunk); /* there are no others; this frees the memory */
}

size_t conn_held_bytes(const struct conn *conn)
{
    return framer_is_unfinished(conn->framer) ? framer_held_bytes(conn->framer) : 0;
}

bool conn_has_unread(const struct conn *conn)
{
    char byte = 0;
    return recv(conn->fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) > 0;
}

size_t conn_unread_bytes(const struct conn *conn)
{
    int bytes = 0;
    return ioctl(conn->fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

uint64_t conn_events(const struct conn *conn)
{
    return conn->events;
}

uint64_t conn_ignored(const struct conn *conn)
{
    return framer_ignored(conn->framer);
}

const char *conn_source(const struct conn *conn)
{
    return conn->source;
}
