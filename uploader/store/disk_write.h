/*
 * disk_write -- an object's bytes into a file of its own, and onto the disk.
 *
 * They are written in steps, each of which is on the disk before the next, so that no commit of the collector waits for a
 * whole object. Where the bytes begin at a page, as those of a large buf do (buf.h), and the file system knows it, they go
 * to the disk from where they are (O_DIRECT, open(2)): nobody reads them again, and without the page cache the kernel has
 * neither to copy them nor to find memory for them. Elsewhere each step is synced and leaves the cache.
 */
#ifndef UPLOADER_STORE_DISK_WRITE_H
#define UPLOADER_STORE_DISK_WRITE_H

#include <stdbool.h>

#include "common/buf.h"

/*
 * `fd` is a new and empty file. `is_gentle`: in small steps, which take a sixth longer, and commits that come meanwhile wait
 * less. False, with errno, if it cannot be written; what is in the file then is of no use. True: it is as durable as fsync(2)
 * makes it.
 */
bool disk_write(int fd, const struct buf *body, bool is_gentle);

#endif
