/*
 * ownership -- whose the files beside the spool are. What root has made there is given to the spool's owner, as SQLite does
 * with its own files: the service's user could not open it otherwise. Two users of one group share the others, which is
 * why these need the directory's group.
 */
#ifndef COMMON_OWNERSHIP_H
#define COMMON_OWNERSHIP_H

/* Does nothing unless root runs this and the file, which has no other name, is root's. A failure is logged (debug). */
void ownership_give_away(int fd, const char *spool_path);

/*
 * For `check`: prints a note if the group of the spool's directory may write there, but a file that this user makes there
 * would get his own group instead: the directory lacks the bit that hands its group down.
 */
void ownership_note_directory(const char *spool_path);

#endif
