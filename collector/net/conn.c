/* conn -- see conn.h. A broken connection is treated like a closed one: the sender has to connect again. */
#include "collector/net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

struct conn {
    int fd;
    struct framer *framer;
    char source[EVENT_SOURCE_MAX];
};

struct conn *conn_take_fd(int fd, const char *source, const char *element, size_t max_message)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) abort();
    conn->fd = fd;
    conn->framer = framer_new(element, max_message);
    (void)snprintf(conn->source, sizeof conn->source, "%s", source);
    return conn;
}

void conn_close(struct conn *conn, struct chunk *chunk)
{
    struct frame frame;
    if (!conn) return;
    if (framer_end(conn->framer, &frame)) chunk_add(chunk, &frame, conn->source, clock_now_ms());
    framer_free(conn->framer);
    close(conn->fd);
    free(conn);
}

enum conn_step conn_receive(struct conn *conn, struct chunk *chunk)
{
    struct frame frame;
    size_t space = 0;
    char *bytes = chunk_space(chunk, &space);
    ssize_t n = recv(conn->fd, bytes, space, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return CONN_EMPTY;
    if (n < 0)
        log_debug("the connection broke", "source=%s why=%s", conn->source, LOG_QUOTE(strerror(errno)));
    if (n <= 0) return CONN_ENDED;
    int64_t now = clock_now_ms();
    framer_feed(conn->framer, bytes, (size_t)n);
    while (framer_next(conn->framer, &frame)) chunk_add(chunk, &frame, conn->source, now);
    return CONN_READ;
}

void conn_reject_unfinished(struct conn *conn, struct chunk *chunk)
{
    struct frame frame;
    if (!framer_end(conn->framer, &frame)) return;
    frame.detail = "set aside: INTAKE_MEMORY is used up, and no byte of this event had come for the longest";
    chunk_add(chunk, &frame, conn->source, clock_now_ms());
    (void)framer_next(conn->framer, &frame); /* there is no other frame; this frees the memory */
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

const char *conn_source(const struct conn *conn)
{
    return conn->source;
}
