/* refusals -- see refusals.h. */
#include "collector/net/refusals.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static const char remedy[] = "if this sender is yours, add its address to ALLOW_FROM";

/* Adds the address to the list. False if it is in the list already, or the list is full. */
static bool add_source(struct refusals *refusals, const char *source)
{
    for (size_t i = 0; i < refusals->source_count; i++)
        if (strcmp(refusals->sources[i], source) == 0) return false;
    if (refusals->source_count == REFUSALS_SOURCES) return false;
    (void)snprintf(refusals->sources[refusals->source_count++], EVENT_SOURCE_MAX, "%s", source);
    return true;
}

void refusals_add(struct refusals *refusals, const char *source, int64_t now)
{
    if (add_source(refusals, source)) {
        log_warn("a sender is refused: ALLOW_FROM does not name it", "source=%s remedy=%s", source,
                 LOG_QUOTE(remedy));
        refusals->logged_at = now;
        return;
    }
    (void)snprintf(refusals->last, sizeof refusals->last, "%s", source);
    refusals->unlogged++;
    refusals_log(refusals, now);
}

void refusals_log(struct refusals *refusals, int64_t now)
{
    if (refusals->unlogged == 0 || now - refusals->logged_at < REFUSALS_PERIOD_MS) return;
    log_warn("more senders were refused: ALLOW_FROM does not name them",
             "refused=%" PRId64 " last_source=%s remedy=%s", refusals->unlogged, refusals->last,
             LOG_QUOTE(remedy));
    refusals->unlogged = 0;
    refusals->logged_at = now;
}
