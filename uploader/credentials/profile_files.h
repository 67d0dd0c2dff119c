/*
 * profile_files -- the two shared files, `config` and `credentials`, where the options or the custom place them.
 */
#ifndef UPLOADER_CREDENTIALS_PROFILE_FILES_H
#define UPLOADER_CREDENTIALS_PROFILE_FILES_H

#include "common/why.h"
#include "uploader/credentials/aws_config.h"
#include "uploader/credentials/file_watch.h"
#include "uploader/credentials/options.h"

#define PROFILE_FILES_PLACES_SIZE 320

/*
 * Reads both; one that is not there is fine. `watch` gets their paths; NULL: nobody watches. `config` starts as {0} and
 * needs aws_config_fini() in any case.
 *   RES_REFUSE   a file is not understood
 *   RES_RETRY    a file cannot be read
 */
MUST_CHECK enum result profile_files_read(const struct profile_options *options, struct file_watch *watch,
                                          struct aws_config *config, struct why *why);

/* What the options call the profile, or `default`. Borrowed. */
const char *profile_files_profile(const struct profile_options *options);

/* For people: where the files are. */
void profile_files_places(const struct profile_options *options, char places[PROFILE_FILES_PLACES_SIZE]);

/* RES_REFUSE: the options name a profile, and neither file has it. */
MUST_CHECK enum result profile_files_check(const struct profile_options *options,
                                           const struct aws_config *config, struct why *why);

#endif
