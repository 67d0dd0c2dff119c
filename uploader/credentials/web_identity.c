/*
 * web_identity -- keys of a role by a token file: IRSA on EKS, or any OpenID Connect provider.
 *
 * The platform renews the token in its file; it is read anew for each call.
 */
#include <openssl/crypto.h>

#include "uploader/credentials/secret.h"
#include "uploader/credentials/source.h"
#include "uploader/credentials/sts.h"

#define TOKEN_SIZE 20001 /* STS takes 20,000 characters */

enum result cred_assume_by_token(struct source_query *query, const char *role_arn, const char *session_name,
                                 const char *token_file, struct keys *keys, struct why *why)
{
    char token[TOKEN_SIZE];
    enum result res = secret_read_text(token_file, token, sizeof token, why);
    if (res != RES_OK)
        (void)why_remedy(why, res, "see that the web identity token file is there and may be read");
    struct sts_request request = {
        .role_arn = role_arn, .session_name = session_name, .web_identity_token = token};
    if (res == RES_OK) res = sts_assume_role(query, &request, keys, why);
    OPENSSL_cleanse(token, sizeof token);
    return res;
}

enum result cred_web_identity(struct source_query *query, struct keys *keys, bool *is_set, struct why *why)
{
    const struct settings *s = query->settings;
    *is_set = s->web_identity_token_file != NULL;
    if (!*is_set) {
        cred_note_searched(
            query, s->role_arn
                       ? "a web identity (AWS_ROLE_ARN is set, but AWS_WEB_IDENTITY_TOKEN_FILE is not)"
                       : "AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (not set)");
        return RES_OK;
    }
    if (!s->role_arn) {
        (void)why_remedy(why, RES_REFUSE, "set AWS_ROLE_ARN to the role that the token is for");
        return why_set(why, RES_REFUSE, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    }
    cred_set_source(query, "%.180s by a web identity token", s->role_arn);
    return cred_assume_by_token(query, s->role_arn, s->role_session_name, s->web_identity_token_file, keys,
                                why);
}
