/*
 * check_document -- the empty document by which a destination is proven: `<PREFIX>_check-<node>`, put with exactly the
 * headers of a batch, and left there. Whatever loads all that lies under the prefix finds no event in it.
 */
#ifndef UPLOADER_STORE_CHECK_DOCUMENT_H
#define UPLOADER_STORE_CHECK_DOCUMENT_H

#include "uploader/store/store.h"

/* Needs check_document_fini(). It stands for no rows: its batch has the id 0, and the empty range behind id 0. */
struct check_document {
    struct batch batch;
    struct buf body;
    struct rendition rendition;
};

/* `prefix` as in object_key.h; `format` of the kind's objects. Borrows nothing. */
void check_document_init(struct check_document *document, const char *prefix, enum batch_kind kind,
                         enum batch_format format, const struct spool_identity *identity);
void check_document_fini(struct check_document *document);

/* The document for store_prove(); borrowed. */
struct object check_document_object(const struct check_document *document);

#endif
