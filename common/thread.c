/* thread -- see thread.h. */
#include "common/thread.h"

#include <assert.h>
#include <string.h>

#define NAME_MAX_LENGTH 15 /* pthread_setname_np(3) */

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context)
{
    assert(strlen(name) <= NAME_MAX_LENGTH);
    int code = pthread_create(thread, NULL, run, context);
    if (code == 0) (void)pthread_setname_np(*thread, name); /* it may have ended by now */
    return code;
}
