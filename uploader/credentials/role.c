/* role -- see role.h. */
#include "uploader/credentials/role.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

#define DURATION_MIN_S 900
#define DURATION_MAX_S 43200

static bool is_made_of(const char *value, const char *allowed, size_t max)
{
    size_t len = strlen(value);
    return len >= 2 && len <= max && strspn(value, allowed) == len;
}

enum result role_check_session_name(const char *name, const char *value, struct why *why)
{
    if (!value || is_made_of(value, WORD "+=,.@-", 64)) return RES_OK;
    return why_set(why, RES_REFUSE, "%s=%.100s: expected 2 to 64 letters, digits or _ + = , . @ -", name,
                   value);
}

enum result role_check_external_id(const char *name, const char *value, struct why *why)
{
    if (!value || is_made_of(value, WORD "+=,.@:/-", 1224)) return RES_OK;
    return why_set(why, RES_REFUSE, "%s: expected 2 to 1224 letters, digits or _ + = , . @ : / -", name);
}

enum result role_check_duration(const char *name, const char *value, struct why *why)
{
    bool is_number = value && *value && strlen(value) <= 6 && strspn(value, "0123456789") == strlen(value);
    long seconds = is_number ? strtol(value, NULL, 10) : 0;
    if (!value || (seconds >= DURATION_MIN_S && seconds <= DURATION_MAX_S)) return RES_OK;
    return why_set(why, RES_REFUSE, "%s=%.100s: expected seconds, from %d to %d", name, value, DURATION_MIN_S,
                   DURATION_MAX_S);
}
