/* web_identity -- see web_identity.h. */
#include "uploader/credentials/web_identity.h"

#include <openssl/crypto.h>

#include "common/utf8.h"
#include "uploader/credentials/secret.h"
#include "uploader/credentials/sources.h"
#include "uploader/credentials/sts.h"

#define TOKEN_SIZE 20001 /* STS takes 20,000 characters */

enum result web_identity_assume_role(struct source_query *query, const struct web_identity_options *options,
                                     struct keys *keys, struct why *why)
{
    char token[TOKEN_SIZE];
    enum result res = secret_read_text(options->token_file, token, sizeof token, why);
    if (res != RES_OK)
        (void)why_remedy(why, res, "see that the web identity token file exists and can be read");
    struct sts_request request = {.role_arn = options->role_arn,
                                  .session_name = options->session_name,
                                  .duration_s = options->duration_s,
                                  .web_identity_token = token};
    if (res == RES_OK) res = sts_assume_role(query, &request, keys, why);
    OPENSSL_cleanse(token, sizeof token);
    return res;
}

enum result web_identity_get_keys(struct source_query *query, struct keys *keys, bool *is_set,
                                  struct why *why)
{
    const struct web_identity_options *options = &query->options->web_identity;
    *is_set = options->token_file != NULL;
    if (!*is_set) {
        source_note_searched(
            query, options->role_arn
                       ? "a web identity (AWS_ROLE_ARN is set, but AWS_WEB_IDENTITY_TOKEN_FILE is not)"
                       : "AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (not set)");
        return RES_OK;
    }
    if (!options->role_arn) {
        (void)why_remedy(why, RES_REFUSE, "set AWS_ROLE_ARN to the role that the token is for");
        return why_set(why, RES_REFUSE, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    }
    source_set_name(query, "%.*s by a web identity token", utf8_cut(options->role_arn, 180),
                    options->role_arn);
    return web_identity_assume_role(query, options, keys, why);
}
