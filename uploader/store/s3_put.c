/*
 * s3_put -- see s3_put.h. A PUT, what its answer proves, what is there if the key is taken, and plain PUTs for servers
 * that do not know conditional ones.
 */
#include "uploader/store/s3_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/store/s3_look.h"

/* ---- one PUT ---- */

/*
 * Was the look sent elsewhere, or asked to log in? That is no word of the store, which has just taken our signature: the
 * answer to the PUT came from a portal, too.
 */
static bool is_turned_away(const struct stored *stored)
{
    int status = stored->cause.status;
    return (status >= 300 && status < 400) || status == 401 || status == 407;
}

static enum store_answer send_put(struct s3 *s3, const struct object *object, bool is_conditional,
                                  struct s3_answer *answer, struct why *why)
{
    struct s3_call call = {
        .method = HTTP_PUT,
        .key = object->batch->object_key,
        .content_type = batch_content_type(object->batch),
        .body = object->body,
        .sha256 = object->rendition->sha256,
        .object = object,
        .is_conditional = is_conditional,
    };
    return s3_client_send(s3->client, &call, answer, why);
}

/*
 * The answer says "stored" without a mark of S3, its ETag tells nothing, and the store does not show what is there. If it
 * came from a portal that is gone by now, nothing is there, and the same PUT stores it; else the condition is not met.
 */
static enum store_answer confirm_by_condition(struct s3 *s3, const struct object *object,
                                              struct stored *stored, struct why *why)
{
    struct s3_answer answer;
    why_clear(why);
    enum store_answer again = send_put(s3, object, true, &answer, why);
    s3_look_note(stored, &answer);
    if (again == STORE_DONE && *answer.http.etag && strcmp(answer.http.etag, object->rendition->md5) == 0) {
        stored->is_verified = true;
        (void)snprintf(stored->etag, sizeof stored->etag, "%s", answer.http.etag);
    } else if (again == STORE_DONE) {
        (void)s3_look_not_s3(stored, &answer.http, "twice to a PUT that may only be taken once", why);
        again = STORE_UNKNOWN;
    }
    s3_answer_fini(&answer);
    if (again == STORE_CONFLICT) return STORE_DONE;
    return again == STORE_DONE || again == STORE_STOPPED ? again : STORE_UNKNOWN;
}

/* The server says that it has stored the object: does its answer prove that? Never CONFLICT. */
static enum store_answer confirm_put(struct s3 *s3, const struct object *object, bool is_conditional,
                                     const struct http_answer *http, struct stored *stored, struct why *why)
{
    /*
     * With a key of KMS the ETag is no MD5. As the answer names the key, the server is S3, and has checked Content-MD5.
     */
    bool is_kms = *http->etag && strncmp(http->encryption, "aws:kms", 7) == 0;
    stored->is_verified = true;
    stored->rendition = object->rendition;
    if (is_kms || (*http->etag && strcmp(http->etag, object->rendition->md5) == 0)) return STORE_DONE;
    if (!*http->etag) {
        (void)s3_look_not_s3(stored, http, "without an ETag", why);
        return STORE_UNKNOWN;
    }
    enum store_answer answer = s3_look(s3->client, object, stored, why);
    if (answer == STORE_DONE) return STORE_DONE;
    if (answer == STORE_CANNOT_CHECK && !is_turned_away(stored)) {
        stored->is_verified = false;
        stored->rendition = object->rendition;
        if (*http->request_id || !is_conditional) return STORE_DONE;
        return confirm_by_condition(s3, object, stored, why);
    }
    if (answer == STORE_CONFLICT || answer == STORE_ABSENT || answer == STORE_CANNOT_CHECK)
        (void)s3_look_not_s3(stored, http, "to a PUT, and then it does not show that object", why);
    return STORE_UNKNOWN;
}

enum store_answer s3_put_once(struct s3 *s3, const struct object *object, bool is_conditional,
                              struct stored *stored, struct why *why)
{
    struct s3_answer answer;
    enum store_answer put = send_put(s3, object, is_conditional, &answer, why);
    s3_look_note(stored, &answer);
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", answer.http.etag);
    if (put == STORE_DONE) put = confirm_put(s3, object, is_conditional, &answer.http, stored, why);
    s3_answer_fini(&answer);
    return put;
}

/* ---- the key is taken ---- */

static enum store_answer explain_occupied(const struct s3 *s3, const struct object *object,
                                          struct stored *stored, struct why *why)
{
    const struct batch *batch = object->batch;
    stored->cause = (struct cause){SCOPE_BATCH, 412, "PreconditionFailed"};
    (void)why_set(
        why, RES_RETRY,
        "HTTP 412: something is under the key %.*s, and the store refuses to show whether it is ours",
        utf8_cut(batch->object_key, 500), batch->object_key);
    (void)why_remedy(
        why, RES_RETRY,
        "allow these keys s3:GetObject (and kms:Decrypt for a key of KMS) in the bucket %s; or look at "
        "the object, and say what it is: `eventspool resolve --batch %" PRId64 "`",
        s3->bucket, batch->id);
    return STORE_OCCUPIED;
}

/*
 * AWS takes a conditional PUT over a delete marker (Amazon S3 User Guide, "How to prevent object overwrites with
 * conditional writes"); there are stores that answer 412.
 */
enum store_answer s3_put_contradiction(const struct object *object, struct stored *stored, struct why *why)
{
    stored->cause = (struct cause){SCOPE_BATCH, 412, "PreconditionFailed"};
    (void)why_set(why, RES_RETRY, "HTTP 412: the store said that %.*s is there, and then that it is not",
                  utf8_cut(object->batch->object_key, 500), object->batch->object_key);
    (void)why_remedy(
        why, RES_RETRY,
        "wait a minute; if it stays so and the object was deleted in a bucket with versions, its delete "
        "marker "
        "is in the way: remove the marker, or `eventspool reship --batch %" PRId64
        " --new-keys`; else see that "
        "the store, and what is on the way to it (a proxy), understand the header `If-None-Match: *`",
        object->batch->id);
    return STORE_UNKNOWN;
}

/*
 * The server says that something is under our key: our bytes, as a rule, from this try or an earlier one. If that
 * cannot be found out now, the outcome stays unknown; if the look is refused, it is for others to decide.
 */
static enum store_answer look_at_occupant(struct s3 *s3, const struct object *object, struct stored *stored,
                                          struct why *why)
{
    enum store_answer answer = s3_look(s3->client, object, stored, why);
    if (answer == STORE_DONE || answer == STORE_CONFLICT) return answer;
    if (answer == STORE_ABSENT) return s3_put_contradiction(object, stored, why);
    stored->is_occupied = true;
    return answer == STORE_CANNOT_CHECK ? explain_occupied(s3, object, stored, why) : STORE_UNKNOWN;
}

/* ---- without conditions ---- */

/* Puts the object where a look has found nothing, or was refused. `*is_put`: there was a PUT, and this is its answer. */
static enum store_answer put_plainly(struct s3 *s3, const struct object *object, bool *is_put,
                                     struct stored *stored, struct why *why)
{
    enum store_answer look = s3_look(s3->client, object, stored, why);
    *is_put = look == STORE_ABSENT || look == STORE_CANNOT_CHECK;
    if (!*is_put) return look;
    why_clear(why);
    enum store_answer answer = s3_put_once(s3, object, false, stored, why);
    if (answer == STORE_DONE && look == STORE_CANNOT_CHECK) s3_conditions_note_blind(s3->conditions);
    return answer;
}

void s3_put_learn(struct s3 *s3, enum store_answer plain, const struct cause *cause,
                  const struct cause *refusal)
{
    if (plain == STORE_DONE) s3_conditions_give_up(s3->conditions, refusal);
    if (plain == STORE_REFUSED) s3_conditions_note_refused(s3->conditions, refusal, cause);
}

static enum store_answer try_plainly(struct s3 *s3, const struct object *object, const struct cause *refusal,
                                     struct stored *stored, struct why *why)
{
    bool is_put = false;
    why_clear(why);
    enum store_answer answer = put_plainly(s3, object, &is_put, stored, why);
    if (is_put) s3_put_learn(s3, answer, &stored->cause, refusal);
    return answer;
}

enum store_answer s3_put(struct s3 *s3, const struct object *object, struct stored *stored, struct why *why)
{
    bool is_put = false;
    if (!s3_conditions_are_used(s3->conditions)) return put_plainly(s3, object, &is_put, stored, why);
    enum store_answer answer = s3_put_once(s3, object, true, stored, why);
    struct cause refusal = stored->cause;
    if (answer == STORE_CONFLICT) return look_at_occupant(s3, object, stored, why);
    if (answer != STORE_REFUSED || !s3_conditions_may_be_cause(s3->conditions, &refusal)) return answer;
    return try_plainly(s3, object, &refusal, stored, why);
}
