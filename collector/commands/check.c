/*
 * check -- `collector check`: the settings have been read and checked before; this checks the machine. It prints a line
 * for each finding, and for each problem what to do. It also passes while the collector is running.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector/commands/check_space.h"
#include "collector/commands/run.h"
#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/settings.h"
#include "collector/spool/file_system.h"
#include "collector/spool/schema.h"
#include "common/command.h"
#include "common/db.h"
#include "common/finding.h"
#include "common/lock_wait.h"
#include "common/lockfile.h"
#include "common/ownership.h"
#include "common/path.h"
#include "common/spool.h"

static int report(enum result res, const char *what, struct why *why)
{
    bool is_ok = res == RES_OK;
    if (!is_ok) (void)lock_wait_explain(res, why);
    finding_explain(is_ok ? FINDING_OK : FINDING_PROBLEM, what, why);
    return is_ok ? 0 : 1;
}

static enum result check_file_system(const char *path, struct why *why)
{
    struct why doubts = {0};
    enum result res = file_system_check(path, &doubts, why);
    if (*doubts.text) finding_print(FINDING_NOTE, "SPOOL_PATH: %s: %s", doubts.text, doubts.remedy);
    return res;
}

static enum result check_spool(const char *path, struct why *why)
{
    struct db *db = NULL;
    int64_t schema = 0;
    char missing[PATH_MAX];
    char user[PATH_USER_SIZE];
    char real[PATH_MAX];
    enum result res = spool_check_directory(realpath(path, real) ? real : path, missing, why);
    if (res != RES_OK) return res;
    if (*missing)
        finding_print(FINDING_NOTE, "%s is not there: `run` makes it, for %s", missing, path_user(user));
    if (geteuid() == 0)
        finding_print(FINDING_NOTE, "root may write everywhere: run this check as the user of the service");
    if (spool_is_missing(path)) return RES_OK; /* the service will create it */
    res = spool_check_access(path, why);
    if (res == RES_OK) res = db_open(&db, path, SPOOL_BUSY_MS, why);
    if (res == RES_OK) lock_wait_watch(db);
    if (res == RES_OK) res = spool_check_opened(db, path, &schema, why);
    db_close(db);
    return res;
}

/* Is the port free, or used by the running collector of this spool? */
static enum result check_port(const struct settings *settings, struct why *why)
{
    struct why ignored = {0};
    int fd = -1;
    bool is_taken = false;
    enum result res = listener_bind(&fd, settings->bind_host, settings->port, &is_taken, why);
    if (fd >= 0) close(fd);
    if (is_taken && lockfile_check(settings->spool_path, "collector", &ignored) == RES_OK) return RES_OK;
    return res;
}

/* What the settings come to, where they bound each other. */
static void note_rejects_cap(const struct settings *settings)
{
    int64_t cap = run_rejects_cap(settings);
    if (cap == settings->rejects_max_bytes) return;
    finding_print(FINDING_NOTE,
                  "unshipped rejects may take half of SPOOL_MAX_SIZE, %" PRId64
                  " MiB: REJECTS_MAX_SIZE allows more",
                  cap >> 20);
}

int run_check(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct why why = {0};
    int problems = 0;

    enum result res = check_spool(settings->spool_path, &why);
    problems += report(res, "the spool can be written", &why);
    why_clear(&why);
    problems += report(lockfile_check_place(settings->spool_path, "collector", &why),
                       "the lock file can be used", &why);
    ownership_note_directory(settings->spool_path);
    if (res == RES_OK) {
        why_clear(&why);
        res = check_file_system(settings->spool_path, &why);
        problems += report(res, "the spool's directory is local", &why);
        why_clear(&why);
        problems += report(check_space(settings, &why), "there is space for the spool", &why);
    }
    note_rejects_cap(settings);
    why_clear(&why);
    problems += report(check_port(settings, &why), "the port can be used", &why);
    why_clear(&why);
    problems +=
        report(descriptors_allow(settings->max_connections, &why), "MAX_CONNECTIONS senders fit", &why);
    return problems ? EX_FAILED : EX_OK;
}
