/* publisher -- see publisher.h. */
#include "uploader/alert/publisher.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/status/document.h"
#include "common/status/gather.h"
#include "common/thread.h"
#include "uploader/alert/ranges.h"

#define FIRST_MS 5000 /* after the start: by then both programs know what is wrong */
#define EVERY_MS 300000
#define RETRY_MS 60000 /* after a failure */
#define WAIT_MS  250   /* between two looks whether a stop was requested */
#define BUSY_MS  250

struct publisher {
    struct publisher_options options;
    struct signals *signals;
    struct store *store;
    struct db *db; /* NULL: not open */
    struct status status;
    struct status_ranges ranges;
    int64_t fails_since; /* monotonic; 0: the last document was put, or there was none */
    pthread_t thread;
    bool is_running;
};

static enum result gather(struct publisher *p, struct why *why)
{
    enum result res = RES_OK;
    if (!p->db) res = spool_open(&p->db, p->options.spool_path, why);
    if (res == RES_OK) db_set_busy(p->db, BUSY_MS);
    if (res == RES_OK) res = status_gather(&p->status, p->db, p->options.spool_path, why);
    if (res == RES_OK) res = ranges_load(&p->ranges, p->db, why);
    return res;
}

/* The connection is kept only for the time of a document: the next one is minutes away. */
static void close_spool(struct publisher *p)
{
    db_close(p->db);
    p->db = NULL;
}

static bool publish(struct publisher *p, struct why *why)
{
    char key[BATCH_KEY_MAX];
    struct buf body = BUF_EMPTY;
    enum result res = gather(p, why);
    close_spool(p);
    if (res != RES_OK) return false;
    int len = snprintf(key, sizeof key, "%s%s.json", p->options.prefix, p->status.identity.node);
    if (len >= (int)sizeof key) {
        (void)why_set(why, RES_REFUSE, "the key is too long");
        (void)why_remedy(why, RES_REFUSE, "shorten STATUS_PREFIX");
        return false;
    }
    status_document_with_ranges(&p->status, &p->ranges, &body);
    enum store_answer answer = store_put_document(p->store, key, "application/json", &body, why);
    buf_fini(&body);
    return answer == STORE_DONE;
}

static void note(struct publisher *p, bool is_put, const struct why *why)
{
    if (!is_put && p->fails_since == 0) {
        log_warn("the status document cannot be put", "setting=STATUS_PREFIX why=%s remedy=%s",
                 LOG_QUOTE(why->text),
                 LOG_QUOTE(*why->remedy ? why->remedy : "none needed: it is tried again"));
        p->fails_since = clock_monotonic_ms();
    } else if (is_put && p->fails_since > 0) {
        log_info("the status document is put again", "failed_ms=%" PRId64,
                 clock_monotonic_ms() - p->fails_since);
        p->fails_since = 0;
    }
}

static void *work(void *context)
{
    struct publisher *p = context;
    int64_t due = clock_monotonic_ms() + FIRST_MS;
    while (!signals_wait(p->signals, WAIT_MS)) {
        struct why why = {0};
        if (clock_monotonic_ms() < due) continue;
        bool is_put = publish(p, &why);
        if (!signals_stop_requested(p->signals)) note(p, is_put, &why);
        due = clock_monotonic_ms() + (is_put ? EVERY_MS : RETRY_MS);
    }
    return NULL;
}

static enum result start(struct publisher *p, const struct store *store, struct why *why)
{
    static const struct http_limits limits = {
        .connect_ms = 10000, .stall_s = 10, .answer_ms = 30000, .stop_ms = 0};
    enum result res = store_open_another(&p->store, store, why);
    if (res != RES_OK) return res;
    store_set_limits(p->store, limits);
    int code = thread_start(&p->thread, "publisher", work, p);
    if (code != 0) return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
    p->is_running = true;
    log_info("the status document is put", "prefix=%s", LOG_QUOTE(p->options.prefix));
    return RES_OK;
}

enum result publisher_open(struct publisher **out, const struct publisher_options *options,
                           const struct store *store, struct signals *signals, struct why *why)
{
    *out = NULL;
    if (!options->prefix) return RES_OK;
    struct publisher *p = calloc(1, sizeof *p);
    if (!p) abort();
    p->options = *options;
    p->signals = signals;
    enum result res = start(p, store, why);
    if (res != RES_OK) {
        publisher_close(p);
        p = NULL;
    }
    *out = p;
    return res;
}

void publisher_close(struct publisher *p)
{
    if (!p) return;
    signals_request_stop(p->signals);
    if (p->is_running) (void)pthread_join(p->thread, NULL);
    store_close(p->store);
    free(p);
}
