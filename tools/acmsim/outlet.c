/*
 * outlet -- a descriptor that takes bytes without ever making the program wait.
 * Happy path: a socket is sent to as it is. Standard output is shared with other programs and must stay
 * blocking; a pipe that poll() calls writable has space for PIPE_BUF bytes, so no more than that is written at
 * a time. What can fail: the errors of send() and write().
 */
#include "tools/acmsim/outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t write_pipe(int fd, const char *data, size_t length)
{
    struct pollfd space = {.fd = fd, .events = POLLOUT};

    if (poll(&space, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd, data, length < PIPE_BUF ? length : PIPE_BUF);
}

ssize_t outlet_write(struct outlet o, const char *data, size_t length)
{
    switch (o.kind) {
    case OUTLET_SOCKET: return send(o.fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    case OUTLET_PIPE: return write_pipe(o.fd, data, length);
    default: return write(o.fd, data, length);
    }
}
