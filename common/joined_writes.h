/*
 * joined_writes -- neighbouring writes to SQLite's write-ahead log become one call of the system.
 *
 * SQLite writes its log in turns of 24 bytes and a page. The kernel does as much for a small write as for a large one, and
 * keeps small pieces in its cache by themselves: at full load that took half of what the writer's thread cost in the
 * kernel.
 *
 * What waits to be written is in this process alone, so it has to be there before anybody may look at it. SQLite sees to
 * that where each commit is synced: it publishes a commit, in the index of the log, only when xSync() has succeeded
 * (https://www.sqlite.org/walformat.html, https://www.sqlite.org/wal.html), and the first thing that xSync() does here is
 * to write. So does each call that looks at the file. An error of such a write is that of the call in which it is made, as
 * if the disk had noticed it late: the commit fails. A transaction that grows beyond its cache writes before it commits, too:
 * if it is rolled back, what waits is forgotten before the lock is given up with which others may write to the same place.
 *
 * The database's file is left alone. A checkpoint that does not copy all is published without a sync, and SQLite does not
 * look at the error of the one call that comes before that.
 */
#ifndef COMMON_JOINED_WRITES_H
#define COMMON_JOINED_WRITES_H

#include <stdbool.h>

struct sqlite3; /* SQLite's */

/*
 * One write at most. SQLite's own writes take less than 128 KB. A multiple of 64 KB of the file is written at once, which
 * the kernel can keep as one piece.
 */
#define JOINED_WRITES_SIZE ((size_t)64 << 10)

/*
 * From now on and until the log is closed. The connection has read the database, which is in WAL mode, and its
 * `synchronous` is FULL and stays so. Takes JOINED_WRITES_SIZE of memory from the first write on.
 * False: the log is not open yet, or SQLite would write behind a commit's sync (SQLITE_IOCAP_POWERSAFE_OVERWRITE); then
 * writes go on as before.
 */
bool joined_writes_begin(struct sqlite3 *handle);

#endif
