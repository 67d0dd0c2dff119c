/* stall -- see stall.h. */
#include "uploader/ship/stall.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/turn.h"

#define MINUTE_MS INT64_C(60000)

bool stall_check(struct shipper *shipper, struct problems *problems)
{
    char message[PROBLEM_TEXT_SIZE];
    const char *thread = NULL;
    const char *call = NULL;
    int64_t lasts_ms = shipper_longest_call(shipper, &thread, &call);
    if (lasts_ms < TURN_STALLED_MS) {
        problems_end(problems, PROBLEM_THREAD_STALLED);
        return true;
    }
    (void)snprintf(message, sizeof message, "a thread of the uploader (%s) has been %s for %" PRId64 " min",
                   thread, call, lasts_ms / MINUTE_MS);
    problems_raise_since(
        problems, PROBLEM_THREAD_STALLED, clock_now_ms() - lasts_ms, 0, message,
        "see whether the disks of SPOOL_PATH and DESTINATION_DIR answer (`dmesg`); if they do, "
        "restart the uploader: nothing is lost");
    return false;
}
