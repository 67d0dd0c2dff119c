/*
 * process -- keys from a command: `credential_process` of a profile.
 *
 * The command is split into words as a shell would split it (blanks; "double" and 'single' quotes; \ before a
 * character), and run without a shell: no variable, no ~, no pipe is expanded, as with the AWS CLI. If a shell is
 * needed, the command is `sh -c '...'`. It prints JSON: Version 1, AccessKeyId, SecretAccessKey, and for temporary
 * keys SessionToken and Expiration (AWS: "Sourcing credentials with an external process"). Its stderr is not kept,
 * since it may hold anything.
 */
#ifndef UPLOADER_CREDENTIALS_PROCESS_H
#define UPLOADER_CREDENTIALS_PROCESS_H

#include "uploader/credentials/source.h"

/*
 * Runs the command of `profile`, for a minute at most, and reads the keys that it prints.
 *   RES_RETRY    it failed, took too long, or did not print keys
 *   RES_REFUSE   the command cannot be split into words
 */
MUST_CHECK enum result process_get_keys(struct source_query *query, const char *profile, const char *command,
                                        struct keys *keys, struct why *why);

#endif
