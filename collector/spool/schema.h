/*
 * schema -- creates the spool, brings its schema up to date, and draws its identity. The collector alone does so.
 */
#ifndef COLLECTOR_SPOOL_SCHEMA_H
#define COLLECTOR_SPOOL_SCHEMA_H

#include <limits.h>

#include "common/spool.h"

/* Chosen by measuring: docs/page-size.md. It can never change for a spool that exists. */
#define SPOOL_PAGE_SIZE 16384

/* The directory that `path` lies in. Returns `out`. */
const char *spool_directory_of(const char *path, char out[PATH_MAX]);

/* The nearest directory on the way to `path` that is there: its file system will have the spool. Returns `out`. */
const char *spool_nearest_directory(const char *path, char out[PATH_MAX]);

/*
 * Checks, without making anything, whether spool_make_directory() would succeed now. `missing` is the first directory
 * that it would make, "" if it would make none.
 *   RES_REFUSE   it would fail: `why` names the directory, the user and the remedy
 */
MUST_CHECK enum result spool_check_directory(const char *path, char missing[PATH_MAX], struct why *why);

/*
 * Makes the directory that `path` lies in, mode 2770, with its parents, if it is missing.
 *   RES_REFUSE   it cannot be made, or this user may not write in it
 */
MUST_CHECK enum result spool_make_directory(const char *path, struct why *why);

/* A step of the schema's ladder: the statements that lead to `version` from the one before. */
struct schema_rung {
    int version;
    const char *sql; /* NULL ends the ladder */
};

/*
 * Climbs all rungs above `schema`, which the spool has now, in the caller's transaction; 0: it has none yet. Logs the
 * begin and the end of each rung of a spool that had a schema, and every ten seconds that the work goes on.
 */
MUST_CHECK enum result schema_climb(struct db *db, const struct schema_rung *ladder, int64_t schema,
                                    struct why *why);

/*
 * Opens the spool at `path`; creates it (mode 0660), or brings its schema up to date, if need be, in one transaction.
 * `node` names this installation; NULL keeps the name that the spool has, or gives a new spool the host's name. A spool
 * whose file was copied or restored gets a new identity. The caller owns `*db`, which is NULL unless RES_OK.
 *   RES_RETRY    locked, no space, or a newer schema: exit 75
 *   RES_REFUSE   the place cannot be used, or the file is not a spool or one of a development version (left untouched):
 *                exit 78
 *   RES_BROKEN   damaged
 */
MUST_CHECK enum result spool_create_or_open(struct db **db, const char *path, const char *node,
                                            struct why *why);

/*
 * Draws a new identity in any case, for a restored or cloned machine: there the file looks the same. Ids go on, and
 * sealed batches keep their keys. `*before` and `*after` are set with RES_OK. The errors are those of db.h; RES_BROKEN
 * also if there is no file at `path`.
 */
MUST_CHECK enum result spool_new_identity(struct db *db, const char *path, struct spool_identity *before,
                                          struct spool_identity *after, struct why *why);

#endif
