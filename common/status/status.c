/* status -- see status.h. */
#include "common/status/status.h"

#include <string.h>

#define HOUR_MS 3600000LL

bool status_has(const struct status *s, enum problem_code code)
{
    for (size_t i = 0; i < s->problem_count; i++)
        if (strcmp(s->problems[i].code, problem_kind(code)->code) == 0) return true;
    return false;
}

int64_t status_counter(const struct status *status, const char *name, const char *label)
{
    for (size_t i = 0; i < status->counter_count; i++)
        if (strcmp(status->counters[i].name, name) == 0 && strcmp(status->counters[i].label, label) == 0)
            return status->counters[i].value;
    return 0;
}

int64_t status_room_bytes(const struct status *status)
{
    const struct status_disk *disk = &status->disk;
    if (!status->has_spool || disk->free_bytes < 0 || disk->min_free_bytes < 0) return -1;
    if (status_has(status, PROBLEM_PAUSED_DISK) || status_has(status, PROBLEM_PAUSED_CEILING)) return 0;
    int64_t room = disk->free_bytes + disk->unused_bytes - disk->min_free_bytes;
    int64_t below = disk->max_bytes - (status->spool_bytes - disk->unused_bytes);
    if (disk->max_bytes > 0 && below < room) room = below;
    return room > 0 ? room : 0;
}

/* A row takes more than its event: what the rows of now take for each byte tells how much. */
int64_t status_room_hours(const struct status *status)
{
    const struct status_disk *disk = &status->disk;
    int64_t room = status_room_bytes(status);
    if (room < 0 || disk->measured_ms <= 0 || disk->bytes_24h <= 0) return -1;
    double bytes_an_hour = (double)disk->bytes_24h * HOUR_MS / (double)disk->measured_ms;
    double hours = (double)room / (bytes_an_hour * STATUS_ROW_OVERHEAD);
    return hours > STATUS_ROOM_HOURS_MAX ? STATUS_ROOM_HOURS_MAX : (int64_t)hours;
}

int64_t status_next_due_at(const struct status *status)
{
    if (status->oldest_at == 0 || status->rotation_ms == 0) return 0;
    return status->oldest_at + status->rotation_ms;
}
