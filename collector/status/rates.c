/* rates -- see rates.h. */
#include "collector/status/rates.h"

#include <string.h>

#define MINUTE_MS 60000

void rates_add(struct rates *rates, const struct status *status, int64_t at)
{
    const struct rates_sample *last = &rates->samples[rates->newest];
    if (last->at > 0 && at - last->at < RATES_STEP_MS) return;
    rates->newest = last->at > 0 ? (rates->newest + 1) % RATES_SAMPLES : 0;
    struct rates_sample *sample = &rates->samples[rates->newest];
    sample->at = at;
    sample->count = status->sender_count;
    for (size_t i = 0; i < status->sender_count; i++) {
        const struct status_sender *from = &status->senders[i];
        struct rates_sender *to = &sample->senders[i];
        memcpy(to->sender, from->sender, sizeof to->sender);
        memcpy(to->source, from->source, sizeof to->source);
        to->events = from->events;
    }
}

/* NULL: there is none yet. */
static const struct rates_sample *oldest(const struct rates *rates)
{
    const struct rates_sample *found = NULL;
    for (size_t i = 0; i < RATES_SAMPLES; i++) {
        const struct rates_sample *sample = &rates->samples[i];
        if (sample->at > 0 && (!found || sample->at < found->at)) found = sample;
    }
    return found;
}

/* What the sender had sent then; -1: it was not among those with the most events. */
static int64_t events_then(const struct rates_sample *sample, const struct status_sender *sender)
{
    for (size_t i = 0; i < sample->count; i++)
        if (strcmp(sample->senders[i].sender, sender->sender) == 0 &&
            strcmp(sample->senders[i].source, sender->source) == 0)
            return sample->senders[i].events;
    return sample->count < STATUS_SENDERS_MAX ? 0 : -1;
}

void rates_copy(const struct rates *rates, const struct status *status, int64_t at,
                int64_t events_per_minute[STATUS_SENDERS_MAX])
{
    const struct rates_sample *sample = oldest(rates);
    int64_t passed_ms = sample ? at - sample->at : 0;
    for (size_t i = 0; i < status->sender_count; i++) {
        int64_t then = sample ? events_then(sample, &status->senders[i]) : -1;
        int64_t sent = status->senders[i].events - then;
        if (then < 0 || passed_ms < RATES_STEP_MS / 2)
            events_per_minute[i] = -1;
        else
            events_per_minute[i] = sent > 0 ? (sent * MINUTE_MS + passed_ms / 2) / passed_ms : 0;
    }
}
