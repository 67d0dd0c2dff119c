/*
 * flush -- `uploader flush`: ships everything up to the newest event of now, and waits for it. Where an uploader runs it
 * is asked through the spool and does the work; else this process does. Exit 0 only if all of it is shipped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/command.h"
#include "common/lockfile.h"
#include "common/printable.h"
#include "common/sql.h"
#include "uploader/commands/run.h"
#include "uploader/ship/shipper.h"

#define POLL_MS 200

struct flusher {
    const struct settings *settings;
    struct signals signals;
    struct spool_out *spool;
    struct lockfile lock; /* held: no uploader runs, we do the work */
    struct store *store;
    struct shipper *shipper;
    struct flush flush;
};

/* What is left to ship of each kind. */
struct left {
    int64_t counts[BATCH_KIND_COUNT];
};

static int64_t sum(const struct left *left)
{
    return left->counts[BATCH_EVENTS] + left->counts[BATCH_REJECTS];
}

static enum result count_left(struct flusher *f, struct left *left, struct why *why)
{
    enum result res = RES_OK;
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++)
        res = spool_out_count_unshipped(f->spool, (enum batch_kind)kind, f->flush.ids[kind],
                                        &left->counts[kind], why);
    return res;
}

/* What the running uploader has met with this kind; the text "" where nothing is in its way. */
static enum result load_trouble(struct flusher *f, enum batch_kind kind, struct why *trouble, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    why_clear(trouble);
    enum result res = stmt_prepare(&stmt, spool_out_db(f->spool), sql_load_trouble, why);
    if (res == RES_OK) {
        stmt_set_text(stmt, ":kind", batch_kind_name(kind));
        stmt_set_int(stmt, ":last_id", f->flush.ids[kind]);
        res = stmt_step(stmt, &has_row, why);
    }
    if (res == RES_OK && has_row) {
        const char *remedy = stmt_text(stmt, 1);
        (void)why_set(trouble, RES_RETRY, "%s", stmt_text(stmt, 0));
        (void)why_remedy(trouble, RES_RETRY, "%s", remedy ? remedy : "");
    }
    stmt_free(stmt);
    return res;
}

/* The running uploader's turn; there is no sense in waiting on as take_turn() has it, or when it is gone. */
static enum result check_for_trouble(struct flusher *f, const struct left *left, struct why *why)
{
    struct why trouble = {0};
    struct why away = {0};
    enum result res = lockfile_check(f->settings->spool_path, "uploader", &away);
    if (res != RES_OK) return why_set(why, RES_RETRY, "the running uploader has gone away: %s", away.text);
    for (int kind = 0; kind < BATCH_KIND_COUNT; kind++) {
        if (left->counts[kind] == 0) continue;
        res = load_trouble(f, (enum batch_kind)kind, &trouble, why);
        if (res != RES_OK || !*trouble.text) return res;
    }
    if (!*trouble.text) return RES_OK;
    *why = trouble;
    return RES_RETRY;
}

/* Our own turn. It is over when every kind that is left has met an obstacle: one of rejects does not hold up events. */
static enum result take_turn(struct flusher *f, const struct left *left, int *wait_ms, struct why *why)
{
    const struct why *trouble = NULL;
    lockfile_beat(&f->lock);
    enum result res = shipper_turn(f->shipper, wait_ms, why);
    for (int kind = 0; kind < BATCH_KIND_COUNT && res == RES_OK; kind++) {
        if (left->counts[kind] == 0) continue;
        trouble = shipper_trouble(f->shipper, (enum batch_kind)kind);
        if (!trouble) return RES_OK;
    }
    if (res != RES_OK || !trouble) return res;
    *why = *trouble;
    return RES_RETRY;
}

/* True: a stop is asked for. */
static bool wait_a_moment(struct flusher *f, int wait_ms)
{
    return f->shipper ? shipper_wait(f->shipper, wait_ms) : signals_wait(&f->signals, wait_ms);
}

static enum result wait_until_shipped(struct flusher *f, struct why *why)
{
    struct left left = {{0}};
    int64_t last_printed = -1;
    int wait_ms = 0;
    enum result res = count_left(f, &left, why);
    while (res == RES_OK && sum(&left) > 0) {
        if (sum(&left) != last_printed) (void)printf("%" PRId64 " to ship\n", sum(&left));
        (void)fflush(stdout);
        last_printed = sum(&left);
        wait_ms = POLL_MS;
        res = f->shipper ? take_turn(f, &left, &wait_ms, why) : check_for_trouble(f, &left, why);
        if (res == RES_OK) res = count_left(f, &left, why);
        if (res == RES_OK && sum(&left) > 0 && wait_a_moment(f, wait_ms))
            res = why_set(why, RES_RETRY, "stopped with %" PRId64 " still to ship", sum(&left));
    }
    if (res == RES_OK) (void)printf("all shipped\n");
    return res;
}

/* Where no uploader runs, this process becomes one. */
static enum result become_uploader(struct flusher *f, struct why *why)
{
    struct why held = {0};
    enum result res = lockfile_take(&f->lock, f->settings->spool_path, "uploader", &held);
    if (res == RES_RETRY) return RES_OK; /* one runs: it does the work */
    if (res != RES_OK) *why = held;
    if (res == RES_OK) res = settings_check_destination(f->settings, why);
    if (res == RES_OK) res = store_open(&f->store, f->settings, &f->signals, &f->lock, why);
    if (res != RES_OK) return res;
    res = shipper_open(&f->shipper, f->settings, f->spool, f->store, &f->signals, why);
    return res == RES_OK ? shipper_report(f->shipper, why) : res;
}

/* Some of it is a server's text: as printable.h has it. */
static void explain(const char *what, const char *text)
{
    struct buf out = BUF_EMPTY;
    printable_append(&out, text, strlen(text));
    (void)fprintf(stderr, "uploader: %s%.*s\n", what, (int)out.len, out.data);
    buf_fini(&out);
}

int run_flush(const struct command_line *line)
{
    struct flusher f = {.settings = line->settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE};
    struct why why = {0};

    enum result res = signals_open(&f.signals, &why);
    if (res == RES_OK) res = spool_out_open(&f.spool, f.settings->spool_path, &why);
    if (res == RES_OK) res = spool_out_refuse_copy(f.spool, f.settings->spool_path, &why);
    if (res == RES_OK) res = become_uploader(&f, &why);
    if (res == RES_OK) res = spool_out_request_flush(f.spool, &f.flush, &why);
    bool has_begun = res == RES_OK;
    if (res == RES_OK) res = wait_until_shipped(&f, &why);

    shipper_close(f.shipper);
    store_close(f.store);
    lockfile_release(&f.lock);
    spool_out_close(f.spool);
    signals_close(&f.signals);
    if (res != RES_RETRY || !has_begun) return command_exit(res, &why);
    explain("not all is shipped: ", why.text);
    if (*why.remedy) explain("", why.remedy);
    return EX_FAILED;
}
