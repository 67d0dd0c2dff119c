/*
 * check -- `collector check`: the configuration has been read by now; here are the surroundings. Each line is a finding;
 * for each problem it says what to do. It passes beside a running collector.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "collector/descriptors.h"
#include "collector/listener.h"
#include "collector/run.h"
#include "collector/settings.h"
#include "collector/spool_schema.h"
#include "common/command.h"
#include "common/db.h"
#include "common/lockfile.h"
#include "common/spool.h"

/* statfs(2) f_type, as <linux/magic.h> and the kernel's sources give them. */
static const struct {
    unsigned long type;
    const char *name;
    bool is_network; /* WAL shares memory between both programs: it does not work there */
} file_systems[] = {
    {0x6969, "NFS", true},        {0xFF534D42, "CIFS", true},     {0xFE534D42, "SMB2", true},
    {0x517B, "SMB", true},        {0x00C36400, "Ceph", true},     {0x65735546, "FUSE", false},
    {0x01021994, "tmpfs", false}, {0x794C7630, "overlay", false}, {0x858458F6, "ramfs", false},
};

static int report(enum result res, const char *what, const struct why *why)
{
    if (res == RES_OK) {
        (void)printf("ok      %s\n", what);
        return 0;
    }
    (void)printf("problem %s: %s\n", what, why->text);
    if (*why->remedy) (void)printf("        %s\n", why->remedy);
    return 1;
}

static enum result check_file_system(const char *path, struct why *why)
{
    struct statfs fs;
    char dir[PATH_MAX];
    if (statfs(spool_directory_of(path, dir), &fs) != 0)
        return why_set(why, RES_RETRY, "statfs %s: %s", path, strerror(errno));
    for (size_t i = 0; i < sizeof file_systems / sizeof *file_systems; i++) {
        if (file_systems[i].type != (unsigned long)fs.f_type) continue;
        if (!file_systems[i].is_network) {
            (void)printf("note    SPOOL_PATH=%s lies on %s: see that it outlives a restart of the machine\n",
                         path, file_systems[i].name);
            continue;
        }
        (void)why_remedy(why, RES_REFUSE, "set SPOOL_PATH to a local disk");
        return why_set(why, RES_REFUSE, "SPOOL_PATH=%s lies on a network file system (%s)", path,
                       file_systems[i].name);
    }
    return RES_OK;
}

static enum result check_spool(const char *path, struct why *why)
{
    struct db *db = NULL;
    int64_t schema = 0;
    enum result res = spool_make_directory(path, why);
    if (res != RES_OK) return res;
    if (access(path, F_OK) != 0) return RES_OK; /* the service will create it */
    res = spool_check_access(path, why);
    if (res == RES_OK) res = db_open(&db, path, SPOOL_BUSY_MS, why);
    if (res == RES_OK) res = spool_check_version(db, path, &schema, why);
    db_close(db);
    return res;
}

/* Free, or held by the collector of this spool. */
static enum result check_port(const struct settings *settings, struct why *why)
{
    struct why ignored = {0};
    int fd = -1;
    enum result res = listener_bind(&fd, settings->bind_host, settings->port, why);
    if (fd >= 0) close(fd);
    if (res == RES_RETRY && lockfile_check(settings->spool_path, "collector", &ignored) == RES_OK)
        return RES_OK;
    return res;
}

int run_check(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct why why = {0};
    int problems = 0;

    enum result res = check_spool(settings->spool_path, &why);
    problems += report(res, "the spool can be written", &why);
    if (res == RES_OK) {
        why_clear(&why);
        res = check_file_system(settings->spool_path, &why);
        problems += report(res, "the spool's directory is local", &why);
    }
    why_clear(&why);
    problems += report(check_port(settings, &why), "the port can be used", &why);
    why_clear(&why);
    problems += report(descriptors_allow(settings->max_connections, &why), "MAX_CONNECTIONS senders fit", &why);
    return problems ? EX_FAILED : EX_OK;
}
