/* bound_socket -- see bound_socket.h. */
#include "common/bound_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/positive.h"

static bool set_up(int fd, const struct addrinfo *address)
{
    int on = 1;
    int off = 0;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (address->ai_family != AF_INET6 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0;
}

void bound_socket_bare_host(const char *host, char bare[BOUND_SOCKET_BARE_SIZE])
{
    size_t len = strlen(host);
    bool has_brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    (void)snprintf(bare, BOUND_SOCKET_BARE_SIZE, "%.*s", (int)(has_brackets ? len - 2 : len),
                   host + has_brackets);
}

int bound_socket_open(const char *host, int64_t port, int *lookup)
{
    char bare[BOUND_SOCKET_BARE_SIZE];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *address = NULL;
    char service[24];
    (void)snprintf(service, sizeof service, "%" PRId64, port);
    bound_socket_bare_host(host, bare);
    *lookup = getaddrinfo(bare, service, &hints, &address);
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

enum result bound_socket_name(int fd, char host[BOUND_SOCKET_HOST_SIZE], int64_t *port, struct why *why)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char service[NI_MAXSERV];
    *port = 0;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return why_set(why, RES_BROKEN, "the address of the listening socket: %s", strerror(errno));
    int code = getnameinfo((const struct sockaddr *)&address, len, host, BOUND_SOCKET_HOST_SIZE, service,
                           sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    if (code != 0)
        return why_set(why, RES_BROKEN, "the address of the listening socket: %s", gai_strerror(code));
    *port = positive_parse(service);
    return RES_OK;
}
