/*
 * settings_files -- which files the settings come from: those of --env-file; else, where the programs are installed, those
 * of the services; else ./.env. Below all of them are those of --defaults.
 */
#ifndef TOOLS_EVENTSPOOL_SETTINGS_FILES_H
#define TOOLS_EVENTSPOOL_SETTINGS_FILES_H

#include <stdbool.h>

#include "common/why.h"
#include "tools/eventspool/env_file.h"

#define SETTINGS_DIRECTORY     "/etc/eventspool"
#define SETTINGS_SHARED_FILE   "eventspool.env"
#define SETTINGS_UPLOADER_FILE "uploader.env"
#define SERVICES_SPOOL_PATH    "/var/lib/eventspool/spool.db"

struct settings_source {
    char **files;          /* of --env-file, in their order; borrowed */
    int count;             /* of these; 0: the files are looked for */
    char **defaults;       /* of --defaults, in their order; borrowed */
    int default_count;     /* of these */
    const char *directory; /* of the services' files; NULL: the programs are not installed */
    bool wants_uploader;   /* also the uploader's own, which hold its keys */
};

struct settings_files {
    struct env shared;   /* for both programs */
    struct env uploader; /* for the uploader alone, before the shared ones */
    struct env defaults; /* what counts where a setting has no value otherwise */
    bool are_services;   /* they were those of the services, whose units know where the spool is */
};

/*
 * Reads the files. One that was not named and cannot be read is reported on stderr, and passed over; so is an ./.env of
 * another user, who could set anything for this one. settings_files_fini() is due in either case.
 *   RES_REFUSE   a named file cannot be read, or a file cannot be understood: exit 78
 */
MUST_CHECK enum result settings_files_read(const struct settings_source *source, struct settings_files *files,
                                           struct why *why);
void settings_files_fini(struct settings_files *files);

/*
 * Adds what is not set yet to this process's environment. With the services' files that is SERVICES_SPOOL_PATH as well, as
 * in their units. A default also replaces an empty value, which counts as not set.
 */
void settings_files_apply(const struct settings_files *files, bool for_uploader);

#endif
