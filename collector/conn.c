/* conn -- see conn.h. A broken connection is the sender's affair: it ends like a closed one. */
#include "collector/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/framer.h"
#include "common/clock.h"
#include "common/log.h"

struct conn {
    int fd;
    struct reception *reception;
    struct framer *framer;
    char source[EVENT_SOURCE_MAX];
};

struct conn *conn_take_fd(int fd, const char *source, struct reception *reception)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) abort();
    conn->fd = fd;
    conn->reception = reception;
    conn->framer = reception_new_framer(reception);
    (void)snprintf(conn->source, sizeof conn->source, "%s", source);
    return conn;
}

void conn_close(struct conn *conn)
{
    struct frame frame;
    if (!conn) return;
    if (framer_end(conn->framer, &frame))
        reception_take(conn->reception, &frame, conn->source, clock_now_ms());
    framer_free(conn->framer);
    close(conn->fd);
    free(conn);
}

enum conn_step conn_receive(struct conn *conn)
{
    struct frame frame;
    char *buffer = reception_buffer(conn->reception);
    ssize_t n = recv(conn->fd, buffer, RECEPTION_READ_BYTES, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return CONN_EMPTY;
    if (n < 0) log_debug("connection broke", "source=%s why=%s", conn->source, LOG_QUOTE(strerror(errno)));
    if (n <= 0) return CONN_ENDED;
    int64_t now = clock_now_ms();
    framer_feed(conn->framer, buffer, (size_t)n);
    while (framer_next(conn->framer, &frame)) reception_take(conn->reception, &frame, conn->source, now);
    return CONN_READ;
}

const char *conn_source(const struct conn *conn)
{
    return conn->source;
}
