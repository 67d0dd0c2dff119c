/*
 * secret -- memory and files that hold secrets: read whole, and wiped before the memory is given back.
 */
#ifndef UPLOADER_CREDENTIALS_SECRET_H
#define UPLOADER_CREDENTIALS_SECRET_H

#include <stddef.h>

#include "common/buf.h"
#include "common/why.h"

/*
 * Appends the file's bytes to `out`, which needs secret_fini() in any case. If the file grows meanwhile, only its
 * former length is read.
 *   RES_RETRY    the file is not there, or cannot be read now
 *   RES_REFUSE   the file is longer than `max` bytes
 */
MUST_CHECK enum result secret_read_file(const char *path, size_t max, struct buf *out, struct why *why);

/* The same, as a text without the white space around it; `text` holds at most `size` - 1 bytes. */
MUST_CHECK enum result secret_read_text(const char *path, char *text, size_t size, struct why *why);

void secret_fini(struct buf *buf); /* wipes and frees */
void secret_free(char *text);      /* likewise; accepts NULL */

#endif
