/* outage -- see outage.h. */
#include "uploader/ship/outage.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "uploader/ship/backoff.h"

static const struct backoff when_busy = {500, 30000};     /* the store is away */
static const struct backoff when_refused = {5000, 60000}; /* a person must act, without a restart */

bool outage_needs_person(enum store_answer answer)
{
    return answer == STORE_REFUSED || answer == STORE_CONFLICT;
}

int64_t outage_pause_ms(enum store_answer answer, int failures, int64_t requested_ms)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0) random = (uint32_t)clock_monotonic_ms();
    int64_t pause_ms = backoff_ms(outage_needs_person(answer) ? &when_refused : &when_busy, failures, random);
    return pause_ms > requested_ms ? pause_ms : requested_ms;
}

void outage_log(const char *what, const struct why *why)
{
    log_warn("upload failed; it will be tried until it succeeds", "%s why=%s remedy=%s", what,
             LOG_QUOTE(why->text), LOG_QUOTE(*why->remedy ? why->remedy : "none needed: waiting"));
}

bool outage_add(struct outage *outage, enum store_answer answer, int64_t requested_ms, const struct why *why,
                int64_t began, const char *what)
{
    int64_t now = clock_monotonic_ms();
    /* The texts hold changing figures, so news is: another one must act, or in another way. */
    bool is_news = outage->failures == 0 ||
                   outage_needs_person(outage->answer) != outage_needs_person(answer) ||
                   strcmp(outage->why.remedy, why->remedy) != 0;
    if (outage->failures == 0) outage->since = now;
    /* Uploads that were running at the same time count as one failure. */
    if (outage->failures == 0 || began >= outage->failed_at) outage->failures++;
    int64_t next_try_at = now + outage_pause_ms(answer, outage->failures, requested_ms);
    if (next_try_at > outage->next_try_at || began >= outage->failed_at) outage->next_try_at = next_try_at;
    outage->failed_at = now;
    outage->answer = answer;
    outage->why = *why;
    if (is_news) outage_log(what, why);
    return is_news;
}

bool outage_end(struct outage *outage)
{
    if (outage->failures == 0) return false;
    log_info("upload succeeded; outage over", "after_ms=%" PRId64, clock_monotonic_ms() - outage->since);
    *outage = (struct outage){0};
    return true;
}

void outage_probe(struct outage *outage)
{
    if (outage->failures > 0) outage->next_try_at = clock_monotonic_ms() + when_busy.most_ms;
}

bool outage_is_waiting(const struct outage *outage)
{
    return outage->failures > 0 && clock_monotonic_ms() < outage->next_try_at;
}
