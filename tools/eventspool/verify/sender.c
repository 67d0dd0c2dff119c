/* sender -- see sender.h. */
#include "tools/eventspool/verify/sender.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How the connecting of a socket has ended: 0, or an error's number. */
static int wait_for_connection(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof error;
    int n = -1;
    do n = poll(&ready, 1, SENDER_CONNECT_MS);
    while (n < 0 && errno == EINTR);
    if (n <= 0) return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

/* Connects within SENDER_CONNECT_MS. -1, with errno: it does not. */
static int connect_to(const struct addrinfo *address)
{
    int fd =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0) return -1;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) return fd;
    int error = errno == EINPROGRESS ? wait_for_connection(fd) : errno;
    if (error == 0) return fd;
    close(fd);
    errno = error;
    return -1;
}

/* An event is far smaller than what the kernel takes at once. False, with errno: it was not sent. */
static bool send_all(int fd, const struct buf *bytes)
{
    errno = EMSGSIZE; /* of a part of it */
    return send(fd, bytes->data, bytes->len, MSG_NOSIGNAL) == (ssize_t)bytes->len;
}

static enum result explain(const char *host, const char *port, const char *what, struct why *why)
{
    (void)why_remedy(why, RES_RETRY,
                     "start the collector, and see that PORT and BIND_HOST are those that it runs with: "
                     "`eventspool status` says whether it runs, `eventspool config` shows the settings");
    return why_set(why, RES_RETRY, "nothing takes events at %s port %s: %s", host, port, what);
}

enum result sender_send(const char *host, const char *port, const struct buf *bytes, int *fd, struct why *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    *fd = -1;
    int code = getaddrinfo(host, port, &hints, &list);
    if (code != 0) {
        (void)why_remedy(why, RES_RETRY, "name an address that this machine knows, by --host or BIND_HOST");
        return why_set(why, RES_RETRY, "%s cannot be looked up: %s", host, gai_strerror(code));
    }
    for (const struct addrinfo *address = list; address && *fd < 0; address = address->ai_next)
        *fd = connect_to(address);
    int error = errno;
    freeaddrinfo(list);
    if (*fd >= 0 && send_all(*fd, bytes)) return RES_OK;
    if (*fd >= 0) error = errno;
    if (*fd >= 0) close(*fd);
    *fd = -1;
    return explain(host, port, strerror(error), why);
}

bool sender_is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
