/* service_close -- commits what has been read, and closes the service's parts; see service.h. */
#include "collector/commands/service.h"

#include <inttypes.h>
#include <unistd.h>

#include "collector/framing/plain_event.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/log.h"

#define LAST_WAIT_MS 1300 /* for the writer, when the time for a stop is over: a try may wait for a lock */
#define WAIT_STEP_MS 50

/*
 * Until the writer has committed what is left, or the time for it is over. False if it hangs: then nothing that its
 * threads use may be freed.
 */
static bool await_writer(struct collector *c)
{
    int64_t now = clock_monotonic_ms();
    int64_t due = c->stop_due ? c->stop_due : now + DRAIN_COMMIT_MS;
    if (c->drained.is_urgent) due = now;
    writer_set_stop(c->writer, due);
    while (!writer_has_ended(c->writer, WAIT_STEP_MS)) {
        gate_take(c->gate);
        if (signals_stop_again(&c->signals)) {
            c->drained.is_urgent = true;
            writer_set_stop(c->writer, due = clock_monotonic_ms());
        }
        if (clock_monotonic_ms() >= due + LAST_WAIT_MS) return false;
    }
    return true;
}

/* Ends the process at once: a thread hangs, and what it uses cannot be closed. */
static void give_up(const struct collector *c)
{
    const char *why =
        c->drained.is_urgent
            ? "a second signal ended the stop: what had been read and is not in the spool is lost"
            : "the disk did not answer in the time for a stop: what had been read and is not in "
              "the spool is lost";
    uint64_t uncommitted = intake_uncommitted_bytes(c->intake) + (uint64_t)writer_lost_bytes(c->writer);
    if (uncommitted == 0 && c->drained.unread_bytes + c->drained.abandoned_bytes == 0) {
        log_warn("stopped: all is committed, but the spool could not be closed in time", "remedy=%s",
                 LOG_QUOTE("check the disk of SPOOL_PATH: it is slow"));
        _exit(EX_OK);
    }
    log_error("stopped", "why=%s remedy=%s uncommitted_bytes=%" PRIu64 " unread_bytes=%" PRId64,
              LOG_QUOTE(why), LOG_QUOTE("check the disk of SPOOL_PATH"), uncommitted,
              c->drained.unread_bytes + c->drained.abandoned_bytes);
    _exit(EX_FAILED);
}

/* What had arrived before the stop and was not read is as good as lost: its senders do not send it again. */
static enum result add_unread(const struct collector *c, enum result res, struct why *why)
{
    const struct drain_report *drained = &c->drained;
    if (drained->unread_bytes + drained->abandoned_bytes + drained->unaccepted_connections == 0) return res;
    if (drained->abandoned_bytes > 0 && res == RES_OK)
        return why_set(why, RES_BROKEN,
                       "%" PRId64
                       " bytes that had been read were not made events or rejects in time; %" PRId64
                       " more had arrived and were not read",
                       drained->abandoned_bytes, drained->unread_bytes);
    if (drained->unaccepted_connections > 0)
        return why_set(why, RES_BROKEN,
                       "%" PRId64
                       " senders that had connected before the stop could not be accepted; %" PRId64
                       " bytes of others were not read",
                       drained->unaccepted_connections, drained->unread_bytes);
    if (res != RES_OK)
        return why_wrap(why, RES_BROKEN, "%" PRId64 " bytes that had arrived were not read, and",
                        drained->unread_bytes);
    return why_set(why, RES_BROKEN,
                   "%" PRId64 " bytes that had arrived before the stop, on %" PRId64
                   " connections, were not read",
                   drained->unread_bytes, drained->unread_connections);
}

/* Commits all that has been read. */
static enum result finish_writing(struct collector *c, struct why *why)
{
    struct writer_counts counts = {0};
    if (!c->writer) {
        if (c->validators) intake_finish(c->intake);
        validators_join(c->validators);
        return RES_OK;
    }
    intake_finish(c->intake);
    if (!await_writer(c)) give_up(c);
    validators_join(c->validators);
    enum result res = writer_join(c->writer, &counts, why);
    c->spool = counts.is_clean ? SPOOL_CLEAN : counts.has_opened ? SPOOL_IN_DOUBT : SPOOL_UNTOUCHED;
    if (c->server) log_info("stopped", "events=%" PRId64 " rejects=%" PRId64, counts.events, counts.rejects);
    return add_unread(c, res, why);
}

enum result service_close(struct collector *c, enum result res, struct why *why)
{
    struct why last = {0};
    server_close(c->server);
    plain_event_free(c->plain);
    bool is_watch_gone = watch_stop(c->watch); /* the writer's connection is to be the last one that closes */
    enum result last_res = finish_writing(c, &last);
    monitor_close(c->monitor, !is_watch_gone);
    replacements_free(c->replacements);
    intake_close(c->intake);
    if (c->fd >= 0) close(c->fd);
    gate_close(c->gate);
    if (is_watch_gone) problems_close(c->problems); /* else it still uses them, until the process ends */
    if (c->spool == SPOOL_CLEAN) lockfile_release(&c->lock);
    if (c->spool == SPOOL_UNTOUCHED) lockfile_leave(&c->lock);
    signals_close(&c->signals);
    service_manager_close(c->manager);
    if (res != RES_OK || last_res == RES_OK) return res;
    *why = last;
    return last_res;
}
