/* profile_files -- see profile_files.h. */
#include "uploader/credentials/profile_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_FILE      "~/.aws/config"
#define CREDENTIALS_FILE "~/.aws/credentials"

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
    } files[] = {{options->config_file, CONFIG_FILE, AWS_CONFIG},
                 {options->credentials_file, CREDENTIALS_FILE, AWS_CREDENTIALS}};
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

const char *profile_files_profile(const struct profile_options *options)
{
    return options->name ? options->name : "default";
}

void profile_files_places(const struct profile_options *options, char places[PROFILE_FILES_PLACES_SIZE])
{
    (void)snprintf(places, PROFILE_FILES_PLACES_SIZE, "%.150s or %.150s",
                   options->credentials_file ? options->credentials_file : CREDENTIALS_FILE,
                   options->config_file ? options->config_file : CONFIG_FILE);
}

enum result profile_files_check(const struct profile_options *options, const struct aws_config *config,
                                struct why *why)
{
    char places[PROFILE_FILES_PLACES_SIZE];
    if (!options->name || aws_config_has(config, AWS_PROFILE, options->name)) return RES_OK;
    profile_files_places(options, places);
    (void)why_remedy(why, RES_REFUSE, "correct %s, or add the profile to one of the files",
                     options->name_from);
    return why_set(why, RES_REFUSE, "%s=%s: there is no such profile in %s", options->name_from,
                   options->name, places);
}
