/* requests -- see requests.h. */
#include "collector/spool/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "collector/spool/schema.h"
#include "common/control_server.h"

#define POLL_MS 200  /* between two looks for requests while events come */
#define IDLE_MS 2000 /* while none do */

struct requests {
    struct spool_in *spool;
    struct requests_options options;
    struct answerer *answerer;
    struct retry *retry; /* in work */
};

static enum result new_identity(struct requests *r, struct answer *answer, struct why *why)
{
    struct spool_identity before;
    struct spool_identity after;
    enum result res = spool_new_identity(spool_in_db(r->spool), r->options.spool_path, &before, &after, why);
    if (res != RES_OK) return res;
    buf_append_format(&answer->text, "the spool was %s and is %s from now on", before.spool, after.spool);
    answer->is_done = true;
    return RES_OK;
}

static enum result retry_rejects(struct requests *r, const char *ids, struct answer *answer, struct why *why)
{
    struct db_wal wal;
    enum result res = RES_OK;
    if (!r->retry) res = retry_new(&r->retry, r->spool, &r->options.retry, ids, why);
    if (res == RES_OK) res = retry_slice(r->retry, &answer->is_done, why);
    if (spool_in_wal_bytes(r->spool) > SPOOL_WAL_PASSIVE_BYTES)
        (void)spool_in_finish_checkpoint(r->spool, &wal);
    if (res == RES_OK) retry_describe(r->retry, &answer->text);
    return res;
}

static enum result do_slice(void *context, const struct request *request, struct answer *answer,
                            struct why *why)
{
    struct requests *r = context;
    if (strcmp(request->what, REQUESTS_RETRY) == 0) return retry_rejects(r, request->argument, answer, why);
    if (strcmp(request->what, REQUESTS_NEW_IDENTITY) == 0) return new_identity(r, answer, why);
    return why_set(why, RES_REFUSE, "this collector does not know how to do '%.40s'", request->what);
}

static void leave(void *context)
{
    struct requests *r = context;
    retry_free(r->retry);
    r->retry = NULL;
}

struct requests *requests_new(struct spool_in *spool, const struct requests_options *options)
{
    struct requests *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->spool = spool;
    r->options = *options;
    r->answerer = answerer_new(spool_in_db(spool),
                               &(struct answerer_work){"collector", POLL_MS, IDLE_MS, do_slice, leave, r});
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
