/*
 * state -- what has become of a batch, and which steps are possible. Pure; batch_move() (batch.h) takes them.
 *
 *   sealed --> shipped            the object is there, with these bytes
 *     |  ^ \
 *     v  |  `-> superseded        its rows live on in others: cut again, resealed, an incident
 *   blocked  \                    the store refuses it: a person is told what to do, and it is tried again
 *             `-> abandoned       a person gave its rows up; the person may take that back, as long as they are there
 */
#ifndef UPLOADER_BATCH_STATE_H
#define UPLOADER_BATCH_STATE_H

#include <stdbool.h>

enum batch_state { BATCH_SEALED, BATCH_BLOCKED, BATCH_SHIPPED, BATCH_SUPERSEDED, BATCH_ABANDONED };

/* The name that the spool uses. */
const char *batch_state_name(enum batch_state state);

/* Is a batch in this state still to be shipped? */
bool batch_state_is_open(enum batch_state state);

/* May a batch go from one state to the other? To stay where it is is no step. */
bool batch_state_may_become(enum batch_state state, enum batch_state next);

#endif
