/* s3_proof -- see s3_proof.h. The document is put as a batch is; what follows only reads, but for a second PUT. */
#include "uploader/store/s3_proof.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/store/s3_error.h"
#include "uploader/store/s3_look.h"

/* ---- the proof ---- */

/* A document that is not ours is never replaced, so there is no proof. */
static enum store_answer explain_no_proof(const struct object *document, struct why *why)
{
    (void)why_set(why, RES_RETRY, "another document is under %.*s, so it was not written",
                  utf8_cut(document->batch->object_key, 500), document->batch->object_key);
    (void)why_remedy(
        why, RES_RETRY,
        "remove that object, and check again; where it is locked (Object Lock) that must wait, and "
        "`run` works all the same, as it replaces nothing");
    return STORE_CANNOT_CHECK;
}

/*
 * For a server that does not know conditional writes, or seems not to: `refusal` of the conditional PUT may be the
 * condition's; NULL: it is known. Our own document may be written again.
 */
static enum store_answer prove_plainly(struct s3 *s3, const struct object *document,
                                       const struct cause *refusal, struct store_proof *proof,
                                       struct stored *stored, struct why *why)
{
    why_clear(why);
    enum store_answer answer = s3_look(s3->client, document, stored, why);
    if (answer == STORE_CONFLICT) return explain_no_proof(document, why);
    if (answer != STORE_ABSENT && answer != STORE_DONE && answer != STORE_CANNOT_CHECK) return answer;
    proof->is_new = answer == STORE_ABSENT;
    proof->keeps_others = PROVEN_NO;
    why_clear(why);
    answer = s3_put_once(s3, document, false, stored, why);
    if (refusal) s3_put_learn(s3, answer, &stored->cause, refusal);
    return answer;
}

/* The service writes nothing then: that there is an answer is all the proof there is. */
static enum store_answer prove_by_look(struct s3 *s3, const struct object *document, struct stored *stored,
                                       struct why *why)
{
    enum store_answer answer = s3_look(s3->client, document, stored, why);
    return answer == STORE_ABSENT || answer == STORE_CONFLICT ? STORE_DONE : answer;
}

/* `check` asks whether the document is there as the server says: one that says so of every key takes no batch. */
static enum store_answer doubt(struct s3 *s3, const struct object *document, struct stored *stored,
                               struct why *why)
{
    enum store_answer answer = s3_look(s3->client, document, stored, why);
    if (answer == STORE_ABSENT) return s3_put_contradiction(document, stored, why);
    return answer == STORE_CANNOT_CHECK || answer == STORE_CONFLICT ? STORE_DONE : answer;
}

/* As store_prove(); `proof` NULL: for the service, which writes as little as possible. */
static enum store_answer prove(struct s3 *s3, const struct object *document, struct store_proof *proof,
                               struct stored *stored, struct why *why)
{
    struct store_proof ignored;
    if (!s3_conditions_are_used(s3->conditions))
        return proof ? prove_plainly(s3, document, NULL, proof, stored, why)
                     : prove_by_look(s3, document, stored, why);
    enum store_answer answer = s3_put_once(s3, document, true, stored, why);
    struct cause refusal = stored->cause;
    if (proof) proof->is_new = answer == STORE_DONE;
    if (proof && answer == STORE_CONFLICT) proof->keeps_others = PROVEN_YES;
    if (answer == STORE_CONFLICT) return proof ? doubt(s3, document, stored, why) : STORE_DONE;
    if (answer != STORE_REFUSED || !s3_conditions_may_be_cause(s3->conditions, &refusal)) return answer;
    return prove_plainly(s3, document, &refusal, proof ? proof : &ignored, stored, why);
}

/*
 * 412 is the good answer: the keys may write, and nothing was stored. That holds for servers that look at the permission
 * before the condition, as S3 and radosgw do (tests/e2e/test_s3.py). Where one does not, the proof says too much, and
 * the first batch shows it: its PUT is refused as if there had been no proof, and nothing is lost.
 */
enum store_answer s3_proof(struct s3 *s3, const struct object *document, struct stored *stored,
                           struct why *why)
{
    return prove(s3, document, NULL, stored, why);
}

/* ---- what else the keys may do ---- */

/* The document was written now. A server that ignores the condition takes it once more: radosgw in a bucket with versions. */
static void put_again(struct s3 *s3, const struct object *document, struct store_proof *proof)
{
    struct stored stored = {.wait_ms = 0};
    struct why ignored = {0};
    enum store_answer again = s3_put_once(s3, document, true, &stored, &ignored);
    if (again == STORE_CONFLICT) proof->keeps_others = PROVEN_YES;
    if (again == STORE_DONE) proof->keeps_others = PROVEN_NO;
}

/* Sends HEAD or GET for a key. The answer needs s3_answer_fini(). */
static enum store_answer ask(struct s3 *s3, enum http_method method, const char *key,
                             struct s3_answer *answer, struct why *why)
{
    struct s3_call call = {.method = method, .key = key};
    return s3_client_send(s3->client, &call, answer, why);
}

/* HEAD and GET need the same permission, but a key of KMS is used for GET alone. */
static void read_back(struct s3 *s3, const char *key, enum http_method method, struct store_proof *proof,
                      int64_t *length)
{
    struct s3_answer answer;
    struct why ignored = {0};
    enum store_answer read = ask(s3, method, key, &answer, &ignored);
    *length = answer.http.length;
    if (read == STORE_DONE) {
        proof->can_read = PROVEN_YES;
        memcpy(proof->encryption, answer.http.encryption, sizeof proof->encryption);
        memcpy(proof->locked_until, answer.http.locked_until, sizeof proof->locked_until);
    } else {
        proof->can_read = read == STORE_CANNOT_CHECK ? PROVEN_NO : PROVEN_NOTHING;
        if (answer.http.status)
            (void)snprintf(proof->refusal, sizeof proof->refusal, "HTTP %ld%s%s", answer.http.status,
                           *answer.cause.code ? " " : "", answer.cause.code);
    }
    s3_answer_fini(&answer);
}

/* Without s3:ListBucket S3 answers 403 where nothing is. DONE: as it should; NOT_NOW: what answers is no S3 server. */
static enum store_answer ask_for_nothing(struct s3 *s3, const char *key, struct store_proof *proof,
                                         struct stored *stored, struct why *why)
{
    char unused[BATCH_KEY_MAX + 1];
    struct s3_answer answer;
    struct why ignored = {0};
    s3_look_unused_key(key, unused);
    enum store_answer found = ask(s3, HTTP_HEAD, unused, &answer, &ignored);
    if (found == STORE_ABSENT) proof->knows_absence = PROVEN_YES;
    if (found == STORE_CANNOT_CHECK) proof->knows_absence = PROVEN_NO;
    enum store_answer verdict = STORE_DONE;
    if (found == STORE_DONE)
        verdict = s3_look_not_s3(stored, &answer.http, "to a request for an object that cannot exist", why);
    s3_answer_fini(&answer);
    return verdict;
}

enum store_answer s3_proof_examine(struct s3 *s3, const struct object *document, struct store_proof *proof,
                                   struct stored *stored, struct why *why)
{
    const char *key = document->batch->object_key;
    int64_t length = 0;
    enum store_answer answer = prove(s3, document, proof, stored, why);
    if (answer != STORE_DONE) return answer;
    if (proof->is_new && proof->keeps_others == PROVEN_NOTHING) put_again(s3, document, proof);
    read_back(s3, key, HTTP_HEAD, proof, &length);
    if (proof->can_read == PROVEN_YES && length <= HTTP_BODY_MAX) /* somebody else's may be large */
        read_back(s3, key, HTTP_GET, proof, &length);
    return proof->can_read == PROVEN_YES ? ask_for_nothing(s3, key, proof, stored, why) : answer;
}

/* ---- only a look ---- */

/* The answer to HEAD says no more than 403 or 404; the one to GET names the cause. */
static enum store_answer ask_for_cause(struct s3 *s3, const struct object *document, struct stored *stored,
                                       struct why *why)
{
    struct s3_answer answer;
    char code[S3_CODE_SIZE];
    why_clear(why);
    enum store_answer found = ask(s3, HTTP_GET, document->batch->object_key, &answer, why);
    s3_look_note(stored, &answer);
    s3_error_field(&answer.http, "Code", code, sizeof code);
    if (found == STORE_ABSENT && strcmp(code, "NoSuchBucket") == 0) {
        struct s3_target target = {
            .bucket = s3->bucket, .key = document->batch->object_key, .region = "", .method = HTTP_GET};
        stored->cause = s3_error_sort(&answer.http, &target, why).cause;
        found = STORE_REFUSED;
    }
    if (found == STORE_ABSENT && !*code && !*answer.http.request_id)
        found = s3_look_not_s3(stored, &answer.http, "without S3's error code", why);
    if (found == STORE_CANNOT_CHECK) {
        bool is_forbidden = answer.cause.status == 403 && answer.cause.scope == SCOPE_KIND;
        if (!is_forbidden || (*code && strcmp(code, "AccessDenied") != 0)) found = STORE_REFUSED;
    }
    s3_answer_fini(&answer);
    return found;
}

enum store_answer s3_proof_look(struct s3 *s3, const struct object *document, struct stored *stored,
                                struct why *why)
{
    enum store_answer answer = s3_look(s3->client, document, stored, why);
    if (answer != STORE_ABSENT && answer != STORE_CANNOT_CHECK) return answer;
    return ask_for_cause(s3, document, stored, why);
}
