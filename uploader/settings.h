/*
 * settings -- the uploader's settings: one struct, one table.
 */
#ifndef UPLOADER_SETTINGS_H
#define UPLOADER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config.h"

enum event_metadata { EVENT_METADATA_AUTO, EVENT_METADATA_TRUE, EVENT_METADATA_FALSE };
enum s3_addressing { S3_ADDRESSING_AUTO, S3_ADDRESSING_PATH, S3_ADDRESSING_VIRTUAL };

struct settings {
    char *spool_path;
    char *bucket_name; /* wins over destination_dir */
    char *destination_dir;
    char *prefix;         /* ends in a slash */
    char *rejects_prefix; /* likewise; NULL: rejects stay in the spool */
    int64_t rotation_ms;
    int64_t max_file_bytes;
    int64_t output_format;  /* enum batch_format */
    int64_t event_metadata; /* enum event_metadata */
    int64_t retention_ms;
    int64_t s3_addressing; /* enum s3_addressing */
    char *access_key_id, *secret_access_key, *session_token;
    char *region, *default_region;
    char *endpoint_url, *endpoint_url_s3;
    char *ca_bundle;
    int64_t log_level;  /* enum log_level */
    int64_t log_format; /* enum log_format */
};

extern const struct setting uploader_settings[];

/* config_load() and what a table cannot say: prefixes end in a slash and do not lie in each other, names are possible. */
MUST_CHECK enum result settings_load(struct settings *settings, char *const *env, struct why *why);
void settings_free(struct settings *settings);

/* For those subcommands that ship: is there a destination, and keys for it? RES_REFUSE says what to set. */
MUST_CHECK enum result settings_check_destination(const struct settings *settings, struct why *why);

bool settings_has_metadata(const struct settings *settings); /* for events in the set format */

#endif
