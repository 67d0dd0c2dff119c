/*
 * stall -- does each thread of the uploader go on? One that is in a call that does not end, such as that of a disk, is the
 * problem `thread_stalled`, which names the thread and the call, until it goes on.
 */
#ifndef UPLOADER_SHIP_STALL_H
#define UPLOADER_SHIP_STALL_H

#include "common/problems.h"
#include "uploader/ship/shipper.h"

/*
 * Raises or ends the problem; false: a thread is stalled. Any thread may call it. The thread that owns the spool finds the
 * workers that are stalled; that it is stalled itself only another one can find.
 */
bool stall_check(struct shipper *shipper, struct problems *problems);

#endif
