/* names -- see names.h. Pure but for the log. */
#include "common/names.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/config.h"
#include "common/log.h"
#include "common/spelling.h"
#include "setting_names.h" /* made from the two tables of settings, by the Makefile */

#define NAME_MAX_LENGTH SPELLING_MAX

const char *const names_of_settings[] = {SETTING_NAMES NULL};
const char *const names_of_secrets[] = {SECRET_NAMES NULL};

static const struct {
    const char *name;
    const char *reason;
} retired[] = {
    {"RATE_LIMIT_", "there is no rate limit: TCP slows a fast sender down, and nothing is lost"},
    {"CURRENT_FILE", "events wait in the spool (SPOOL_PATH), not in a file of their own"},
    {"TEMP_FILE", "events wait in the spool (SPOOL_PATH), not in a file of their own"},
    {"MAX_RETRIES", "an upload is tried until it succeeds"},
};

/* What other tools call the server of a bucket. AWS's own tools and this program do not read them. */
static const struct {
    const char *name, *meant;
} foreign[] = {
    {"AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3"},   {"AWS_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"},
    {"AWS_STS_ENDPOINT", "AWS_ENDPOINT_URL_STS"}, {"AWS_STS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"},
    {"S3_ENDPOINT", "AWS_ENDPOINT_URL"},          {"S3_ENDPOINT_URL", "AWS_ENDPOINT_URL"},
    {"ENDPOINT_URL", "AWS_ENDPOINT_URL"},
};

/* Is `name` all of a setting's name except the last word, as BUCKET for BUCKET_NAME? */
static bool is_all_but_last_word(const char *name, const char *setting)
{
    size_t len = strlen(name);
    const char *last = strrchr(setting, '_');
    return len >= 5 && last && (size_t)(last - setting) == len && strncmp(name, setting, len) == 0;
}

/*
 * -1: `name` is `known`; 0: it does not resemble it; 1: `known` was probably meant. Other programs have variables in small
 * letters, too, so a single word, such as `port`, is none of ours.
 */
static int likeness(const char *name, const char *known)
{
    size_t allowed = strncmp(name, "AWS_", 4) == 0 || strlen(known) < 8 ? 1 : 2;
    if (strcmp(name, known) == 0) return -1;
    if (strchr(name, '_') && strcasecmp(name, known) == 0) return 1;
    return (strlen(name) >= 5 && spelling_distance(name, known) <= allowed) ||
           is_all_but_last_word(name, known);
}

const char *names_suggest(const char *name)
{
    const char *meant = NULL;
    for (size_t i = 0; names_of_settings[i]; i++) {
        int like = likeness(name, names_of_settings[i]);
        if (like < 0) return NULL;
        if (like > 0 && !meant) meant = names_of_settings[i];
    }
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign && !meant; i++)
        if (strcasecmp(name, foreign[i].name) == 0) meant = foreign[i].meant;
    return meant;
}

/* A retired name that ends with _ stands for all names that begin so. */
static bool is_retired(const char *name, const char *retired_name)
{
    size_t len = strlen(retired_name);
    return retired_name[len - 1] == '_' ? strncmp(name, retired_name, len) == 0
                                        : strcmp(name, retired_name) == 0;
}

static void check_one(const char *name)
{
    for (size_t i = 0; i < sizeof retired / sizeof *retired; i++)
        if (is_retired(name, retired[i].name))
            log_warn("this setting is no longer needed", "name=%s why=%s", name,
                     LOG_QUOTE(retired[i].reason));
    const char *meant = names_suggest(name);
    if (meant) log_warn("unknown setting", "name=%s did_you_mean=%s", name, meant);
}

void names_check(char *const *env)
{
    for (; *env; env++) {
        char name[NAME_MAX_LENGTH + 1];
        size_t len = strcspn(*env, "=");
        if (len == 0 || len > NAME_MAX_LENGTH || !(*env)[len]) continue;
        memcpy(name, *env, len);
        name[len] = '\0';
        check_one(name);
    }
}

void names_warn_of_secrets(char *const *env)
{
    struct buf found = BUF_EMPTY;
    for (size_t i = 0; names_of_secrets[i]; i++) {
        const char *value = config_env(env, names_of_secrets[i]);
        if (value && *value) buf_append_format(&found, "%s%s", found.len ? "," : "", names_of_secrets[i]);
    }
    if (found.len)
        log_warn("secrets in the environment of a program that needs none", "names=%.*s remedy=%s",
                 (int)found.len, found.data,
                 LOG_QUOTE("give them to the uploader alone: in its own file of settings, in its own unit"));
    buf_fini(&found);
}
