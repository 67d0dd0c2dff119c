/* settings -- see settings.h. */
#include "uploader/settings.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/names.h"
#include "common/status/host.h"
#include "common/utf8.h"
#include "uploader/batch/batch.h"
#include "uploader/batch/object_key.h"
#include "uploader/credentials/role.h"
#include "uploader/credentials/unsupported.h"
#include "uploader/http/http.h"
#include "uploader/http/keys.h"
#include "uploader/http/region.h"
#include "uploader/http/url.h"
#include "uploader/render/drop.h"
#include "uploader/ship/workers.h"
#include "uploader/store/s3_headers.h"
#include "uploader/store/s3_server.h"
#include "uploader/store/tags.h"

#define FIELD(name) offsetof(struct settings, name)
#define SECOND_MS   1000
#define DAY_MS      86400000LL
#define MIB         (1 << 20)

#define CONTAINER_URI_MAX 2048

const struct setting uploader_settings[] = {
    SETTING_GROUP_ROW("Where the objects go"),
    {"BUCKET_NAME", SETTING_TEXT, FIELD(bucket_name), NULL, 3, S3_BUCKET_MAX, NULL,
     "the S3 bucket; takes precedence over DESTINATION_DIR; one of the two must be set"},
    {"AWS_REGION", SETTING_TEXT, FIELD(region), NULL, 1, REGION_SIZE - 1, NULL, "the region of the bucket"},
    {"AWS_ACCESS_KEY_ID", SETTING_SECRET, FIELD(access_key_id), NULL, 1, KEYS_ID_SIZE - 1, NULL,
     "the access key"},
    {"AWS_SECRET_ACCESS_KEY", SETTING_SECRET, FIELD(secret_access_key), NULL, 1, KEYS_SECRET_SIZE - 1, NULL,
     "the secret of the access key"},
    {"AWS_SESSION_TOKEN", SETTING_SECRET, FIELD(session_token), NULL, 1, KEYS_TOKEN_MAX, NULL,
     "the session token of a temporary access key"},
    {"PREFIX", SETTING_TEXT, FIELD(prefix), "xml-events/", 1, OBJECT_KEY_PREFIX_MAX - 1, NULL,
     "the beginning of the keys of events; a missing final slash is added"},
    {"REJECTS_PREFIX", SETTING_TEXT, FIELD(rejects_prefix), NULL, 1, OBJECT_KEY_PREFIX_MAX - 1, NULL,
     "the beginning of the keys of rejects, outside PREFIX; unset: rejected/ and then PREFIX; none: rejects "
     "stay in the spool"},
    {"DESTINATION_DIR", SETTING_TEXT, FIELD(destination_dir), NULL, 1, PATH_MAX - 64, NULL,
     "a directory that gets the objects as files instead of S3, for a trial"},
    {"AWS_ENDPOINT_URL", SETTING_TEXT, FIELD(endpoint_url), NULL, 1, HTTP_ENDPOINT_MAX, NULL,
     "an S3 server other than AWS, without a path, e.g. http://127.0.0.1:9000"},
    {"S3_ADDRESSING", SETTING_CHOICE, FIELD(s3_addressing), "auto", 0, 0, "auto|path|virtual",
     "whether the URL names the bucket in its path or in its host name (virtual); auto: path for your own "
     "endpoint, or a bucket whose name cannot be part of a host's (a dot), else virtual"},
    SETTING_GROUP_ROW("When events are shipped"),
    {"ROTATION_INTERVAL", SETTING_DURATION, FIELD(rotation_ms), "3600", SECOND_MS, 7 * DAY_MS, NULL,
     "a batch is due when its oldest event has waited this long"},
    {"MAX_FILE_SIZE", SETTING_SIZE, FIELD(max_file_bytes), "10485760", 1024, 256 * MIB, NULL,
     "a batch is due when this many bytes of events, as received, are waiting"},
    {"UPLOAD_CONCURRENCY", SETTING_UINT, FIELD(upload_concurrency), "2", 1, WORKERS_MAX, NULL,
     "the number of uploads at once; each holds one object in memory"},
    SETTING_GROUP_ROW("What an object contains"),
    {"OUTPUT_FORMAT", SETTING_CHOICE, FIELD(output_format), "xml", 0, 0, "xml|json|ndjson",
     "the format of an object: one XML document, one JSON array, or one JSON object per line"},
    {"EVENT_METADATA", SETTING_CHOICE, FIELD(event_metadata), "auto", 0, 0, "auto|true|false",
     "whether each event gets _spool, _id, _received_at, _source and _node; auto: in JSON, but not in XML"},
    {"PRETTY_PRINT_JSON", SETTING_CHOICE, FIELD(pretty_print_json), "false", 0, 0, "false|true",
     "with OUTPUT_FORMAT=json: whether each member gets an indented line of its own"},
    {"COMPRESSION", SETTING_CHOICE, FIELD(compression), "none", 0, 0, "none|gzip",
     "whether objects are compressed; the keys of compressed objects end in .gz"},
    {"USE_DATE_FOLDERS", SETTING_CHOICE, FIELD(use_date_folders), "false", 0, 0, "false|true|hive",
     "whether the UTC day of sealing follows the prefix in keys; true: as 2025/07/29/; hive: as "
     "dt=2025-07-29/"},
    {"DROP_FIELDS", SETTING_TEXT, FIELD(drop_fields), NULL, 1, BATCH_DROPPED_MAX, NULL,
     "the child elements to leave out of what is shipped, separated by commas, e.g. "
     "plasectrxLname,plasectrxFname"},
    {"REJECTS_PAYLOAD", SETTING_CHOICE, FIELD(rejects_payload), "auto", 0, 0, "auto|true|false",
     "whether rejects are shipped with the bytes received; auto: only if DROP_FIELDS is not set"},
    SETTING_GROUP_ROW("How the bucket keeps objects"),
    {"S3_SSE", SETTING_CHOICE, FIELD(s3_sse), "none", 0, 0, "none|AES256|aws:kms",
     "the server-side encryption to request for each object; none: what the bucket is set to"},
    {"S3_SSE_KMS_KEY_ID", SETTING_TEXT, FIELD(s3_sse_kms_key_id), NULL, 1, 1024, NULL,
     "with S3_SSE=aws:kms: the id, ARN or alias of the key; unset: the account's aws/s3 key"},
    {"S3_STORAGE_CLASS", SETTING_TEXT, FIELD(s3_storage_class), NULL, 1, 64, NULL,
     "the storage class of the objects, e.g. STANDARD_IA; unset: the store decides"},
    {"S3_TAGS", SETTING_TEXT, FIELD(s3_tags), NULL, 1, TAGS_TEXT_MAX, NULL,
     "up to 10 tags of the objects, e.g. team=security,source=acm; needs s3:PutObjectTagging"},
    {"S3_ACL", SETTING_CHOICE, FIELD(s3_acl), "none", 0, 0,
     "none|private|public-read|public-read-write|authenticated-read|aws-exec-read|bucket-owner-read|"
     "bucket-owner-full-control",
     "the ACL to set on each object, e.g. bucket-owner-full-control in another account's bucket; needs "
     "s3:PutObjectAcl; none: none is sent"},
    {"S3_EXPECTED_BUCKET_OWNER", SETTING_TEXT, FIELD(s3_expected_bucket_owner), NULL, 1, 64, NULL,
     "the AWS account that must own the bucket, 12 digits; the store refuses any other bucket"},
    SETTING_GROUP_ROW("Other sources of credentials"),
    {"AWS_PROFILE", SETTING_TEXT, FIELD(profile), NULL, 1, 128, NULL,
     "the profile to use in the shared files; unset: default"},
    {"AWS_DEFAULT_PROFILE", SETTING_TEXT, FIELD(default_profile), NULL, 1, 128, NULL,
     "the former name of AWS_PROFILE, which the AWS CLI still reads"},
    {"AWS_CONFIG_FILE", SETTING_TEXT, FIELD(config_file), NULL, 1, PATH_MAX - 1, NULL,
     "the shared config file; unset: ~/.aws/config"},
    {"AWS_SHARED_CREDENTIALS_FILE", SETTING_TEXT, FIELD(shared_credentials_file), NULL, 1, PATH_MAX - 1, NULL,
     "the shared credentials file; unset: ~/.aws/credentials"},
    {"AWS_ROLE_ARN", SETTING_TEXT, FIELD(role_arn), NULL, 1, 2048, NULL,
     "the role to assume with the token in AWS_WEB_IDENTITY_TOKEN_FILE"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE", SETTING_TEXT, FIELD(web_identity_token_file), NULL, 1, PATH_MAX - 1, NULL,
     "a file with a token for AWS_ROLE_ARN (EKS: IRSA)"},
    {"AWS_ROLE_SESSION_NAME", SETTING_TEXT, FIELD(role_session_name), NULL, 2, 64, NULL,
     "the session name of a role, which AWS's logs show; unset: the profile's, or else eventspool"},
    {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", SETTING_TEXT, FIELD(container_relative_uri), NULL, 1, 1024,
     NULL, "where to get the credentials of an ECS task; set by ECS"},
    {"AWS_CONTAINER_CREDENTIALS_FULL_URI", SETTING_TEXT, FIELD(container_full_uri), NULL, 1,
     CONTAINER_URI_MAX, NULL, "where to get the credentials of a pod; set by EKS Pod Identity"},
    {"AWS_CONTAINER_AUTHORIZATION_TOKEN", SETTING_SECRET, FIELD(container_token), NULL, 1, 4096, NULL,
     "the token to send to the server of the ECS or EKS credentials"},
    {"AWS_EC2_METADATA_DISABLED", SETTING_CHOICE, FIELD(imds_disabled), "false", 0, 0, "false|true",
     "whether the credentials in EC2's instance metadata are ignored"},
    {"AWS_EC2_METADATA_SERVICE_ENDPOINT", SETTING_TEXT, FIELD(imds_endpoint), NULL, 1, HTTP_ENDPOINT_MAX,
     NULL, "the server of EC2's instance metadata; unset: the profile's, or else as the mode says"},
    {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", SETTING_CHOICE, FIELD(imds_mode), NULL, 0, 0, "|IPv4|IPv6",
     "which address EC2's instance metadata has; IPv6: [fd00:ec2::254]; unset: the profile's, or else IPv4"},
    SETTING_GROUP_ROW("Other regions, servers and certificates"),
    {"AWS_DEFAULT_REGION", SETTING_TEXT, FIELD(default_region), NULL, 1, REGION_SIZE - 1, NULL,
     "the region if AWS_REGION is not set; with neither, the profile's region, else us-east-1"},
    {"AWS_ENDPOINT_URL_S3", SETTING_TEXT, FIELD(endpoint_url_s3), NULL, 1, HTTP_ENDPOINT_MAX, NULL,
     "an S3 server other than AWS; takes precedence over AWS_ENDPOINT_URL"},
    {"AWS_ENDPOINT_URL_STS", SETTING_TEXT, FIELD(endpoint_url_sts), NULL, 1, HTTP_ENDPOINT_MAX, NULL,
     "the server that issues the credentials of roles; takes precedence over AWS_ENDPOINT_URL; both unset: "
     "AWS"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", SETTING_CHOICE, FIELD(ignore_endpoint_urls), NULL, 0, 0,
     "|false|true",
     "true: AWS itself, whatever AWS_ENDPOINT_URL... and the profile say; unset: the profile's"},
    {"AWS_STS_REGIONAL_ENDPOINTS", SETTING_CHOICE, FIELD(sts_endpoints), NULL, 0, 0, "|regional|legacy",
     "which server of AWS issues the credentials of roles; legacy: the global one for the oldest regions; "
     "unset: the profile's, or else regional"},
    {"AWS_USE_FIPS_ENDPOINT", SETTING_CHOICE, FIELD(use_fips_endpoint), NULL, 0, 0, "|false|true",
     "whether AWS's servers with FIPS 140 cryptography are used; unset: as the profile says"},
    {"AWS_USE_DUALSTACK_ENDPOINT", SETTING_CHOICE, FIELD(use_dualstack_endpoint), NULL, 0, 0, "|false|true",
     "whether AWS's servers with IPv6 and IPv4 addresses are used; unset: as the profile says"},
    {"AWS_CA_BUNDLE", SETTING_TEXT, FIELD(ca_bundle), NULL, 1, PATH_MAX - 1, NULL,
     "a file of certificates to trust instead of the system's; unset: the profile's ca_bundle"},
    SETTING_GROUP_ROW("The spool"),
    {"SPOOL_PATH", SETTING_TEXT, FIELD(spool_path), "var/spool.db", 1, PATH_MAX - 64, NULL,
     "the SQLite file; its directory must be on a local disk"},
    {"RETENTION", SETTING_DURATION, FIELD(retention_ms), "7d", 0, 3650 * DAY_MS, NULL,
     "how long shipped events stay in the spool"},
    SETTING_GROUP_ROW("Health, metrics and the page"),
    {"STATUS_HOST", SETTING_TEXT, FIELD(status_host), "127.0.0.1", 1, 255, NULL,
     "the address on which health, metrics and the page are served"},
    {"UPLOADER_STATUS_PORT", SETTING_UINT, FIELD(status_port), "0", 0, 65535, NULL,
     "the TCP port of the uploader's own health and metrics; 0: none, as the collector shows most of them"},
    {"STATUS_ALLOWED_HOSTS", SETTING_TEXT, FIELD(status_allowed_hosts), NULL, 1, HOST_LIST_MAX, NULL,
     "the host names under which they may be asked for, separated by commas; addresses, localhost and the "
     "node's name always may"},
    SETTING_GROUP_ROW("Logging"),
    {"LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info", 0, 0, "error|warn|info|debug",
     "how much is logged"},
    {"LOG_FORMAT", SETTING_CHOICE, FIELD(log_format), "text", 0, 0, "text|json",
     "the form of a line in the log; text: key=value pairs; json: one object"},
    SETTING_END,
};

/* Replaces an owned text by these two, one after the other. */
static void set_text(char **text, const char *first, const char *second)
{
    size_t len = strlen(first) + strlen(second) + 1;
    char *joined = malloc(len);
    if (!joined) abort();
    (void)snprintf(joined, len, "%s%s", first, second);
    free(*text);
    *text = joined;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A prefix goes into keys and, with DESTINATION_DIR, into paths. */
static enum result check_prefix(const char *name, const char *example, char **prefix, struct why *why)
{
    size_t len = strlen(*prefix);
    bool is_closed = (*prefix)[len - 1] == '/';
    const char *wrong = NULL;
    if (utf8_valid_len(*prefix, len) != len)
        return why_set(why, RES_REFUSE, "%s is not UTF-8; expected e.g. %s", name, example);
    if (!is_closed) set_text(prefix, *prefix, "/");
    for (const char *p = *prefix; *p; p++)
        if (iscntrl((unsigned char)*p) || *p == '\\') wrong = "no control character and no backslash";
    if (**prefix == '/' || strstr(*prefix, "//")) wrong = "no slash at the beginning, nor two together";
    if (begins(*prefix, "./") || begins(*prefix, "../") || strstr(*prefix, "/./") || strstr(*prefix, "/../"))
        wrong = "'.' and '..' cannot be part of it";
    if (wrong) return why_set(why, RES_REFUSE, "%s=%s: %s; expected e.g. %s", name, *prefix, wrong, example);
    if (!is_closed) log_info("a final slash was added", "setting=%s value=%s", name, LOG_QUOTE(*prefix));
    return RES_OK;
}

static enum result check_prefixes(struct settings *s, struct why *why)
{
    enum result res = check_prefix("PREFIX", "xml-events/", &s->prefix, why);
    if (res != RES_OK) return res;
    if (!s->rejects_prefix) {
        set_text(&s->rejects_prefix, "rejected/", s->prefix);
    } else if (strcasecmp(s->rejects_prefix, "none") == 0) {
        free(s->rejects_prefix);
        s->rejects_prefix = NULL;
        return RES_OK;
    }
    res = check_prefix("REJECTS_PREFIX", "rejected/xml-events/", &s->rejects_prefix, why);
    if (res == RES_OK && begins(s->rejects_prefix, s->prefix))
        return why_set(why, RES_REFUSE,
                       "REJECTS_PREFIX=%s lies inside PREFIX=%s, where loaders would find rejects among "
                       "events: set it to another, e.g. %s%s",
                       s->rejects_prefix, s->prefix,
                       begins(s->prefix, "rejected/") ? "rejects/" : "rejected/", s->prefix);
    return res;
}

/* An ARN names what an access point's alias names, too, and that is one we can use as a bucket. */
static enum result refuse_arn(const char *arn, struct why *why)
{
    const char *name = strrchr(arn, ':') + 1;
    bool is_bucket = strncmp(arn, "arn:", 4) == 0 && strstr(arn, ":s3:::") && *name;
    if (is_bucket)
        return why_set(why, RES_REFUSE, "BUCKET_NAME=%s: expected the bucket's name alone: %.*s", arn,
                       (int)strcspn(name, "/"), name);
    return why_set(
        why, RES_REFUSE,
        "BUCKET_NAME=%s: expected a name, not an ARN; for an access point set its alias, which ends in "
        "-s3alias (S3 shows it with the access point)",
        arn);
}

/* The name becomes part of URLs, and in virtual addressing of host names. */
static enum result check_bucket(const char *name, struct why *why)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (!name || strspn(name, allowed) == strlen(name)) return RES_OK;
    if (begins(name, "arn:")) return refuse_arn(name, why);
    char shown[256 + 16];
    url_mask(name, shown, sizeof shown); /* an endpoint may have been meant, with a password */
    return why_set(why, RES_REFUSE,
                   "BUCKET_NAME=%s: expected the bucket's name alone (letters, digits, dot, dash): "
                   "no s3://, no path (that is PREFIX)",
                   shown);
}

static enum result check_endpoint(const char *name, const char *url, struct why *why)
{
    return url ? url_check_endpoint(name, url, why) : RES_OK;
}

static enum result check_region(const char *name, const char *region, struct why *why)
{
    return region ? region_check(name, region, why) : RES_OK;
}

/* Can the text be sent in a header as it is? It must be printable, without spaces. */
static bool is_token(const char *text)
{
    for (; *text; text++)
        if (!isgraph((unsigned char)*text)) return false;
    return true;
}

static enum result check_encryption(const struct settings *s, struct why *why)
{
    if (s->s3_sse_kms_key_id && s->s3_sse != S3_SSE_KMS)
        return why_set(why, RES_REFUSE,
                       "S3_SSE_KMS_KEY_ID is set without S3_SSE=aws:kms: set that, too, or remove the key");
    if (s->s3_sse_kms_key_id && !is_token(s->s3_sse_kms_key_id))
        return why_set(why, RES_REFUSE, "S3_SSE_KMS_KEY_ID=%s: expected a key's id, its ARN or an alias",
                       s->s3_sse_kms_key_id);
    return RES_OK;
}

static enum result check_storage_class(const char *name, struct why *why)
{
    if (!name) return RES_OK;
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(name))
        return why_set(why, RES_REFUSE,
                       "S3_STORAGE_CLASS=%s: expected a class in capital letters, e.g. STANDARD_IA", name);
    if (strcmp(name, "GLACIER") == 0 || strcmp(name, "DEEP_ARCHIVE") == 0)
        log_warn("objects of this storage class cannot be read until they are restored: loaders will fail",
                 "setting=S3_STORAGE_CLASS value=%s", name);
    return RES_OK;
}

static enum result check_owner(const char *owner, struct why *why)
{
    if (!owner || (strlen(owner) == 12 && strspn(owner, "0123456789") == 12)) return RES_OK;
    return why_set(why, RES_REFUSE,
                   "S3_EXPECTED_BUCKET_OWNER=%s: expected an AWS account's 12 digits, without dashes", owner);
}

static void warn_of_public_acl(int64_t acl)
{
    bool is_public = acl == S3_ACL_PUBLIC_READ || acl == S3_ACL_PUBLIC_READ_WRITE;
    if (is_public || acl == S3_ACL_AUTHENTICATED_READ)
        log_warn("strangers can read these objects, with all that events say of people",
                 "setting=S3_ACL who=%s remedy=\"set S3_ACL=private, or leave it out\"",
                 is_public ? "anybody_on_the_internet" : "every_AWS_account");
}

/* Checks the settings that are sent with each object. */
static enum result check_object_settings(const struct settings *s, struct why *why)
{
    char ignored[TAGS_SIZE];
    enum result res = check_encryption(s, why);
    if (res == RES_OK) res = check_storage_class(s->s3_storage_class, why);
    if (res == RES_OK) res = check_owner(s->s3_expected_bucket_owner, why);
    if (res == RES_OK && s->s3_tags) res = tags_encode(s->s3_tags, ignored, why);
    if (res == RES_OK) warn_of_public_acl(s->s3_acl);
    return res;
}

/* The AWS CLI takes the former name if both are set, the SDKs take the present one. */
static enum result check_profile(const struct settings *s, struct why *why)
{
    if (!s->profile || !s->default_profile || strcmp(s->profile, s->default_profile) == 0) return RES_OK;
    return why_set(
        why, RES_REFUSE,
        "AWS_PROFILE=%s, but AWS_DEFAULT_PROFILE=%s: set AWS_PROFILE alone, as AWS's own tools do not "
        "agree on which counts",
        s->profile, s->default_profile);
}

static void warn_of_settings_without_effect(const struct settings *s)
{
    if (s->pretty_print_json && s->output_format != BATCH_JSON)
        log_warn("this setting has no effect: OUTPUT_FORMAT is not json", "setting=PRETTY_PRINT_JSON");
    if (s->role_arn && !s->web_identity_token_file)
        log_warn(
            "this setting has no effect: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "setting=AWS_ROLE_ARN remedy=\"write role_arn and source_profile into a profile, if the keys "
            "of a role are to be used\"");
}

enum result settings_load(struct settings *settings, char *const *env, struct why *why)
{
    enum result res = config_load(uploader_settings, env, settings, why);
    log_configure((enum log_level)settings->log_level, (enum log_format)settings->log_format);
    if (res == RES_OK) res = check_prefixes(settings, why);
    if (res == RES_OK && settings->drop_fields) res = drop_tidy("DROP_FIELDS", settings->drop_fields, why);
    if (res == RES_OK) res = check_object_settings(settings, why);
    if (res == RES_OK) res = check_bucket(settings->bucket_name, why);
    if (res == RES_OK) res = check_endpoint("AWS_ENDPOINT_URL", settings->endpoint_url, why);
    if (res == RES_OK) res = check_endpoint("AWS_ENDPOINT_URL_S3", settings->endpoint_url_s3, why);
    if (res == RES_OK) res = check_endpoint("AWS_ENDPOINT_URL_STS", settings->endpoint_url_sts, why);
    if (res == RES_OK)
        res = check_endpoint("AWS_EC2_METADATA_SERVICE_ENDPOINT", settings->imds_endpoint, why);
    if (res == RES_OK) res = check_region("AWS_REGION", settings->region, why);
    if (res == RES_OK) res = check_region("AWS_DEFAULT_REGION", settings->default_region, why);
    if (res == RES_OK)
        res = role_check_session_name("AWS_ROLE_SESSION_NAME", settings->role_session_name, why);
    if (res == RES_OK) res = check_profile(settings, why);
    if (res == RES_OK)
        res = unsupported_check_keys(env, settings->access_key_id, settings->session_token, why);
    if (res == RES_OK) res = unsupported_check_environment(env, why);
    if (res == RES_OK) res = host_check_list(settings->status_allowed_hosts, why);
    if (res != RES_OK) return res;
    warn_of_settings_without_effect(settings);
    names_check(env);
    return RES_OK;
}

void settings_free(struct settings *settings)
{
    config_free(uploader_settings, settings);
}

void settings_print(const struct settings *settings, FILE *out)
{
    char none[] = "none";
    char full_uri[CONTAINER_URI_MAX + 16]; /* a mask may be longer than what it hides */
    char relative_uri[CONTAINER_URI_MAX + 16];
    struct settings shown = *settings; /* borrows its texts */
    if (!shown.rejects_prefix) shown.rejects_prefix = none;
    if (shown.container_full_uri) {
        url_mask(shown.container_full_uri, full_uri, sizeof full_uri);
        shown.container_full_uri = full_uri;
    }
    if (shown.container_relative_uri) {
        url_mask(shown.container_relative_uri, relative_uri, sizeof relative_uri);
        shown.container_relative_uri = relative_uri;
    }
    config_print(uploader_settings, &shown, out);
}

enum result settings_check_destination(const struct settings *s, struct why *why)
{
    if (!s->bucket_name && !s->destination_dir)
        return why_set(why, RES_REFUSE,
                       "no destination: set BUCKET_NAME to an S3 bucket, or DESTINATION_DIR to a directory "
                       "for a trial");
    return RES_OK;
}

bool settings_has_metadata(const struct settings *s)
{
    if (s->event_metadata == EVENT_METADATA_AUTO) return s->output_format != BATCH_XML;
    return s->event_metadata == EVENT_METADATA_TRUE;
}

bool settings_omits_payload(const struct settings *s)
{
    if (s->rejects_payload == REJECTS_PAYLOAD_AUTO) return s->drop_fields != NULL;
    return s->rejects_payload == REJECTS_PAYLOAD_FALSE;
}
