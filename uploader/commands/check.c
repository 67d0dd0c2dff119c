/*
 * check -- `uploader check`: can the spool be used, and do the keys allow us to write under both prefixes? It puts one
 * empty document under each as `run` puts a batch, and leaves it there (store/check_document.h). Exit 0 only if `run`
 * would work. It can be used while an uploader runs.
 */
#include <stdio.h>
#include <unistd.h>

#include "common/command.h"
#include "common/lock_wait.h"
#include "uploader/commands/options.h"
#include "uploader/commands/run.h"
#include "uploader/store/check_document.h"

static int report(bool is_ok, const char *what, const struct why *why)
{
    if (is_ok) {
        (void)printf("ok      %s\n", what);
        return 0;
    }
    (void)printf("problem %s: %s\n", what, why->text);
    if (*why->remedy) (void)printf("        %s\n", why->remedy);
    return 1;
}

/* A spool that is not there yet is no problem. The installation's name is the spool's, else this host's. */
static enum result check_spool(const char *path, struct spool_identity *identity)
{
    struct spool_out *spool = NULL;
    struct why why = {0};
    bool will_come = false;
    enum result res = run_open_spool(&spool, path, true, &will_come, &why);
    if (res == RES_OK) res = spool_out_identity(spool, identity, &why);
    spool_out_close(spool);
    if (why.is_locked) will_come = false; /* it is there, and `run` could not use it now */
    (void)lock_wait_explain(res, &why);
    if (res != RES_OK) *identity = (struct spool_identity){.spool = ""};
    if (res != RES_OK && gethostname(identity->node, SPOOL_NODE_MAX) != 0)
        (void)snprintf(identity->node, sizeof identity->node, "eventspool");
    if (will_come)
        (void)printf("note    %s\n", why.text);
    else
        (void)report(res == RES_OK, "the spool can be used", &why);
    return will_come ? RES_OK : res;
}

static enum result check_lock(const char *spool_path)
{
    struct why why = {0};
    enum result res = lockfile_check_place(spool_path, "uploader", &why);
    (void)report(res == RES_OK, "the lock file can be used", &why);
    return res;
}

/*
 * `*is_dead`: the server itself does not answer, so that there is no need to ask it again. A destination that can
 * neither be proven nor disproven is a note: `run` would work, as far as is known.
 */
static int check_prefix(struct store *store, const char *prefix, enum batch_kind kind,
                        enum batch_format format, const struct spool_identity *identity, bool *is_dead)
{
    char what[BATCH_KEY_MAX + 64];
    struct check_document document;
    struct stored stored;
    struct why why = {0};
    check_document_init(&document, prefix, kind, format, identity);
    struct object object = check_document_object(&document);
    (void)snprintf(what, sizeof what, "objects can be written as %s", document.batch.object_key);
    enum store_answer answer = store_prove(store, &object, true, &stored, &why);
    check_document_fini(&document);
    *is_dead = answer != STORE_DONE && answer != STORE_CANNOT_CHECK && stored.cause.scope == SCOPE_ENDPOINT;
    if (answer != STORE_CANNOT_CHECK) return report(answer == STORE_DONE, what, &why);
    (void)printf("note    %s: %s\n        %s\n", what, why.text, why.remedy);
    return 0;
}

static int check_prefixes(struct store *store, const struct settings *settings,
                          const struct spool_identity *identity)
{
    bool is_dead = false;
    int problems = check_prefix(store, settings->prefix, BATCH_EVENTS,
                                (enum batch_format)settings->output_format, identity, &is_dead);
    if (settings->rejects_prefix && !is_dead)
        problems +=
            check_prefix(store, settings->rejects_prefix, BATCH_REJECTS, BATCH_NDJSON, identity, &is_dead);
    return problems;
}

static enum result check_credentials(struct store *store)
{
    char source[STORE_SOURCE_SIZE];
    char what[STORE_SOURCE_SIZE + 32];
    struct why why = {0};
    enum result res = store_prepare(store, source, &why);
    (void)snprintf(what, sizeof what, "credentials found%s%s", *source ? ": " : "", source);
    if (res != RES_OK || *source) (void)report(res == RES_OK, what, &why);
    return res;
}

/* Returns the exit code. */
static int check_store(const struct settings *settings, const struct spool_identity *identity)
{
    struct why why = {0};
    struct signals signals = {.fd = -1};
    struct lockfile no_lock = LOCKFILE_NONE;
    struct store_options options = options_for_store(settings, PATIENCE_CHECK);
    struct store *store = NULL;
    int problems = 0;

    enum result res = signals_open(&signals, &why);
    if (res == RES_OK) res = store_open(&store, &options, &signals, &no_lock, &why);
    if (res != RES_OK) return command_exit(res, &why);
    res = check_credentials(store);
    if (res == RES_OK) problems = check_prefixes(store, settings, identity);
    store_close(store);
    signals_close(&signals);
    if (res == RES_REFUSE) return EX_CONFIG;
    return res != RES_OK || problems ? EX_FAILED : EX_OK;
}

int run_check(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct why why = {0};
    struct spool_identity identity = {.spool = ""};

    enum result res = settings_check_destination(settings, &why);
    (void)report(res == RES_OK, "a destination is set", &why);
    if (res != RES_OK) return EX_CONFIG;
    res = check_spool(settings->spool_path, &identity);
    if (res == RES_OK) res = check_lock(settings->spool_path);
    int exit_code = check_store(settings, &identity);
    if (res == RES_REFUSE) return EX_CONFIG;
    return res != RES_OK && exit_code == EX_OK ? EX_FAILED : exit_code;
}
