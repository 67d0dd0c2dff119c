/*
 * resolve -- a person's word on a batch that cannot go on by itself, as `uploader resolve` requests it: first a look at
 * what is there, for the person to decide by; then the word itself. A request can be repeated, whatever was killed: the
 * word is one transaction (uploader/spool/resolve.h), and what has been done already is said.
 */
#ifndef UPLOADER_SHIP_RESOLVE_H
#define UPLOADER_SHIP_RESOLVE_H

#include "uploader/ship/shipper.h"
#include "uploader/spool/resolve.h"

#define RESOLVE_BY_MAX 100

/* What a command asks for, and its text as a request's argument. */
struct resolve_request {
    bool only_looks; /* nothing is changed */
    int64_t batch_id;
    enum resolve_word word;
    char by[RESOLVE_BY_MAX + 1];
    char note[RESOLVE_NOTE_MAX + 1]; /* "": none */
};

void resolve_request_write(const struct resolve_request *request, struct buf *out);

/* False: resolve_request_write() has not written this; `request` may be half filled then. */
bool resolve_request_read(const char *text, struct resolve_request *request);

/* One line of UTF-8 without control characters: a note, or a name. */
bool resolve_is_line(const char *text);

struct resolve;

/* Borrows `spool` and `shipper`. `ships_rejects` as in struct reship_parts. Never fails. */
struct resolve *resolve_new(const struct resolve_request *request, struct spool_out *spool,
                            struct shipper *shipper, bool ships_rejects);
void resolve_free(struct resolve *resolve); /* accepts NULL */

/*
 * Never waits for the store. `*wait_ms` is how long the next call can wait.
 *   RES_REFUSE   there is no such batch, or the word is not possible: `why` is fit for a terminal
 */
MUST_CHECK enum result resolve_slice(struct resolve *resolve, bool *is_done, int *wait_ms, struct why *why);

/* Appends what was found, or done, or is waited for, for a person. */
void resolve_describe(const struct resolve *resolve, struct buf *out);

#endif
