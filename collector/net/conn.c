/*
 * conn -- see conn.h. A broken connection is treated like a closed one: the sender has to connect again. The framer
 * comes with the first byte: there may be thousands of connections that have not sent any.
 */
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

/* What its place, the allocator and the kernel's event queue take for a connection besides its structs. */
#define OVERHEAD_BYTES 512

struct conn {
    int fd;
    bool is_pending, has_ended;
    int64_t arrived; /* bytes that may still be read, at a stop; -1: as many as come */
    const struct framer_options *options;
    struct framer *framer; /* NULL before the first byte */
    uint64_t frames, events;
    char source[EVENT_SOURCE_MAX];
};

struct conn *conn_take_fd(int fd, const char *source, const struct framer_options *options)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) abort();
    conn->fd = fd;
    conn->arrived = -1;
    conn->options = options;
    (void)snprintf(conn->source, sizeof conn->source, "%s", source);
    return conn;
}

/* ---- frames ---- */

/* A large frame is not copied: its memory goes with it. */
static void add_frame(struct conn *conn, struct chunk *chunk, const struct frame *frame, int64_t now)
{
    struct buf memory = BUF_EMPTY;
    bool is_given = framer_give(conn->framer, frame, &memory);
    chunk_add(chunk, frame, conn->source, now, is_given ? &memory : NULL);
    conn->frames++;
    conn->events += frame->is_event;
}

/* As many as the chunk takes. */
static void add_frames(struct conn *conn, struct chunk *chunk)
{
    struct frame frame;
    int64_t now = clock_now_ms();
    bool has_next = true;
    while (has_next && chunk_takes_items(chunk)) {
        has_next = framer_next(conn->framer, &frame);
        if (has_next) add_frame(conn, chunk, &frame, now);
    }
    conn->is_pending = has_next;
    if (has_next) framer_pause(conn->framer); /* the chunk may be gone before the next frame */
}

void conn_close(struct conn *conn)
{
    if (!conn) return;
    framer_free(conn->framer);
    close(conn->fd);
    free(conn);
}

/* ---- reading ---- */

static enum conn_step go_on(struct conn *conn, struct chunk *chunk)
{
    add_frames(conn, chunk);
    return conn->has_ended && !conn->is_pending ? CONN_ENDED : CONN_READ;
}

enum conn_step conn_end(struct conn *conn, struct chunk *chunk)
{
    if (!conn->framer) return CONN_ENDED;
    if (!conn->has_ended) framer_end(conn->framer);
    conn->has_ended = true;
    return go_on(conn, chunk);
}

uint64_t conn_unreported_bytes(const struct conn *conn)
{
    return conn->framer ? framer_unreported_bytes(conn->framer) : 0;
}

enum conn_step conn_receive(struct conn *conn, struct chunk *chunk, size_t most, size_t *read_bytes)
{
    size_t space = 0;
    *read_bytes = 0;
    if (conn->is_pending) return go_on(conn, chunk);
    if (conn->arrived == 0) return CONN_EMPTY;
    char *bytes = chunk_space(chunk, &space);
    if (most < space) space = most;
    if (conn->arrived > 0 && (size_t)conn->arrived < space) space = (size_t)conn->arrived;
    if (space == 0) return CONN_EMPTY; /* else nothing read would look like the end */
    ssize_t n = recv(conn->fd, bytes, space, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return CONN_EMPTY;
    if (n < 0)
        log_debug("the connection broke", "source=%s why=%s", conn->source, LOG_QUOTE(strerror(errno)));
    if (n <= 0) return conn_end(conn, chunk);
    *read_bytes = (size_t)n;
    chunk_note_read(chunk, (size_t)n);
    if (conn->arrived > 0) conn->arrived -= n;
    if (!conn->framer) conn->framer = framer_new(conn->options);
    framer_feed(conn->framer, bytes, (size_t)n, clock_monotonic_ms());
    add_frames(conn, chunk);
    return CONN_READ;
}

int64_t conn_silence_due(const struct conn *conn)
{
    return conn->framer && !conn->is_pending ? framer_due(conn->framer) : -1;
}

void conn_report_silence(struct conn *conn, struct chunk *chunk)
{
    if (!conn->framer || conn->is_pending) return;
    framer_tick(conn->framer, clock_monotonic_ms());
    add_frames(conn, chunk);
}

void conn_reject_unfinished(struct conn *conn, struct chunk *chunk)
{
    static const char detail[] =
        "cut off: INTAKE_MEMORY is used up, and this sender sent nothing for 5 s or less than 64 KB in 10 s";
    struct frame frame;
    if (!conn->framer || conn->is_pending) return;
    if (framer_set_aside(conn->framer, detail, &frame)) add_frame(conn, chunk, &frame, clock_now_ms());
    add_frames(conn, chunk); /* there are no others; this frees the memory */
}

/* ---- questions ---- */

bool conn_is_pending(const struct conn *conn)
{
    return conn->is_pending;
}

uint64_t conn_frames(const struct conn *conn)
{
    return conn->frames;
}

size_t conn_held_bytes(const struct conn *conn)
{
    if (!conn->framer || (!conn->is_pending && !framer_is_unfinished(conn->framer))) return 0;
    return framer_held_bytes(conn->framer) + 1; /* something is unfinished, though it may take no memory */
}

bool conn_is_too_large(const struct conn *conn)
{
    return conn->framer && framer_is_too_large(conn->framer);
}

size_t conn_fixed_bytes(const struct conn *conn)
{
    size_t bytes = sizeof *conn + OVERHEAD_BYTES;
    if (!conn->framer) return bytes;
    return bytes + FRAMER_FIXED_BYTES + (conn_held_bytes(conn) > 0 ? 0 : framer_held_bytes(conn->framer));
}

bool conn_has_unread(const struct conn *conn)
{
    char byte = 0;
    return recv(conn->fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int64_t conn_waiting_bytes(const struct conn *conn)
{
    int bytes = 0;
    return ioctl(conn->fd, FIONREAD, &bytes) == 0 && bytes > 0 ? bytes : 0;
}

void conn_limit_to_arrived(struct conn *conn)
{
    conn->arrived = conn->has_ended ? 0 : conn_waiting_bytes(conn);
}

int64_t conn_unread_bytes(const struct conn *conn)
{
    return conn->arrived > 0 ? conn->arrived : 0;
}

uint64_t conn_events(const struct conn *conn)
{
    return conn->events;
}

uint64_t conn_ignored(const struct conn *conn)
{
    return conn->framer ? framer_ignored(conn->framer) : 0;
}

const char *conn_source(const struct conn *conn)
{
    return conn->source;
}
