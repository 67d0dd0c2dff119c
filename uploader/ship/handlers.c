/* requests -- see requests.h. */
#include "uploader/ship/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "common/control_server.h"
#include "uploader/ship/dismiss.h"

#define POLL_MS 500 /* between two looks for requests */

struct requests {
    struct reship_parts parts;
    struct answerer *answerer;
    struct dismiss *dismiss; /* in work: one of them at most */
    struct reship *reship;
};

static enum result begin(struct requests *r, const struct request *request, struct why *why)
{
    struct reship_order order;
    if (strcmp(request->what, REQUESTS_DISMISS) == 0)
        return dismiss_new(&r->dismiss, r->parts.spool, request->argument, why);
    if (strcmp(request->what, REQUESTS_RESHIP) == 0 && reship_order_read(request->argument, &order))
        return reship_new(&r->reship, &r->parts, &order, why);
    return why_set(why, RES_REFUSE, "this uploader does not know how to do '%.40s'", request->what);
}

static enum result do_slice(void *context, const struct request *request, struct answer *answer,
                            struct why *why)
{
    struct requests *r = context;
    enum result res = r->dismiss || r->reship ? RES_OK : begin(r, request, why);
    if (res == RES_OK && r->dismiss) res = dismiss_slice(r->dismiss, &answer->is_done, why);
    if (res == RES_OK && r->reship) res = reship_slice(r->reship, &answer->is_done, &answer->wait_ms, why);
    if (res != RES_OK) return res;
    if (r->dismiss) dismiss_describe(r->dismiss, &answer->text);
    if (r->reship) reship_describe(r->reship, &answer->text);
    answer->has_failed = answer->is_done && r->reship && !reship_is_complete(r->reship);
    return RES_OK;
}

static void leave(void *context)
{
    struct requests *r = context;
    dismiss_free(r->dismiss);
    reship_free(r->reship);
    r->dismiss = NULL;
    r->reship = NULL;
}

struct requests *requests_new(const struct reship_parts *parts)
{
    struct requests *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->parts = *parts;
    r->answerer = answerer_new(spool_out_db(parts->spool),
                               &(struct answerer_work){"uploader", POLL_MS, POLL_MS, do_slice, leave, r});
    return r;
}

void requests_free(struct requests *r)
{
    if (!r) return;
    answerer_free(r->answerer);
    free(r);
}

int requests_tend(struct requests *r)
{
    return answerer_tend(r->answerer);
}
