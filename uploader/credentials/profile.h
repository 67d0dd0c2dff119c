/*
 * profile -- a profile of the shared files: AWS_PROFILE, or `default`. Its keys are one of the sources (sources.h).
 */
#ifndef UPLOADER_CREDENTIALS_PROFILE_H
#define UPLOADER_CREDENTIALS_PROFILE_H

#include "common/why.h"
#include "uploader/credentials/options.h"
#include "uploader/http/region.h"

/*
 * Reads the profile's region from the shared files; "" if there is none.
 *   RES_REFUSE   the files are not understood, or the value is not a region's name
 *   RES_RETRY    they cannot be read
 */
MUST_CHECK enum result profile_load_region(const struct profile_options *options, char region[REGION_SIZE],
                                           struct why *why);

#endif
