/*
 * lock_wait -- what a command says of a lock that another program holds on the spool: on stderr whom it waits for, once
 * that takes long, and at the end the cause and the remedy.
 */
#ifndef COMMON_LOCK_WAIT_H
#define COMMON_LOCK_WAIT_H

#include <stdint.h>
#include <sys/types.h>

#include "common/db.h"

#define LOCK_WAIT_TOLD_MS 2000

/* A call of this connection that waits for longer is logged, the first one only. */
void lock_wait_watch(struct db *db);

/* If a lock was what stood in the way, `why` says so, and what to do. Returns `res`. */
enum result lock_wait_explain(enum result res, struct why *why);

/*
 * The process that holds the lock, by the text of /proc/locks; 0 if it is not found there. `file` and `shm` are the inodes
 * of the spool and its `-shm` file, `self` this process. Pure.
 */
pid_t lock_wait_holder(const char *locks, uint64_t file, uint64_t shm, pid_t self);

#endif
