/*
 * unsupported -- see unsupported.h. A list of names, and a rule for names that nobody knows: if one speaks of an
 * endpoint, of FIPS or of another of these words, it is refused, since it is rather a slip than of no meaning.
 */
#include "uploader/credentials/unsupported.h"

#include <string.h>
#include <strings.h>

#include "common/config.h"

/* Refused are all values but these. */
enum accepted { NOTHING, FALSE, SIGV4 };

static const struct {
    const char *parent, *name; /* parent NULL: not nested */
    enum accepted accepted;
    const char *remedy;
} keys[] = {
    {"s3", "use_accelerate_endpoint", FALSE, "set it to false: Transfer Acceleration is not supported"},
    {"s3", "signature_version", SIGV4, "set it to s3v4: requests are signed with Signature Version 4 alone"},
    {NULL, "imds_use_ipv6", FALSE, "set ec2_metadata_service_endpoint_mode to IPv6 instead"},
    {NULL, "proxy_ca_bundle", NOTHING, "remove it, and put the proxy's certificate into ca_bundle"},
    {NULL, "proxy_client_cert", NOTHING, "remove it: a certificate cannot be shown to a proxy"},
    {NULL, "proxy_use_forwarding_for_https", FALSE, "set it to false: https:// goes through a tunnel"},
};

/* What speaks of where and how we connect, in the name of a key that nobody knows. */
static const struct {
    const char *word, *remedy;
} telling[] = {
    {"fips", "write use_fips_endpoint = true, or remove it"},
    {"dualstack", "write use_dualstack_endpoint = true, or remove it"},
    {"dual_stack", "write use_dualstack_endpoint = true, or remove it"},
    {"addressing", "write addressing_style below s3 = on a line of its own, indented, or remove it"},
    {"bundle", "write ca_bundle = FILE, or remove it"},
    {"endpoint",
     "write endpoint_url directly below the profile's name, or below s3 or sts in a section [services NAME] "
     "that the profile names with services = NAME"},
};

static const struct {
    const char *name;
    enum accepted accepted;
    const char *remedy;
} variables[] = {
    {"AWS_CONTAINER_SERVICE_ENDPOINT", NOTHING,
     "set AWS_CONTAINER_CREDENTIALS_FULL_URI to the whole URL instead"},
    {"AWS_IMDS_USE_IPV6", FALSE, "set AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv6 instead"},
};

static bool is_accepted(enum accepted accepted, const char *value)
{
    static const char *const words[] = {[NOTHING] = "", [FALSE] = "false", [SIGV4] = "s3v4"};
    return strcasecmp(value, words[accepted]) == 0;
}

/* ---- a profile ---- */

/* Keys with one of the telling words that are either read elsewhere (connection.c) or of no meaning here. */
static bool is_known(const struct aws_value *key)
{
    static const char *const nested[] = {"use_accelerate_endpoint", "use_dualstack_endpoint",
                                         "us_east_1_regional_endpoint", "addressing_style"};
    static const char *const plain[] = {"endpoint_url",
                                        "ca_bundle",
                                        "ignore_configured_endpoint_urls",
                                        "use_fips_endpoint",
                                        "use_dualstack_endpoint",
                                        "sts_regional_endpoints",
                                        "ec2_metadata_service_endpoint",
                                        "ec2_metadata_service_endpoint_mode",
                                        "s3_us_east_1_regional_endpoint",
                                        "account_id_endpoint_mode",
                                        "endpoint_discovery_enabled"};
    const char *const *names = key->parent ? nested : plain;
    size_t count = key->parent ? sizeof nested / sizeof *nested : sizeof plain / sizeof *plain;
    for (size_t i = 0; i < count; i++)
        if (strcmp(key->name, names[i]) == 0) return true;
    return false;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of these two services; s3api is a name of the AWS CLI's for S3. */
static bool is_ours(const char *service)
{
    return strcmp(service, "s3") == 0 || strcmp(service, "sts") == 0 || strcmp(service, "s3api") == 0;
}

/* What is wrong with this key, as a remedy; NULL: nothing. */
static const char *remedy_of_key(const struct aws_value *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (is_same(keys[i].parent, key->parent) && strcmp(keys[i].name, key->name) == 0 &&
            !is_accepted(keys[i].accepted, key->value))
            return keys[i].remedy;
    if (!key->parent && is_ours(key->name))
        return "write s3 = on a line of its own, and what is meant for S3 below it, indented: name = value";
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (strstr(key->name, telling[i].word) && (!key->parent || is_ours(key->parent)) && !is_known(key))
            return telling[i].remedy;
    return NULL;
}

static const char *remedy_of_service(const struct aws_value *key)
{
    const char *service = key->parent ? key->parent : key->name;
    bool is_nested_url = key->parent && strcmp(key->name, "endpoint_url") == 0;
    if (!is_ours(service) && !(strstr(key->name, "endpoint") && !key->parent)) return NULL;
    if (is_nested_url && strcmp(service, "s3api") != 0) return NULL;
    return "write the name of the service, s3 or sts, with = on a line of its own, and endpoint_url = URL "
           "below it, "
           "indented; nothing else is possible there";
}

static enum result refuse(const struct aws_value *key, const char *section, const char *name,
                          const char *remedy, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "%s", remedy);
    return why_set(why, RES_REFUSE, "%.64s%s%.64s of %s %.128s is not supported", key->name,
                   key->parent ? " below " : "", key->parent ? key->parent : "", section, name);
}

enum result unsupported_check_profile(const struct aws_config *config, const char *profile,
                                      const char *services, struct why *why)
{
    struct aws_value key;
    const char *token = aws_config_get(config, profile, "aws_security_token");
    for (size_t at = 0; aws_config_next(config, AWS_PROFILE, profile, &at, &key);)
        if (remedy_of_key(&key)) return refuse(&key, "the profile", profile, remedy_of_key(&key), why);
    for (size_t at = 0; services && aws_config_next(config, AWS_SERVICES, services, &at, &key);)
        if (remedy_of_service(&key))
            return refuse(&key, "the section services", services, remedy_of_service(&key), why);
    if (!token || is_same(token, aws_config_get(config, profile, "aws_session_token"))) return RES_OK;
    key = (struct aws_value){NULL, "aws_security_token", NULL};
    return refuse(&key, "the profile", profile, "write aws_session_token instead", why);
}

/* ---- the environment ---- */

static enum result refuse_variable(const char *name, const char *remedy, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "%s", remedy);
    return why_set(why, RES_REFUSE, "%s is not supported", name);
}

enum result unsupported_check_environment(char *const *env, struct why *why)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = config_env(env, variables[i].name);
        if (!value || !*value || is_accepted(variables[i].accepted, value)) continue;
        return refuse_variable(variables[i].name, variables[i].remedy, why);
    }
    return RES_OK;
}

/* Former names. AWS's SDKs take the first two only if the present ones are not set. */
enum result unsupported_check_keys(char *const *env, const char *id, const char *token, struct why *why)
{
    static const char *const ids[] = {"AWS_ACCESS_KEY", "AWS_SECRET_KEY"};
    const char *security_token = config_env(env, "AWS_SECURITY_TOKEN");
    for (size_t i = 0; i < sizeof ids / sizeof *ids && !id; i++) {
        const char *value = config_env(env, ids[i]);
        if (value && *value)
            return refuse_variable(ids[i], "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead", why);
    }
    if (!id || !security_token || !*security_token || is_same(security_token, token)) return RES_OK;
    return refuse_variable("AWS_SECURITY_TOKEN", "set AWS_SESSION_TOKEN instead", why);
}
