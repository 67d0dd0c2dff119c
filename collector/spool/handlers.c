/* handlers -- see handlers.h. */
#include "collector/spool/handlers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/spool/forget_sender.h"
#include "collector/spool/schema.h"
#include "collector/spool/wal.h"
#include "common/control_server.h"

#define POLL_MS 200  /* between two queries for requests while events come */
#define IDLE_MS 2000 /* while none do */

struct handlers {
    struct spool_in *spool;
    struct handlers_options options;
    struct control_server *server;
};

/* ---- retry ---- */

static enum result begin_retry(void *context, const char *argument, void **work, struct why *why)
{
    struct handlers *h = context;
    struct retry *retry = NULL;
    enum result res = retry_new(&retry, h->spool, &h->options.retry, argument, why);
    *work = retry;
    return res;
}

static enum result do_retry(void *context, void *work, struct control_response *response, struct why *why)
{
    struct handlers *h = context;
    struct wal *wal = spool_in_wal(h->spool);
    enum result res = retry_slice(work, &response->is_done, why);
    if (wal_bytes(wal) > SPOOL_WAL_PASSIVE_BYTES) (void)wal_finish(wal);
    if (res != RES_OK) return res;
    retry_describe(work, &response->text);
    retry_progress(work, &response->progress);
    return RES_OK;
}

static void end_retry(void *work)
{
    retry_free(work);
}

/* ---- new-identity ---- */

static enum result begin_new_identity(void *context, const char *argument, void **work, struct why *why)
{
    (void)context, (void)argument, (void)work, (void)why; /* it is one step */
    return RES_OK;
}

static enum result do_new_identity(void *context, void *work, struct control_response *response,
                                   struct why *why)
{
    struct handlers *h = context;
    struct spool_identity before;
    struct spool_identity after;
    (void)work;
    enum result res = spool_new_identity(spool_in_db(h->spool), h->options.spool_path, &before, &after, why);
    if (res != RES_OK) return res;
    buf_append_format(&response->text, "the spool was %s and is %s from now on", before.spool, after.spool);
    response->is_done = true;
    return RES_OK;
}

static void end_new_identity(void *work)
{
    (void)work;
}

/* ---- forget ---- */

static enum result begin_forget(void *context, const char *argument, void **work, struct why *why)
{
    (void)context, (void)why; /* it is one step */
    *work = strdup(argument);
    if (!*work) abort();
    return RES_OK;
}

static enum result do_forget(void *context, void *work, struct control_response *response, struct why *why)
{
    struct handlers *h = context;
    int64_t addresses = 0;
    enum result res = forget_sender(spool_in_db(h->spool), work, &addresses, why);
    if (res != RES_OK) return res;
    buf_append_format(&response->text, "forgotten, with %" PRId64 " %s", addresses,
                      addresses == 1 ? "address" : "addresses");
    response->is_done = true;
    return RES_OK;
}

static void end_forget(void *work)
{
    free(work);
}

/* ---- all ---- */

static const struct control_handler table[] = {
    {HANDLERS_RETRY, begin_retry, do_retry, end_retry},
    {HANDLERS_NEW_IDENTITY, begin_new_identity, do_new_identity, end_new_identity},
    {HANDLERS_FORGET, begin_forget, do_forget, end_forget},
    {NULL, NULL, NULL, NULL},
};

struct handlers *handlers_new(struct spool_in *spool, const struct handlers_options *options)
{
    struct handlers *h = calloc(1, sizeof *h);
    if (!h) abort();
    h->spool = spool;
    h->options = *options;
    h->server =
        control_server_new(spool_in_db(spool), &(struct control_server_options){"collector", POLL_MS, IDLE_MS,
                                                                                table, h, options->born_at});
    return h;
}

void handlers_free(struct handlers *h)
{
    if (!h) return;
    control_server_free(h->server);
    free(h);
}

int handlers_poll(struct handlers *h)
{
    return control_server_poll(h->server);
}
