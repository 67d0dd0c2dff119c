/*
 * sealer -- seals batches as the current settings have them: when the next one is due, what shapes its bytes, which key
 * it gets.
 */
#ifndef UPLOADER_SHIP_SEALER_H
#define UPLOADER_SHIP_SEALER_H

#include "common/turn.h"
#include "uploader/batch/object_key.h"
#include "uploader/ship/due.h"
#include "uploader/spool/resolve.h"

struct sealer_options {
    int64_t rotation_ms, max_file_bytes; /* a batch is due after so long, or when it is so large */
    const char *prefix;                  /* of keys; ends in a slash */
    const char *rejects_prefix;          /* likewise; NULL: rejects are not shipped */
    enum date_folders date_folders;
    enum batch_format format; /* of events */
    bool has_metadata;        /* events: EVENT_METADATA */
    bool is_gzip;             /* COMPRESSION */
    bool is_pretty;           /* events: PRETTY_PRINT_JSON */
    bool omits_payload;       /* rejects: REJECTS_PAYLOAD */
    const char *drop_fields;  /* of events, as drop.h has it; NULL: none */
};

/* All are borrowed, as are the options' texts. */
struct sealer {
    struct sealer_options options;
    struct spool_out *spool;
    const char *destination;
    struct turn *
        turn; /* of the thread that owns the spool; renewed with each batch that is reviewed; NULL: not watched */
};

/* What waited when a batch was to be sealed. */
struct seal_outcome {
    bool is_sealed;       /* else none was due, and the rest is 0 */
    int64_t sealed_bytes; /* of the batch, */
    int64_t left_bytes;   /* and of what waits behind it */
    int64_t oldest_at;    /* when its first row was received, in ms since 1970 */
};

/* Seals the next batch of the kind if it is due; due.h explains `flush_id`. */
MUST_CHECK enum result sealer_seal_due(const struct sealer *sealer, enum batch_kind kind, int64_t flush_id,
                                       struct due_watch *watch, struct seal_outcome *outcome,
                                       struct why *why);

/*
 * Cuts one batch again under the current settings, if it is to be shipped and surely not stored; else the parts' count
 * is 0. The kind must be one that is shipped.
 *   RES_REFUSE   rows are missing (replace.h)
 */
MUST_CHECK enum result sealer_cut_again(const struct sealer *sealer, struct batch *batch,
                                        struct cut_parts *parts, struct why *why);

/*
 * Does what a person has decided about a batch (spool_resolve()); a reseal is under the current settings. They decide
 * order->ships_rejects, too.
 */
MUST_CHECK enum result sealer_resolve(const struct sealer *sealer, const struct resolve_order *order,
                                      struct resolve_decision *decision, struct cut_parts *parts,
                                      struct why *why);

/*
 * Once after a start: cuts again what is to be shipped, is surely not stored, and would be sealed differently now or is
 * larger than a batch may be now. `is_on` false: the kind is not shipped now, so all stays as it is.
 */
MUST_CHECK enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on,
                                     struct why *why);

#endif
