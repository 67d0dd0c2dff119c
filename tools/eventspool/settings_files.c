/* settings_files -- see settings_files.h. */
#include "tools/eventspool/settings_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
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
    (void)snprintf(shared, sizeof shared, "%s/eventspool.env", source->directory);
    (void)snprintf(uploader, sizeof uploader, "%s/uploader.env", source->directory);
    bool has_shared = !is_missing(shared);
    bool has_uploader = !is_missing(uploader);
    *is_there = has_shared || has_uploader;
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

enum result settings_files_read(const struct settings_source *source, struct settings_files *files,
                                struct why *why)
{
    enum result res = RES_OK;
    bool is_there = source->count > 0;
    for (int i = 0; i < source->count && res == RES_OK; i++)
        res = env_read(&files->shared, source->files[i], why);
    if (res == RES_RETRY) {
        (void)why_remedy(why, RES_REFUSE, "name a file that is there and that you may read");
        return why_wrap(why, RES_REFUSE, "--env-file");
    }
    if (res == RES_OK && !is_there && source->directory) res = read_services(source, files, &is_there, why);
    if (res == RES_OK && !is_there) res = read_local(files, why);
    return res;
}

void settings_files_fini(struct settings_files *files)
{
    env_fini(&files->shared);
    env_fini(&files->uploader);
}

void settings_files_apply(const struct settings_files *files, bool for_uploader)
{
    if (for_uploader) env_apply(&files->uploader);
    env_apply(&files->shared);
}
