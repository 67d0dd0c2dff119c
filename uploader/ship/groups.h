/*
 * groups -- refused batches of one kind, status and code rest as one: whatever refuses one of them refuses them all, as
 * far as is known. While a group rests, one of its batches is tried for each rest, as its representative. When that one
 * is taken, the group is open: each of the others may be tried once, until more of them are refused than are taken.
 * Pure.
 */
#ifndef UPLOADER_SHIP_GROUPS_H
#define UPLOADER_SHIP_GROUPS_H

#include "uploader/batch/batch.h"
#include "uploader/batch/cause.h"
#include "uploader/ship/rest.h"

/* At most this many causes are told apart. All others of a kind are one group, so a server cannot make more of them. */
#define GROUPS_TOLD_APART 32
#define GROUPS_MAX        (GROUPS_TOLD_APART + BATCH_KIND_COUNT)

struct group {
    int members; /* 0: the place is free */
    enum batch_kind kind;
    struct cause cause; /* of the first member; in the groups of all others it says nothing */
    struct rest rest;   /* well: the group is open */
    int opening;        /* how often it has been opened, with */
    int taken, refused; /* since it was opened */
    int64_t since;      /* monotonic: when its first member was set aside */
    int64_t turn;       /* when it was its turn the last time: the number of a try */
};

struct groups {
    struct group list[GROUPS_MAX];
};

/* The group for this cause, a new one if there is none. Its caller counts the member in. */
struct group *groups_find(struct groups *groups, enum batch_kind kind, const struct cause *cause,
                          int64_t now);

/* A member that was tried has been taken; or it, or the batch that the group was made for, was refused. */
void group_note_taken(struct group *group, const struct rest_try *a_try, int64_t now);
void group_note_refused(struct group *group, const struct rest_try *a_try, uint32_t any, int64_t now);

/*
 * After each of these: the group rests again if more were refused than taken, or if there is none that may still be
 * tried: `has_others` false. `any`: a random number.
 */
void group_close(struct group *group, bool has_others, uint32_t any, int64_t now);

#endif
