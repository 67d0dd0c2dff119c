/* path -- see path.h. */
#include "common/path.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE   64
#define RECORD_SIZE 4096 /* of a user's or group's record; where it is longer, the number is shown alone */

/* Without a current directory, or if it is too long: the path as it is. */
static const char *make_absolute(const char *path, char out[PATH_MAX])
{
    char here[PATH_MAX];
    if (*path != '/' && getcwd(here, sizeof here) &&
        (size_t)snprintf(out, PATH_MAX, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path) < PATH_MAX)
        return out;
    (void)snprintf(out, PATH_MAX, "%s", path);
    return out;
}

const char *path_show(const char *path, char out[PATH_SHOWN_SIZE])
{
    char absolute[PATH_MAX];
    if (*path == '/')
        (void)snprintf(out, PATH_SHOWN_SIZE, "%s", path);
    else
        (void)snprintf(out, PATH_SHOWN_SIZE, "%s (that is %s: the path is relative to the current directory)",
                       path, make_absolute(path, absolute));
    return out;
}

static const char *name_user(uid_t uid, char out[NAME_SIZE])
{
    char record[RECORD_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(uid, &entry, record, sizeof record, &found) == 0 && found)
        (void)snprintf(out, NAME_SIZE, "%.40s (%u)", found->pw_name, (unsigned)uid);
    else
        (void)snprintf(out, NAME_SIZE, "%u", (unsigned)uid);
    return out;
}

static const char *name_group(gid_t gid, char out[NAME_SIZE])
{
    char record[RECORD_SIZE];
    struct group entry;
    struct group *found = NULL;
    if (getgrgid_r(gid, &entry, record, sizeof record, &found) == 0 && found)
        (void)snprintf(out, NAME_SIZE, "%.40s (%u)", found->gr_name, (unsigned)gid);
    else
        (void)snprintf(out, NAME_SIZE, "%u", (unsigned)gid);
    return out;
}

const char *path_user(char out[PATH_USER_SIZE])
{
    char name[NAME_SIZE];
    (void)snprintf(out, PATH_USER_SIZE, "user %s", name_user(geteuid(), name));
    return out;
}

enum result path_explain_rights(const char *name, const char *path, const char *at, const char *what,
                                enum result res, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    char user[PATH_USER_SIZE];
    char owner[NAME_SIZE];
    char group[NAME_SIZE];
    struct stat st;
    if (stat(at, &st) != 0)
        return why_set(why, res, "%s=%s: %s may not %s %s", name, path_show(path, shown), path_user(user),
                       what, at);
    (void)why_remedy(
        why, res, "run this as user %s, or as a member of group %s with the group's right to %s it%s",
        name_user(st.st_uid, owner), name_group(st.st_gid, group), what,
        st.st_uid == 0 ? "; what root has restored or copied has to be given to the services' user" : "");
    return why_set(why, res, "%s=%s: %s may not %s %s, which is user %s's and group %s's with mode %04o",
                   name, path_show(path, shown), path_user(user), what, at, owner, group,
                   (unsigned)(st.st_mode & 07777));
}

/* The first directory on the way to `path` that this user may not search; "" if there is none. */
static void find_closed_directory(const char *path, char out[PATH_MAX])
{
    (void)make_absolute(path, out);
    for (char *slash = strchr(out + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (faccessat(AT_FDCWD, out, X_OK, AT_EACCESS) != 0 && errno == EACCES) return;
        *slash = '/';
    }
    out[0] = '\0';
}

static const char *directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int len = slash && slash > path ? (int)(slash - path) : 1;
    (void)snprintf(out, PATH_MAX, "%.*s", len, slash ? path : ".");
    return out;
}

enum result path_explain(const char *name, const char *path, int error, enum result res, struct why *why)
{
    char shown[PATH_SHOWN_SIZE];
    char dir[PATH_MAX];
    struct stat st;
    if (error != EACCES) return why_set(why, res, "%s=%s: %s", name, path_show(path, shown), strerror(error));
    find_closed_directory(path, dir);
    if (*dir) return path_explain_rights(name, path, dir, "search", res, why);
    if (lstat(path, &st) == 0) return path_explain_rights(name, path, path, "use", res, why);
    return path_explain_rights(name, path, directory_of(path, dir), "write in", res, why);
}
