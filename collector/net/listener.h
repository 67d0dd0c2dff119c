/*
 * listener -- the socket that senders connect to.
 */
#ifndef COLLECTOR_NET_LISTENER_H
#define COLLECTOR_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/net/allow.h"

#define LISTENER_BACKLOG 4096 /* senders that may wait to be accepted, where the system allows so many */

/*
 * Binds a socket to `host` (a numeric address or a name; "::" takes IPv4 as well) and `port`: from now on nobody else
 * gets the port. The caller owns `*fd`, which does not block; it is -1 unless RES_OK.
 *   RES_RETRY    another program uses the port (`*is_taken`, which may be NULL), or the system cannot now: the address
 *                or the name is not there yet, there are no descriptors or memory
 *   RES_REFUSE   the port needs a permission, the name is none, or the system can never make such a socket
 */
MUST_CHECK enum result listener_bind(int *fd, const char *host, int64_t port, bool *is_taken,
                                     struct why *why);

/* From now on senders can connect. RES_RETRY: another program was faster. */
MUST_CHECK enum result listener_listen(int fd, const char *host, int64_t port, struct why *why);

/*
 * Accepts the next waiting sender: a descriptor that does not block, owned by the caller, with the numeric address in
 * `source`. -1 with errno otherwise: EAGAIN if no sender waits; EACCES if `allow` does not name the address in
 * `source`, whose connection has been closed unread; else as accept(2).
 */
int listener_accept(int listening_fd, const struct allow *allow, char *source, size_t size);

/* How many senders wait to be accepted. */
int64_t listener_count_waiting(int listening_fd);

#endif
