/* bytes -- a growable byte buffer for building the template events. */
#ifndef ACMSIM_BYTES_H
#define ACMSIM_BYTES_H

#include <stddef.h>

struct bytes {
    char *data; /* owned */
    size_t length, capacity;
};

/* Append; out of memory aborts. */
void bytes_add(struct bytes *bytes, const void *data, size_t length);
void bytes_add_text(struct bytes *bytes, const char *text);
void bytes_fini(struct bytes *bytes);

#endif
