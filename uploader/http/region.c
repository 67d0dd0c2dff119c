/* region -- see region.h. */
#include "uploader/http/region.h"

#include <string.h>

bool region_is_valid(const char *region)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return strspn(region, allowed) == strlen(region);
}

enum result region_check(const char *setting, const char *region, struct why *why)
{
    if (region_is_valid(region)) return RES_OK;
    return why_set(why, RES_REFUSE, "%s=%s: expected a region's name, e.g. eu-central-1", setting, region);
}

bool region_is_aws_name(const char *region)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const char *at = region;
    int words = 0;
    for (size_t len; (len = strspn(at, letters)) >= 2 && at[len] == '-'; words++) at += len + 1;
    size_t digits = strspn(at, "0123456789");
    return words >= 2 && digits >= 1 && digits <= 2 && at[digits] == '\0';
}
