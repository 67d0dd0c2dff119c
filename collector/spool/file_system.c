/* file_system -- see file_system.h. */
#include "collector/spool/file_system.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/statfs.h>

#include "collector/spool/schema.h"

/* f_type as statfs(2), <linux/magic.h> and the file systems' own sources give it. */
static const struct {
    unsigned long type;
    const char *name;
    enum file_system_kind kind;
} known[] = {
    {0x6969, "NFS", FILE_SYSTEM_NETWORK},
    {0x517B, "SMB", FILE_SYSTEM_NETWORK},
    {0xFF534D42, "CIFS", FILE_SYSTEM_NETWORK},
    {0xFE534D42, "SMB2", FILE_SYSTEM_NETWORK},
    {0x00C36400, "Ceph", FILE_SYSTEM_NETWORK},
    {0x5346414F, "AFS", FILE_SYSTEM_NETWORK},
    {0x6B414653, "AFS", FILE_SYSTEM_NETWORK},
    {0x73757245, "Coda", FILE_SYSTEM_NETWORK},
    {0x564C, "NCP", FILE_SYSTEM_NETWORK},
    {0x01021997, "9P", FILE_SYSTEM_NETWORK},
    {0x0BD00BD0, "Lustre", FILE_SYSTEM_NETWORK},
    {0x47504653, "GPFS", FILE_SYSTEM_NETWORK},
    {0x01161970, "GFS2", FILE_SYSTEM_NETWORK},
    {0x7461636F, "OCFS2", FILE_SYSTEM_NETWORK},
    {0x19830326, "BeeGFS", FILE_SYSTEM_NETWORK},
    {0x786F4256, "a VirtualBox shared folder", FILE_SYSTEM_NETWORK},
    {0xBACBACBC, "a VMware shared folder", FILE_SYSTEM_NETWORK},
    {0x65735546, "FUSE", FILE_SYSTEM_DOUBTFUL},
    {0x01021994, "tmpfs", FILE_SYSTEM_VOLATILE},
    {0x858458F6, "ramfs", FILE_SYSTEM_VOLATILE},
    {0x794C7630, "overlay", FILE_SYSTEM_VOLATILE},
};

enum file_system_kind file_system_kind(unsigned long type, const char **name)
{
    *name = NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type != type) continue;
        *name = known[i].name;
        return known[i].kind;
    }
    return FILE_SYSTEM_LOCAL;
}

enum result file_system_check(const char *spool_path, struct why *doubts, struct why *why)
{
    struct statfs fs;
    char dir[PATH_MAX];
    const char *name = NULL;
    const char *path = spool_path;
    why_clear(doubts);
    int code = statfs(path, &fs);
    if (code != 0) code = statfs(path = spool_nearest_directory(spool_path, dir), &fs);
    if (code != 0) return why_set(why, RES_RETRY, "statfs %s: %s", path, strerror(errno));
    switch (file_system_kind((unsigned long)fs.f_type & 0xFFFFFFFF, &name)) {
    case FILE_SYSTEM_NETWORK:
        (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to a local disk");
        return why_set(
            why, RES_REFUSE,
            "SPOOL_PATH: %s lies on a network file system (%s), where SQLite's log cannot be shared", path,
            name);
    case FILE_SYSTEM_DOUBTFUL:
        (void)why_remedy(doubts, RES_OK,
                         "if it is not a local disk, set SPOOL_PATH to a file on a local disk");
        (void)why_set(doubts, RES_OK, "%s lies on %s, which may or may not be a local disk", path, name);
        break;
    case FILE_SYSTEM_VOLATILE:
        (void)why_remedy(doubts, RES_OK, "set SPOOL_PATH to a disk, unless the events may be lost with it");
        (void)why_set(doubts, RES_OK, "%s lies on %s, which may be gone after a restart", path, name);
        break;
    case FILE_SYSTEM_LOCAL: break;
    }
    return RES_OK;
}
