/* handlers -- see handlers.h. */
#include "uploader/ship/handlers.h"

#include <stdlib.h>

#include "common/control_server.h"
#include "uploader/ship/dismiss.h"
#include "uploader/ship/flush.h"
#include "uploader/ship/resolve.h"

#define POLL_MS  50  /* between two queries for requests, at least; */
#define IDLE_MS  500 /* and at most, while nothing else wakes the uploader */
#define COUNT_MS 100 /* between two counts of what a flush has left to ship */

struct handlers {
    struct reship_parts parts;
    struct shipper *shipper; /* NULL: this process asks the store nothing */
    bool omits_payload;
    struct control_server *server;
};

/* ---- dismiss ---- */

static enum result begin_dismiss(void *context, const char *argument, void **work, struct why *why)
{
    struct handlers *h = context;
    struct dismiss *dismiss = NULL;
    enum result res = dismiss_new(&dismiss, h->parts.spool, argument, why);
    *work = dismiss;
    return res;
}

static enum result do_dismiss(void *context, void *work, struct control_response *response, struct why *why)
{
    (void)context;
    enum result res = dismiss_slice(work, &response->is_done, why);
    if (res != RES_OK) return res;
    dismiss_describe(work, &response->text);
    dismiss_progress(work, &response->progress);
    return RES_OK;
}

static void end_dismiss(void *work)
{
    dismiss_free(work);
}

static enum result refuse_without_store(struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "try again when that command has ended");
    return why_set(why, RES_REFUSE, "another command holds the uploader's lock and asks the store nothing");
}

/* ---- reship ---- */

static enum result begin_reship(void *context, const char *argument, void **work, struct why *why)
{
    struct handlers *h = context;
    struct reship_order order;
    struct reship *reship = NULL;
    if (!reship_order_read(argument, &order))
        return why_set(why, RES_REFUSE, "this uploader does not understand the order '%.100s'", argument);
    if (!h->shipper) return refuse_without_store(why);
    reship_new(&reship, &h->parts, &order);
    *work = reship;
    return RES_OK;
}

static enum result do_reship(void *context, void *work, struct control_response *response, struct why *why)
{
    (void)context;
    enum result res = reship_slice(work, &response->is_done, &response->wait_ms, why);
    if (res != RES_OK) return res;
    reship_describe(work, &response->text);
    reship_progress(work, &response->progress);
    response->has_failed = response->is_done && !reship_is_complete(work);
    return RES_OK;
}

static void end_reship(void *work)
{
    reship_free(work);
}

/* ---- resolve ---- */

static enum result begin_resolve(void *context, const char *argument, void **work, struct why *why)
{
    struct handlers *h = context;
    struct resolve_request request;
    if (!resolve_request_read(argument, &request))
        return why_set(why, RES_REFUSE, "this uploader does not understand the request");
    if (!h->shipper) return refuse_without_store(why);
    *work = resolve_new(&request, h->parts.spool, h->shipper, h->parts.ships_rejects);
    return RES_OK;
}

static enum result do_resolve(void *context, void *work, struct control_response *response, struct why *why)
{
    (void)context;
    enum result res = resolve_slice(work, &response->is_done, &response->wait_ms, why);
    if (res == RES_OK) resolve_describe(work, &response->text);
    return res;
}

static void end_resolve(void *work)
{
    resolve_free(work);
}

/* ---- flush ---- */

static enum result begin_flush(void *context, const char *argument, void **work, struct why *why)
{
    struct handlers *h = context;
    struct flush *flush = NULL;
    enum result res = flush_new(&flush, h->parts.spool, h->shipper, argument, why);
    *work = flush;
    return res;
}

static enum result do_flush(void *context, void *work, struct control_response *response, struct why *why)
{
    (void)context;
    response->wait_ms = COUNT_MS;
    enum result res = flush_slice(work, &response->is_done, why);
    if (res != RES_OK) return res;
    flush_describe(work, &response->text);
    flush_progress(work, &response->progress);
    return RES_OK;
}

static void end_flush(void *work)
{
    flush_free(work);
}

/* ---- privacy ---- */

static enum result begin_privacy(void *context, const char *argument, void **work, struct why *why)
{
    (void)context;
    (void)argument;
    (void)why;
    *work = NULL;
    return RES_OK;
}

static enum result do_privacy(void *context, void *work, struct control_response *response, struct why *why)
{
    const struct handlers *h = context;
    (void)work;
    (void)why;
    buf_append_text(&response->text, h->omits_payload ? HANDLERS_WITHHELD : HANDLERS_SHOWN);
    response->is_done = true;
    return RES_OK;
}

static void end_privacy(void *work)
{
    (void)work;
}

/* ---- all ---- */

static const struct control_handler table[] = {
    {HANDLERS_DISMISS, begin_dismiss, do_dismiss, end_dismiss},
    {HANDLERS_RESHIP, begin_reship, do_reship, end_reship},
    {HANDLERS_FLUSH, begin_flush, do_flush, end_flush},
    {HANDLERS_RESOLVE, begin_resolve, do_resolve, end_resolve},
    {HANDLERS_PRIVACY, begin_privacy, do_privacy, end_privacy},
    {NULL, NULL, NULL, NULL},
};

struct handlers *handlers_new(struct spool_out *spool, struct shipper *shipper,
                              const struct handlers_options *options)
{
    struct handlers *h = calloc(1, sizeof *h);
    if (!h) abort();
    h->parts = (struct reship_parts){options->ships_rejects, spool, shipper};
    h->omits_payload = options->omits_payload;
    h->shipper = shipper;
    h->server =
        control_server_new(spool_out_db(spool), &(struct control_server_options){"uploader", POLL_MS, IDLE_MS,
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
