/*
 * web_listener -- the listening socket of the status server.
 */
#ifndef COMMON_STATUS_WEB_LISTENER_H
#define COMMON_STATUS_WEB_LISTENER_H

#include <stdint.h>

#include "common/why.h"

/* Connections that the system keeps before they are accepted: so many are accepted at most in one turn of the loop. */
#define WEB_BACKLOG 32

/*
 * Opens a socket that does not block and listens. `port_name` is the setting, for messages. `*fd` is -1 unless RES_OK.
 *   RES_RETRY   the port is taken, or the address is none of this machine's: `why` has a remedy; try again later
 */
MUST_CHECK enum result web_listen(int *fd, const char *host, int64_t port, const char *port_name,
                                  struct why *why);

#endif
