/*
 * group -- one array of items on their way into one transaction, with the memory they need.
 *
 * An item is what the framer has found: a frame that is still to be validated, which becomes an event or a reject in its
 * place, or a reject. Items of one sender that follow each other share what they have in common, so that many small
 * ones need little memory. The order of adding is the order of ids. Groups that wait together are chained by `next` and
 * committed together. Belongs to one thread at a time.
 */
#ifndef COLLECTOR_INTAKE_GROUP_H
#define COLLECTOR_INTAKE_GROUP_H

#include "collector/framing/event.h"

enum item_kind {
    ITEM_FRAME, /* to be validated; none is left when the group is complete */
    ITEM_EVENT,
    ITEM_REJECT,
};

/* What neighbours have in common. All texts are terminated, and never NULL. */
struct item_origin {
    int64_t received_at;     /* ms since 1970 */
    struct slice source;     /* the sender's address */
    struct slice encoding;   /* as decided when it was received */
    struct slice namespaces; /* declarations of the wrappers around it, as in a start tag */
};

struct item_fields; /* the texts of an event's columns */

struct item { /* 40 bytes; all that it points to belongs to the group, or is borrowed until it is cleared */
    const char *data;                 /* the payload; */
    uint64_t bytes;                   /* its length as received */
    const struct item_origin *origin; /* never NULL */
    union {
        const char *detail;               /* of a reject, terminated */
        const struct item_fields *fields; /* of an event; NULL: all are absent */
    };
    uint32_t len;       /* the payload's */
    uint8_t kind;       /* enum item_kind */
    uint8_t reason;     /* of a reject: enum reject_reason */
    bool is_terminated; /* a NUL stands behind the payload */
};

struct group {
    struct item *items; /* owned */
    size_t item_count;
    /* bytes read from senders that this group accounts for, whether an item came of them or not */
    uint64_t read_bytes;

    /* of the chain that begins with this group; given by the spool at the first try to commit it; 0: none yet */
    int64_t number;
    struct group *next; /* committed in the same transaction, after this one; not owned */
    /* the id of the reject that became this group's events and rejects, marked in the same transaction; 0: none */
    int64_t retry_of;
    /* that reject was retried, dismissed or purged meanwhile: nothing of this group was appended */
    bool is_void;

    size_t item_capacity;
    struct group_block *blocks; /* the copied bytes: a chain, newest first */
    size_t memory_bytes;        /* of the blocks and the items */
};

struct group *group_new(void);
void group_free(struct group *group); /* accepts NULL; frees this group alone, not its chain */

/* A copy of `bytes` that lives until the group is cleared. */
struct slice group_copy(struct group *group, struct slice bytes);

/* The group owns `memory`, of malloc(), from now on; `len` is what it counts for. */
void group_adopt(struct group *group, char *memory, size_t len);

/* Frees the adopted memory in which `data` lies: no item needs it any more. Does nothing if it was not adopted. */
void group_release(struct group *group, const char *data);

/*
 * Adds an item of `kind`. The texts of `origin`, and `detail` if it is one of a reject, are copied or shared with the
 * item before; `payload` is borrowed until the group is cleared.
 */
struct item *group_add(struct group *group, enum item_kind kind, struct slice payload, uint64_t bytes,
                       const struct item_origin *origin);

/* The item is an event now: `fields` are copied. */
void group_make_event(struct group *group, struct item *item, const struct slice fields[EVENT_FIELD_COUNT]);

/* The item is a reject now: `detail` is copied, or shared with the item before. */
void group_make_reject(struct group *group, struct item *item, enum reject_reason reason,
                       struct slice detail);

/* Gives a reject other namespaces, which are copied. */
void group_set_namespaces(struct group *group, struct item *item, struct slice namespaces);

/* Adds an event. Its fields and source are copied; its payload is borrowed until the group is cleared. */
void group_add_event(struct group *group, const struct event *event);

/* Adds a reject. All texts are copied; its payload is borrowed until the group is cleared. */
void group_add_reject(struct group *group, const struct reject *reject);

/* The item, which is one, as a value that lives as long as the group. */
struct event item_event(const struct item *item);
struct reject item_reject(const struct item *item);

size_t group_count_events(const struct group *group);
size_t group_count_rejects(const struct group *group);

/* Takes all rejects out of the group; their bytes stay in its memory. */
void group_drop_rejects(struct group *group);

/* Frees the memory of an empty group. */
void group_shrink(struct group *group);

/* Empties the group and takes it out of its chain; keeps a little memory for the next use. */
void group_clear(struct group *group);

#endif
