/*
 * report -- what was sent: one line for people and scripts, and the ledger.
 * Happy path: sum over the connections and print. What can fail: writing.
 */
#include "tools/acmsim/report.h"

#include "tools/acmsim/clock.h"

#include <inttypes.h>

bool report_line(FILE *to, const struct run *run)
{
    uint64_t taken[EVENT_QUALITIES] = {0};
    uint64_t events = 0;
    uint64_t bytes = 0;
    uint64_t connections = 0;
    double seconds = (double)(run->ended_ns - run->started_ns) / (double)NS_PER_S;

    for (size_t i = 0; i < run->conn_count; i++) {
        const struct stream *s = &run->conns[i].stream;
        for (unsigned quality = 0; quality < EVENT_QUALITIES; quality++) taken[quality] += s->taken[quality];
        events += s->sent;
        bytes += s->bytes;
        connections += run->conns[i].was_established;
    }
    fprintf(to,
            "sent events=%" PRIu64 " good=%" PRIu64 " malformed=%" PRIu64 " truncated=%" PRIu64
            " bytes=%" PRIu64 " connections=%" PRIu64 " seconds=%.3f events_per_second=%.0f\n",
            events, taken[EVENT_GOOD], taken[EVENT_MALFORMED], taken[EVENT_TRUNCATED], bytes, connections,
            seconds, seconds > 0 ? (double)events / seconds : 0.0);
    return fflush(to) == 0 && !ferror(to);
}

bool report_ledger(FILE *to, const struct run *run)
{
    for (size_t i = 0; i < run->conn_count; i++) {
        const struct stream *s = &run->conns[i].stream;
        fprintf(to, "%u %" PRIu64 " %" PRIu64 "\n", s->connection, s->sent, s->bytes);
    }
    return fflush(to) == 0 && !ferror(to);
}
