/* outlet -- a descriptor that takes bytes without ever making the program wait. */
#ifndef ACMSIM_OUTLET_H
#define ACMSIM_OUTLET_H

#include <stddef.h>
#include <sys/types.h>

enum outlet_kind {
    OUTLET_SOCKET, /* our own, non-blocking */
    OUTLET_PIPE,   /* borrowed standard output that may fill up: a pipe, a terminal, a socket */
    OUTLET_FILE,   /* borrowed standard output that is always ready */
};

struct outlet {
    int fd; /* -1: none */
    enum outlet_kind kind;
};

/* Like send(): the number of bytes taken, or -1 and errno, EAGAIN when there is no room now. */
ssize_t outlet_write(struct outlet outlet, const char *data, size_t length);

#endif
