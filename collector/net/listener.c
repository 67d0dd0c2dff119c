/* listener -- see listener.h. Keep-alive probes after 60 s of silence find senders whose machine is gone. */
#include "collector/net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bound_socket.h"
#include "common/log.h"

#define KEEPALIVE_S 60

static const char host_remedy[] =
    "set BIND_HOST to an address of this machine, or to 0.0.0.0 or :: for all of them";

/* Explains an error of a call that makes, binds or opens the socket: what can pass by itself is worth another try. */
static enum result explain(int error, const char *host, int port, struct why *why)
{
    switch (error) {
    case EADDRINUSE:
        (void)why_remedy(why, RES_RETRY, "stop the other program, or set PORT to a free one");
        return why_set(why, RES_RETRY, "PORT=%d on %s is taken by another program", port, host);
    case EADDRNOTAVAIL:
        (void)why_remedy(why, RES_RETRY, "%s", host_remedy);
        return why_set(why, RES_RETRY, "BIND_HOST=%s is no address of this machine now", host);
    case EAFNOSUPPORT:
        (void)why_remedy(why, RES_REFUSE, "set BIND_HOST=0.0.0.0");
        return why_set(why, RES_REFUSE, "BIND_HOST=%s: this machine has no IPv6", host);
    case EACCES:
    case EPERM:
        (void)why_remedy(
            why, RES_REFUSE,
            "set PORT to 1024 or above, or give the program the capability CAP_NET_BIND_SERVICE");
        return why_set(why, RES_REFUSE, "PORT=%d needs a permission that this program does not have", port);
    case EMFILE:
    case ENFILE:
        (void)why_remedy(why, RES_RETRY, "raise the limit of open files");
        return why_set(why, RES_RETRY, "cannot listen on BIND_HOST=%s, PORT=%d: %s", host, port,
                       strerror(error));
    default:
        return why_set(why, RES_RETRY, "cannot listen on BIND_HOST=%s, PORT=%d: %s", host, port,
                       strerror(error));
    }
}

/* A name server that does not answer now may do so later; a name that it does not know may be a spelling mistake. */
static enum result explain_lookup(int code, const char *host, struct why *why)
{
    bool may_pass = code == EAI_AGAIN || code == EAI_MEMORY || code == EAI_SYSTEM;
    enum result res = may_pass ? RES_RETRY : RES_REFUSE;
    (void)why_remedy(why, res, "%s", host_remedy);
    return why_set(why, res, "BIND_HOST=%s is no address of this machine%s: %s", host,
                   may_pass ? " that is known now" : "", gai_strerror(code));
}

enum result listener_bind(int *out, const char *host, int64_t port, bool *is_taken, struct why *why)
{
    int lookup = 0;
    if (is_taken) *is_taken = false;
    *out = bound_socket_open(host, port, &lookup);
    int error = errno;
    if (*out >= 0) return RES_OK;
    if (lookup != 0) return explain_lookup(lookup, host, why);
    if (is_taken) *is_taken = error == EADDRINUSE;
    return explain(error, host, (int)port, why);
}

enum result listener_listen(int fd, const char *host, int64_t port, struct why *why)
{
    return listen(fd, LISTENER_BACKLOG) == 0 ? RES_OK : explain(errno, host, (int)port, why);
}

static void name_source(const struct sockaddr_storage *address, socklen_t len, char *source, size_t size)
{
    static const char mapped[] = "::ffff:"; /* IPv4 through an IPv6 socket */
    int code =
        getnameinfo((const struct sockaddr *)address, len, source, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
    if (code != 0) (void)snprintf(source, size, "unknown");
    size_t prefix = sizeof mapped - 1;
    if (strncmp(source, mapped, prefix) == 0 && strchr(source + prefix, '.'))
        memmove(source, source + prefix, strlen(source + prefix) + 1);
}

/* Of a listening socket the system shows its queue where it shows the segments that wait of any other. */
int64_t listener_count_waiting(int listening_fd)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (getsockopt(listening_fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return 0;
    return info.tcpi_unacked;
}

int listener_accept(int listening_fd, const struct allow *allow, char *source, size_t size)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int on = 1;
    int idle = KEEPALIVE_S;
    int fd = accept4(listening_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -1;
    name_source(&address, len, source, size);
    if (!allow_has(allow, (struct sockaddr *)&address)) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    /* An urgent byte is a byte like any other: else it would be lost, and what waits behind it would not be counted. */
    if (setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) != 0)
        log_debug("cannot keep urgent bytes in line", "why=%s", LOG_QUOTE(strerror(errno)));
    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) != 0)
        log_debug("cannot enable keep-alive on a connection", "why=%s", LOG_QUOTE(strerror(errno)));
    return fd;
}
