/*
 * event -- one event and one reject as values, from the validator to the spool.
 *
 * Nothing here owns memory. In a group (collector/intake/group.h) the bytes live as long as the group; elsewhere the
 * function that fills in the value says how long they live.
 */
#ifndef COLLECTOR_FRAMING_EVENT_H
#define COLLECTOR_FRAMING_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_FIELD_MAX 256 /* bytes of one column's value; a longer value is cut between characters */
/* Bytes of a sender's address with its terminator: a numeric IPv6 address with its scope fits */
#define EVENT_SOURCE_MAX 64

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
    REJECT_UNKNOWN_ELEMENT,
    REJECT_REASON_COUNT
};

/* The word that the spool, the objects and the metrics use; a constant. */
const char *reject_reason_name(enum reject_reason reason);

struct slice {
    const char *data; /* NULL: absent */
    size_t len;
};

/* The columns that the event's own child elements fill. */
enum event_field { EVENT_UID, EVENT_NAME, EVENT_TIME, EVENT_SENDER, EVENT_SOURCE_NAME, EVENT_FIELD_COUNT };

struct event {
    int64_t received_at; /* ms since 1970 */
    struct slice source; /* the sender's address */
    struct slice fields[EVENT_FIELD_COUNT];
    size_t bytes;         /* as received, before any transcoding */
    struct slice payload; /* well-formed UTF-8, without its XML declaration */
};

struct reject {
    int64_t received_at; /* ms since 1970 */
    struct slice source; /* the sender's address */
    enum reject_reason reason;
    struct slice detail; /* a sentence for a person; no payload text in it */
    uint64_t bytes;      /* as received, also if the payload is shorter */
    /* What a retry needs to read the payload; text, absent or empty for none. */
    struct slice encoding;   /* as decided when it was received */
    struct slice namespaces; /* declarations of the wrappers around it, as in a start tag */
    struct slice payload;    /* the bytes received; only the first of them if they were too many to keep */
};

#endif
