/*
 * secret -- memory and files that hold secrets: wiped before the memory is given back.
 */
#ifndef UPLOADER_CREDENTIALS_SECRET_H
#define UPLOADER_CREDENTIALS_SECRET_H

#include <stddef.h>

#include "common/buf.h"
#include "common/why.h"

/*
 * Reads a file (small_file.h) as a text without the white space around it; `text` holds at most `size` - 1 bytes.
 *   RES_RETRY    it cannot be read now, or is empty
 *   RES_REFUSE   it is longer
 */
MUST_CHECK enum result secret_read_text(const char *path, char *text, size_t size, struct why *why);

void secret_fini(struct buf *buf); /* wipes and frees */
void secret_free(char *text);      /* likewise; accepts NULL */

#endif
