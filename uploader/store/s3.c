/*
 * s3 -- see s3.h.
 *
 * s3_client.h has sorted the answer to each request, s3_look.h knows what is under a key, s3_put.h puts an object; this
 * file opens and closes them, and proves that a destination can be used.
 */
#include "uploader/store/s3.h"

#include <stdlib.h>

#include "uploader/store/place.h"
#include "uploader/store/s3_look.h"
#include "uploader/store/s3_put.h"

static enum result prepare(void *self, char source[STORE_SOURCE_SIZE], struct why *why)
{
    struct s3 *s3 = self;
    return s3_client_prepare(s3->client, source, why);
}

static bool has_new_keys(void *self)
{
    struct s3 *s3 = self;
    return s3_client_has_new_keys(s3->client);
}

static enum store_answer put(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    return s3_put(self, object, stored, why);
}

static enum store_answer find(void *self, const struct object *object, struct stored *stored, struct why *why)
{
    struct s3 *s3 = self;
    return s3_look(s3->client, object, stored, why);
}

/* ---- the proof ---- */

/* A document that is not ours is never replaced, so there is no proof. */
static enum store_answer explain_no_proof(const struct object *document, struct why *why)
{
    (void)why_set(why, RES_RETRY, "another document is under %.500s, so it was not written",
                  document->batch->object_key);
    (void)why_remedy(why, RES_RETRY, "remove that object, and check again");
    return STORE_CANNOT_CHECK;
}

/*
 * For a server that does not know conditional writes, or seems not to: `refusal` of the conditional PUT may be the
 * condition's; NULL: it is known. Our own document may be written again.
 */
static enum store_answer prove_plainly(struct s3 *s3, const struct object *document,
                                       const struct cause *refusal, struct stored *stored, struct why *why)
{
    why_clear(why);
    enum store_answer answer = s3_look(s3->client, document, stored, why);
    if (answer == STORE_CONFLICT) return explain_no_proof(document, why);
    if (answer != STORE_ABSENT && answer != STORE_DONE && answer != STORE_CANNOT_CHECK) return answer;
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

/*
 * 412 is the good answer: the keys may write, and nothing was stored. That holds for servers that look at the permission
 * before the condition, as S3 and radosgw do (tests/e2e/test_s3.py). Where one does not, the proof says too much, and
 * the first batch shows it: its PUT is refused as if there had been no proof, and nothing is lost.
 */
static enum store_answer prove(void *self, const struct object *document, bool is_thorough,
                               struct stored *stored, struct why *why)
{
    struct s3 *s3 = self;
    if (!s3_conditions_are_used(s3->conditions))
        return is_thorough ? prove_plainly(s3, document, NULL, stored, why)
                           : prove_by_look(s3, document, stored, why);
    enum store_answer answer = s3_put_once(s3, document, true, stored, why);
    struct cause refusal = stored->cause;
    if (answer == STORE_CONFLICT) return is_thorough ? doubt(s3, document, stored, why) : STORE_DONE;
    if (answer != STORE_REFUSED || !s3_conditions_may_be_cause(s3->conditions, &refusal)) return answer;
    return prove_plainly(s3, document, &refusal, stored, why);
}

/* ---- opening and closing ---- */

static void close_s3(void *self)
{
    struct s3 *s3 = self;
    s3_client_close(s3->client);
    if (s3->is_first) s3_conditions_free(s3->conditions);
    free(s3);
}

static enum result another(const void *self, void **other, struct why *why)
{
    const struct s3 *first = self;
    struct s3 *s3 = malloc(sizeof *s3);
    if (!s3) abort();
    *s3 = *first;
    s3->is_first = false;
    enum result res = s3_client_open_another(&s3->client, first->client, why);
    if (res != RES_OK) {
        close_s3(s3);
        s3 = NULL;
    }
    *other = s3;
    return res;
}

enum result s3_open(struct store **store, const struct s3_options *options, struct signals *signals,
                    const struct lockfile *lock, struct why *why)
{
    static const struct store_ops ops = {.prepare = prepare,
                                         .put = put,
                                         .find = find,
                                         .prove = prove,
                                         .has_new_keys = has_new_keys,
                                         .another = another,
                                         .close = close_s3};
    char destination[BATCH_DESTINATION_MAX];
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3) abort();
    s3->bucket = options->server.bucket;
    s3->conditions = s3_conditions_new(s3->bucket);
    s3->is_first = true;
    *store = NULL;
    enum result res = s3_client_open(&s3->client, options, signals, lock, why);
    if (res != RES_OK) {
        close_s3(s3);
        return res;
    }
    const struct connection *connection = s3_client_connection(s3->client);
    place_name_bucket(options->server.bucket, connection->s3_endpoint, connection->region, destination);
    *store = store_new(s3, &ops, destination);
    return RES_OK;
}
