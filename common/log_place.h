/*
 * log_place -- where the two files of an open write-ahead log are: the log itself (`-wal`), and its index (`-shm`),
 * which the programs that use the log share.
 *
 * Who opens the spool after the index was deleted makes a new one. Then two programs write to one log with an index
 * each, and overwrite each other's pages. As with in_place.h, only the paths show it.
 */
#ifndef COMMON_LOG_PLACE_H
#define COMMON_LOG_PLACE_H

#include <limits.h>

#include "common/in_place.h"

struct log_place;

/*
 * The path of a file that SQLite keeps for the spool: `suffix` is "-wal" (its log) or "-shm" (the log's index). It is beside
 * the spool's file also where `spool_path` is a link to that. Returns `out`, which is "" where such a path would be too long.
 */
const char *log_place_path(const char *spool_path, const char *suffix, char out[PATH_MAX]);

/*
 * Remembers the files of the log at `log_path` (`<spool>-wal`) as they are now, soon after they were opened. Borrows the
 * path. `*place` is NULL unless RES_OK; RES_BROKEN if one of them is missing.
 */
MUST_CHECK enum result log_place_new(struct log_place **place, const char *log_path, struct why *why);
void log_place_free(
    struct log_place *place); /* accepts NULL; after the log was closed: others may make an index now */

/*
 * What is at both places now; the worse of the two.
 *   PLACE_EMPTY   the log or its index was deleted; nobody else uses another one yet
 *   PLACE_NEW     another program has made a log, which is empty: nothing may be committed any more
 *   PLACE_TAKEN   another program has written to a log of its own, or has made an index of its own: nothing may be
 *                 committed, and nothing copied from the log into the spool's file. Where only the index is another, all
 *                 that was committed is in the log still, and the next to open the spool finds it there, unless the
 *                 other program has written over it
 */
enum in_place log_place_check(const struct log_place *place);

/*
 * The same, and keeps others out: where the index was deleted, an empty file takes its place, locked as SQLite locks an
 * index that is just being made. Until log_place_free() or the end of this process, who opens the spool finds it busy;
 * who had opened it before is not disturbed. For one program of a spool: for the other, this one is as good as gone.
 */
enum in_place log_place_guard(struct log_place *place);

/* The path of the file that is not in its place: of the log, if neither is. Borrowed. */
const char *log_place_lost(const struct log_place *place);

#endif
