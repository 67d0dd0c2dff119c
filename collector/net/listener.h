/*
 * listener -- the socket that senders connect to.
 */
#ifndef COLLECTOR_NET_LISTENER_H
#define COLLECTOR_NET_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "collector/net/allow.h"

#define LISTENER_BACKLOG 512

/*
 * Binds and listens on `host` (a numeric address or a name; "::" takes IPv4 as well) and `port`; the descriptor, which
 * does not block, is the caller's.
 *   RES_RETRY    the port is taken
 *   RES_REFUSE   no such address here, or not allowed
 */
MUST_CHECK enum result listener_bind(int *fd, const char *host, int64_t port, struct why *why);

/*
 * The next sender that waits, as a descriptor that does not block, with its numeric address in `source`; -1 with errno
 * when there is none. EACCES: `allow` does not name the one in `source`; it has been disconnected, nothing was read.
 */
int listener_accept(int listening_fd, const struct allow *allow, char *source, size_t size);

#endif
