/*
 * check -- `uploader check`: can the spool be used, where do the objects go, with whose keys, and may these keys write
 * under both prefixes? It puts one empty document under each as `run` puts a batch, and leaves it there
 * (store/check_document.h); with --read-only it only looks for them. Exit 0 only if `run` would work, as far as that was
 * tried. It can be used while an uploader runs.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/finding.h"
#include "common/lock_wait.h"
#include "common/ownership.h"
#include "common/print.h"
#include "uploader/commands/check_prefix.h"
#include "uploader/commands/options.h"
#include "uploader/commands/run.h"

static void report(enum result res, const char *what, const struct why *why)
{
    finding_explain(res == RES_OK ? FINDING_OK : FINDING_PROBLEM, what, why);
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
        finding_print(FINDING_NOTE, "%s", why.text);
    else
        report(res, "the spool can be used", &why);
    return will_come ? RES_OK : res;
}

static enum result check_lock(const char *spool_path)
{
    struct why why = {0};
    enum result res = lockfile_check_place(spool_path, "uploader", &why);
    report(res, "the lock file can be used", &why);
    ownership_note_directory(spool_path);
    return res;
}

static enum result check_destination(const struct settings *settings)
{
    struct why why = {0};
    enum result res = settings_check_destination(settings, &why);
    if (res != RES_OK)
        report(res, "a destination is set", &why);
    else
        finding_print(FINDING_OK, "a destination is set: the %s %.1000s",
                      settings->bucket_name ? "bucket" : "directory",
                      settings->bucket_name ? settings->bucket_name : settings->destination_dir);
    return res;
}

static enum result check_credentials(struct store *store)
{
    char source[STORE_SOURCE_SIZE];
    struct why why = {0};
    enum result res = store_prepare(store, source, &why);
    if (res != RES_OK)
        report(res, "credentials found", &why);
    else if (*source)
        finding_print(FINDING_OK, "credentials found: %s", source);
    return res;
}

static void show_facts(struct store *store)
{
    struct store_facts facts;
    store_describe(store, &facts);
    for (size_t i = 0; i < facts.count; i++)
        finding_print(facts.list[i].is_note ? FINDING_NOTE : FINDING_OK, "%s", facts.list[i].text);
}

/* Returns how many problems there are. */
static int check_prefixes(struct store *store, const struct settings *settings,
                          const struct spool_identity *identity, bool is_read_only)
{
    const enum batch_format format = (enum batch_format)settings->output_format;
    const char *encryption = settings->bucket_name ? s3_sse_text((enum s3_sse)settings->s3_sse) : "";
    const struct check_prefix_job jobs[] = {
        {settings->prefix, BATCH_EVENTS, format, identity, encryption, is_read_only},
        {settings->rejects_prefix, BATCH_REJECTS, BATCH_NDJSON, identity, encryption, is_read_only}};
    bool is_dead = false;
    int problems = 0;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs && !is_dead; i++)
        if (jobs[i].prefix) problems += check_prefix(store, &jobs[i], &is_dead) ? 0 : 1;
    if (problems > 0) return problems;
    if (is_read_only)
        finding_add("only looked: nothing was written, so that these keys may write is not proven");
    else
        finding_add(
            "not tried: other keys under these prefixes, objects of full size, deleting (not needed)");
    return 0;
}

/* Returns the exit code. */
static int check_store(const struct settings *settings, const struct spool_identity *identity,
                       bool is_read_only)
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
    show_facts(store);
    if (res == RES_OK) problems = check_prefixes(store, settings, identity, is_read_only);
    store_close(store);
    signals_close(&signals);
    if (res == RES_REFUSE) return EX_CONFIG;
    return res != RES_OK || problems ? EX_FAILED : EX_OK;
}

/* False: wrong usage, which was explained. */
static bool read_arguments(const struct command_line *line, bool *is_read_only)
{
    *is_read_only = false;
    for (int i = 1; i < line->argc; i++) {
        if (strcmp(line->argv[i], "--read-only") != 0) {
            print_line(stderr, "eventspool check: '%s' is not understood", line->argv[i]);
            print_line(stderr, "usage: eventspool check [--read-only]");
            return false;
        }
        *is_read_only = true;
    }
    return true;
}

int run_check(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct spool_identity identity = {.spool = ""};
    bool is_read_only = false;

    if (!read_arguments(line, &is_read_only)) return EX_USAGE;
    bool has_destination = check_destination(settings) == RES_OK;
    enum result res = check_spool(settings->spool_path, &identity);
    if (res == RES_OK) res = check_lock(settings->spool_path);
    if (!has_destination) return EX_CONFIG;
    int exit_code = check_store(settings, &identity, is_read_only);
    if (res == RES_REFUSE) return EX_CONFIG;
    return res != RES_OK && exit_code == EX_OK ? EX_FAILED : exit_code;
}
