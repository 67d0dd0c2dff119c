/* check_document -- see check_document.h. */
#include "uploader/store/check_document.h"

#include <stdio.h>

#include "uploader/batch/hash.h"

static const char *const empty_documents[] = {
    [BATCH_XML] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EVENTS>\n</EVENTS>\n",
    [BATCH_JSON] = "[]\n",
    [BATCH_NDJSON] = "",
};

void check_document_init(struct check_document *document, const char *prefix, enum batch_kind kind,
                         enum batch_format format, const struct spool_identity *identity)
{
    *document = (struct check_document){
        .batch = {.kind = kind, .format = format, .identity = *identity, .first_id = 1, .last_id = 0}};
    (void)snprintf(document->batch.object_key, sizeof document->batch.object_key, "%s_check-%s", prefix,
                   identity->node);
    buf_append_text(&document->body, empty_documents[format]);
    hash_bytes(&document->body, HASH_SHA256_AND_MD5, &document->rendition, NULL);
    (void)snprintf(document->rendition.content_sha256, sizeof document->rendition.content_sha256, "%s",
                   document->rendition.sha256);
}

void check_document_fini(struct check_document *document)
{
    buf_fini(&document->body);
}

struct object check_document_object(const struct check_document *document)
{
    return (struct object){&document->batch, &document->body, &document->rendition, false};
}
