/*
 * sources -- all sources of keys, each in a file of its own. Only the chain (credentials.c) and `credential_source` of
 * a profile (profile.c) call them.
 */
#ifndef UPLOADER_CREDENTIALS_SOURCES_H
#define UPLOADER_CREDENTIALS_SOURCES_H

#include "uploader/credentials/source.h"

source_get_keys environment_get_keys;  /* AWS_ACCESS_KEY_ID and so on, their _FILE, /run/secrets */
source_get_keys web_identity_get_keys; /* AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE */
source_get_keys profile_get_keys;      /* the shared files */
source_get_keys container_get_keys;    /* ECS, EKS Pod Identity */
source_get_keys imds_get_keys;         /* EC2's instance metadata, version 2 */

#endif
