/* refusals -- see refusals.h. */
#include "collector/net/refusals.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static const char remedy[] = "if it is one of yours, add it to ALLOW_FROM";

/* False: it stands in the list already, or the list is full. */
static bool note_new(struct refusals *refusals, const char *source)
{
    for (size_t i = 0; i < refusals->source_count; i++)
        if (strcmp(refusals->sources[i], source) == 0) return false;
    if (refusals->source_count == REFUSALS_SOURCES) return false;
    (void)snprintf(refusals->sources[refusals->source_count++], EVENT_SOURCE_MAX, "%s", source);
    return true;
}

void refusals_add(struct refusals *refusals, const char *source, int64_t now)
{
    if (note_new(refusals, source)) {
        log_warn("a sender is refused: ALLOW_FROM does not name it", "source=%s remedy=%s", source,
                 LOG_QUOTE(remedy));
        refusals->logged_at = now;
        return;
    }
    (void)snprintf(refusals->last, sizeof refusals->last, "%s", source);
    refusals->untold++;
    refusals_log(refusals, now);
}

void refusals_log(struct refusals *refusals, int64_t now)
{
    if (refusals->untold == 0 || now - refusals->logged_at < REFUSALS_PERIOD_MS) return;
    log_warn("more senders were refused: ALLOW_FROM does not name them",
             "refused=%" PRId64 " last_source=%s remedy=%s", refusals->untold, refusals->last,
             LOG_QUOTE(remedy));
    refusals->untold = 0;
    refusals->logged_at = now;
}
