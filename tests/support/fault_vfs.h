/*
 * fault_vfs -- SQLite's disk, failing when it is told to.
 *
 * A VFS around "unix" that becomes the default. The calls that change files are counted; the nth one fails. A failing
 * write has written its first half; a failing sync has lost what it should have kept, as Linux does. Syncs never reach
 * the real disk: power cuts are simulated (disk_log.h), and so the tests are quick. One thread.
 */
#ifndef TESTS_SUPPORT_FAULT_VFS_H
#define TESTS_SUPPORT_FAULT_VFS_H

#include <stdbool.h>

/*
 * FAULT_FULL is SQLITE_FULL of a write, and errno ENOSPC of a sync or a truncate; FAULT_QUOTA is errno EDQUOT of each,
 * which SQLite takes for an I/O error.
 */
enum fault { FAULT_EIO, FAULT_FULL, FAULT_QUOTA, FAULT_COUNT };

void fault_vfs_install(void); /* for connections opened from now on; a second call does nothing */

/* The nth write, sync or truncate from now on fails, once. */
void fault_disk_at(int nth, enum fault fault);

/* The same, but of the syncs alone. */
void fault_sync_at(int nth);

/* Has it failed? Whether or not, it will not any more. */
bool fault_fired(void);

#endif
