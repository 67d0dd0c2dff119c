/* check_prefix -- see check_prefix.h. */
#include "uploader/commands/check_prefix.h"

#include <stdio.h>
#include <string.h>

#include "common/finding.h"

static bool is_endpoints(const struct stored *stored)
{
    return stored->cause.scope == SCOPE_ENDPOINT;
}

/* `asked`: the encryption that S3_SSE asks for; "": none. A document that was there may be older than the setting. */
static void show_encryption(const struct store_proof *proof, const char *asked)
{
    const char *said = proof->encryption;
    if (*said) finding_add("the store says that it is encrypted: %s", said);
    if (!*asked || strncmp(said, asked, strlen(asked)) == 0) return;
    if (proof->is_new) {
        finding_print(FINDING_NOTE, "S3_SSE=%s was asked for, and the store does not say that it is so",
                      asked);
        finding_add("see in the store's documentation whether it encrypts objects, and how");
    } else {
        finding_print(FINDING_NOTE, "S3_SSE=%s is not proven: the document that was there is not so", asked);
        finding_add("it may have been written under other settings: delete it, and check again");
    }
}

static void show_proof(const struct store_proof *proof)
{
    finding_add("%s; proven: write%s%s%s",
                proof->is_new ? "written now and left there" : "it was there and stays",
                proof->keeps_others == PROVEN_YES ? ", no overwrite" : "",
                proof->can_read == PROVEN_YES ? ", read" : "",
                proof->knows_absence == PROVEN_YES ? ", missing told from forbidden" : "");
}

/* What was not possible, and what that costs. */
static void show_costs(const struct store_proof *proof)
{
    if (proof->keeps_others == PROVEN_NO) {
        finding_print(FINDING_NOTE,
                      "the store does not heed `If-None-Match: *`, so one object can replace another");
        finding_add(
            "see that nobody else writes under this prefix; with versions in the bucket the older one stays");
    }
    if (proof->can_read == PROVEN_NO) {
        finding_print(FINDING_NOTE, "objects cannot be read back: %s", proof->refusal);
        finding_add(
            "after an unknown outcome a batch cannot be compared: `verified` is 0, and a batch whose key "
            "is taken at its first try waits for a person");
        finding_add("allow these keys s3:GetObject, and kms:Decrypt for a key of KMS");
    }
    if (proof->can_read == PROVEN_NOTHING) {
        finding_print(FINDING_NOTE, "whether objects can be read back was not found out: %s",
                      *proof->refusal ? proof->refusal : "no answer");
        finding_add("check again: if it stays so, a batch of unknown outcome is not shipped");
    }
    if (proof->knows_absence == PROVEN_NO) {
        finding_print(FINDING_NOTE,
                      "a missing object looks like a forbidden one, as s3:ListBucket is not allowed");
        finding_add("uploads work, but `eventspool reship --dry-run` and `eventspool resolve` cannot say "
                    "which objects are missing");
    }
    if (*proof->locked_until) {
        finding_print(FINDING_NOTE, "the document is locked until %s (Object Lock), as each object will be",
                      proof->locked_until);
        finding_add("nobody can delete it before; nothing else is different, as `run` replaces no object");
    }
}

static bool prove(struct store *store, const struct object *document, const char *asked, bool *is_dead)
{
    char what[BATCH_KEY_MAX + 64];
    struct store_proof proof;
    struct stored stored;
    struct why why = {0};
    (void)snprintf(what, sizeof what, "objects can be written as %s", document->batch->object_key);
    enum store_answer answer = store_examine(store, document, &proof, &stored, &why);
    if (answer == STORE_DONE) {
        finding_print(FINDING_OK, "%s", what);
        show_proof(&proof);
        if (proof.can_read == PROVEN_YES) show_encryption(&proof, asked);
        show_costs(&proof);
        return true;
    }
    *is_dead = answer != STORE_CANNOT_CHECK && is_endpoints(&stored);
    finding_explain(answer == STORE_CANNOT_CHECK ? FINDING_NOTE : FINDING_PROBLEM, what, &why);
    return answer == STORE_CANNOT_CHECK;
}

static bool look(struct store *store, const struct object *document, bool *is_dead)
{
    const char *key = document->batch->object_key;
    struct stored stored;
    struct why why = {0};
    enum store_answer answer = store_look(store, document, &stored, &why);
    switch (answer) {
    case STORE_DONE: finding_print(FINDING_OK, "the store answers: %s is there", key); return true;
    case STORE_ABSENT: finding_print(FINDING_OK, "the store answers: %s is not there", key); return true;
    case STORE_CONFLICT:
        finding_print(FINDING_OK, "the store answers: another document is there as %s", key);
        return true;
    case STORE_CANNOT_CHECK:
        finding_print(FINDING_NOTE, "these keys may not look at %s: %s", key, why.text);
        finding_add(
            "keys that may only write look like this, and so do keys that may do nothing: `eventspool check` "
            "tells them apart");
        return true;
    default: break;
    }
    *is_dead = is_endpoints(&stored);
    finding_explain(FINDING_PROBLEM, "the store answers", &why);
    return false;
}

bool check_prefix(struct store *store, const struct check_prefix_job *job, bool *is_dead)
{
    struct check_document document;
    check_document_init(&document, job->prefix, job->kind, job->format, job->identity);
    struct object object = check_document_object(&document);
    bool is_usable =
        job->is_read_only ? look(store, &object, is_dead) : prove(store, &object, job->encryption, is_dead);
    check_document_fini(&document);
    return is_usable;
}
