/*
 * pause -- what long work calls between two slices, so that its caller may sleep there. The work does not know why.
 */
#ifndef UPLOADER_BATCH_PAUSE_H
#define UPLOADER_BATCH_PAUSE_H

#include <stddef.h>

struct pause {
    void (*take)(void *context);
    void *context; /* borrowed */
};

/* Does nothing if `pause` is NULL. */
static inline void pause_take(const struct pause *pause)
{
    if (pause) pause->take(pause->context);
}

#endif
