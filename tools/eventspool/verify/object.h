/*
 * object -- does an object hold the mark? Read piece by piece, so that an object of any size needs little memory; one that
 * is compressed by gzip is looked into.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_OBJECT_H
#define TOOLS_EVENTSPOOL_VERIFY_OBJECT_H

#include <stdbool.h>

#include "common/why.h"

/*
 * Reads the descriptor to its end. `*holds`: the mark was found.
 *   RES_RETRY    the descriptor cannot be read
 *   RES_BROKEN   it begins as gzip does, and cannot be decompressed
 */
MUST_CHECK enum result object_search(int fd, const char *mark, bool *holds, struct why *why);

#endif
