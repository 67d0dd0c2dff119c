/* reception -- see reception.h. */
#include "collector/reception.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framer.h"
#include "collector/group.h"
#include "collector/validator.h"
#include "common/buf.h"
#include "common/log.h"

struct reception {
    const char *element;
    size_t max_message;
    struct intake *intake;
    struct validator *validator;
    char *buffer;
    struct reception_counts counts;
    uint64_t unlogged[REJECT_REASON_COUNT]; /* rejects that no log line has told of yet */
};

struct reception *reception_new(const char *element, size_t max_message, struct intake *intake)
{
    struct reception *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->element = element;
    r->max_message = max_message;
    r->intake = intake;
    r->validator = validator_new();
    r->buffer = malloc(RECEPTION_READ_BYTES);
    if (!r->buffer) abort();
    return r;
}

void reception_free(struct reception *r)
{
    if (!r) return;
    validator_free(r->validator);
    free(r->buffer);
    free(r);
}

struct framer *reception_new_framer(const struct reception *r)
{
    return framer_new(r->element, r->max_message);
}

char *reception_buffer(struct reception *r)
{
    return r->buffer;
}

static struct slice text_slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void add_reject(struct reception *r, const struct frame *frame, enum reject_reason reason,
                       const char *detail, const char *source, int64_t received_at)
{
    struct reject reject = {
        .received_at = received_at,
        .source = text_slice(source),
        .reason = reason,
        .detail = text_slice(detail),
        .bytes = frame->true_len,
        .payload = {frame->data, frame->len},
    };
    group_add_reject(intake_filling(r->intake), &reject);
    r->counts.rejects++;
    r->unlogged[reason]++;
}

static void add_event(struct reception *r, const struct frame *frame, const struct verdict *verdict,
                      const char *source, int64_t received_at)
{
    struct event event = {
        .received_at = received_at,
        .source = text_slice(source),
        .bytes = frame->len,
        .payload = verdict->payload,
    };
    memcpy(event.fields, verdict->fields, sizeof event.fields);
    group_add_event(intake_filling(r->intake), &event);
    r->counts.events++;
}

void reception_take(struct reception *r, const struct frame *frame, const char *source, int64_t received_at)
{
    struct verdict verdict;
    if (!frame->is_event) {
        add_reject(r, frame, frame->reason, frame->detail, source, received_at);
        return;
    }
    validator_check(r->validator, frame->data, frame->len, frame->encoding, &verdict);
    if (verdict.is_valid)
        add_event(r, frame, &verdict, source, received_at);
    else
        add_reject(r, frame, verdict.reason, verdict.detail, source, received_at);
}

void reception_log_rejects(struct reception *r)
{
    struct buf fields = BUF_EMPTY;
    for (int i = 0; i < REJECT_REASON_COUNT; i++) {
        if (r->unlogged[i] == 0) continue;
        buf_append_format(&fields, "%s%s=%" PRIu64, fields.len > 0 ? " " : "",
                          reject_reason_name((enum reject_reason)i), r->unlogged[i]);
        r->unlogged[i] = 0;
    }
    if (fields.len > 0) log_warn("rejects arrived", "%.*s", (int)fields.len, fields.data);
    buf_fini(&fields);
}

struct reception_counts reception_counts(const struct reception *r)
{
    return r->counts;
}
