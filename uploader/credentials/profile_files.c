/* profile_files -- see profile_files.h. */
#include "uploader/credentials/profile_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes the named path, with ~ expanded, or the usual one. False: there is none, since HOME is not set. */
static bool find_path(const char *named, const char *usual, char path[PATH_MAX])
{
    const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): nobody sets variables here
    if (!home) home = "";
    if (!named) named = usual;
    int len = strncmp(named, "~/", 2) == 0 ? snprintf(path, PATH_MAX, "%s%s", home, named + 1)
                                           : snprintf(path, PATH_MAX, "%s", named);
    return len > 0 && len < PATH_MAX && (*home || strncmp(named, "~/", 2) != 0);
}

enum result profile_files_read(const struct profile_options *options, struct file_watch *watch,
                               struct aws_config *config, struct why *why)
{
    const struct {
        const char *named, *usual;
        enum aws_config_kind kind;
    } files[] = {{options->config_file, "~/.aws/config", AWS_CONFIG},
                 {options->credentials_file, "~/.aws/credentials", AWS_CREDENTIALS}};
    enum result res = RES_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && res == RES_OK; i++) {
        char path[PATH_MAX];
        if (!find_path(files[i].named, files[i].usual, path)) continue;
        if (watch) file_watch_add(watch, path);
        res = aws_config_read(config, files[i].kind, path, why);
        if (res != RES_OK)
            (void)why_remedy(why, res, "correct the file %s, or make it readable for this user", path);
    }
    return res;
}
