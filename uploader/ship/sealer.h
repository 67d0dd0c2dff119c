/*
 * sealer -- seals batches as the current settings have them: when the next one is due, what shapes its bytes, which key
 * it gets.
 */
#ifndef UPLOADER_SHIP_SEALER_H
#define UPLOADER_SHIP_SEALER_H

#include "uploader/batch/object_key.h"
#include "uploader/ship/due.h"
#include "uploader/spool/spool.h"

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
};

/* Seals the next batch of the kind if it is due; due.h explains `flush_id`. */
MUST_CHECK enum result sealer_seal_due(const struct sealer *sealer, enum batch_kind kind, int64_t flush_id,
                                       struct due_watch *watch, bool *is_sealed, struct why *why);

/*
 * Unseals the newest batches of the kind, if nothing of them can be in the store and the current settings would make
 * another object of them: they will be sealed anew. `is_on` false: the kind is no longer shipped, so none stays sealed.
 */
MUST_CHECK enum result sealer_review(const struct sealer *sealer, enum batch_kind kind, bool is_on,
                                     struct why *why);

#endif
