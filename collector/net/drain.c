/* drain -- see drain.h. */
#include "collector/net/drain.h"

#include <inttypes.h>
#include <poll.h>

#include "common/clock.h"
#include "common/log.h"

#define STEP_MS  10  /* between two looks at the gate, the signals and the time while nothing can be read */
#define QUIET_MS 50  /* without a byte more: what had been sent before the stop has arrived */
#define LATE_MS  250 /* for what arrives late, at most */

/* Reads all senders in turn, up to what had arrived. True if a second signal has ended it. */
static bool read_arrived(const struct drain *d, int64_t due)
{
    bool is_urgent = false;
    int64_t left = clients_unread_bytes(d->clients);
    while (left > 0 && !is_urgent && clock_monotonic_ms() < due && gate_at_stop(d->gate) == GATE_STOP_READS) {
        int64_t before = left;
        bool may_read_more = !intake_wait_for_space(d->intake, STEP_MS) && clients_read_round(d->clients);
        left = clients_unread_bytes(d->clients);
        if (!may_read_more || left == before) (void)poll(NULL, 0, 1); /* for memory that is on its way */
        gate_take(d->gate);
        is_urgent = signals_stop_again(d->signals);
    }
    return is_urgent;
}

/*
 * What the sender's kernel held back while we were not reading, or has to send again, arrives a moment later: it was
 * sent before the stop as well. A sender that never pauses gains no more than that moment.
 */
static bool read_late(const struct drain *d, int64_t due)
{
    int64_t quiet_since = clock_monotonic_ms();
    int64_t end = quiet_since + LATE_MS < due ? quiet_since + LATE_MS : due;
    bool is_urgent = false;
    while (!is_urgent && clock_monotonic_ms() < end && clock_monotonic_ms() - quiet_since < QUIET_MS &&
           gate_at_stop(d->gate) == GATE_STOP_READS) {
        if (clients_limit_to_arrived(d->clients) == 0) {
            (void)poll(NULL, 0, STEP_MS / 2);
            continue;
        }
        is_urgent = read_arrived(d, end);
        quiet_since = clock_monotonic_ms();
    }
    return is_urgent;
}

static const char *why_left(const struct drain *d, bool is_urgent)
{
    switch (gate_at_stop(d->gate)) {
    case GATE_STOP_LEAVES: return "the spool could not be opened, so nothing was read";
    case GATE_STOP_SAVES: return "nothing more could have been committed";
    case GATE_STOP_READS: break;
    }
    return is_urgent ? "a second signal ended it" : "the time for a stop was over";
}

static void log_left(const struct drain *d, const struct drain_report *report)
{
    int64_t later_bytes = clients_waiting_bytes(d->clients) - report->unread_bytes;
    if (report->unread_bytes > 0)
        log_error("bytes that had arrived before the stop were not read",
                  "bytes=%" PRId64 " connections=%" PRId64 " why=%s", report->unread_bytes,
                  report->unread_connections, LOG_QUOTE(why_left(d, report->is_urgent)));
    if (later_bytes > 0)
        log_info("bytes that came after the request to stop were left", "bytes=%" PRId64, later_bytes);
}

/* What is unfinished becomes rejects. Returns how many bytes there was no time for. */
static int64_t close_all(const struct drain *d, int64_t due)
{
    bool is_urgent = false;
    while (!clients_close_all(d->clients) && !is_urgent && clock_monotonic_ms() < due &&
           gate_at_stop(d->gate) == GATE_STOP_READS) {
        (void)intake_wait_for_space(d->intake, STEP_MS);
        gate_take(d->gate);
        is_urgent = signals_stop_again(d->signals);
    }
    return clients_abandon(d->clients);
}

void drain_run(const struct drain *d, int64_t due, struct drain_report *report)
{
    *report = (struct drain_report){.is_urgent = false};
    (void)clients_limit_to_arrived(d->clients);
    report->is_urgent = read_arrived(d, due);
    report->unread_bytes = clients_unread_bytes(d->clients);
    report->unread_connections = clients_unread_count(d->clients);
    if (report->unread_bytes == 0 && !report->is_urgent) report->is_urgent = read_late(d, due);
    log_left(d, report);
    report->abandoned_bytes = close_all(d, due + DRAIN_CLOSE_MS);
    if (report->abandoned_bytes > 0)
        log_error("bytes that had been read could not be made events or rejects in the time for a stop",
                  "bytes=%" PRId64, report->abandoned_bytes);
}
