/*
 * environment -- keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, from the files that their
 * _FILE names, or from /run/secrets.
 *
 * All of them are read anew each time, so that a changed secret takes effect without a restart.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/config.h"
#include "uploader/credentials/secret.h"
#include "uploader/credentials/sources.h"

enum { ID, SECRET, TOKEN, PART_COUNT };
static const char *const names[PART_COUNT] = {
    [ID] = "AWS_ACCESS_KEY_ID", [SECRET] = "AWS_SECRET_ACCESS_KEY", [TOKEN] = "AWS_SESSION_TOKEN"};

static enum result read_parts(struct source_query *query, char *parts[PART_COUNT], struct why *why)
{
    enum result res = RES_OK;
    for (int i = 0; i < PART_COUNT && res == RES_OK; i++) {
        char path[PATH_MAX];
        if (config_secret_path(names[i], environ, path)) file_watch_add(query->watch, path);
        res = config_read_secret(names[i], environ, &parts[i], why);
    }
    return res;
}

static enum result take_parts(struct source_query *query, char *const parts[PART_COUNT], struct keys *keys,
                              struct why *why)
{
    if (!parts[ID] || !parts[SECRET]) {
        int missing = parts[ID] ? SECRET : ID;
        (void)why_remedy(why, RES_REFUSE, "set %s as well, or remove %s", names[missing],
                         names[missing == ID ? SECRET : ID]);
        return why_set(why, RES_REFUSE, "%s is set, but %s is not", names[missing == ID ? SECRET : ID],
                       names[missing]);
    }
    source_set_name(query, "the environment (%s)", names[ID]);
    enum result res = keys_set(keys, parts[ID], parts[SECRET], parts[TOKEN], why);
    if (res == RES_OK) return RES_OK;
    (void)why_remedy(why, res, "correct %s, %s and %s", names[ID], names[SECRET], names[TOKEN]);
    return why_wrap(why, res, "keys of the environment");
}

/* A file that was named and is empty is no source that was not set: the next one would have the keys of another identity. */
static enum result check_named_files(struct why *why)
{
    static const char *const files[] = {"AWS_ACCESS_KEY_ID_FILE", "AWS_SECRET_ACCESS_KEY_FILE"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = config_env(environ, files[i]);
        if (!path || !path[strspn(path, " \t\r\n")]) continue;
        (void)why_remedy(why, RES_REFUSE, "put the key into that file, or remove %s", files[i]);
        return why_set(why, RES_REFUSE, "%s=%.500s: the file is empty", files[i], path);
    }
    return RES_OK;
}

enum result environment_get_keys(struct source_query *query, struct keys *keys, bool *is_set, struct why *why)
{
    char *parts[PART_COUNT] = {NULL};
    enum result res = read_parts(query, parts, why);
    if (res == RES_OK && !parts[ID] && !parts[SECRET]) res = check_named_files(why);
    *is_set = res != RES_OK || parts[ID] || parts[SECRET];
    if (!*is_set)
        source_note_searched(query, "%s and %s, also with _FILE and in /run/secrets (not set)", names[ID],
                             names[SECRET]);
    else if (res == RES_OK)
        res = take_parts(query, parts, keys, why);
    for (int i = 0; i < PART_COUNT; i++) secret_free(parts[i]);
    return res;
}
