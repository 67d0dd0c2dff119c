/* options -- see options.h. */
#include "uploader/commands/options.h"

struct credentials_options options_for_credentials(const struct settings *s)
{
    return (struct credentials_options){
        .region = s->region ? s->region : s->default_region,
        .ca_bundle = s->ca_bundle,
        .profile = {.name = s->profile,
                    .config_file = s->config_file,
                    .credentials_file = s->shared_credentials_file},
        .web_identity = {.role_arn = s->role_arn,
                         .session_name = s->role_session_name,
                         .token_file = s->web_identity_token_file},
        .container = {.relative_uri = s->container_relative_uri, .full_uri = s->container_full_uri},
        .imds = {.is_disabled = s->imds_disabled != 0, .endpoint = s->imds_endpoint},
        .sts = {.endpoint = s->endpoint_url_sts ? s->endpoint_url_sts : s->endpoint_url,
                .uses_global_endpoint = s->sts_endpoints == STS_ENDPOINTS_LEGACY},
    };
}
