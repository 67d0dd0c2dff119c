/*
 * passed_sockets -- the listening sockets that a service manager has bound and passes to a process that it starts.
 *
 * The protocol is that of sd_listen_fds(3): LISTEN_PID is the process that is meant, LISTEN_FDS the number of
 * descriptors, from 3 on, and LISTEN_FDNAMES their names, separated by colons. Two sockets have a meaning here: `events`,
 * that of PORT, and `status`, that of STATUS_PORT. Where no name is one of these, the first socket is `events` and the
 * second one `status`. Whatever else is passed is refused: senders could connect to it, and nobody would read them.
 */
#ifndef COMMON_PASSED_SOCKETS_H
#define COMMON_PASSED_SOCKETS_H

#include <stdint.h>

#include "common/why.h"

#define PASSED_SOCKETS_FIRST_FD 3

enum passed_socket { PASSED_EVENTS, PASSED_STATUS, PASSED_COUNT };

struct passed_sockets {
    int fds[PASSED_COUNT]; /* -1: was not passed */
};

/*
 * Finds the sockets that `env` says are passed to the process `pid`, from the descriptor `first_fd` on; none if another
 * process is meant. Each has been checked: a TCP socket that listens; from now on it does not block, and child processes
 * do not get it.
 *   RES_REFUSE   a variable or a socket is not what it has to be: `why` names it; exit 78
 */
MUST_CHECK enum result passed_sockets_find(struct passed_sockets *sockets, char *const *env, int64_t pid,
                                           int first_fd, struct why *why);

/* "events", "status". */
const char *passed_sockets_name(enum passed_socket socket);

#endif
