/*
 * validators -- see validators.h. Each thread has a validator of its own. libxml2 needs several times the memory of a
 * large event, so large ones are validated one at a time.
 */
#include "collector/intake/validators.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/validator.h"
#include "collector/intake/chunk.h"
#include "collector/intake/replacements.h"
#include "common/clock.h"

#define LARGE_BYTES ((size_t)1 << 20)

struct validators {
    pthread_mutex_t large; /* held while a large event is validated */
    struct intake *intake;
    const struct validator_options *options;
    struct replacements *replacements;
    pthread_t threads[VALIDATORS_MAX];
    int count;
};

static void add_reject(struct group *group, const struct received_frame *received, enum reject_reason reason,
                       const char *detail)
{
    struct reject reject = {
        .received_at = received->received_at,
        .source = received->source,
        .reason = reason,
        .detail = {detail, strlen(detail)},
        .bytes = received->frame.true_len,
        .encoding = {received->frame.encoding, strlen(received->frame.encoding)},
        .namespaces = {received->frame.namespaces, strlen(received->frame.namespaces)},
        .payload = {received->frame.data, received->frame.len},
    };
    group_add_reject(group, &reject);
}

static void add_event(struct group *group, const struct received_frame *received,
                      const struct verdict *verdict)
{
    struct event event = {
        .received_at = received->received_at,
        .source = received->source,
        .bytes = received->frame.len,
        .payload = verdict->payload,
    };
    if (verdict->payload.data != received->frame.data) /* changed: it lies in the validator's memory */
        event.payload = group_copy(group, verdict->payload);
    memcpy(event.fields, verdict->fields, sizeof event.fields);
    group_add_event(group, &event);
}

static void note_replaced(struct chunk *chunk, const struct received_frame *received, size_t count)
{
    if (count == 0) return;
    chunk->replaced += count;
    chunk->replaced_source = received->source;
}

static void validate(struct validator *validator, struct chunk *chunk, const struct received_frame *received)
{
    struct group *group = chunk->group;
    const struct frame *frame = &received->frame;
    struct validator_input input = {frame->data, frame->len, frame->encoding, frame->namespaces};
    struct verdict verdict;
    if (!frame->is_event) {
        add_reject(group, received, frame->reason, frame->detail);
        return;
    }
    validator_check(validator, &input, &verdict);
    if (!verdict.is_valid) {
        add_reject(group, received, verdict.reason, verdict.detail);
        return;
    }
    note_replaced(chunk, received, verdict.replaced);
    add_event(group, received, &verdict);
}

void validators_check_chunk(struct validator *validator, struct chunk *chunk, pthread_mutex_t *large)
{
    for (size_t i = 0; i < chunk->frame_count; i++) {
        bool is_large = chunk->frames[i].frame.len > LARGE_BYTES;
        if (is_large && large) (void)pthread_mutex_lock(large);
        validate(validator, chunk, &chunk->frames[i]);
        if (is_large) validator_trim(validator);
        if (is_large && large) (void)pthread_mutex_unlock(large);
    }
    validator_trim(validator);
}

static void *run(void *context)
{
    struct validators *v = context;
    struct validator *validator = validator_new(v->options);
    struct chunk *chunk = NULL;
    while ((chunk = intake_take_unvalidated(v->intake))) {
        validators_check_chunk(validator, chunk, &v->large);
        if (chunk->replaced > 0)
            replacements_add(v->replacements, chunk->replaced, chunk->replaced_source, clock_monotonic_ms());
        intake_validated(v->intake, chunk);
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
        code = pthread_create(&v->threads[v->count], NULL, run, v);
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
    for (int i = 0; i < v->count; i++) (void)pthread_join(v->threads[i], NULL);
    pthread_mutex_destroy(&v->large);
    free(v);
}
