/*
 * disk_log -- what was written to the disk and what was synced, in order, and what a power cut would leave of it.
 *
 * fault_vfs notes each call here between begin and end. A moment is the number of calls until then. After a cut a file
 * holds what was synced, and of the later writes any, whole or torn at a sector: chance decides. A file that was never
 * synced is gone; a file that was deleted without syncing its directory is still there. What a failed sync should have
 * kept is lost, unless it is written again: Linux marks those pages clean.
 */
#ifndef TESTS_SUPPORT_DISK_LOG_H
#define TESTS_SUPPORT_DISK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void disk_log_begin(void); /* from now on each call on one spool's files is noted; they must not exist yet */
void disk_log_end(void);   /* no more is noted */
void disk_log_pause(void); /* what comes now never happens: a killed process does not tidy up */
void disk_log_resume(void);
void disk_log_forget(void);

size_t disk_log_moment(void);

/*
 * Writes the files into the directory `dir`, as a cut at this moment leaves them. Seed 0: no unsynced write survives.
 */
void disk_log_cut(size_t moment, uint64_t seed, const char *dir);

/* ---- for fault_vfs; a NULL path is a temporary file and not noted ---- */

void disk_log_write(const char *path, const void *data, size_t len, size_t offset);
void disk_log_truncate(const char *path, size_t size);
void disk_log_sync(const char *path, bool is_kept);
void disk_log_delete(const char *path);
void disk_log_sync_directory(const char *path); /* of any file: all lie in one */

#endif
