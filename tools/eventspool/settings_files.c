/* settings_files -- see settings_files.h. */
#include "tools/eventspool/settings_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/print.h"

#define LOCAL_FILE ".env"

static bool is_missing(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* One that nobody has named. */
static enum result read_found(struct env *env, const char *path, struct why *why)
{
    enum result res = env_read(env, path, why);
    if (res != RES_RETRY) return res;
    print_line(stderr, "eventspool: %s; its settings are left out", why->text);
    why_clear(why);
    return RES_OK;
}

/* `*is_there`: the services have files, and these are all that is read. */
static enum result read_services(const struct settings_source *source, struct settings_files *files,
                                 bool *is_there, struct why *why)
{
    char shared[PATH_MAX];
    char uploader[PATH_MAX];
    (void)snprintf(shared, sizeof shared, "%s/" SETTINGS_SHARED_FILE, source->directory);
    (void)snprintf(uploader, sizeof uploader, "%s/" SETTINGS_UPLOADER_FILE, source->directory);
    bool has_shared = !is_missing(shared);
    bool has_uploader = !is_missing(uploader);
    *is_there = has_shared || has_uploader;
    files->are_services = *is_there;
    enum result res = has_shared ? read_found(&files->shared, shared, why) : RES_OK;
    if (res == RES_OK && has_uploader && source->wants_uploader)
        res = read_found(&files->uploader, uploader, why);
    return res;
}

/* In a directory that others may write to, a file of theirs could have this user's programs do anything. */
static enum result read_local(struct settings_files *files, struct why *why)
{
    struct stat st;
    if (is_missing(LOCAL_FILE)) return RES_OK;
    if (stat(LOCAL_FILE, &st) == 0 && st.st_uid != geteuid() && st.st_uid != 0) {
        print_line(stderr, "eventspool: ./" LOCAL_FILE " is left out, as it belongs to another user; "
                           "--env-file " LOCAL_FILE " reads it");
        return RES_OK;
    }
    return read_found(&files->shared, LOCAL_FILE, why);
}

/* Those that an option names have to be there. */
static enum result read_named(struct env *env, char *const *files, int count, const char *option,
                              struct why *why)
{
    enum result res = RES_OK;
    for (int i = 0; i < count && res == RES_OK; i++) res = env_read(env, files[i], why);
    if (res != RES_RETRY) return res;
    (void)why_remedy(why, RES_REFUSE, "name a file that is there and that you may read");
    return why_wrap(why, RES_REFUSE, "%s", option);
}

enum result settings_files_read(const struct settings_source *source, struct settings_files *files,
                                struct why *why)
{
    bool is_there = source->count > 0;
    enum result res =
        read_named(&files->defaults, source->defaults, source->default_count, "--defaults", why);
    if (res == RES_OK) res = read_named(&files->shared, source->files, source->count, "--env-file", why);
    if (res == RES_OK && !is_there && source->directory) res = read_services(source, files, &is_there, why);
    if (res == RES_OK && !is_there) res = read_local(files, why);
    return res;
}

void settings_files_fini(struct settings_files *files)
{
    env_fini(&files->shared);
    env_fini(&files->uploader);
    env_fini(&files->defaults);
}

void settings_files_apply(const struct settings_files *files, bool for_uploader)
{
    if (for_uploader) env_apply(&files->uploader);
    env_apply(&files->shared);
    if (files->are_services && setenv("SPOOL_PATH", SERVICES_SPOOL_PATH, 0) != 0) abort();
    env_apply_defaults(&files->defaults);
}
