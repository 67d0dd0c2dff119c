/* store -- see store.h: chooses the implementation and hands every call on. */
#include "uploader/store.h"

#include <stdio.h>
#include <stdlib.h>

struct store {
    void *self;
    const struct store_ops *ops;
    bool is_trial;
    char destination[BATCH_DESTINATION_MAX];
};

enum result store_open(struct store **out, const struct settings *settings, struct signals *signals,
                       const struct lockfile *lock, struct why *why)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->is_trial = !settings->bucket_name;
    (void)snprintf(store->destination, sizeof store->destination, "%s%s",
                   store->is_trial ? "file://" : "s3://",
                   store->is_trial ? settings->destination_dir : settings->bucket_name);
    enum result res = store->is_trial
                          ? store_dir_open(&store->self, &store->ops, settings, why)
                          : store_s3_open(&store->self, &store->ops, settings, signals, lock, why);
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
    return store->is_trial;
}

enum store_answer store_put(struct store *store, const struct object *object, struct stored *stored,
                            struct why *why)
{
    return store->ops->put(store->self, object, stored, why);
}

enum store_answer store_find(struct store *store, const struct object *object, struct stored *stored,
                             struct why *why)
{
    return store->ops->find(store->self, object, stored, why);
}

enum store_answer store_probe(struct store *store, const char *key, const char *content_type,
                              const struct buf *body, struct why *why)
{
    return store->ops->probe(store->self, key, content_type, body, why);
}
