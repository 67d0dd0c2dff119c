/*
 * file_system -- is the place of the spool fit for it? Both programs share memory through the write-ahead log's index,
 * which works on a local file system only; and what lies in memory does not outlive the machine.
 */
#ifndef COLLECTOR_SPOOL_FILE_SYSTEM_H
#define COLLECTOR_SPOOL_FILE_SYSTEM_H

#include "common/why.h"

enum file_system_kind {
    FILE_SYSTEM_LOCAL,    /* or one that we have never heard of */
    FILE_SYSTEM_DOUBTFUL, /* FUSE: what lies behind it cannot be told */
    FILE_SYSTEM_VOLATILE, /* in memory, or a container's own layer: gone with it */
    FILE_SYSTEM_NETWORK,
};

/* `type` is statfs(2)'s f_type. `*name` is set where the kind is not FILE_SYSTEM_LOCAL, a constant. */
enum file_system_kind file_system_kind(unsigned long type, const char **name);

/*
 * Judges the file system that holds the spool, or its directory where it is not there yet. `doubts` gets a sentence and a remedy where it can be used
 * and a person should know something; else it stays empty.
 *   RES_REFUSE   a network file system
 *   RES_RETRY    it cannot be asked
 */
MUST_CHECK enum result file_system_check(const char *spool_path, struct why *doubts, struct why *why);

#endif
