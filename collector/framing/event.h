/*
 * event -- one event and one reject as values, as they travel from the validator to the spool.
 *
 * Plain views: nothing here owns memory. In a group (collector/intake/group.h) the bytes lie in the group's arena; elsewhere
 * the maker says how long they live.
 */
#ifndef COLLECTOR_FRAMING_EVENT_H
#define COLLECTOR_FRAMING_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_FIELD_MAX  256 /* bytes of one column's value; a longer one is cut at a character */
#define EVENT_SOURCE_MAX 64  /* a numeric IPv6 address with its scope fits */

enum reject_reason {
    REJECT_MALFORMED,
    REJECT_OVERSIZE,
    REJECT_DOCTYPE,
    REJECT_ENCODING,
    REJECT_CUT_OFF,
    REJECT_STRAY_BYTES,
    REJECT_LOOKS_LIKE_HTTP,
    REJECT_LOOKS_LIKE_TLS,
    REJECT_TOO_DEEP,
    REJECT_REASON_COUNT
};

/* The word that the spool, the objects and the metrics use. */
const char *reject_reason_name(enum reject_reason reason);

struct slice {
    const char *data; /* NULL: absent */
    size_t len;
};

/* The columns that the event's own child elements fill. */
enum event_field { EVENT_UID, EVENT_NAME, EVENT_TIME, EVENT_SENDER, EVENT_SOURCE_NAME, EVENT_FIELD_COUNT };

struct event {
    int64_t received_at;
    struct slice source; /* the sender's address */
    struct slice fields[EVENT_FIELD_COUNT];
    size_t bytes;         /* as received, before any transcoding */
    struct slice payload; /* well-formed UTF-8, without its XML declaration */
};

struct reject {
    int64_t received_at;
    struct slice source;
    enum reject_reason reason;
    struct slice detail;  /* a sentence for a person; no payload text in it */
    uint64_t bytes;       /* true length */
    struct slice payload; /* the bytes that came, the first of them where that was too many */
};

#endif
