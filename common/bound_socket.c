/* bound_socket -- see bound_socket.h. */
#include "common/bound_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool set_up(int fd, const struct addrinfo *address)
{
    int on = 1;
    int off = 0;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (address->ai_family != AF_INET6 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0;
}

int bound_socket_open(const char *host, int64_t port, int *lookup)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *address = NULL;
    char service[24];
    (void)snprintf(service, sizeof service, "%" PRId64, port);
    *lookup = getaddrinfo(host, service, &hints, &address);
    if (*lookup != 0) return -1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && set_up(fd, address);
    int error = errno;
    freeaddrinfo(address);
    if (is_bound) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}
