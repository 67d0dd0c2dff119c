/* opening -- see opening.h. */
#include "collector/spool/opening.h"

#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

#include "collector/spool/log_readers.h"
#include "collector/spool/wal.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_place.h"
#include "common/long_call.h"
#include "common/spool.h"

/* More than what stays after a clean end (journal_size_limit): a crash has left it, or a reader has held it up. */
#define LONG_LOG_BYTES ((int64_t)64 << 20)

static int64_t log_file_bytes(const char *spool_path)
{
    char path[PATH_MAX];
    struct stat st;
    return stat(log_place_path(spool_path, "-wal", path), &st) == 0 ? st.st_size : 0;
}

/* SQLite reads a log that was left, then wal_settle() copies it: either may take minutes. NULL if it is not long. */
static struct long_call *begin_settling(struct opening *o)
{
    int64_t bytes = o->has_looked ? 0 : log_file_bytes(o->path);
    o->has_looked = true;
    if (bytes > LONG_LOG_BYTES) {
        o->settling_since = clock_monotonic_ms();
        log_info("an earlier run has left a long write-ahead log, which goes into the spool's file first",
                 "bytes=%" PRId64, bytes);
    }
    if (o->settling_since == 0) return NULL;
    return long_call_begin("settling the write-ahead log", LONG_CALL_LOG_MS);
}

static enum result try_to_settle(struct opening *o, struct why *why)
{
    enum result res = wal_settle(spool_in_wal(o->spool), why);
    if (res == RES_OK && o->settling_since != 0)
        log_info("the long write-ahead log is settled", "took_ms=%" PRId64,
                 clock_monotonic_ms() - o->settling_since);
    if (res != RES_RETRY || o->must_settle) return res;
    /* Every frame in the log was synced by a program that ended well or still runs: ours may follow them. */
    log_debug("the write-ahead log goes on as it is", "why=%s", LOG_QUOTE(why->text));
    return RES_OK;
}

enum result opening_try(struct opening *o, struct why *why)
{
    struct why newer = {0};
    enum result res = RES_OK;
    struct long_call *call = begin_settling(o);
    if (!o->spool) res = spool_in_open(&o->spool, o->path, o->node, o->sync, why);
    o->is_too_new = res == RES_RETRY && spool_check_usable(o->path, &newer) == RES_RETRY;
    if (res == RES_OK) res = try_to_settle(o, why);
    long_call_end(call);
    return res;
}

static void describe(const struct opening *o, const struct why *why, struct buf *out)
{
    struct log_readers readers;
    buf_append_text(out, why->text);
    log_readers_look(&readers, o->path);
    if (readers.count > 0) {
        buf_append_text(out, "; it is being read by ");
        log_readers_describe(&readers, out);
    }
    buf_append_char(out, '\0');
}

/* Has it lasted, and does no other reason of the gate tell people that nothing is received? */
static bool is_alarming(const struct opening *o, const struct gate *gate)
{
    unsigned ours = 1U << GATE_STARTING | 1U << GATE_COMMIT_FAILING;
    return clock_monotonic_ms() - o->failing_since >= OPENING_FAILING_MS && !(gate_seen(gate) & ~ours);
}

void opening_report(struct opening *o, struct gate *gate, const struct why *why)
{
    bool is_new = o->failing_since == 0;
    if (is_new) o->failing_since = clock_monotonic_ms();
    const char *remedy =
        *why->remedy ? why->remedy
                     : "close the program that reads or writes the spool, if it does not end by itself";
    struct buf cause = BUF_EMPTY;
    describe(o, why, &cause);
    gate_post(gate, GATE_STARTING, true, cause.data, remedy);
    if (o->is_alarming || is_alarming(o, gate)) {
        gate_post(gate, GATE_COMMIT_FAILING, true, cause.data, remedy);
        o->is_alarming = true;
    }
    if (is_new)
        log_warn("waiting to start: the spool cannot be opened yet, nothing is read", "why=%s remedy=%s",
                 LOG_QUOTE(cause.data), LOG_QUOTE(remedy));
    buf_fini(&cause);
}

void opening_end(struct opening *o, struct gate *gate)
{
    if (o->is_alarming) gate_post(gate, GATE_COMMIT_FAILING, false, NULL, NULL);
    o->is_alarming = false;
    if (o->failing_since == 0) return;
    log_info("the spool is open: reading begins", "after_ms=%" PRId64,
             clock_monotonic_ms() - o->failing_since);
}

/* Only an upgrade helps: that is another reason than `starting`, and an alarm. */
static void report_schema(const struct opening *o, struct gate *gate, const struct why *why, bool *is_raised)
{
    if (o->is_too_new)
        gate_post(gate, GATE_SCHEMA_TOO_NEW, true, why->text, why->remedy);
    else if (*is_raised)
        gate_post(gate, GATE_SCHEMA_TOO_NEW, false, NULL, NULL);
    *is_raised = o->is_too_new;
}

/* Once more where the disk is full and the reserve can be given up. */
static enum result try_with_reserve(struct opening *o, const struct opening_surroundings *around,
                                    struct why *why)
{
    why_clear(why);
    turn_begin(around->turn, "opening the spool");
    enum result res = opening_try(o, why);
    if (res == RES_RETRY && disk_guard_release_reserve(&around->space->guard, false)) {
        why_clear(why);
        res = opening_try(o, why);
    }
    turn_end(around->turn);
    around->space->spool = o->spool;
    return res;
}

enum result opening_wait(struct opening *o, const struct opening_surroundings *around, struct why *why)
{
    bool is_too_new = false; /* and the gate knows */
    bool is_closing = false;
    enum result res = try_with_reserve(o, around, why);
    while (res == RES_RETRY && !is_closing) {
        opening_report(o, around->gate, why);
        report_schema(o, around->gate, why, &is_too_new);
        space_keeper_update(around->space, false);
        is_closing = intake_wait_for_close(around->intake, OPENING_PAUSE_MS);
        if (!is_closing) res = try_with_reserve(o, around, why);
    }
    report_schema(o, around->gate, why, &is_too_new);
    return res;
}
