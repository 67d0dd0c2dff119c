/*
 * region -- the name of an AWS region. Pure.
 */
#ifndef UPLOADER_HTTP_REGION_H
#define UPLOADER_HTTP_REGION_H

#include <stdbool.h>

#include "common/why.h"

#define REGION_SIZE 65 /* with the closing NUL */

/* Does it consist of letters, digits and dashes, so that it can stand in a host name and in signatures? */
bool region_is_valid(const char *region);

/* RES_REFUSE: the region is not valid; `why` names `setting`, the setting that it comes from. */
MUST_CHECK enum result region_check(const char *setting, const char *region, struct why *why);

/* Is it a name as AWS gives them, eu-west-1 or us-gov-east-1? */
bool region_is_aws_name(const char *region);

#endif
