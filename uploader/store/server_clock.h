/*
 * server_clock -- does this machine's clock differ from the server's? It is measured with the Date of each answer. Pure:
 * the caller brings the times.
 *
 * One answer may lie (a portal, a proxy with a clock of its own): a reading counts if it is the first, or if it agrees
 * with the one before it. Whether they agree is told by the monotonic clock, so it does not matter that ours is set
 * between them. A clock that is set right is seen at once, without another answer; that it became wrong, only with one.
 */
#ifndef UPLOADER_STORE_SERVER_CLOCK_H
#define UPLOADER_STORE_SERVER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * From here on it is wrong: S3 refuses requests at 15 minutes, and the times and names of objects come from this clock;
 * no clock that is kept by NTP is off by so much.
 */
#define SERVER_CLOCK_WRONG_MS 300000
#define SERVER_CLOCK_RIGHT_MS 240000 /* below this it is right again */
#define SERVER_CLOCK_AGREE_MS 60000  /* two readings differ by no more than this */

struct server_clock { /* all zero at first */
    bool has_last, is_wrong;
    int64_t last;     /* reading: the server's time less the monotonic one */
    int64_t believed; /* the last one that counted */
    int64_t ahead_ms; /* with is_wrong: how far the server's clock was ahead of ours at that reading */
};

/* An answer says that it is `server_at` now. `now` is the wall clock, `monotonic` the monotonic one. All in ms. */
void server_clock_read(struct server_clock *clock, int64_t server_at, int64_t now, int64_t monotonic);

/* Is ours wrong? Then `*ahead_ms` says by how much the server's is ahead; below 0: behind. */
bool server_clock_is_wrong(struct server_clock *clock, int64_t now, int64_t monotonic, int64_t *ahead_ms);

#endif
