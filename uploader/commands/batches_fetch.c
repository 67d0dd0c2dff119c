/*
 * batches_fetch -- `uploader batches fetch ID`: reads the object of one batch back from where it is stored, and prints its
 * bytes as they are. What it has read is compared with the hash that the spool has recorded.
 * What can fail: no such batch or object, a store that is away or does not let these keys read, another object. The bytes
 * that came before the failure were printed by then: the exit code says that they are not all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/command.h"
#include "common/lock_wait.h"
#include "common/positive.h"
#include "common/print.h"
#include "uploader/batch/hash.h"
#include "uploader/commands/options.h"
#include "uploader/commands/run.h"
#include "uploader/spool/spool.h"
#include "uploader/store/place.h"

static bool print_and_hash(void *context, const void *data, size_t len)
{
    hash_add(context, data, len);
    return fwrite(data, 1, len, stdout) == len;
}

static enum result load(const struct settings *settings, int64_t id, struct batch *batch, struct why *why)
{
    struct spool_out *spool = NULL;
    bool is_open = false;
    enum result res = spool_out_open_for_command(&spool, settings->spool_path, why);
    if (res == RES_OK) res = spool_out_load_batch(spool, id, batch, &is_open, why);
    spool_out_close(spool);
    if (res != RES_OK || batch->id != 0) return res;
    (void)why_remedy(why, RES_REFUSE, "`eventspool batches list` shows the newest");
    return why_set(why, RES_BROKEN, "there is no batch %" PRId64 " in the spool", id);
}

static enum result check_place(const struct store *store, const struct batch *batch, struct why *why)
{
    if (store_is_here(store, batch->destination)) return RES_OK;
    (void)why_remedy(why, RES_REFUSE, "run it with the settings that name %s", batch->destination);
    return why_set(why, RES_REFUSE, "batch %" PRId64 " was sealed for %s, and these settings name %s",
                   batch->id, batch->destination, store_destination(store));
}

/* Two tries with different bytes may have been stored (batch.h). */
static bool is_recorded(const struct batch *batch, const struct rendition *seen)
{
    return strcmp(seen->sha256, batch->recorded.sha256) == 0 ||
           strcmp(seen->sha256, batch->earlier.sha256) == 0;
}

/*
 * Not there, or another object: that is a fact, and the command has failed. All else is no answer, as is a directory that
 * only the spool names: in another container it may be another one.
 */
static enum result explain(enum store_answer answer, const struct batch *batch, bool is_guess,
                           struct why *why)
{
    bool is_later = answer == STORE_NOT_NOW || answer == STORE_UNKNOWN || answer == STORE_STOPPED;
    bool is_absent = answer == STORE_ABSENT && !is_guess;
    enum result res = is_absent ? RES_BROKEN : is_later ? RES_RETRY : RES_REFUSE;
    if (answer == STORE_DONE) return RES_OK;
    if (answer == STORE_CANNOT_CHECK)
        (void)why_remedy(why, res, "allow these keys s3:GetObject, which uploads do not need");
    if (answer == STORE_ABSENT && is_guess)
        (void)why_remedy(why, res, "run it where the uploader runs: %s may be another directory here",
                         batch->destination);
    if (is_absent && batch->state == BATCH_SHIPPED)
        (void)why_remedy(
            why, res,
            "a loader or a rule of the bucket may have taken it away; `eventspool reship --batch %" PRId64
            "` puts it again",
            batch->id);
    if (is_absent && batch->state != BATCH_SHIPPED)
        (void)why_remedy(why, res, "it is not shipped yet: `eventspool batches show %" PRId64 "` says why",
                         batch->id);
    return why_wrap(why, res, "the object of batch %" PRId64 " cannot be read", batch->id);
}

static enum result print_object(struct store *store, const struct batch *batch, bool is_guess,
                                struct why *why)
{
    struct rendition seen;
    struct hash *hash = hash_begin(HASH_SHA256);
    struct http_sink sink = {print_and_hash, hash, batch->recorded.bytes};
    enum result res = explain(store_read(store, batch, &sink, why), batch, is_guess, why);
    hash_end(hash, &seen);
    hash_free(hash);
    if (res != RES_OK || is_recorded(batch, &seen)) return res;
    (void)why_remedy(why, RES_BROKEN,
                     "see who wrote it; `eventspool reship --batch %" PRId64 "` looks once more", batch->id);
    return why_set(why, RES_BROKEN, "%s holds other bytes than the spool has recorded", batch->object_key);
}

/* Without a destination in the settings a directory is the spool's: a trial's settings may be another terminal's. */
static enum result choose_place(const struct settings *settings, const struct batch *batch,
                                struct store_options *options, bool *is_guess, struct why *why)
{
    const char *directory = place_directory(batch->destination);
    *options = options_for_store(settings, PATIENCE_COMMAND);
    *is_guess = directory && !settings->bucket_name && !settings->destination_dir;
    if (!*is_guess) return settings_check_destination(settings, why);
    options->directory = directory;
    return RES_OK;
}

static enum result fetch(const struct settings *settings, const struct batch *batch, struct why *why)
{
    struct signals signals = {.fd = -1};
    struct lockfile no_lock = LOCKFILE_NONE;
    struct store_options options;
    struct store *store = NULL;
    char source[STORE_SOURCE_SIZE];
    bool is_guess = false;
    enum result res = choose_place(settings, batch, &options, &is_guess, why);
    if (res == RES_OK) res = signals_open(&signals, why);
    if (res == RES_OK) res = store_open(&store, &options, &signals, &no_lock, why);
    if (res == RES_OK) res = check_place(store, batch, why);
    if (res == RES_OK) res = store_prepare(store, source, why);
    if (res == RES_OK) res = print_object(store, batch, is_guess, why);
    store_close(store);
    signals_close(&signals);
    return res;
}

/* That the standard output took no more is said at the end of all commands (command_end). */
static int end(enum result res, const struct why *why)
{
    if (res == RES_OK || ferror(stdout)) return EX_OK;
    print_line(stderr, "eventspool batches fetch: %s", why->text);
    if (*why->remedy) print_line(stderr, "    %s", why->remedy);
    return command_code(res);
}

int run_batches_fetch(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct batch batch = {.id = 0};
    struct why why = {0};
    int64_t id = line->argc == 2 ? positive_parse(line->argv[1]) : 0;
    if (id == 0) {
        print_line(stderr, "eventspool batches fetch: '%s' is not understood",
                   line->argc > 1 ? line->argv[line->argc - 1] : "");
        print_line(stderr, "usage: eventspool batches fetch ID");
        return EX_USAGE;
    }
    enum result res = load(settings, id, &batch, &why);
    if (res == RES_OK) res = fetch(settings, &batch, &why);
    return end(lock_wait_explain(res, &why), &why);
}
