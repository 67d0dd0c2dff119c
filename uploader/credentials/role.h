/*
 * role -- what STS takes as the details of a role's session. Checked before anything is sent, so that the message can
 * name the setting or the key. Pure.
 *
 * Source: AWS STS API Reference, AssumeRole.
 */
#ifndef UPLOADER_CREDENTIALS_ROLE_H
#define UPLOADER_CREDENTIALS_ROLE_H

#include "common/why.h"

/*
 * `name` is of the setting, or of the key and its profile. NULL as a value is fine: it is not set.
 *   RES_REFUSE   the value is not possible; `why` begins with the name
 */
MUST_CHECK enum result role_check_session_name(const char *name, const char *value, struct why *why);
MUST_CHECK enum result role_check_external_id(const char *name, const char *value, struct why *why);
MUST_CHECK enum result role_check_duration(const char *name, const char *value, struct why *why);

#endif
