/*
 * small_file -- reads a small file whole, such as a secret, a token or a configuration.
 *
 * What is no file, a pipe with a name, `<(command)` or a terminal, is read too, until its other end is closed, but not
 * waited for longer than SMALL_FILE_WAIT_MS. The space is made before anything is read, so that no copy of a secret
 * stays behind when a buffer grows.
 */
#ifndef COMMON_SMALL_FILE_H
#define COMMON_SMALL_FILE_H

#include <stddef.h>

#include "common/buf.h"
#include "common/why.h"

#define SMALL_FILE_WAIT_MS 3000

/*
 * Appends the bytes to `out`, which the caller wipes and frees in any case. If the file grows meanwhile, only its former
 * length is read.
 *   RES_RETRY    it is not there, or cannot be read now, or is a pipe that gives nothing, or does not end
 *   RES_REFUSE   it is longer than `max` bytes
 */
MUST_CHECK enum result small_file_read(const char *path, size_t max, struct buf *out, struct why *why);

#endif
