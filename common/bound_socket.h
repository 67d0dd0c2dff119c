/*
 * bound_socket -- a TCP socket at an address and a port of this machine, which does not listen yet.
 */
#ifndef COMMON_BOUND_SOCKET_H
#define COMMON_BOUND_SOCKET_H

#include <stdint.h>

#include "common/why.h"

/*
 * `host` is a name or an address; an IPv6 address may stand in brackets, as docker compose wants it in the same .env.
 *
 * Returns the socket, which does not block, is closed on exec and is the caller's; on an IPv6 address it takes IPv4 as well.
 * -1: `*lookup` is the error of getaddrinfo(3) for `host`, or 0: then errno says what has failed.
 */
int bound_socket_open(const char *host, int64_t port, int *lookup);

/* The numeric address and the port of a socket that is bound; RES_BROKEN if it is none. */
#define BOUND_SOCKET_HOST_SIZE 64
MUST_CHECK enum result bound_socket_name(int fd, char host[BOUND_SOCKET_HOST_SIZE], int64_t *port,
                                         struct why *why);

#define BOUND_SOCKET_BARE_SIZE 1025 /* NI_MAXHOST of getnameinfo(3) */

/* The host without the brackets that may stand around an IPv6 address; a longer one is cut. */
void bound_socket_bare_host(const char *host, char bare[BOUND_SOCKET_BARE_SIZE]);

#endif
