/* sts_identity -- see sts_identity.h. */
#include "uploader/credentials/sts_identity.h"

#include "uploader/credentials/sts_call.h"
#include "uploader/http/xml_answer.h"

bool sts_identity_may_ask(const struct connection *connection)
{
    return connection->is_sts_endpoint_own || (!*connection->sts_endpoint && !*connection->s3_endpoint);
}

static enum result read_arn(const struct http_answer *answer, char arn[STS_ARN_SIZE], struct why *why)
{
    char code[64];
    struct xml_answer *document = xml_answer_parse(&answer->body);
    xml_answer_text(document, "Arn", arn, STS_ARN_SIZE);
    xml_answer_text(document, "Code", code, sizeof code);
    xml_answer_free(document);
    if (answer->status == 200 && *arn) return RES_OK;
    return why_set(why, RES_RETRY, "STS answers HTTP %ld%s%s", answer->status, *code ? " " : "", code);
}

enum result sts_identity_ask(struct source_query *query, const struct keys *keys, char arn[STS_ARN_SIZE],
                             struct why *why)
{
    struct buf form = BUF_EMPTY;
    struct http_answer answer;
    arn[0] = '\0';
    buf_append_text(&form, "Action=GetCallerIdentity&Version=2011-06-15");
    enum result res = sts_call(query, &form, keys, STS_IDENTITY_TIMEOUT_MS, &answer, why);
    if (res == RES_OK) res = read_arn(&answer, arn, why);
    http_answer_fini(&answer);
    buf_fini(&form);
    return res;
}
