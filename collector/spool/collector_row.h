/*
 * collector_row -- what the collector keeps of itself in the spool, in the row `_collector`: which version has run since
 * when with which limits, for `status` and monitoring; and since when it has been listening, for the next process
 * (collector/gate/listening.h).
 *
 * The first is written once, as soon as the spool can be written; the second every now and then. The writer's thread
 * only.
 */
#ifndef COLLECTOR_SPOOL_COLLECTOR_ROW_H
#define COLLECTOR_SPOOL_COLLECTOR_ROW_H

#include "collector/gate/listening.h"
#include "common/why.h"

struct spool_in; /* collector/spool/append.h */

struct collector_facts {
    const char *version;
    int64_t started_at;     /* ms since 1970 */
    int64_t min_free_bytes; /* SPOOL_MIN_FREE */
    int64_t max_bytes;      /* SPOOL_MAX_SIZE */
    int64_t silence_ms;     /* SILENCE_ALERT; 0: nobody asks since when it has been listening */
};

struct collector_row { /* all zeros but for the first two before it is loaded */
    struct collector_facts facts;
    struct listening *listening; /* borrowed */
    bool has_reported;
    struct listening_span stored;
};

/*
 * Begins the listening with what the last process has left; before the gate can open.
 *   RES_RETRY   it cannot be read now
 */
MUST_CHECK enum result collector_row_load(struct collector_row *row, struct spool_in *spool, struct why *why);

/* Writes what is due; what cannot be written now stays due. To be called between groups, and now and then in between. */
void collector_row_update(struct collector_row *row, struct spool_in *spool);

#endif
