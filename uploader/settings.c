/* settings -- see settings.h. */
#include "uploader/settings.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "uploader/batch.h"
#include "uploader/object_key.h"

#define FIELD(name) offsetof(struct settings, name)
#define SECOND_MS   1000
#define DAY_MS      86400000LL
#define MIB         (1 << 20)

const struct setting uploader_settings[] = {
    {"SPOOL_PATH", SETTING_TEXT, FIELD(spool_path), "var/spool.db", 1, PATH_MAX - 64, NULL,
     "the SQLite file; its directory must be local"},
    {"BUCKET_NAME", SETTING_TEXT, FIELD(bucket_name), NULL, 3, 255, NULL,
     "S3 bucket; wins over DESTINATION_DIR; one of them must be set"},
    {"DESTINATION_DIR", SETTING_TEXT, FIELD(destination_dir), NULL, 1, PATH_MAX - 64, NULL,
     "objects as files in this directory instead of S3: trial mode"},
    {"PREFIX", SETTING_TEXT, FIELD(prefix), "xml-events/", 1, OBJECT_KEY_PREFIX_MAX - 1, NULL, "key prefix"},
    {"ROTATION_INTERVAL", SETTING_DURATION, FIELD(rotation_ms), "3600", SECOND_MS, 7 * DAY_MS, NULL,
     "a batch is due when its oldest event has waited this long"},
    {"MAX_FILE_SIZE", SETTING_SIZE, FIELD(max_file_bytes), "10485760", 1024, 256 * MIB, NULL,
     "a batch is due when this many bytes of events, as received, wait"},
    {"OUTPUT_FORMAT", SETTING_CHOICE, FIELD(output_format), "xml", 0, 0, "xml|json|ndjson",
     "one XML document, one JSON array, or one JSON object a line"},
    {"EVENT_METADATA", SETTING_CHOICE, FIELD(event_metadata), "auto", 0, 0, "auto|true|false",
     "_spool, _id, _received_at, _source, _node in each event; auto: true for JSON, false for XML"},
    {"REJECTS_PREFIX", SETTING_TEXT, FIELD(rejects_prefix), NULL, 1, OBJECT_KEY_PREFIX_MAX - 1, NULL,
     "key prefix of rejects, not inside PREFIX; default rejected/ and PREFIX; none: they stay in the spool"},
    {"RETENTION", SETTING_DURATION, FIELD(retention_ms), "7d", 0, 3650 * DAY_MS, NULL,
     "shipped events stay in the spool this long"},
    {"S3_ADDRESSING", SETTING_CHOICE, FIELD(s3_addressing), "auto", 0, 0, "auto|path|virtual",
     "where the bucket stands in the URL; auto: path with an endpoint of your own, else virtual"},
    {"AWS_ACCESS_KEY_ID", SETTING_SECRET, FIELD(access_key_id), NULL, 1, 256, NULL, "the access key"},
    {"AWS_SECRET_ACCESS_KEY", SETTING_SECRET, FIELD(secret_access_key), NULL, 1, 512, NULL, "its secret"},
    {"AWS_SESSION_TOKEN", SETTING_SECRET, FIELD(session_token), NULL, 1, 4000, NULL, "with temporary keys"},
    {"AWS_REGION", SETTING_TEXT, FIELD(region), NULL, 1, 64, NULL, "the bucket's region"},
    {"AWS_DEFAULT_REGION", SETTING_TEXT, FIELD(default_region), "us-east-1", 1, 64, NULL,
     "the region where AWS_REGION is not set"},
    {"AWS_ENDPOINT_URL", SETTING_TEXT, FIELD(endpoint_url), NULL, 8, 1024, NULL,
     "an S3 server other than AWS, e.g. http://127.0.0.1:9000"},
    {"AWS_ENDPOINT_URL_S3", SETTING_TEXT, FIELD(endpoint_url_s3), NULL, 8, 1024, NULL,
     "the same, wins over AWS_ENDPOINT_URL"},
    {"AWS_CA_BUNDLE", SETTING_TEXT, FIELD(ca_bundle), NULL, 1, PATH_MAX - 1, NULL,
     "a file of certificates to trust instead of the system's"},
    {"LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info", 0, 0, "error|warn|info|debug",
     "how much is logged"},
    {"LOG_FORMAT", SETTING_CHOICE, FIELD(log_format), "text", 0, 0, "text|json", "text is logfmt"},
    SETTING_END,
};

/* Replaces an owned text. */
static void set_text(char **text, const char *first, const char *second)
{
    size_t len = strlen(first) + strlen(second) + 1;
    char *joined = malloc(len);
    if (!joined) abort();
    (void)snprintf(joined, len, "%s%s", first, second);
    free(*text);
    *text = joined;
}

/* A prefix goes into keys and, with DESTINATION_DIR, into paths. */
static enum result check_prefix(const char *name, char **prefix, struct why *why)
{
    for (const char *p = *prefix; *p; p++)
        if (iscntrl((unsigned char)*p) || *p == '\\')
            return why_set(why, RES_REFUSE, "%s holds a control character or a backslash", name);
    if (**prefix == '/' || strstr(*prefix, "//"))
        return why_set(why, RES_REFUSE,
                       "%s=%s: no slash at the beginning, nor two together; expected e.g. xml-events/", name,
                       *prefix);
    if ((*prefix)[strlen(*prefix) - 1] != '/') {
        set_text(prefix, *prefix, "/");
        log_info("a final slash was added", "setting=%s value=%s", name, LOG_QUOTE(*prefix));
    }
    if (strncmp(*prefix, "./", 2) == 0 || strncmp(*prefix, "../", 3) == 0 || strstr(*prefix, "/./") ||
        strstr(*prefix, "/../"))
        return why_set(why, RES_REFUSE, "%s=%s: '.' and '..' cannot be part of it", name, *prefix);
    return RES_OK;
}

static enum result check_prefixes(struct settings *s, struct why *why)
{
    enum result res = check_prefix("PREFIX", &s->prefix, why);
    if (res != RES_OK) return res;
    if (!s->rejects_prefix) {
        set_text(&s->rejects_prefix, "rejected/", s->prefix);
    } else if (strcmp(s->rejects_prefix, "none") == 0) {
        free(s->rejects_prefix);
        s->rejects_prefix = NULL;
        return RES_OK;
    }
    res = check_prefix("REJECTS_PREFIX", &s->rejects_prefix, why);
    if (res == RES_OK && strncmp(s->rejects_prefix, s->prefix, strlen(s->prefix)) == 0)
        return why_set(
            why, RES_REFUSE,
            "REJECTS_PREFIX=%s lies inside PREFIX=%s, where loaders would find rejects among events: "
            "choose another, e.g. rejected/%s",
            s->rejects_prefix, s->prefix, s->prefix);
    return res;
}

/* It stands in URLs, and in host names in virtual addressing. */
static enum result check_bucket(const char *name, struct why *why)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (!name || strspn(name, allowed) == strlen(name)) return RES_OK;
    return why_set(why, RES_REFUSE,
                   "BUCKET_NAME=%s: expected the bucket's name alone (letters, digits, dot, dash): "
                   "no s3://, no path (that is PREFIX)",
                   name);
}

static enum result check_endpoint(const char *name, const char *url, struct why *why)
{
    if (!url) return RES_OK;
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;
    size_t len = host ? strcspn(host, "/") : 0;
    if (host && len > 0 && (host[len] == '\0' || host[len + 1] == '\0') && !strpbrk(host, "@?# "))
        return RES_OK;
    return why_set(why, RES_REFUSE,
                   "%s=%s: expected http:// or https://, a host, perhaps a port, and nothing more", name,
                   url);
}

/* It stands in a host name and in signatures. */
static enum result check_region(const char *name, const char *region, struct why *why)
{
    if (!region ||
        strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(region))
        return RES_OK;
    return why_set(why, RES_REFUSE, "%s=%s: expected a region's name, e.g. eu-central-1", name, region);
}

enum result settings_load(struct settings *settings, char *const *env, struct why *why)
{
    enum result res = config_load(uploader_settings, env, settings, why);
    log_configure((enum log_level)settings->log_level, (enum log_format)settings->log_format);
    if (res == RES_OK) res = check_prefixes(settings, why);
    if (res == RES_OK) res = check_bucket(settings->bucket_name, why);
    if (res == RES_OK) res = check_endpoint("AWS_ENDPOINT_URL", settings->endpoint_url, why);
    if (res == RES_OK) res = check_endpoint("AWS_ENDPOINT_URL_S3", settings->endpoint_url_s3, why);
    if (res == RES_OK) res = check_region("AWS_REGION", settings->region, why);
    if (res == RES_OK) res = check_region("AWS_DEFAULT_REGION", settings->default_region, why);
    if (res == RES_OK) res = names_check(env, why);
    return res;
}

void settings_free(struct settings *settings)
{
    config_free(uploader_settings, settings);
}

enum result settings_check_destination(const struct settings *s, struct why *why)
{
    if (!s->bucket_name && !s->destination_dir)
        return why_set(why, RES_REFUSE,
                       "no destination: set BUCKET_NAME to an S3 bucket, or DESTINATION_DIR to a directory "
                       "for a trial");
    if (s->bucket_name && (!s->access_key_id || !s->secret_access_key))
        return why_set(why, RES_REFUSE,
                       "no credentials for BUCKET_NAME=%s: set AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY, or each with _FILE, or as files in /run/secrets",
                       s->bucket_name);
    return RES_OK;
}

bool settings_has_metadata(const struct settings *s)
{
    if (s->event_metadata == EVENT_METADATA_AUTO) return s->output_format != BATCH_XML;
    return s->event_metadata == EVENT_METADATA_TRUE;
}
