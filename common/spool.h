/*
 * spool -- open the SQLite file that stands between the two programs, with the settings that both must share.
 *
 * Page size, auto_vacuum and the schema are the collector's to create (collector/spool/schema.h); here is what every
 * connection does: refuse a file that is not ours or too new, WAL, synchronous=FULL, no automatic checkpoints.
 */
#ifndef COMMON_SPOOL_H
#define COMMON_SPOOL_H

#include <stdint.h>

#include "common/db.h"

#define SPOOL_APPLICATION_ID 0x65767370 /* "evsp" */
#define SPOOL_SCHEMA         102 /* major * 100 + minor: the same major stays usable one version older */
#define SPOOL_ID_SIZE        11  /* ten hex digits */
#define SPOOL_NODE_MAX       64
#define SPOOL_BUSY_MS        5000 /* a try ends within it; callers try again */
#define SPOOL_WRITER_BUSY_MS 1000

/*
 * The WAL: a checkpoint in the background above the first, one by the writer between two groups above the second; above
 * the third the writer waits until the WAL can begin again.
 */
#define SPOOL_WAL_PASSIVE_BYTES (8 << 20)
#define SPOOL_WAL_FINISH_BYTES  (32 << 20)
#define SPOOL_WAL_RESTART_BYTES (48 << 20)

struct spool_identity {
    char spool[SPOOL_ID_SIZE];
    char node[SPOOL_NODE_MAX + 1];
};

/* RES_REFUSE where `path` is no regular file, or not one that this user may read and write. */
MUST_CHECK enum result spool_check_access(const char *path, struct why *why);

/* What tells a file from a copy of it. */
struct spool_file {
    int64_t device, inode, born_at; /* born_at 0: the file system does not say */
};

/* RES_BROKEN when it cannot be looked at. */
MUST_CHECK enum result spool_stat_file(const char *path, struct spool_file *file, struct why *why);

/*
 * Is it the file that the spool remembers to be? A copied or restored one is not. The device counts only where the
 * birth time is unknown: device numbers may change when the machine starts.
 */
MUST_CHECK enum result spool_check_file(struct db *db, const struct spool_file *file, bool *is_same,
                                        struct why *why);

/*
 * Opens an existing spool.
 *   RES_RETRY    it is not there yet (the collector creates it), or of a newer major version: exit 75 or wait
 *   RES_REFUSE   not a spool of ours: left untouched
 *   RES_BROKEN   damaged
 */
MUST_CHECK enum result spool_open(struct db **db, const char *path, struct why *why);

/* The settings of a connection; part of spool_open(), apart for the one who creates the file. */
MUST_CHECK enum result spool_configure(struct db *db, struct why *why);

/* Is this file ours and of a version we write? As spool_open(); `*schema` is 0 for an empty file. */
MUST_CHECK enum result spool_check_version(struct db *db, const char *path, int64_t *schema, struct why *why);

MUST_CHECK enum result spool_load_identity(struct db *db, struct spool_identity *identity, struct why *why);

#endif
