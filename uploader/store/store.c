/* store -- see store.h: passes each call on to the implementation, and compares what is stored with what is known. */
#include "uploader/store/store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uploader/store/place.h"

struct store {
    void *self;
    const struct store_ops *ops;
    char destination[BATCH_DESTINATION_MAX];
};

struct store *store_new(void *self, const struct store_ops *ops, const char *destination)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->self = self;
    store->ops = ops;
    (void)snprintf(store->destination, sizeof store->destination, "%s", destination);
    return store;
}

enum result store_open_another(struct store **out, const struct store *first, struct why *why)
{
    struct store *store = malloc(sizeof *store);
    if (!store) abort();
    *store = *first;
    enum result res = first->ops->another(first->self, &store->self, why);
    if (res != RES_OK) {
        free(store);
        store = NULL;
    }
    *out = store;
    return res;
}

void store_close(struct store *store)
{
    if (!store) return;
    store->ops->close(store->self);
    free(store);
}

const char *store_destination(const struct store *store)
{
    return store->destination;
}

bool store_is_trial(const struct store *store)
{
    return store->ops->is_trial;
}

enum hash_kind store_hashes(const struct store *store)
{
    return store->ops->hashes;
}

enum result store_prepare(struct store *store, char source[STORE_SOURCE_SIZE], struct why *why)
{
    source[0] = '\0';
    return store->ops->prepare ? store->ops->prepare(store->self, source, why) : RES_OK;
}

bool store_is_here(const struct store *store, const char *destination)
{
    return place_is_same(store->destination, destination);
}

enum store_answer store_put(struct store *store, const struct object *object, struct stored *stored,
                            struct why *why)
{
    *stored = (struct stored){.wait_ms = 0};
    return store->ops->put(store->self, object, stored, why);
}

enum store_answer store_find(struct store *store, const struct object *object, struct stored *stored,
                             struct why *why)
{
    *stored = (struct stored){.wait_ms = 0};
    return store->ops->find(store->self, object, stored, why);
}

enum store_answer store_prove(struct store *store, const struct object *document, struct stored *stored,
                              struct why *why)
{
    *stored = (struct stored){.wait_ms = 0};
    return store->ops->prove(store->self, document, stored, why);
}

enum store_answer store_examine(struct store *store, const struct object *document, struct store_proof *proof,
                                struct stored *stored, struct why *why)
{
    *stored = (struct stored){.wait_ms = 0};
    *proof = (struct store_proof){.is_new = false};
    return store->ops->examine(store->self, document, proof, stored, why);
}

enum store_answer store_look(struct store *store, const struct object *document, struct stored *stored,
                             struct why *why)
{
    *stored = (struct stored){.wait_ms = 0};
    return store->ops->look(store->self, document, stored, why);
}

enum store_answer store_read(struct store *store, const struct batch *batch, const struct http_sink *sink,
                             struct why *why)
{
    enum store_answer answer = store->ops->read(store->self, batch->object_key, sink, why);
    if (answer != STORE_ABSENT) return answer;
    (void)why_set(why, RES_REFUSE, "%s is not there", batch->object_key);
    return answer;
}

enum store_answer store_put_document(struct store *store, const char *key, const char *content_type,
                                     const struct buf *body, struct why *why)
{
    why_clear(why);
    return store->ops->put_document(store->self, key, content_type, body, why);
}

void store_set_limits(struct store *store, struct http_limits limits)
{
    if (store->ops->set_limits) store->ops->set_limits(store->self, limits);
}

void store_describe(struct store *store, struct store_facts *facts)
{
    facts->count = 0;
    store->ops->describe(store->self, facts);
}

void store_facts_add(struct store_facts *facts, bool is_note, const char *format, ...)
{
    va_list args;
    if (facts->count == STORE_FACTS_MAX) return;
    struct store_fact *fact = &facts->list[facts->count++];
    fact->is_note = is_note;
    va_start(args, format);
    (void)vsnprintf(fact->text, sizeof fact->text, format, args);
    va_end(args);
}

bool store_has_new_keys(struct store *store)
{
    return store->ops->has_new_keys && store->ops->has_new_keys(store->self);
}

bool store_clock_is_wrong(struct store *store, int64_t *ahead_ms)
{
    return store->ops->clock_is_wrong && store->ops->clock_is_wrong(store->self, ahead_ms);
}

/*
 * The MD5 alone is enough: it is an ETag, which the store has computed. The SHA-256 of our metadata counts with the
 * length.
 */
static bool is_same(const struct rendition *known, const struct rendition *seen)
{
    if (!*known->sha256) return false;
    return (*known->md5 && strcmp(known->md5, seen->md5) == 0) ||
           (strcmp(known->sha256, seen->sha256) == 0 && (seen->bytes < 0 || seen->bytes == known->bytes));
}

const struct rendition *store_recognise(const struct object *object, const struct rendition *seen)
{
    const struct rendition *known[] = {object->rendition, &object->batch->recorded, &object->batch->earlier};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_same(known[i], seen)) return known[i];
    return NULL;
}
