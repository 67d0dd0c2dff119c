/*
 * ownership -- gives what root has made beside the spool to the spool's owner, as SQLite does with its own files: the
 * service's user could not open it otherwise.
 */
#ifndef COMMON_OWNERSHIP_H
#define COMMON_OWNERSHIP_H

/* Does nothing unless root runs this and the file, which has no other name, is root's. A failure is logged (debug). */
void ownership_give_away(int fd, const char *spool_path);

#endif
