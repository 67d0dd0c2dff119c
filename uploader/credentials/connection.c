/*
 * connection -- see connection.h. Each value is looked up in the settings, then in the profile; what is found is checked
 * and noted with where it comes from.
 */
#include "uploader/credentials/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "uploader/credentials/profile_files.h"
#include "uploader/credentials/unsupported.h"
#include "uploader/http/url.h"

#define IMDS_IPV4 "http://169.254.169.254"
#define IMDS_IPV6 "http://[fd00:ec2::254]"

struct lookup {
    const struct connection_options *options;
    struct aws_config config;
    const char *profile;
    const char *services; /* the section of that name; NULL: none */
};

/* A value and its origin. */
struct found {
    const char *value; /* NULL: there is none */
    char from[CONNECTION_FROM_SIZE];
};

static struct found in_setting(const char *setting, const char *value)
{
    struct found found = {.value = value};
    (void)snprintf(found.from, sizeof found.from, "%s", setting);
    return found;
}

/* `parent` NULL: not nested. */
static struct found in_profile(const struct lookup *l, const char *parent, const char *key)
{
    struct found found = {.value =
                              parent ? aws_config_get_nested(&l->config, AWS_PROFILE, l->profile, parent, key)
                                     : aws_config_get(&l->config, l->profile, key)};
    (void)snprintf(found.from, sizeof found.from, "%s%s%s of the profile %.128s", key,
                   parent ? " below " : "", parent ? parent : "", l->profile);
    return found;
}

static struct found in_services(const struct lookup *l, const char *service)
{
    struct found found = {.value = NULL};
    if (!l->services) return found;
    found.value = aws_config_get_nested(&l->config, AWS_SERVICES, l->services, service, "endpoint_url");
    (void)snprintf(found.from, sizeof found.from, "endpoint_url below %s in [services %.128s]", service,
                   l->services);
    return found;
}

/* The setting's, or else the profile's. */
static struct found first_of(const struct lookup *l, const char *setting, const char *value, const char *key)
{
    return value ? in_setting(setting, value) : in_profile(l, NULL, key);
}

/* Copies what was found; it must be shorter than `size`. */
static enum result take(const struct found *found, char *text, size_t size, char from[CONNECTION_FROM_SIZE],
                        struct why *why)
{
    if (!found->value) return RES_OK;
    if (strlen(found->value) >= size)
        return why_set(why, RES_REFUSE, "%s is too long: it has %zu characters, and %zu are possible",
                       found->from, strlen(found->value), size - 1);
    (void)snprintf(text, size, "%s", found->value);
    memcpy(from, found->from, CONNECTION_FROM_SIZE);
    return RES_OK;
}

static enum result take_endpoint(const struct found *found, char endpoint[HTTP_ENDPOINT_MAX + 1],
                                 char from[CONNECTION_FROM_SIZE], struct why *why)
{
    enum result res = found->value ? url_check_endpoint(found->from, found->value, why) : RES_OK;
    return res == RES_OK ? take(found, endpoint, HTTP_ENDPOINT_MAX + 1, from, why) : res;
}

/* ---- words that mean yes or no ---- */

/* `words`: the one that means no, and the one that means yes; in any letter case, as AWS's own tools take them. */
static enum result choose(const struct found *found, const char *const words[2],
                          enum connection_choice *choice, struct why *why)
{
    *choice = CONNECTION_UNSET;
    if (!found->value) return RES_OK;
    if (strcasecmp(found->value, words[0]) == 0) *choice = CONNECTION_NO;
    if (strcasecmp(found->value, words[1]) == 0) *choice = CONNECTION_YES;
    if (*choice != CONNECTION_UNSET) return RES_OK;
    return why_set(why, RES_REFUSE, "%s is %.100s: expected %s or %s", found->from, found->value, words[0],
                   words[1]);
}

static const char *const booleans[2] = {"false", "true"};

/* The setting counts, or else the profile's key. `from`: where it comes from, if it is yes; NULL: nobody asks. */
static enum result find_flag(const struct lookup *l, enum connection_choice set, const char *setting,
                             const char *parent, const char *key, const char *const words[2], bool *flag,
                             char *from, struct why *why)
{
    struct found found = in_profile(l, parent, key);
    enum connection_choice choice = CONNECTION_UNSET;
    enum result res = choose(&found, words, &choice, why); /* a wrong one is refused whatever wins */
    if (set != CONNECTION_UNSET) {
        choice = set;
        found = in_setting(setting, NULL);
    }
    *flag = choice == CONNECTION_YES;
    if (*flag && from) memcpy(from, found.from, CONNECTION_FROM_SIZE);
    return res;
}

static enum result find_flags(const struct lookup *l, struct connection *c, struct why *why)
{
    static const char *const sts_words[2] = {"regional", "legacy"};
    const struct connection_options *options = l->options;
    bool is_nested = false;
    enum result res = find_flag(l, options->global_sts, "", NULL, "sts_regional_endpoints", sts_words,
                                &c->uses_global_sts, NULL, why);
    if (res == RES_OK)
        res = find_flag(l, options->fips, "AWS_USE_FIPS_ENDPOINT", NULL, "use_fips_endpoint", booleans,
                        &c->uses_fips, c->fips_from, why);
    if (res == RES_OK)
        res = find_flag(l, options->dualstack, "AWS_USE_DUALSTACK_ENDPOINT", NULL, "use_dualstack_endpoint",
                        booleans, &c->uses_dualstack_sts, c->dualstack_from, why);
    c->uses_dualstack = c->uses_dualstack_sts;
    if (res == RES_OK) /* the older way to write it, for S3 alone */
        res = find_flag(l, options->dualstack, "AWS_USE_DUALSTACK_ENDPOINT", "s3", "use_dualstack_endpoint",
                        booleans, &is_nested, c->uses_dualstack ? NULL : c->dualstack_from, why);
    c->uses_dualstack = c->uses_dualstack || is_nested;
    return res;
}

static enum result find_addressing(const struct lookup *l, struct connection *c, struct why *why)
{
    struct found found = in_profile(l, "s3", "addressing_style");
    if (!found.value || strcasecmp(found.value, "auto") == 0) return RES_OK;
    if (strcasecmp(found.value, "path") == 0) c->addressing = CONNECTION_ADDRESSING_PATH;
    if (strcasecmp(found.value, "virtual") == 0) c->addressing = CONNECTION_ADDRESSING_VIRTUAL;
    if (c->addressing == CONNECTION_ADDRESSING_UNSET)
        return why_set(why, RES_REFUSE, "%s is %.100s: expected auto, path or virtual", found.from,
                       found.value);
    memcpy(c->addressing_from, found.from, CONNECTION_FROM_SIZE);
    return RES_OK;
}

/* ---- regions, servers and certificates ---- */

static enum result find_region(const struct lookup *l, struct connection *c, struct why *why)
{
    struct found found = first_of(l, l->options->region_from, l->options->region, "region");
    if (!found.value) found = in_setting("no region is set", "us-east-1");
    enum result res = region_check(found.from, found.value, why);
    return res == RES_OK ? take(&found, c->region, sizeof c->region, c->region_from, why) : res;
}

/* `*is_own`: it was set for this service alone. */
static struct found find_endpoint(const struct lookup *l, const char *setting, const char *value,
                                  const char *service, bool *is_own)
{
    struct found found = in_setting(setting, value);
    *is_own = found.value != NULL;
    if (!found.value) found = in_setting("AWS_ENDPOINT_URL", l->options->endpoint_url);
    if (found.value) return found;
    found = in_services(l, service);
    *is_own = found.value != NULL;
    return *is_own ? found : in_profile(l, NULL, "endpoint_url");
}

static enum result find_endpoints(const struct lookup *l, struct connection *c, struct why *why)
{
    bool is_ignored = false;
    bool is_own = false;
    enum result res = find_flag(l, l->options->ignores_endpoint_urls, "", NULL,
                                "ignore_configured_endpoint_urls", booleans, &is_ignored, NULL, why);
    if (res != RES_OK || is_ignored) return res;
    struct found s3 = find_endpoint(l, "AWS_ENDPOINT_URL_S3", l->options->endpoint_url_s3, "s3", &is_own);
    struct found sts = find_endpoint(l, "AWS_ENDPOINT_URL_STS", l->options->endpoint_url_sts, "sts",
                                     &c->is_sts_endpoint_own);
    res = take_endpoint(&s3, c->s3_endpoint, c->s3_endpoint_from, why);
    if (res == RES_OK) res = take_endpoint(&sts, c->sts_endpoint, c->sts_endpoint_from, why);
    return res;
}

static enum result find_imds(const struct lookup *l, struct connection *c, struct why *why)
{
    static const char *const modes[2] = {"ipv4", "ipv6"};
    struct found found = first_of(l, "AWS_EC2_METADATA_SERVICE_ENDPOINT", l->options->imds_endpoint,
                                  "ec2_metadata_service_endpoint");
    bool is_ipv6 = false;
    enum result res =
        find_flag(l, l->options->imds_ipv6, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", NULL,
                  "ec2_metadata_service_endpoint_mode", modes, &is_ipv6, c->imds_endpoint_from, why);
    (void)snprintf(c->imds_endpoint, sizeof c->imds_endpoint, "%s", is_ipv6 ? IMDS_IPV6 : IMDS_IPV4);
    return res == RES_OK ? take_endpoint(&found, c->imds_endpoint, c->imds_endpoint_from, why) : res;
}

/* libcurl would wait for a pipe's other end without a limit. */
static enum result find_ca_bundle(const struct lookup *l, struct connection *c, struct why *why)
{
    struct found found = first_of(l, "AWS_CA_BUNDLE", l->options->ca_bundle, "ca_bundle");
    struct stat st;
    enum result res = take(&found, c->ca_bundle, sizeof c->ca_bundle, c->ca_bundle_from, why);
    if (res != RES_OK || !*c->ca_bundle || stat(c->ca_bundle, &st) != 0 || !S_ISFIFO(st.st_mode)) return res;
    return why_set(why, RES_REFUSE, "%s is %.500s: that is a pipe; expected a file", found.from, found.value);
}

/* The profile names a section, so it must be there, as for AWS's own tools. */
static enum result find_services(struct lookup *l, struct why *why)
{
    struct aws_value any;
    size_t at = 0;
    l->services = aws_config_get(&l->config, l->profile, "services");
    if (!l->services || aws_config_next(&l->config, AWS_SERVICES, l->services, &at, &any)) return RES_OK;
    return why_set(why, RES_REFUSE,
                   "services of the profile %.128s is %.128s: there is no such section, or it is empty",
                   l->profile, l->services);
}

/* What stands there would be passed over in silence, as AWS's own tools do, and the keys would go to another server. */
static enum result refuse_mistaken_section(const struct lookup *l, struct why *why)
{
    const char *name = aws_config_find_mistaken(&l->config, l->profile);
    bool is_default = strcmp(l->profile, "default") == 0;
    if (!name) return RES_OK;
    (void)why_remedy(why, RES_REFUSE, "write [%s%.128s] in the config file, or remove the section",
                     is_default ? "" : "profile ", l->profile);
    return why_set(why, RES_REFUSE, "the section [%.128s] of the config file is no profile", name);
}

static enum result find_all(struct lookup *l, struct connection *c, struct why *why)
{
    enum result res = refuse_mistaken_section(l, why);
    if (res == RES_OK) res = find_services(l, why);
    if (res == RES_OK) res = unsupported_check_profile(&l->config, l->profile, l->services, why);
    if (res == RES_OK) res = find_region(l, c, why);
    if (res == RES_OK) res = find_endpoints(l, c, why);
    if (res == RES_OK) res = find_imds(l, c, why);
    if (res == RES_OK) res = find_flags(l, c, why);
    if (res == RES_OK) res = find_addressing(l, c, why);
    if (res == RES_OK) res = find_ca_bundle(l, c, why);
    return res;
}

enum result connection_load(struct connection *c, const struct connection_options *options, struct why *why)
{
    struct lookup l = {.options = options, .profile = profile_files_profile(&options->profile)};
    char places[PROFILE_FILES_PLACES_SIZE];
    *c = (struct connection){.options = *options};
    enum result res = profile_files_read(&options->profile, NULL, &l.config, why);
    if (res == RES_OK) res = profile_files_check(&options->profile, &l.config, why);
    if (res == RES_OK) res = find_all(&l, c, why);
    if (res == RES_REFUSE && !*why->remedy) {
        profile_files_places(&options->profile, places);
        (void)why_remedy(why, res, "correct or remove it; profiles are in %s", places);
    }
    aws_config_fini(&l.config);
    return res;
}

static const char *shown(const char *endpoint)
{
    return *endpoint ? endpoint : "AWS's own";
}

enum result connection_check_servers(const struct connection *c, struct why *why)
{
    struct connection *now = malloc(sizeof *now);
    struct why ignored = {0};
    if (!now) abort();
    enum result res = RES_OK;
    bool is_loaded = connection_load(now, &c->options, &ignored) == RES_OK;
    bool is_s3 = is_loaded && strcmp(now->s3_endpoint, c->s3_endpoint) != 0;
    bool is_sts = is_loaded && strcmp(now->sts_endpoint, c->sts_endpoint) != 0;
    if (is_s3 || is_sts) {
        (void)why_remedy(why, RES_RETRY, "restart the uploader: until then the profile's keys are not taken");
        res = why_set(why, RES_RETRY,
                      "the profile names another server of %s than at the start: %.200s, not %.200s",
                      is_s3 ? "S3" : "STS", shown(is_s3 ? now->s3_endpoint : now->sts_endpoint),
                      shown(is_s3 ? c->s3_endpoint : c->sts_endpoint));
    }
    free(now);
    return res;
}
