/*
 * profile -- the keys of a profile of the shared files: AWS_PROFILE, or `default`.
 *
 * It gets its keys in the first of these ways that it has set: `role_arn` with `web_identity_token_file`,
 * `source_profile` or `credential_source`; `aws_access_key_id` and its companions; `credential_process`. A profile
 * that is another one's source gives its own keys first, so that it may name itself as its source. Source: AWS SDKs
 * and Tools Reference Guide, "Assume role credential provider"; the order is the AWS CLI's.
 */
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/credentials/process.h"
#include "uploader/credentials/profile_files.h"
#include "uploader/credentials/role.h"
#include "uploader/credentials/sources.h"
#include "uploader/credentials/sts.h"
#include "uploader/credentials/web_identity.h"

#define CHAIN_MAX 8 /* profiles that are each other's source */

struct visit {
    struct source_query *query;
    struct aws_config config;
    const char *chain[CHAIN_MAX]; /* the profiles from the first to the current one; borrowed */
    size_t depth;
};

static const char *get(const struct visit *visit, const char *name)
{
    return aws_config_get(&visit->config, visit->chain[visit->depth - 1], name);
}

/* ---- one profile ---- */

static enum result take_own_keys(struct visit *visit, struct keys *keys, struct why *why)
{
    const char *profile = visit->chain[visit->depth - 1];
    source_set_name(visit->query, "the profile %.*s", utf8_cut(profile, 128), profile);
    enum result res = keys_set(keys, get(visit, "aws_access_key_id"), get(visit, "aws_secret_access_key"),
                               get(visit, "aws_session_token"), why);
    if (res == RES_OK) return res;
    (void)why_remedy(
        why, res, "correct aws_access_key_id, aws_secret_access_key and aws_session_token of the profile %s",
        profile);
    return why_wrap(why, res, "the profile %s", profile);
}

static enum result query_profile(struct visit *visit, const char *profile, struct keys *keys, bool *is_set,
                                 struct why *why);

/* `credential_source` names another source of keys. */
static enum result query_named_source(struct visit *visit, const char *source, struct keys *keys,
                                      bool *is_set, struct why *why)
{
    static const struct {
        const char *name;
        source_get_keys *get_keys;
    } sources[] = {{"Environment", environment_get_keys},
                   {"EcsContainer", container_get_keys},
                   {"Ec2InstanceMetadata", imds_get_keys}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, source) == 0) return sources[i].get_keys(visit->query, keys, is_set, why);
    return why_set(why, RES_REFUSE,
                   "credential_source=%s: expected Environment, EcsContainer or Ec2InstanceMetadata", source);
}

static bool is_in_chain(const struct visit *visit, const char *profile)
{
    for (size_t i = 0; i < visit->depth; i++)
        if (strcmp(visit->chain[i], profile) == 0) return true;
    return false;
}

static enum result query_source(struct visit *visit, struct keys *keys, struct why *why)
{
    const char *profile = get(visit, "source_profile");
    const char *source = get(visit, "credential_source");
    bool is_set = false;
    enum result res = RES_OK;
    if (profile && source)
        return why_set(why, RES_REFUSE, "source_profile and credential_source are both set");
    if (!profile && !source)
        return why_set(why, RES_REFUSE, "neither source_profile nor credential_source is set");
    if (source) {
        res = query_named_source(visit, source, keys, &is_set, why);
    } else if (!aws_config_has(&visit->config, AWS_PROFILE, profile)) {
        return why_set(why, RES_REFUSE, "source_profile=%s: there is no such profile", profile);
    } else if (is_in_chain(visit, profile) && !aws_config_get(&visit->config, profile, "aws_access_key_id")) {
        return why_set(why, RES_REFUSE, "source_profile=%s leads back to itself", profile);
    } else if (visit->depth == CHAIN_MAX) {
        return why_set(why, RES_REFUSE, "more than %d profiles are each other's source", CHAIN_MAX);
    } else {
        res = query_profile(visit, profile, keys, &is_set, why);
    }
    if (res == RES_OK && !is_set)
        return why_set(why, RES_REFUSE, "%s=%s has no keys", source ? "credential_source" : "source_profile",
                       source ? source : profile);
    return res;
}

/* Checks what goes to STS with the role, before anything is sent. */
static enum result check_role(const struct visit *visit, struct why *why)
{
    static const struct {
        const char *key;
        enum result (*check)(const char *name, const char *value, struct why *why);
    } checks[] = {{"role_session_name", role_check_session_name},
                  {"external_id", role_check_external_id},
                  {"duration_seconds", role_check_duration}};
    enum result res = RES_OK;
    if (get(visit, "mfa_serial"))
        return why_set(why, RES_REFUSE,
                       "mfa_serial needs a person who enters a code, so a service cannot use it");
    for (size_t i = 0; i < sizeof checks / sizeof *checks && res == RES_OK; i++) {
        res = checks[i].check(checks[i].key, get(visit, checks[i].key), why);
        if (res != RES_OK)
            (void)why_remedy(why, res, "correct %s of the profile %s", checks[i].key,
                             visit->chain[visit->depth - 1]);
    }
    return res;
}

static enum result assume(struct visit *visit, const char *role_arn, struct keys *keys, struct why *why)
{
    const char *set_name = visit->query->options->web_identity.session_name;
    const char *session_name = set_name ? set_name : get(visit, "role_session_name");
    struct web_identity_options identity = {.role_arn = role_arn,
                                            .session_name = session_name,
                                            .token_file = get(visit, "web_identity_token_file"),
                                            .duration_s = get(visit, "duration_seconds")};
    const char *profile = visit->chain[visit->depth - 1];
    struct keys source = KEYS_NONE;
    struct sts_request request = {.role_arn = role_arn,
                                  .session_name = session_name,
                                  .external_id = get(visit, "external_id"),
                                  .duration_s = identity.duration_s,
                                  .keys = &source};
    enum result res = check_role(visit, why);
    if (res == RES_OK && identity.token_file)
        res = web_identity_assume_role(visit->query, &identity, keys, why);
    else if (res == RES_OK)
        res = query_source(visit, &source, why);
    if (res == RES_OK && !identity.token_file) res = sts_assume_role(visit->query, &request, keys, why);
    keys_wipe(&source);
    source_set_name(visit->query, "%.*s by the profile %.*s", utf8_cut(role_arn, 120), role_arn,
                    utf8_cut(profile, 100), profile);
    if (res == RES_REFUSE && !*why->remedy) (void)why_remedy(why, res, "correct the profile %s", profile);
    return res == RES_OK ? res : why_wrap(why, res, "the profile %s", profile);
}

/* What AWS's own tools would take the keys from, and this program cannot: the key's name. NULL: there is nothing. */
static const char *find_login(const struct visit *visit, bool has_other_keys)
{
    /* The first two say whose keys they are, and win over other keys; the rest is also there for other purposes. */
    static const char *const names[] = {"sso_account_id", "sso_role_name", "sso_session", "sso_start_url",
                                        "login_session"};
    for (size_t i = 0; i < (has_other_keys ? 2 : sizeof names / sizeof *names); i++)
        if (get(visit, names[i])) return names[i];
    return NULL;
}

static enum result refuse_login(const char *profile, const char *name, struct why *why)
{
    (void)why_remedy(
        why, RES_REFUSE,
        "use a profile with credential_process = aws configure export-credentials --profile %s, or "
        "keys of a role",
        profile);
    return why_set(
        why, RES_REFUSE,
        "the profile %s has %s: keys by a person's login (IAM Identity Center, aws login) are not supported",
        profile, name);
}

/* The key of a role that is there without role_arn; NULL: there is none. */
static const char *find_rest_of_role(const struct visit *visit)
{
    static const char *const names[] = {"source_profile", "credential_source", "web_identity_token_file"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (get(visit, names[i])) return names[i];
    return NULL;
}

static enum result refuse_rest_of_role(const char *profile, const char *name, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "add role_arn to the profile %s, or remove %s", profile, name);
    return why_set(why, RES_REFUSE, "the profile %s has %s, but no role_arn", profile, name);
}

static enum result query_profile(struct visit *visit, const char *profile, struct keys *keys, bool *is_set,
                                 struct why *why)
{
    bool is_source = visit->depth > 0;
    enum result res = RES_OK;
    visit->chain[visit->depth++] = profile;
    const char *role_arn = get(visit, "role_arn");
    const char *process = get(visit, "credential_process");
    bool has_keys = get(visit, "aws_access_key_id") || get(visit, "aws_secret_access_key");
    *is_set = true;
    if (role_arn && !(is_source && has_keys))
        res = assume(visit, role_arn, keys, why);
    else if (find_login(visit, has_keys || process))
        res = refuse_login(profile, find_login(visit, has_keys || process), why);
    else if (has_keys)
        res = take_own_keys(visit, keys, why);
    else if (process)
        res = process_get_keys(visit->query, profile, process, keys, why);
    else if (find_rest_of_role(visit))
        res = refuse_rest_of_role(profile, find_rest_of_role(visit), why);
    else
        *is_set = false;
    visit->depth--;
    return res;
}

static bool has_any_keys(const struct aws_config *config, const char *profile)
{
    static const char *const names[] = {"role_arn", "aws_access_key_id", "aws_secret_access_key",
                                        "credential_process"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (aws_config_get(config, profile, names[i])) return true;
    return false;
}

enum result profile_get_keys(struct source_query *query, struct keys *keys, bool *is_set, struct why *why)
{
    const struct profile_options *options = &query->options->profile;
    const char *profile = profile_files_profile(options);
    char places[PROFILE_FILES_PLACES_SIZE];
    struct visit visit = {.query = query};
    *is_set = true;
    enum result res = profile_files_read(options, query->watch, &visit.config, why);
    if (res == RES_OK) res = profile_files_check(options, &visit.config, why);
    if (res == RES_OK && has_any_keys(&visit.config, profile))
        res = connection_check_servers(query->connection, why);
    if (res == RES_OK) res = query_profile(&visit, profile, keys, is_set, why);
    profile_files_places(options, places);
    if (res == RES_OK && !*is_set)
        source_note_searched(query, "the profile %.*s in %s (no keys there)", utf8_cut(profile, 64), profile,
                             places);
    aws_config_fini(&visit.config);
    return res;
}
