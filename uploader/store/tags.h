/*
 * tags -- S3_TAGS: what a person writes as "team=security, source=acm", as the value of the header x-amz-tagging.
 *
 * The rules: Amazon S3 User Guide, "Categorizing your objects using tags": at most 10 on an object, keys of 1 to 128
 * and values of 0 to 256 characters: letters, digits, spaces and + - = . _ : / @; keys are unique and do not begin
 * with aws:.
 */
#ifndef UPLOADER_STORE_TAGS_H
#define UPLOADER_STORE_TAGS_H

#include "common/why.h"

#define TAGS_TEXT_MAX 1200
#define TAGS_SIZE     (3 * TAGS_TEXT_MAX + 1)

/*
 * `tags` is at most TAGS_TEXT_MAX bytes long.
 *   RES_REFUSE   `why` says what is wrong with which tag; `out` is not to be used
 */
MUST_CHECK enum result tags_encode(const char *tags, char out[TAGS_SIZE], struct why *why);

#endif
