/*
 * sealer -- batches as the settings of now want them: when the next one is due, what shapes its bytes, which key it gets.
 */
#ifndef UPLOADER_SHIP_SEALER_H
#define UPLOADER_SHIP_SEALER_H

#include "uploader/settings.h"
#include "uploader/ship/due.h"
#include "uploader/spool/spool.h"
#include "uploader/store/store.h"

struct sealer {
    const struct settings *settings;
    struct spool_out *spool;
    const char *destination;
};

/* Seals the next batch of the kind if it is due: `flush_id` as due.h has it. */
MUST_CHECK enum result sealer_seal_due(const struct sealer *sealer, enum batch_kind kind, int64_t flush_id,
                                       struct due_watch *watch, bool *is_sealed, struct why *why);

/*
 * Takes the seal off the newest batches of the kind, where nothing of them can be in the store and the settings of now make
 * another object of them: they are sealed anew. `is_on` false: the kind does not travel any more, so none stays sealed.
 */
MUST_CHECK enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on,
                                     struct why *why);

#endif
