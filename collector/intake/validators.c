/*
 * validators -- see validators.h. Each thread has a validator of its own. libxml2 needs memory for a large event, so
 * large ones are validated one at a time.
 */
#include "collector/intake/validators.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/validator.h"
#include "collector/intake/chunk.h"
#include "collector/intake/replacements.h"
#include "common/clock.h"
#include "common/thread.h"
#include "common/turn.h"

#define LARGE_BYTES ((size_t)256 << 10)
#define NAME_SIZE   24 /* of a thread's name with its terminator */

struct validating {
    struct validators *all;
    pthread_t thread;
    char name[NAME_SIZE];
    struct turn turn; /* with one chunk */
};

struct validators {
    pthread_mutex_t large; /* held while a large event is validated */
    struct intake *intake;
    const struct validator_options *options;
    struct replacements *replacements;
    struct validating threads[VALIDATORS_MAX];
    int count;
};

static void note_replaced(struct chunk *chunk, const struct item *item, size_t count)
{
    if (count == 0) return;
    chunk->replaced += count;
    chunk->replaced_source = item->origin->source;
}

/* A payload that was changed lies in the validator's memory: a large one is taken over, others are copied. */
static struct slice keep_changed(struct validator *validator, struct group *group, struct slice payload)
{
    struct buf memory = BUF_EMPTY;
    if (payload.len <= LARGE_BYTES || !validator_give(validator, payload, &memory))
        return group_copy(group, payload);
    group_adopt(group, memory.data, memory.capacity);
    return (struct slice){memory.data, payload.len};
}

static void validate(struct validator *validator, struct chunk *chunk, struct item *item)
{
    struct group *group = chunk->group;
    struct validator_input input = {item->data, item->len, item->origin->encoding.data,
                                    item->origin->namespaces.data, item->is_terminated};
    struct verdict verdict;
    validator_check(validator, &input, &verdict);
    if (!verdict.is_valid) {
        group_make_reject(group, item, verdict.reason,
                          (struct slice){verdict.detail, strlen(verdict.detail)});
        return;
    }
    note_replaced(chunk, item, verdict.replaced);
    group_make_event(group, item, verdict.fields);
    if (verdict.payload.data == item->data) return;
    struct slice payload = keep_changed(validator, group, verdict.payload);
    group_release(group, item->data);
    item->data = payload.data;
    item->len = (uint32_t)payload.len;
}

void validators_check_chunk(struct validator *validator, struct chunk *chunk, pthread_mutex_t *large)
{
    for (size_t i = 0; i < chunk->group->item_count; i++) {
        struct item *item = &chunk->group->items[i];
        bool is_large = item->len > LARGE_BYTES;
        if (item->kind != ITEM_FRAME) continue;
        if (is_large && large) (void)pthread_mutex_lock(large);
        validate(validator, chunk, item);
        if (is_large) validator_trim(validator);
        if (is_large && large) (void)pthread_mutex_unlock(large);
    }
    chunk_note_validated(chunk);
    validator_trim(validator);
}

static void *run(void *context)
{
    struct validating *self = context;
    struct validators *v = self->all;
    struct validator *validator = validator_new(v->options);
    struct chunk *chunk = NULL;
    while ((chunk = intake_take_unvalidated(v->intake))) {
        turn_begin(&self->turn, self->name);
        validators_check_chunk(validator, chunk, &v->large);
        if (chunk->replaced > 0)
            replacements_add(v->replacements, chunk->replaced, chunk->replaced_source, clock_monotonic_ms());
        intake_validated(v->intake, chunk);
        turn_end(&self->turn);
    }
    validator_free(validator);
    return NULL;
}

/* The cores that this process may use: a container may allow fewer than the machine has. */
static int count_cores(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count < VALIDATORS_MAX ? count : VALIDATORS_MAX;
}

static int start_thread(struct validators *v)
{
    struct validating *next = &v->threads[v->count];
    next->all = v;
    (void)snprintf(next->name, sizeof next->name, "validator %u", (unsigned)v->count % VALIDATORS_MAX + 1);
    return thread_start(&next->thread, "validator", run, next);
}

enum result validators_start(struct validators **out, struct intake *intake,
                             const struct validator_options *options, struct replacements *replacements,
                             struct why *why)
{
    struct validators *v = calloc(1, sizeof *v);
    int wanted = count_cores();
    int code = 0;
    if (!v) abort();
    pthread_mutex_init(&v->large, NULL);
    v->intake = intake;
    v->options = options;
    v->replacements = replacements;
    *out = v;
    while (v->count < wanted && code == 0) {
        code = start_thread(v);
        v->count += code == 0;
    }
    if (v->count > 0) return RES_OK; /* fewer threads do the same work */
    free(v);
    *out = NULL;
    return why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
}

void validators_join(struct validators *v)
{
    if (!v) return;
    for (int i = 0; i < v->count; i++) (void)pthread_join(v->threads[i].thread, NULL);
    pthread_mutex_destroy(&v->large);
    free(v);
}

int64_t validators_longest_busy(struct validators *v, const char **name)
{
    int64_t longest_ms = 0;
    for (int i = 0; i < v->count; i++) {
        const char *call = NULL;
        int64_t lasts_ms = turn_lasts(&v->threads[i].turn, &call);
        if (lasts_ms <= longest_ms) continue;
        longest_ms = lasts_ms;
        *name = v->threads[i].name;
    }
    return longest_ms;
}
