/*
 * standard_fds -- keeps the numbers 0, 1 and 2 for what they mean.
 *
 * A program that is started with one of them closed gets that number for the next file it opens, and then writes its log
 * into it. So main() calls this before anything else.
 */
#ifndef COMMON_STANDARD_FDS_H
#define COMMON_STANDARD_FDS_H

/* Opens /dev/null in place of each of stdin, stdout and stderr that is closed. Child processes inherit it. */
void standard_fds_open(void);

#endif
