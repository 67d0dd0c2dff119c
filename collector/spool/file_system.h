/*
 * file_system -- checks that the spool's file system is suitable. Both programs share memory through the index of the
 * write-ahead log, which works on a local file system only; and a file system in memory does not survive a restart.
 */
#ifndef COLLECTOR_SPOOL_FILE_SYSTEM_H
#define COLLECTOR_SPOOL_FILE_SYSTEM_H

#include "common/why.h"

enum file_system_kind {
    FILE_SYSTEM_LOCAL,    /* or unknown to us */
    FILE_SYSTEM_DOUBTFUL, /* FUSE: what stores the files is unknown */
    FILE_SYSTEM_VOLATILE, /* in memory, or a container's own layer: the files do not survive a restart */
    FILE_SYSTEM_NETWORK,
};

/* `type` is statfs(2)'s f_type. `*name` is a constant, NULL if the kind is FILE_SYSTEM_LOCAL. */
enum file_system_kind file_system_kind(unsigned long type, const char **name);

/*
 * Checks the file system that holds the spool, or the spool's directory if the file does not exist yet. If it can
 * be used but a person should know something, `doubts` gets a sentence and a remedy; otherwise it is empty.
 *   RES_REFUSE   a network file system: set SPOOL_PATH to a local disk
 *   RES_RETRY    the file system's type cannot be read
 */
MUST_CHECK enum result file_system_check(const char *spool_path, struct why *doubts, struct why *why);

#endif
