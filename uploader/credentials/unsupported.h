/*
 * unsupported -- what AWS's own tools obey and this program does not, where it matters: which server is called, how, and
 * as whom. It is refused, because a person who has set it expects it to work. Whatever else a profile or the environment
 * has, such as `output` or AWS_MAX_ATTEMPTS, changes nothing of that and is passed over.
 *
 * docs/reference-aws.md lists all of it.
 */
#ifndef UPLOADER_CREDENTIALS_UNSUPPORTED_H
#define UPLOADER_CREDENTIALS_UNSUPPORTED_H

#include "common/why.h"
#include "uploader/credentials/aws_config.h"

/* `services`: the profile's section of services; NULL: none. RES_REFUSE: `why` names the key, and what to do. */
MUST_CHECK enum result unsupported_check_profile(const struct aws_config *config, const char *profile,
                                                 const char *services, struct why *why);

/* The same of the variables in `env` (NAME=value texts, NULL at the end). */
MUST_CHECK enum result unsupported_check_environment(char *const *env, struct why *why);

/* The same of former names of the keys. `id` and `token`: AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN; NULL: not set. */
MUST_CHECK enum result unsupported_check_keys(char *const *env, const char *id, const char *token,
                                              struct why *why);

#endif
