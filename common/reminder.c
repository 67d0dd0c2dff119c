/* reminder -- see reminder.h. */
#include "common/reminder.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

int reminder_count(int64_t lasts_ms)
{
    if (lasts_ms < HOUR_MS) return 0;
    if (lasts_ms < 4 * HOUR_MS) return 1;
    int64_t days = lasts_ms / DAY_MS;
    return 2 + (days < 100000 ? (int)days : 100000); /* however wrong a clock is */
}
