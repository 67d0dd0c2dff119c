/*
 * admission -- which sender may be read now, how much of it, and whose unfinished event is given up so that the others
 * can go on. Pure: no sockets, and the time is given by the caller.
 *
 * Connections, unfinished events and what is on its way to the disk stay within INTAKE_MEMORY; a quarter of it is left to
 * the latter. A sender is *safe* while what is free suffices for the rest of a largest event behind what it has sent
 * already; one that holds nothing is safe while a whole MAX_MESSAGE_SIZE is free. Only safe senders are read. Reading
 * leaves the sender that is read safe, so there is always one that can go on to the end of its event, whatever the others
 * have sent; then its memory is free, and the next one is safe. So that small events need not wait for large ones, a
 * sender that holds little is also read while all large ones that are safe stay so, and half a MAX_MESSAGE_SIZE free.
 *
 * A strip of the memory (strip.h) is for those that hold little, whatever the large ones hold: it is no part of what is
 * free for large ones, and little ones take nothing else as long as they find room in it. A sender grows from little to
 * large only while it is safe as a large one. No address can take all of the strip.
 *
 * A safe sender that sends nothing is in the way only where senders wait with bytes and none of these is safe. Then the
 * oldest safe one has the turn: its event is given up if, since they wait, it has sent nothing for ADMISSION_QUIET_MS, or
 * less than ADMISSION_LIVE_BYTES in ADMISSION_SLOW_MS of its turn. A sender that is not read is never slow: what it sends
 * waits, and is read before its turn begins. An event that is larger than MAX_MESSAGE_SIZE has ADMISSION_QUIET_MS in all.
 * And of the others that hold more than little, each that has sent nothing for ADMISSION_QUIET_MS since somebody waits is
 * given up, the largest first, until somebody can go on: so a live one with the turn does not shield those that are not.
 * Where the strip has no room for a little one, the oldest one in it of which no bytes wait is in the way, from then on or
 * since its event began, or since bytes of it waited: after ADMISSION_SLOW_MS it is given up. Where it is only the share
 * of an address that has none, it is the oldest one of that address.
 */
#ifndef COLLECTOR_NET_ADMISSION_H
#define COLLECTOR_NET_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "collector/net/strip.h"

#define ADMISSION_QUIET_MS   5000
#define ADMISSION_SLOW_MS    10000
#define ADMISSION_LIVE_BYTES ((size_t)64 << 10)
#define ADMISSION_READ_MIN   ((size_t)4 << 10) /* a sender that may be read may send at least so much */
/* What a largest event may take besides its bytes: memory grows in steps, and there are wrappers. */
#define ADMISSION_MARGIN ((size_t)96 << 10)

struct admission_options {
    size_t memory_bytes;      /* INTAKE_MEMORY */
    size_t max_message_bytes; /* MAX_MESSAGE_SIZE */
    size_t read_room_bytes;   /* the most that one read takes on its way to the disk, however long it is */
};

/* All senders of one address; the caller has the memory, and it outlives them. */
struct admission_source {
    struct strip_source strip;
    int64_t kept_waiting_ms; /* when its share of the strip was last too small; clock of reading */
};

/* One sender; the caller has the memory. */
struct admission_sender {
    struct admission_source *source;
    size_t fixed_bytes; /* of the connection */
    size_t held_bytes;  /* of something unfinished */
    bool is_waiting;    /* it has sent bytes that are not read yet */
    bool is_too_large;  /* the caller's: what it holds is the beginning of a reject, whatever comes */
    int64_t began_ms;   /* what it holds, or when its bytes last waited; clock of reading */
    int64_t heard_ms;   /* when bytes of it were read; clock of reading */
    TAILQ_ENTRY(admission_sender) by_age;
    TAILQ_ENTRY(admission_sender) in_waiting;
    TAILQ_ENTRY(admission_sender) in_large;
};

TAILQ_HEAD(admission_list, admission_sender);

struct admission {
    struct admission_options options;
    struct admission_list waiting;          /* those that are */
    struct admission_list holders;          /* those with something unfinished, the oldest first */
    struct admission_list large;            /* of these, those that hold more than little */
    struct admission_sender *oldest_safe;   /* of these, or the oldest of all; NULL: nobody holds anything */
    struct admission_sender *oldest_little; /* NULL: nobody holds so little */
    size_t needs_bytes;                     /* free, so that each that is safe can go on to its end */
    size_t fixed_bytes, held_bytes;
    struct strip strip;
    size_t on_its_way_bytes;
    bool is_empty; /* nothing is on its way */

    int64_t now_ms;  /* at the last admission_advance() */
    int64_t read_ms; /* the clock that goes on only while senders are read */
    bool was_reading;

    const struct admission_sender *turn; /* NULL: nobody is in the way */
    int64_t turn_heard_ms,
        turn_slow_ms; /* its last byte, and since when `turn_bytes` are counted; clock of reading */
    size_t turn_bytes;
    bool is_waiting;           /* senders wait with bytes, and none of these may be read */
    int64_t waiting_ms;        /* since when; clock of reading */
    bool is_little_waiting;    /* a little one is kept waiting for the strip */
    int64_t little_waiting_ms; /* since when; clock of reading */
};

void admission_init(struct admission *admission, const struct admission_options *options, int64_t now_ms);

/*
 * Time has passed. `is_reading`: senders that may be read are read from now on. To be called when that changes, and at
 * least once a second while senders wait: of a longer step one second counts.
 */
void admission_advance(struct admission *admission, int64_t now_ms, bool is_reading);

/* What is on its way to the disk, with the work that it makes; `is_empty`: it is only memory that is kept for later. */
void admission_note_on_its_way(struct admission *admission, size_t bytes, bool is_empty);

/* A sender is there, with all its fields 0, or gone. The fields of a source are 0 when its first sender comes. */
void admission_add(struct admission *admission, struct admission_sender *sender,
                   struct admission_source *source, size_t fixed_bytes);
void admission_remove(struct admission *admission, struct admission_sender *sender);

/* It belongs to another source from now on. */
void admission_set_source(struct admission *admission, struct admission_sender *sender,
                          struct admission_source *source);

/* It has sent bytes that are not read yet, or they have been read. */
void admission_set_waiting(struct admission *admission, struct admission_sender *sender, bool is_waiting);

/*
 * `read_bytes` were read of it (0: something else has happened). It holds `held_bytes` now, and `fixed_bytes` for the
 * connection. `is_new`: what it holds has begun just now.
 */
void admission_note(struct admission *admission, struct admission_sender *sender, size_t read_bytes,
                    size_t held_bytes, size_t fixed_bytes, bool is_new);

/* At most how many bytes of it may be read now; 0: none. */
size_t admission_may_read(const struct admission *admission, const struct admission_sender *sender);

/* Is memory so short that a sender that holds nothing is not safe? */
bool admission_is_short(const struct admission *admission);

/* Is there room on the way to the disk, so that those are read that may be? */
bool admission_has_room(const struct admission *admission);

/* Of the senders that hold something, wait and may be read, the oldest; NULL: none. */
struct admission_sender *admission_next(struct admission *admission);

/*
 * The sender whose unfinished event has to be given up now; NULL: nobody. To be asked once all senders have been read that
 * may be: those that still wait may not.
 */
struct admission_sender *admission_find_slow(struct admission *admission);

#endif
