/* connection -- see connection.h. */
#include "uploader/credentials/connection.h"

#include <stdio.h>

#include "uploader/credentials/profile_files.h"

static void set(char *text, size_t size, char from[CONNECTION_FROM_SIZE], const char *value, const char *name)
{
    (void)snprintf(text, size, "%s", value);
    (void)snprintf(from, CONNECTION_FROM_SIZE, "%s", name);
}

static enum result read_region(const struct profile_options *options, char region[REGION_SIZE],
                               struct why *why)
{
    struct aws_config config = {0};
    region[0] = '\0';
    enum result res = profile_files_read(options, NULL, &config, why);
    const char *found = aws_config_get(&config, options->name ? options->name : "default", "region");
    if (res == RES_OK && found) res = region_check("region of the profile", found, why);
    if (res == RES_OK && found) (void)snprintf(region, REGION_SIZE, "%s", found);
    aws_config_fini(&config);
    return res;
}

static enum result find_region(struct connection *c, const struct connection_options *options,
                               struct why *why)
{
    char of_profile[REGION_SIZE];
    if (options->region) {
        set(c->region, sizeof c->region, c->region_from, options->region, "AWS_REGION");
        return RES_OK;
    }
    enum result res = read_region(&options->profile, of_profile, why);
    if (res != RES_OK) return res;
    if (*of_profile)
        set(c->region, sizeof c->region, c->region_from, of_profile, "region of the profile");
    else
        set(c->region, sizeof c->region, c->region_from, "us-east-1", "no region is set");
    return RES_OK;
}

enum result connection_load(struct connection *c, const struct connection_options *options, struct why *why)
{
    const char *s3 = options->endpoint_url_s3 ? options->endpoint_url_s3 : options->endpoint_url;
    const char *sts = options->endpoint_url_sts ? options->endpoint_url_sts : options->endpoint_url;
    *c = (struct connection){.uses_global_sts = options->uses_global_sts,
                             .uses_fips = options->fips == CONNECTION_YES,
                             .uses_dualstack = options->dualstack == CONNECTION_YES};
    if (s3)
        set(c->s3_endpoint, sizeof c->s3_endpoint, c->s3_endpoint_from, s3,
            options->endpoint_url_s3 ? "AWS_ENDPOINT_URL_S3" : "AWS_ENDPOINT_URL");
    if (sts)
        set(c->sts_endpoint, sizeof c->sts_endpoint, c->sts_endpoint_from, sts,
            options->endpoint_url_sts ? "AWS_ENDPOINT_URL_STS" : "AWS_ENDPOINT_URL");
    if (options->ca_bundle) (void)snprintf(c->ca_bundle, sizeof c->ca_bundle, "%s", options->ca_bundle);
    return find_region(c, options, why);
}
