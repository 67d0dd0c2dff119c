/* s3_look -- see s3_look.h. */
#include "uploader/store/s3_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "uploader/batch/hash.h"
#include "uploader/store/s3_error.h"

void s3_look_note(struct stored *stored, const struct s3_answer *answer)
{
    enum scope scope = answer->cause.scope;
    stored->wait_ms = answer->wait_ms;
    stored->cause = answer->cause;
    stored->is_from_store = answer->is_from_store || (stored->is_from_store && scope != SCOPE_ENDPOINT);
    stored->is_authentic = answer->is_authentic || (stored->is_authentic && scope != SCOPE_IDENTITY);
}

enum store_answer s3_look_not_s3(struct stored *stored, const struct http_answer *answer, const char *what,
                                 struct why *why)
{
    struct s3_refusal refusal = s3_error_not_s3(answer, what, why);
    stored->cause = refusal.cause;
    stored->is_from_store = stored->is_authentic = false;
    return refusal.answer;
}

static bool add_to_hash(void *context, const void *data, size_t len)
{
    hash_add(context, data, len);
    return true;
}

/* Reads the object with the ETag that HEAD has given, and keeps only its hashes. `seen` has the length. */
static enum store_answer hash_stored(struct s3_client *client, const struct object *object,
                                     struct stored *stored, struct rendition *seen, struct why *why)
{
    struct s3_answer answer;
    struct hash *hash = hash_begin(HASH_SHA256);
    struct http_sink sink = {add_to_hash, hash, seen->bytes >= 0 ? seen->bytes : object->rendition->bytes};
    struct s3_call call = {.method = HTTP_GET, .key = object->batch->object_key, .sink = &sink};
    enum store_answer read = s3_client_send(client, &call, &answer, why);
    s3_look_note(stored, &answer);
    if (read == STORE_DONE && strcmp(answer.http.etag, stored->etag) == 0)
        hash_end(hash, seen);
    else if (read == STORE_DONE)
        read = s3_look_not_s3(stored, &answer.http, "without an ETag, or with another one than before", why);
    s3_answer_fini(&answer);
    hash_free(hash);
    return read;
}

/* Is this the length of one of our renditions? Any other length proves that it is another object. */
static bool fits(const struct object *object, int64_t length)
{
    const struct batch *batch = object->batch;
    return length < 0 || length == object->rendition->bytes ||
           (*batch->recorded.sha256 && length == batch->recorded.bytes) ||
           (*batch->earlier.sha256 && length == batch->earlier.bytes);
}

void s3_look_unused_key(const char *key, char unused[BATCH_KEY_MAX + 1])
{
    const char *slash = strrchr(key, '/');
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) abort();
    (void)snprintf(unused, BATCH_KEY_MAX + 1, "%.*s_nothing-%016" PRIx64 "%016" PRIx64,
                   slash ? (int)(slash + 1 - key) : 0, key, random[0], random[1]);
}

/* Does the server still show the same object? What showed it may have been a portal that is gone by now. */
static enum store_answer look_once_more(struct s3_client *client, const struct object *object, int64_t length,
                                        struct stored *stored, struct why *why)
{
    struct s3_answer answer;
    struct s3_call call = {.method = HTTP_HEAD, .key = object->batch->object_key};
    enum store_answer found = s3_client_send(client, &call, &answer, why);
    bool is_same = strcmp(answer.http.etag, stored->etag) == 0 && answer.http.length == length;
    s3_look_note(stored, &answer);
    if (found == STORE_ABSENT || found == STORE_CANNOT_CHECK || (found == STORE_DONE && !is_same))
        found = s3_look_not_s3(stored, &answer.http, "to a second look, which contradicts the first", why);
    s3_answer_fini(&answer);
    return found;
}

/* Another object seems to be there. Does the server say so of every key? Then it is not the store that answers. */
static enum store_answer confirm_other(struct s3_client *client, const struct object *object, int64_t length,
                                       struct stored *stored, struct why *why)
{
    char unused[BATCH_KEY_MAX + 1];
    struct s3_answer answer;
    struct s3_call call = {.method = HTTP_HEAD, .key = unused};
    s3_look_unused_key(object->batch->object_key, unused);
    enum store_answer found = s3_client_send(client, &call, &answer, why);
    s3_look_note(stored, &answer);
    if (found == STORE_DONE)
        found = s3_look_not_s3(stored, &answer.http, "to a request for an object that cannot exist", why);
    s3_answer_fini(&answer);
    if (found != STORE_ABSENT && found != STORE_CANNOT_CHECK) return found;
    why_clear(why);
    found = look_once_more(client, object, length, stored, why);
    if (found != STORE_DONE) return found;
    stored->cause = (struct cause){SCOPE_BATCH, 200, "OtherObject"};
    (void)why_set(why, RES_BROKEN, "another object is under the key %s", object->batch->object_key);
    (void)why_remedy(why, RES_BROKEN, "see who wrote it, and move it away: the batch is tried again");
    return STORE_CONFLICT;
}

/* Is it our object? The ETag may be its MD5, our metadata may say so, or its bytes do. `head` is the answer to HEAD. */
static enum store_answer compare_object(struct s3_client *client, const struct http_answer *head,
                                        const struct object *object, struct stored *stored, struct why *why)
{
    struct rendition seen = {.bytes = head->length};
    enum store_answer answer = STORE_DONE;
    if (!*head->etag) return s3_look_not_s3(stored, head, "without an ETag", why);
    if (strlen(head->etag) < sizeof seen.md5) memcpy(seen.md5, head->etag, strlen(head->etag));
    if (strlen(head->sha256) < sizeof seen.sha256) memcpy(seen.sha256, head->sha256, strlen(head->sha256));
    (void)snprintf(stored->etag, sizeof stored->etag, "%s", head->etag);
    stored->rendition = store_recognise(object, &seen);
    if (!stored->rendition && fits(object, head->length)) {
        answer = hash_stored(client, object, stored, &seen, why);
        if (answer != STORE_DONE) return answer;
        stored->rendition = store_recognise(object, &seen);
    }
    stored->is_verified = stored->rendition != NULL;
    return stored->is_verified ? STORE_DONE : confirm_other(client, object, head->length, stored, why);
}

enum store_answer s3_look(struct s3_client *client, const struct object *object, struct stored *stored,
                          struct why *why)
{
    struct s3_answer answer;
    struct s3_call call = {.method = HTTP_HEAD, .key = object->batch->object_key};
    enum store_answer found = s3_client_send(client, &call, &answer, why);
    s3_look_note(stored, &answer);
    if (found == STORE_DONE) found = compare_object(client, &answer.http, object, stored, why);
    s3_answer_fini(&answer);
    return found;
}
