/*
 * bound_socket -- a TCP socket at an address and a port of this machine, which does not listen yet.
 */
#ifndef COMMON_BOUND_SOCKET_H
#define COMMON_BOUND_SOCKET_H

#include <stdint.h>

/*
 * Returns the socket, which does not block, is closed on exec and is the caller's; on an IPv6 address it takes IPv4 as well.
 * -1: `*lookup` is the error of getaddrinfo(3) for `host`, or 0: then errno says what has failed.
 */
int bound_socket_open(const char *host, int64_t port, int *lookup);

#endif
