/* target -- the receiver's addresses. */
#ifndef ACMSIM_TARGET_H
#define ACMSIM_TARGET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target {
    struct addrinfo *addresses; /* owned; at least one after target_open */
    int64_t deadline_ns;        /* until then failures to resolve and to connect are tried again */
};

enum { TARGET_NAME_SIZE = 96, TARGET_RETRY_MS = 50 };

/*
 * Look up host and port, again and again until the deadline. False after saying why not; false in silence
 * when `signal_fd` becomes readable meanwhile.
 */
bool target_open(struct target *target, const char *host, unsigned port, int64_t deadline_ns, int signal_fd);
void target_close(struct target *target);

/* "127.0.0.1 port 8080"; returns `text`. */
const char *target_name(const struct addrinfo *address, char text[TARGET_NAME_SIZE]);

#endif
