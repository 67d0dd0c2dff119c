/*
 * validators -- the threads that validate frames: one for each core, at most VALIDATORS_MAX.
 *
 * Each takes the next chunk of the intake, turns its frames into events and rejects in their place, and gives the chunk
 * back. The intake keeps the order of chunks. A large frame is validated by one thread at a time.
 */
#ifndef COLLECTOR_INTAKE_VALIDATORS_H
#define COLLECTOR_INTAKE_VALIDATORS_H

#include <pthread.h>
#include <stdint.h>

#include "collector/intake/intake.h"

#define VALIDATORS_MAX 4

struct validators;
struct chunk;             /* collector/intake/chunk.h */
struct replacements;      /* collector/intake/replacements.h */
struct validator;         /* collector/framing/validator.h */
struct validator_options; /* the same */

/*
 * Borrows all that it gets, and what the options point to, until validators_join(). RES_BROKEN if not even one thread
 * can be started; then `*validators` is NULL.
 */
MUST_CHECK enum result validators_start(struct validators **validators, struct intake *intake,
                                        const struct validator_options *options,
                                        struct replacements *replacements, struct why *why);

/*
 * What each thread does with a chunk: its frames become the events and rejects of its group, in their place, and it
 * counts what was replaced. `large` is held while a large frame is validated; NULL if no other thread validates.
 */
void validators_check_chunk(struct validator *validator, struct chunk *chunk, pthread_mutex_t *large);

/*
 * A sign of life, from any thread: the thread that has been busy with one chunk for longest; for how long (ms), and its
 * name, borrowed until validators_join(). 0: all wait.
 */
int64_t validators_longest_busy(struct validators *validators, const char **name);

/* To be called after intake_finish(): waits until all chunks have been validated, and frees. Accepts NULL. */
void validators_join(struct validators *validators);

#endif
