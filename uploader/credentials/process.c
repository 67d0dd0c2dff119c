/* process -- see process.h. */
#include "uploader/credentials/process.h"

#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/credentials/child.h"
#include "uploader/credentials/command_words.h"
#include "uploader/credentials/secret.h"
#include "uploader/http/json_answer.h"

#define TIMEOUT_MS   60000
#define OUTPUT_BYTES HTTP_BODY_MAX /* the same keys as in an answer */

/* Version must be there, and 1. */
static bool has_version_1(const struct buf *output)
{
    cJSON *object = json_answer_parse(output);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(object, "Version");
    bool is_1 = cJSON_IsNumber(version) && version->valuedouble == 1;
    json_answer_free(object);
    return is_1;
}

static enum result run(struct source_query *query, char *const *words, struct keys *keys, struct why *why)
{
    struct child_limits limits = {TIMEOUT_MS, OUTPUT_BYTES, query->signals, query->lock};
    struct buf output = BUF_EMPTY;
    enum result res = child_run(words, &limits, &output, why);
    if (res == RES_OK) {
        res = keys_parse_json(keys, &output, "SessionToken", why);
        if (res == RES_OK && !has_version_1(&output))
            res = why_set(why, RES_REFUSE, "the answer's Version is not 1");
        if (res != RES_OK) res = why_wrap(why, RES_RETRY, "%s", words[0]);
    }
    secret_fini(&output);
    return res;
}

enum result process_get_keys(struct source_query *query, const char *profile, const char *command,
                             struct keys *keys, struct why *why)
{
    char *words[COMMAND_WORDS_MAX];
    char *text = strdup(command);
    if (!text) abort();
    enum result res = RES_REFUSE;
    source_set_name(query, "credential_process of the profile %.*s", utf8_cut(profile, 128), profile);
    if (command_words_split(text, words)) {
        res = run(query, words, keys, why);
        if (res != RES_OK)
            (void)why_remedy(
                why, res,
                "run the credential_process of the profile %s by hand, as the uploader's user, to "
                "see what it lacks",
                profile);
    } else {
        (void)why_set(why, res, "it cannot be split into words");
        (void)why_remedy(why, res, "correct credential_process of the profile %s: is a quote not closed?",
                         profile);
    }
    secret_free(text);
    return res == RES_OK ? res : why_wrap(why, res, "credential_process of the profile %s", profile);
}
