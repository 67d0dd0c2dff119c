/* in_place -- see in_place.h. */
#include "common/in_place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum result place_remember(struct place *place, const char *path, struct why *why)
{
    struct stat st;
    if (stat(path, &st) != 0) return why_set(why, RES_BROKEN, "stat %s: %s", path, strerror(errno));
    *place = (struct place){path, st.st_dev, st.st_ino};
    return RES_OK;
}

enum in_place place_check(const struct place *place)
{
    struct stat st;
    if (stat(place->path, &st) != 0) return PLACE_EMPTY;
    if (st.st_dev == place->device && st.st_ino == place->inode) return PLACE_OURS;
    return st.st_size == 0 ? PLACE_NEW : PLACE_TAKEN;
}
