/*
 * thread -- starts a thread with a name, which people see in `top -H`, in a debugger and in /proc.
 */
#ifndef COMMON_THREAD_H
#define COMMON_THREAD_H

#include <pthread.h>

/*
 * As pthread_create(), whose error it returns: 0, or EAGAIN where there are too many threads. `name` has at most 15
 * bytes (Linux); it is copied.
 */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context);

#endif
