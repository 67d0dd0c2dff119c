/*
 * name_file -- gives a finished file its name. What is there already stays: only a regular file makes way, and that only
 * if the caller says so. Nothing can come between the look and the act, however fast somebody else is.
 */
#ifndef UPLOADER_COMMANDS_NAME_FILE_H
#define UPLOADER_COMMANDS_NAME_FILE_H

#include <stdbool.h>

#include "common/aside.h"
#include "common/why.h"

/*
 * Would name_file() refuse `path` as things stand? To be asked before the work that makes the file.
 *   RES_BROKEN  something is there; `why` says what, and the remedy what to do
 */
MUST_CHECK enum result name_file_check(const char *path, bool may_replace, struct why *why);

/*
 * Gives the file that was written aside, in the same directory, the name `path`. With `may_replace` it has a name for now;
 * the file that made way has that name then. aside_close() removes what is to be removed, whatever the result.
 *   RES_BROKEN  refused, as above, or the call failed; what is at `path` is what was there
 */
MUST_CHECK enum result name_file(struct aside *aside, const char *path, bool may_replace, struct why *why);

#endif
