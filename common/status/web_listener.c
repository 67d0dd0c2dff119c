/* web_listener -- see web_listener.h. */
#include "common/status/web_listener.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum result explain(int error, const char *host, int64_t port, const char *port_name, struct why *why)
{
    switch (error) {
    case EADDRINUSE:
        (void)why_remedy(why, RES_RETRY,
                         "stop the other program, or set %s to a free port other than PORT, or to 0 for none",
                         port_name);
        return why_set(why, RES_RETRY, "%s=%" PRId64 " on %s is taken by another program", port_name, port,
                       host);
    case EADDRNOTAVAIL:
        (void)why_remedy(why, RES_RETRY, "set STATUS_HOST to an address of this machine, e.g. 127.0.0.1");
        return why_set(why, RES_RETRY, "STATUS_HOST=%s is no address of this machine now", host);
    case EACCES:
    case EPERM:
        (void)why_remedy(why, RES_RETRY, "set %s to 1024 or above", port_name);
        return why_set(why, RES_RETRY, "%s=%" PRId64 " needs a permission that this program does not have",
                       port_name, port);
    default:
        return why_set(why, RES_RETRY, "cannot listen on STATUS_HOST=%s, %s=%" PRId64 ": %s", host, port_name,
                       port, strerror(error));
    }
}

static bool set_up(int fd, const struct addrinfo *address)
{
    int on = 1;
    int off = 0;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (address->ai_family != AF_INET6 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, WEB_BACKLOG) == 0;
}

enum result web_listen(int *out, const char *host, int64_t port, const char *port_name, struct why *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *address = NULL;
    char service[24];

    *out = -1;
    (void)snprintf(service, sizeof service, "%" PRId64, port);
    int code = getaddrinfo(host, service, &hints, &address);
    if (code != 0) {
        (void)why_remedy(why, RES_RETRY, "set STATUS_HOST to an address of this machine, e.g. 127.0.0.1");
        return why_set(why, RES_RETRY, "STATUS_HOST=%s is no address of this machine: %s", host,
                       gai_strerror(code));
    }
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool listens = fd >= 0 && set_up(fd, address);
    int error = errno;
    freeaddrinfo(address);
    if (listens) {
        *out = fd;
        return RES_OK;
    }
    if (fd >= 0) close(fd);
    return explain(error, host, port, port_name, why);
}
