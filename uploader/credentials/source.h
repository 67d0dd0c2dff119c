/*
 * source -- what the sources of keys have in common; for the files of this folder alone.
 *
 * A source that is configured answers for good: its failure is never covered up by the next one, so that nobody uploads
 * under an identity that was not meant. One that is not configured says in `searched` where it has searched.
 */
#ifndef UPLOADER_CREDENTIALS_SOURCE_H
#define UPLOADER_CREDENTIALS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/lockfile.h"
#include "common/signals.h"
#include "common/why.h"
#include "uploader/credentials/aws_config.h"
#include "uploader/credentials/file_watch.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"
#include "uploader/settings.h"

#define CRED_SOURCE_SIZE 256
#define CRED_REGION_SIZE 65 /* check_region() in settings.c */

#define CRED_LOCAL_TIMEOUT_MS 2000 /* the container endpoint and the instance metadata are next door */

/* One question for keys. All pointers are borrowed. */
struct source_query {
    const struct settings *settings;
    const char *region; /* for STS */
    struct http *http;
    struct signals *signals;
    const struct lockfile *lock;
    int64_t now_at;
    struct file_watch *watch;      /* files whose change means asking again */
    char source[CRED_SOURCE_SIZE]; /* who has answered, for people */
    char searched[WHY_SIZE];       /* where nothing was found, for people */
};

/*
 * Asks one source. `*is_set` false: it is not configured, ask the next one (and nothing else is said).
 *   RES_RETRY    nothing came; waiting helps, or, where there is a remedy, a person
 *   RES_REFUSE   the settings or the files are wrong
 */
typedef enum result cred_source(struct source_query *query, struct keys *keys, bool *is_set, struct why *why);

cred_source cred_environment;  /* AWS_ACCESS_KEY_ID and so on, their _FILE, /run/secrets */
cred_source cred_web_identity; /* AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE */
cred_source cred_profile;      /* the shared files */
cred_source cred_container;    /* ECS, EKS Pod Identity */
cred_source cred_imds;         /* EC2's instance metadata, version 2 */

/* For a profile: a role by a token file; `session_name` may be NULL. The token is read anew each time. */
MUST_CHECK enum result cred_assume_by_token(struct source_query *query, const char *role_arn,
                                            const char *session_name, const char *token_file,
                                            struct keys *keys, struct why *why);

/* For a profile: runs the command (see words_split() in process.c) and reads what it prints. */
MUST_CHECK enum result cred_process(struct source_query *query, const char *profile, const char *command,
                                    struct keys *keys, struct why *why);

/* The region of the profile in use, "" where there is none. Reads the shared files. */
MUST_CHECK enum result cred_profile_region(const struct settings *settings, char region[CRED_REGION_SIZE],
                                           struct why *why);

void cred_set_source(struct source_query *query, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cred_note_searched(struct source_query *query, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
