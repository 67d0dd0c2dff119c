/* web_listener -- see web_listener.h. */
#include "common/status/web_listener.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bound_socket.h"

enum { FIRST_FREE_PORT = 1024 }; /* those below need a privilege */

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
    case EAFNOSUPPORT: /* a unit of systemd that may use what its sockets accept, and nothing else */
        (void)why_remedy(why, RES_RETRY,
                         "look for what is wrong with the service's socket: systemctl status "
                         "eventspool-status.socket; then restart the service");
        return why_set(why, RES_RETRY,
                       "%s=%" PRId64 " was not passed, and this service may not open it itself", port_name,
                       port);
    case EACCES:
    case EPERM:
        if (port < FIRST_FREE_PORT)
            (void)why_remedy(why, RES_RETRY, "set %s to %d or above", port_name, FIRST_FREE_PORT);
        else
            (void)why_remedy(
                why, RES_RETRY,
                "allow it in the service's unit, as docs/installing.md says, or set %s to 0 for none",
                port_name);
        return why_set(why, RES_RETRY, "%s=%" PRId64 " needs a permission that this program does not have",
                       port_name, port);
    default:
        return why_set(why, RES_RETRY, "cannot listen on STATUS_HOST=%s, %s=%" PRId64 ": %s", host, port_name,
                       port, strerror(error));
    }
}

enum result web_listen(int *out, const char *host, int64_t port, const char *port_name, struct why *why)
{
    int lookup = 0;
    *out = bound_socket_open(host, port, &lookup);
    if (lookup != 0) {
        (void)why_remedy(why, RES_RETRY, "set STATUS_HOST to an address of this machine, e.g. 127.0.0.1");
        return why_set(why, RES_RETRY, "STATUS_HOST=%s is no address of this machine: %s", host,
                       gai_strerror(lookup));
    }
    if (*out >= 0 && listen(*out, WEB_BACKLOG) == 0) return RES_OK;
    int error = errno;
    if (*out >= 0) close(*out);
    *out = -1;
    return explain(error, host, port, port_name, why);
}
