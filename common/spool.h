/*
 * spool -- opens the spool, the SQLite file between the two programs, with the settings that both must share.
 *
 * Only the collector creates the file, with its page size, auto_vacuum and schema (collector/spool/schema.h). Every
 * connection checks that the file is a spool and not too new, and uses WAL, synchronous=FULL and no automatic
 * checkpoints.
 */
#ifndef COMMON_SPOOL_H
#define COMMON_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

#define SPOOL_APPLICATION_ID 0x65767370 /* "evsp" */
#define SPOOL_SCHEMA         117 /* major * 100 + minor; a program can use a spool with a newer minor number */
#define SPOOL_SCHEMA_FIRST   117 /* of the first release; development versions had smaller numbers */
#define SPOOL_ID_SIZE        11  /* ten hex digits */
#define SPOOL_NODE_MAX       64
#define SPOOL_TEST_SENDER    "cn=eventspool-test" /* of events that are a test: this sender is not tracked */
#define SPOOL_BUSY_MS        5000                 /* how long a call waits for a lock; callers try again */
#define SPOOL_LOOK_BUSY_MS   100                  /* the same for a quick look at the version */
#define SPOOL_WRITER_BUSY_MS 1000                 /* the same for the collector's writing connection */

/*
 * Lengths of the WAL. Above the first a thread checkpoints in the background; above the second the writer checkpoints
 * what little is left between two groups; above the third it checkpoints all that is left, and waits until the WAL can start
 * again.
 */
#define SPOOL_WAL_PASSIVE_BYTES (8 << 20)
#define SPOOL_WAL_FINISH_BYTES  (32 << 20)
#define SPOOL_WAL_RESTART_BYTES (48 << 20)

struct spool_identity {
    char spool[SPOOL_ID_SIZE];
    char node[SPOOL_NODE_MAX + 1];
};

/* How a spool's schema compares with `current`, the schema that this program knows. */
enum spool_age {
    SPOOL_AGE_DEVELOPMENT, /* from before the first release: it cannot be used */
    SPOOL_AGE_OLDER,       /* a collector of this version brings it up to date */
    SPOOL_AGE_USABLE,      /* the same, or a newer minor version */
    SPOOL_AGE_TOO_NEW,     /* a newer major version: nothing may be written */
};
enum spool_age spool_age_of(int64_t schema, int64_t current);

/* Is there nothing at `path`, not even a link? Then the collector creates it. */
bool spool_is_missing(const char *path);

/* RES_REFUSE if `path` is not a regular file, or a link to nowhere, or this user may not reach it, or not read and write it. */
MUST_CHECK enum result spool_check_access(const char *path, struct why *why);

/* Identifies a file, so that a copy of it can be detected. */
struct spool_file {
    int64_t device, inode, born_at; /* born_at: ms since 1970, 0 if the file system does not know it */
};

/* RES_BROKEN if there is no such file, or it cannot be checked. */
MUST_CHECK enum result spool_stat_file(const char *path, struct spool_file *file, struct why *why);

/*
 * Is `file` the file for which the spool's identity was drawn? A copied or restored file is not. The device counts only
 * if the birth time is unknown: device numbers may change when the machine starts.
 */
MUST_CHECK enum result spool_check_file(struct db *db, const struct spool_file *file, bool *is_same,
                                        struct why *why);

/*
 * Is the file at `path` one that this program can use, if there is one? A quick look, which changes nothing. RES_OK also
 * if it cannot be told now: it is locked, or the disk has no room.
 *   RES_RETRY    it has a newer major version: upgrade this program
 *   RES_REFUSE   it is not a spool, or one of a development version, or this user may not read and write it
 *   RES_BROKEN   it is damaged
 */
MUST_CHECK enum result spool_check_usable(const char *path, struct why *why);

/*
 * Opens an existing spool.
 *   RES_RETRY    it does not exist yet (the collector creates it), or has a newer major version: exit 75 or wait
 *   RES_REFUSE   the file is not a spool, or it is one of a development version; it is left untouched. Or this user may
 *                not reach it, which `why` explains: whether it is there cannot be seen then
 *   RES_BROKEN   the file is damaged
 * `*db` is NULL unless RES_OK.
 */
MUST_CHECK enum result spool_open(struct db **db, const char *path, struct why *why);

/* The same for a command: a person is told of a lock that it waits for. */
MUST_CHECK enum result spool_open_for_command(struct db **db, const char *path, struct why *why);

/* Sets up a connection; spool_open() does it, the collector calls it when it creates the file. */
MUST_CHECK enum result spool_configure(struct db *db, struct why *why);

/*
 * Checks that the file is a spool of a version that we can write, or that it is empty: then `*schema` is 0. The errors
 * are those of spool_open().
 */
MUST_CHECK enum result spool_check_version(struct db *db, const char *path, int64_t *schema, struct why *why);

/*
 * The same of a file that was just opened.
 *   RES_REFUSE also if this user may not read and write its -wal or -shm; SQLite does not say which file that is
 */
MUST_CHECK enum result spool_check_opened(struct db *db, const char *path, int64_t *schema, struct why *why);

/* RES_BROKEN if the spool has no identity. */
MUST_CHECK enum result spool_load_identity(struct db *db, struct spool_identity *identity, struct why *why);

#endif
