/*
 * check_prefix -- `uploader check`, for one prefix: what its document proves, what it does not, and what that costs.
 */
#ifndef UPLOADER_COMMANDS_CHECK_PREFIX_H
#define UPLOADER_COMMANDS_CHECK_PREFIX_H

#include "uploader/store/check_document.h"

/* All pointers are borrowed. */
struct check_prefix_job {
    const char *prefix;
    enum batch_kind kind;
    enum batch_format format;
    const struct spool_identity *identity;
    const char *encryption; /* that S3_SSE asks for; "": none */
    bool is_read_only;
};

/*
 * Prints what was found. False: `run` could not ship under this prefix. A destination that can neither be proven nor
 * disproven is a note: `run` would work, as far as is known. `*is_dead`: the server itself does not answer, so that there
 * is no need to ask it again.
 */
bool check_prefix(struct store *store, const struct check_prefix_job *job, bool *is_dead);

#endif
