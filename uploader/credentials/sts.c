/* sts -- see sts.h. */
#include "uploader/credentials/sts.h"

#include <stdlib.h>
#include <string.h>

#include "uploader/credentials/secret.h"
#include "uploader/credentials/sts_answer.h"
#include "uploader/credentials/sts_call.h"
#include "uploader/http/sigv4.h"

static void add_parameter(struct buf *form, const char *name, const char *value)
{
    if (!value) return;
    size_t size = 3 * strlen(value) + 1;
    if (form->len > 0) buf_append_char(form, '&');
    buf_append_text(form, name);
    buf_append_char(form, '=');
    buf_reserve(form, size);
    bool fits = sigv4_encode_path(value, form->data + form->len, size);
    if (!fits) abort(); /* the size is right by construction */
    form->len += strlen(form->data + form->len);
}

static void make_form(const struct sts_request *request, struct buf *form)
{
    buf_reserve(form, 65536); /* so that it never moves: a token of 20,000 characters, encoded */
    add_parameter(form, "Action", request->web_identity_token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    add_parameter(form, "Version", "2011-06-15");
    add_parameter(form, "RoleArn", request->role_arn);
    add_parameter(form, "RoleSessionName", request->session_name ? request->session_name : "eventspool");
    add_parameter(form, "DurationSeconds", request->duration_s);
    add_parameter(form, "ExternalId", request->external_id);
    add_parameter(form, "WebIdentityToken", request->web_identity_token);
}

enum result sts_assume_role(struct source_query *query, const struct sts_request *request, struct keys *keys,
                            struct why *why)
{
    struct buf form = BUF_EMPTY;
    struct http_answer answer;
    make_form(request, &form);
    enum result res = sts_call(query, &form, request->keys, STS_CALL_TIMEOUT_MS, &answer, why);
    if (res == RES_OK) res = sts_answer_read(&answer, request->role_arn, keys, why);
    http_answer_fini(&answer);
    secret_fini(&form);
    return res == RES_OK ? res : why_wrap(why, res, "role %s", request->role_arn);
}
