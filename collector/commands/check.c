/*
 * check -- `collector check`: the settings have been read and checked before; this checks the machine. It prints a line
 * for each finding, and for each problem what to do. It also passes while the collector is running.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/gate/space.h"
#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/settings.h"
#include "collector/spool/file_system.h"
#include "collector/spool/schema.h"
#include "common/command.h"
#include "common/db.h"
#include "common/lockfile.h"
#include "common/spool.h"

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
    struct why doubts = {0};
    enum result res = file_system_check(path, &doubts, why);
    if (*doubts.text) (void)printf("note    SPOOL_PATH: %s: %s\n", doubts.text, doubts.remedy);
    return res;
}

/*
 * Is there enough free space to read? The free pages of an existing spool would count as well, but are not read here.
 */
static enum result check_space(const struct settings *settings, struct why *why)
{
    char dir[PATH_MAX];
    int64_t bytes = 0;
    enum result res = space_free_bytes(spool_directory_of(settings->spool_path, dir), &bytes, why);
    if (res != RES_OK || bytes >= settings->spool_min_free_bytes) return res;
    (void)why_remedy(why, RES_RETRY,
                     "free space on that disk, enlarge the disk, or lower SPOOL_MIN_FREE: while less is "
                     "free, nothing is read");
    return why_set(why, RES_RETRY, "SPOOL_MIN_FREE is %" PRId64 " MiB, and %" PRId64 " MiB are free in %s",
                   settings->spool_min_free_bytes >> 20, bytes >> 20, dir);
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

/* Is the port free, or used by the running collector of this spool? */
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
        why_clear(&why);
        problems += report(check_space(settings, &why), "there is space for the spool", &why);
    }
    why_clear(&why);
    problems += report(check_port(settings, &why), "the port can be used", &why);
    why_clear(&why);
    problems +=
        report(descriptors_allow(settings->max_connections, &why), "MAX_CONNECTIONS senders fit", &why);
    return problems ? EX_FAILED : EX_OK;
}
