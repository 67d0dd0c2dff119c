/*
 * settings -- the uploader's settings: one struct, one table. Only main.c and commands/ know them: every other room has
 * options of its own, which commands/options.c fills.
 */
#ifndef UPLOADER_SETTINGS_H
#define UPLOADER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"

enum event_metadata { EVENT_METADATA_AUTO, EVENT_METADATA_TRUE, EVENT_METADATA_FALSE };
enum compression { COMPRESSION_NONE, COMPRESSION_GZIP };
enum rejects_payload { REJECTS_PAYLOAD_AUTO, REJECTS_PAYLOAD_TRUE, REJECTS_PAYLOAD_FALSE };

struct settings {
    char *spool_path;
    char *bucket_name; /* wins over destination_dir */
    char *destination_dir;
    char *prefix;         /* ends in a slash */
    char *rejects_prefix; /* likewise; NULL: rejects stay in the spool */
    int64_t rotation_ms;
    int64_t max_file_bytes;
    int64_t upload_concurrency;
    int64_t output_format;     /* enum batch_format */
    int64_t event_metadata;    /* enum event_metadata */
    int64_t compression;       /* enum compression */
    int64_t use_date_folders;  /* enum date_folders */
    int64_t pretty_print_json; /* 1: pretty */
    char *drop_fields;         /* as drop.h has it; NULL: none */
    int64_t rejects_payload;   /* enum rejects_payload */
    int64_t retention_ms;
    int64_t s3_addressing; /* enum s3_addressing, in s3_server.h */
    int64_t s3_sse;        /* enum s3_sse, in s3_headers.h */
    int64_t s3_acl;        /* enum s3_acl, likewise */
    char *s3_sse_kms_key_id, *s3_storage_class, *s3_tags, *s3_expected_bucket_owner;
    char *access_key_id, *secret_access_key, *session_token; /* environment.c reads them anew each time */
    char *region, *default_region;                           /* the first that is set */
    char *profile, *default_profile;                         /* the same if both are set */
    char *config_file, *shared_credentials_file;
    char *role_arn, *role_session_name, *web_identity_token_file;
    char *container_relative_uri, *container_full_uri, *container_token;
    int64_t imds_disabled; /* 1: yes */
    char *imds_endpoint;
    int64_t imds_mode; /* enum connection_choice, in credentials/options.h: IPv6? */
    char *endpoint_url, *endpoint_url_s3, *endpoint_url_sts;
    int64_t ignore_endpoint_urls; /* enum connection_choice, as are the next three */
    int64_t sts_endpoints;        /* the global one? */
    int64_t use_fips_endpoint, use_dualstack_endpoint;
    char *ca_bundle;
    char *status_host;
    int64_t status_port;        /* UPLOADER_STATUS_PORT; 0: none */
    char *status_allowed_hosts; /* NULL: none */
    int64_t log_level;          /* enum log_level */
    int64_t log_format;         /* enum log_format */
};

extern const struct setting uploader_settings[];

/*
 * As config_load(); then checks what the table cannot express: prefixes end in a slash, the rejects' prefix is not
 * inside the events', and names are possible.
 */
MUST_CHECK enum result settings_load(struct settings *settings, char *const *env, struct why *why);
void settings_free(struct settings *settings);

/*
 * As config_print(). REJECTS_PREFIX is `none` if rejects stay: an empty one would be read back as the default. Of a URL
 * no password and no query is shown.
 */
void settings_print(const struct settings *settings, FILE *out);

/* For subcommands that ship: is there a destination? RES_REFUSE: no; `why` says what to set. */
MUST_CHECK enum result settings_check_destination(const struct settings *settings, struct why *why);

/* Do events in the set format get metadata? */
bool settings_has_metadata(const struct settings *settings);

/* Are rejects shipped without their payload? */
bool settings_omits_payload(const struct settings *settings);

#endif
