/* options -- see options.h. */
#include "uploader/commands/options.h"

static struct profile_options options_for_profile(const struct settings *s)
{
    return (struct profile_options){.name = s->profile ? s->profile : s->default_profile,
                                    .name_from = s->profile ? "AWS_PROFILE" : "AWS_DEFAULT_PROFILE",
                                    .config_file = s->config_file,
                                    .credentials_file = s->shared_credentials_file};
}

struct connection_options options_for_connection(const struct settings *s)
{
    return (struct connection_options){
        .region = s->region ? s->region : s->default_region,
        .region_from = s->region ? "AWS_REGION" : "AWS_DEFAULT_REGION",
        .endpoint_url = s->endpoint_url,
        .endpoint_url_s3 = s->endpoint_url_s3,
        .endpoint_url_sts = s->endpoint_url_sts,
        .ignores_endpoint_urls = (enum connection_choice)s->ignore_endpoint_urls,
        .fips = (enum connection_choice)s->use_fips_endpoint,
        .dualstack = (enum connection_choice)s->use_dualstack_endpoint,
        .global_sts = (enum connection_choice)s->sts_endpoints,
        .ca_bundle = s->ca_bundle,
        .imds_endpoint = s->imds_endpoint,
        .imds_ipv6 = (enum connection_choice)s->imds_mode,
        .profile = options_for_profile(s),
    };
}

struct credentials_options options_for_credentials(const struct settings *s)
{
    return (struct credentials_options){
        .profile = options_for_profile(s),
        .web_identity = {.role_arn = s->role_arn,
                         .session_name = s->role_session_name,
                         .token_file = s->web_identity_token_file},
        .container = {.relative_uri = s->container_relative_uri, .full_uri = s->container_full_uri},
        .imds = {.is_disabled = s->imds_disabled != 0},
    };
}

#define COMMAND_STOP_MS 500

struct store_options options_for_store(const struct settings *s, enum patience patience)
{
    static const struct http_limits limits[] = {
        [PATIENCE_SERVICE] = {.connect_ms = 10000,
                              .stall_s = 30,
                              .answer_ms = 60000,
                              .stop_ms = STORE_STOP_MS},
        [PATIENCE_COMMAND] = {.connect_ms = 10000,
                              .stall_s = 30,
                              .answer_ms = 60000,
                              .stop_ms = COMMAND_STOP_MS},
        [PATIENCE_CHECK] = {.connect_ms = 5000, .stall_s = 5, .answer_ms = 10000, .stop_ms = COMMAND_STOP_MS},
    };
    return (struct store_options){
        .directory = s->destination_dir,
        .s3 = {.server = {.bucket = s->bucket_name, .addressing = (enum s3_addressing)s->s3_addressing},
               .objects = {.sse = (enum s3_sse)s->s3_sse,
                           .acl = (enum s3_acl)s->s3_acl,
                           .kms_key_id = s->s3_sse_kms_key_id,
                           .storage_class = s->s3_storage_class,
                           .tags = s->s3_tags,
                           .bucket_owner = s->s3_expected_bucket_owner},
               .connection = options_for_connection(s),
               .credentials = options_for_credentials(s),
               .limits = limits[patience]},
    };
}

struct shipper_options options_for_shipper(const struct settings *s)
{
    return (struct shipper_options){
        .upload_concurrency = (int)s->upload_concurrency,
        .sealer = {.rotation_ms = s->rotation_ms,
                   .max_file_bytes = s->max_file_bytes,
                   .prefix = s->prefix,
                   .rejects_prefix = s->rejects_prefix,
                   .date_folders = (enum date_folders)s->use_date_folders,
                   .format = (enum batch_format)s->output_format,
                   .has_metadata = settings_has_metadata(s),
                   .is_gzip = s->compression == COMPRESSION_GZIP,
                   .is_pretty = s->pretty_print_json != 0,
                   .omits_payload = settings_omits_payload(s),
                   .drop_fields = s->drop_fields},
        .purger = {.retention_ms = s->retention_ms, .ships_rejects = s->rejects_prefix != NULL},
    };
}

struct handlers_options options_for_handlers(const struct settings *s)
{
    return (struct handlers_options){
        .ships_rejects = s->rejects_prefix != NULL,
        .omits_payload = settings_omits_payload(s),
    };
}

struct notifier_options options_for_notifier(const struct settings *s)
{
    return (struct notifier_options){
        .spool_path = s->spool_path, .alert_url = s->alert_url, .heartbeat_url = s->heartbeat_url};
}

struct publisher_options options_for_publisher(const struct settings *s)
{
    return (struct publisher_options){.spool_path = s->spool_path, .prefix = s->status_prefix};
}
