/* store -- see store.h: chooses the implementation and workers every call on. */
#include "uploader/store/store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store {
    void *self;
    const struct store_ops *ops;
    bool is_trial;
    char destination[BATCH_DESTINATION_MAX];
};

/* s3://bucket, with @host where the endpoint is not AWS's own; file:// and the absolute path, without a last slash. */
static void name_destination(struct store *store, const struct settings *settings)
{
    const char *url = settings->endpoint_url_s3 ? settings->endpoint_url_s3 : settings->endpoint_url;
    const char *host = url ? strstr(url, "://") + 3 : "";
    char directory[PATH_MAX] = "";
    if (!store->is_trial) {
        (void)snprintf(store->destination, sizeof store->destination, "s3://%s%s%.*s", settings->bucket_name,
                       url ? "@" : "", (int)strcspn(host, "/"), host);
        return;
    }
    if (*settings->destination_dir != '/' && !getcwd(directory, sizeof directory - 1)) directory[0] = '\0';
    int len = snprintf(store->destination, sizeof store->destination, "file://%s%s%s", directory,
                       *directory ? "/" : "", settings->destination_dir);
    while (len > 8 && store->destination[len - 1] == '/') store->destination[--len] = '\0';
}

enum result store_open(struct store **out, const struct settings *settings, struct signals *signals,
                       const struct lockfile *lock, struct why *why)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) abort();
    store->is_trial = !settings->bucket_name;
    name_destination(store, settings);
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
    return store->is_trial;
}

enum result store_prepare(struct store *store, char source[STORE_SOURCE_SIZE], struct why *why)
{
    source[0] = '\0';
    return store->ops->prepare ? store->ops->prepare(store->self, source, why) : RES_OK;
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

/* The MD5 alone is enough: it is the ETag that the store has made. A hash that our metadata tell goes with the length. */
static bool is_same(const struct rendition *known, const struct rendition *seen)
{
    if (!*known->sha256) return false;
    return strcmp(known->md5, seen->md5) == 0 ||
           (strcmp(known->sha256, seen->sha256) == 0 && (seen->bytes < 0 || seen->bytes == known->bytes));
}

const struct rendition *store_recognise(const struct object *object, const struct rendition *seen)
{
    const struct rendition *known[] = {object->rendition, &object->batch->recorded, &object->batch->earlier};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_same(known[i], seen)) return known[i];
    return NULL;
}
