/*
 * append -- see append.h.
 *
 * Invariants, whichever process is killed at whatever moment:
 * 1. Events, rejects, senders and all counters of a chain of groups are one transaction: all of them are stored or
 *    none.
 * 2. The counters are read in the transaction that changes them, so each id is given out once.
 * 3. (writer, group_number) names a chain: if a commit reported an error but took effect, the next try finds it.
 */
#include "collector/spool/append.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "collector/intake/group.h"
#include "collector/spool/group_table.h"
#include "collector/spool/reject_counts.h"
#include "collector/spool/reject_rows.h"
#include "collector/spool/schema.h"
#include "collector/spool/wal.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/in_place.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/sql.h"

#define WRITER_SIZE 17 /* sixteen hex digits */
#define DAY_MS      86400000
/* Rows kept; before the next trim there may be as many more, and those of one group */
#define SENDERS_MAX 1000

struct counters {
    struct event_counters events;
    int64_t read_bytes; /* by this chain */
    struct reject_counters rejects;
    int64_t last_event_at; /* -1: this chain has no event from the network */
    char writer[WRITER_SIZE];
    int64_t group_number;
    int64_t schema;
};

struct spool_in {
    struct db *db;
    struct wal *wal;
    struct place file; /* the file that is open */
    struct reject_rows *rejects;
    struct reject_counts *reject_counts;
    struct group_table *group_table; /* the connection's */
    struct stmt *append_events, *load_intake, *store_intake, *count_sender, *trim_senders, *mark_retried;
    struct stmt *page_count, *freelist_count, *report_low_space, *request_flush;
    char writer[WRITER_SIZE]; /* this process */
    int64_t groups;
    int64_t page_size;
    int64_t sender_runs; /* since the table of senders was trimmed */
};

static enum result prepare(struct spool_in *in, struct why *why)
{
    enum result res = group_table_open(&in->group_table, in->db, why);
    if (res == RES_OK) res = stmt_prepare(&in->append_events, in->db, sql_append_events, why);
    if (res == RES_OK) res = reject_rows_open(&in->rejects, in->db, in->page_size, why);
    if (res == RES_OK) res = reject_counts_open(&in->reject_counts, in->db, why);
    if (res == RES_OK) res = stmt_prepare(&in->load_intake, in->db, sql_load_intake, why);
    if (res == RES_OK) res = stmt_prepare(&in->store_intake, in->db, sql_store_intake, why);
    if (res == RES_OK) res = stmt_prepare(&in->count_sender, in->db, sql_count_sender, why);
    if (res == RES_OK) res = stmt_prepare(&in->trim_senders, in->db, sql_trim_senders, why);
    if (res == RES_OK) res = stmt_prepare(&in->mark_retried, in->db, sql_mark_retried, why);
    if (res == RES_OK) res = stmt_prepare(&in->page_count, in->db, "PRAGMA page_count", why);
    if (res == RES_OK) res = stmt_prepare(&in->freelist_count, in->db, "PRAGMA freelist_count", why);
    if (res == RES_OK) res = stmt_prepare(&in->report_low_space, in->db, sql_report_low_space, why);
    if (res == RES_OK) res = stmt_prepare(&in->request_flush, in->db, sql_request_flush, why);
    return res;
}

enum result spool_in_open(struct spool_in **out, const char *path, const char *node, enum spool_sync sync,
                          struct why *why)
{
    struct spool_in *in = calloc(1, sizeof *in);
    uint64_t token = 0;
    if (!in) abort();
    if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token) abort();
    (void)snprintf(in->writer, sizeof in->writer, "%016llx", (unsigned long long)token);

    enum result res = spool_create_or_open(&in->db, path, node, why);
    if (res == RES_OK && sync == SPOOL_SYNC_NORMAL) res = db_exec(in->db, "PRAGMA synchronous = NORMAL", why);
    /* Said explicitly, it holds: else a large row was seen to take 8 MB of cache. One transaction is to fit. */
    if (res == RES_OK) res = db_exec(in->db, "PRAGMA cache_size = -2000", why);
    if (res == RES_OK) res = db_get_int(in->db, "PRAGMA page_size", &in->page_size, why);
    if (res == RES_OK) res = place_remember(&in->file, path, why);
    if (res == RES_OK) res = wal_open(&in->wal, in->db, why);
    if (res == RES_OK) res = prepare(in, why);
    if (res == RES_OK && sync == SPOOL_SYNC_FULL) db_join_writes(in->db);
    if (res != RES_OK) {
        spool_in_close(in);
        in = NULL;
    }
    *out = in;
    return res;
}

void spool_in_close(struct spool_in *in)
{
    if (!in) return;
    stmt_free(in->append_events);
    reject_rows_close(in->rejects);
    reject_counts_close(in->reject_counts);
    stmt_free(in->load_intake);
    stmt_free(in->store_intake);
    stmt_free(in->count_sender);
    stmt_free(in->trim_senders);
    stmt_free(in->mark_retried);
    stmt_free(in->page_count);
    stmt_free(in->freelist_count);
    stmt_free(in->report_low_space);
    stmt_free(in->request_flush);
    wal_close(in->wal);
    db_close(in->db);
    free(in);
}

void spool_in_cap_rejects(struct spool_in *in, int64_t max_bytes)
{
    reject_rows_set_max(in->rejects, max_bytes);
}

/* ---- one group ---- */

static enum result load_counters(struct spool_in *in, struct counters *counters, struct why *why)
{
    bool has_row = false;
    enum result res = stmt_step(in->load_intake, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) return why_set(why, RES_BROKEN, "the row with the counters is missing in the spool");
    counters->events.last_id = stmt_int(in->load_intake, 0);
    counters->events.total_bytes = stmt_int(in->load_intake, 1);
    counters->rejects.last_id = stmt_int(in->load_intake, 2);
    counters->rejects.total_bytes = stmt_int(in->load_intake, 3);
    (void)snprintf(counters->writer, sizeof counters->writer, "%s", stmt_text(in->load_intake, 4));
    counters->group_number = stmt_int(in->load_intake, 5);
    counters->schema = stmt_int(in->load_intake, 6);
    counters->last_event_at = -1;
    stmt_reset(in->load_intake);
    return RES_OK;
}

static void set_slice(struct stmt *stmt, const char *name, struct slice slice)
{
    stmt_set_text_n(stmt, name, slice.data, slice.len);
}

/* For a column that is never NULL: an absent text is empty. */
static void set_text(struct stmt *stmt, const char *name, struct slice slice)
{
    stmt_set_text_n(stmt, name, slice.data ? slice.data : "", slice.len);
}

static bool is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Nobody is to wait for what a person sends as a test. */
static bool is_tracked(const struct event *event)
{
    static const struct slice test = {SPOOL_TEST_SENDER, sizeof SPOOL_TEST_SENDER - 1};
    return !is_equal(event->fields[EVENT_SENDER], test);
}

static bool is_same_run(const struct event *a, const struct event *b)
{
    return is_equal(a->fields[EVENT_SENDER], b->fields[EVENT_SENDER]) && is_equal(a->source, b->source) &&
           a->received_at / DAY_MS == b->received_at / DAY_MS;
}

static enum result count_run(struct spool_in *in, const struct event *last, size_t run, bool is_late,
                             struct why *why)
{
    set_text(in->count_sender, ":sender", last->fields[EVENT_SENDER]);
    set_slice(in->count_sender, ":source", last->source);
    stmt_set_int(in->count_sender, ":received_at", last->received_at);
    stmt_set_int(in->count_sender, ":day", last->received_at / DAY_MS);
    stmt_set_int(in->count_sender, ":events", (int64_t)run);
    stmt_set_int(in->count_sender, ":is_late", is_late);
    in->sender_runs++;
    return stmt_run(in->count_sender, NULL, why);
}

/* Events of one sender and day follow each other: one row changes for each such run, not for each event. */
static enum result count_senders(struct spool_in *in, const struct group *group, struct why *why)
{
    enum result res = RES_OK;
    struct event last = {0};
    size_t run = 0;
    for (size_t i = 0; i < group->item_count && res == RES_OK; i++) {
        if (group->items[i].kind != ITEM_EVENT) continue;
        struct event event = item_event(&group->items[i]);
        if (!is_tracked(&event)) continue;
        if (run > 0 && !is_same_run(&last, &event)) {
            res = count_run(in, &last, run, group->retry_of != 0, why);
            run = 0;
        }
        last = event;
        run++;
    }
    if (res == RES_OK && run > 0) res = count_run(in, &last, run, group->retry_of != 0, why);
    return res;
}

static enum result trim_senders(struct spool_in *in, struct why *why)
{
    if (in->sender_runs < SENDERS_MAX) return RES_OK;
    in->sender_runs = 0;
    stmt_set_int(in->trim_senders, ":most", SENDERS_MAX);
    return stmt_run(in->trim_senders, NULL, why);
}

static enum result store_counters(struct spool_in *in, const struct counters *counters,
                                  const struct group *group, struct why *why)
{
    struct stmt *stmt = in->store_intake;
    stmt_set_int(stmt, ":last_event_id", counters->events.last_id);
    stmt_set_int(stmt, ":event_bytes", counters->events.total_bytes);
    stmt_set_int(stmt, ":read_bytes", counters->read_bytes);
    stmt_set_int(stmt, ":last_reject_id", counters->rejects.last_id);
    stmt_set_int(stmt, ":reject_bytes", counters->rejects.total_bytes);
    stmt_set_text(stmt, ":writer", in->writer);
    stmt_set_int(stmt, ":group_number", group->number);
    if (counters->last_event_at < 0)
        stmt_set_text(stmt, ":last_event_at", NULL);
    else
        stmt_set_int(stmt, ":last_event_at", counters->last_event_at);
    return stmt_run(stmt, NULL, why);
}

/* A reject is retried once: the group is void if it was retried, dismissed or purged before. */
static enum result mark_retried(struct spool_in *in, struct group *group, struct why *why)
{
    int64_t changed = 0;
    stmt_set_int(in->mark_retried, ":now", clock_now_ms());
    stmt_set_int(in->mark_retried, ":id", group->retry_of);
    enum result res = stmt_run(in->mark_retried, &changed, why);
    group->is_void = changed == 0;
    return res;
}

/* NULL: the group has none. */
static const struct item *last_event(const struct group *group)
{
    size_t i = group->item_count;
    while (i > 0 && group->items[i - 1].kind != ITEM_EVENT) i--;
    return i > 0 ? &group->items[i - 1] : NULL;
}

/* A second lock: no event may be counted that is not there. */
static enum result fail_incomplete(int64_t changed, int64_t wanted, struct why *why)
{
    (void)why_remedy(
        why, RES_BROKEN,
        "take away what another program has added to the spool's schema, and restart the collector");
    return why_set(why, RES_BROKEN, "the spool took %" PRId64 " of %" PRId64 " events of a group", changed,
                   wanted);
}

static enum result append_events(struct spool_in *in, const struct group *group, struct counters *counters,
                                 struct why *why)
{
    const struct item *last = last_event(group);
    int64_t wanted = (int64_t)group_count_events(group);
    int64_t changed = 0;
    if (!last) return RES_OK;
    if (group->retry_of == 0) counters->last_event_at = last->origin->received_at;
    group_table_begin(in->group_table, group, &counters->events);
    enum result res = stmt_run(in->append_events, &changed, why);
    struct event_counters after = group_table_end(in->group_table);
    int64_t given = after.last_id - counters->events.last_id;
    counters->events = after;
    return res == RES_OK && (changed != wanted || given != wanted) ? fail_incomplete(changed, wanted, why)
                                                                   : res;
}

static enum result append_rejects(struct spool_in *in, const struct group *group, struct counters *counters,
                                  struct why *why)
{
    enum result res = RES_OK;
    for (size_t i = 0; i < group->item_count && res == RES_OK; i++) {
        if (group->items[i].kind == ITEM_EVENT) continue;
        struct reject reject = item_reject(&group->items[i]);
        if (group->retry_of == 0) reject_counts_add(in->reject_counts, &reject);
        res = reject_rows_add(in->rejects, &reject, group->retry_of != 0, &counters->rejects, why);
    }
    return res;
}

static enum result append_group(struct spool_in *in, struct group *group, struct counters *counters,
                                struct why *why)
{
    enum result res = RES_OK;
    if (group->retry_of != 0) {
        res = mark_retried(in, group, why);
        if (res != RES_OK || group->is_void) return res;
    }
    res = append_events(in, group, counters, why);
    if (res == RES_OK) res = append_rejects(in, group, counters, why);
    return res == RES_OK ? count_senders(in, group, why) : res;
}

static enum result append_chain(struct spool_in *in, struct group *first, struct counters *counters,
                                struct why *why)
{
    enum result res = RES_OK;
    reject_counts_begin(in->reject_counts);
    for (struct group *group = first; group && res == RES_OK; group = group->next) {
        counters->read_bytes += (int64_t)group->read_bytes;
        res = append_group(in, group, counters, why);
    }
    if (res == RES_OK) res = reject_rows_finish(in->rejects, why);
    if (res == RES_OK) res = reject_counts_store(in->reject_counts, why);
    if (res == RES_OK) res = trim_senders(in, why);
    return res == RES_OK ? store_counters(in, counters, first, why) : res;
}

/* Commits to a deleted file succeed. Only the path shows whether the rows went into the file that others open. */
enum result spool_in_check_place(const struct spool_in *in, struct why *why)
{
    if (place_check(&in->file) == PLACE_OURS) return RES_OK;
    (void)why_remedy(why, RES_BROKEN,
                     "put the spool back in its place, or restart the collector to begin a new one");
    return why_set(why, RES_BROKEN, "the spool %s was deleted or replaced while in use", in->file.path);
}

/* This program must not write to a schema of a newer major version, not even this group. */
static enum result refuse_newer(const struct spool_in *in, int64_t schema, struct why *why)
{
    if (spool_age_of(schema, SPOOL_SCHEMA) != SPOOL_AGE_TOO_NEW) return RES_OK;
    (void)why_remedy(why, RES_RETRY, "upgrade this program, and restart it");
    return why_set(why, RES_RETRY, "the spool %s now has schema %" PRId64 ", newer than this program's %d",
                   in->file.path, schema, SPOOL_SCHEMA);
}

enum result spool_in_check_schema(struct spool_in *in, bool *is_too_new, struct why *why)
{
    int64_t schema = 0;
    *is_too_new = false;
    enum result res = db_get_int(in->db, "PRAGMA user_version", &schema, why);
    if (res != RES_OK) return res;
    res = refuse_newer(in, schema, why);
    *is_too_new = res != RES_OK;
    return res;
}

static enum result append_in_transaction(struct spool_in *in, struct group *group,
                                         struct append_outcome *outcome, struct why *why)
{
    struct counters counters = {0};
    enum result res = load_counters(in, &counters, why);
    if (res != RES_OK) return res;
    res = refuse_newer(in, counters.schema, why);
    if (res != RES_OK) {
        outcome->cause = APPEND_TOO_NEW;
        return res;
    }
    if (strcmp(counters.writer, in->writer) == 0 && counters.group_number == group->number) return RES_OK;
    return append_chain(in, group, &counters, why);
}

/* The rows are committed: are they where others look for them, and will they stay there? */
static enum result check_files(struct spool_in *in, struct append_outcome *outcome, struct why *why)
{
    enum result res = spool_in_check_place(in, why);
    if (res != RES_OK) {
        outcome->cause = APPEND_REPLACED;
        return res;
    }
    res = wal_keep(in->wal, why);
    if (res != RES_OK) outcome->cause = APPEND_LOG_LOST;
    return res;
}

static enum result append_checked(struct spool_in *in, struct group *group, struct append_outcome *outcome,
                                  struct why *why)
{
    enum result res = wal_refuse_other(in->wal, why);
    if (res != RES_OK) {
        outcome->cause = APPEND_LOG_LOST;
        return res;
    }
    res = db_begin(in->db, why);
    reject_rows_begin(in->rejects);
    if (res == RES_OK) res = db_end(in->db, append_in_transaction(in, group, outcome, why), why);
    reject_rows_end(in->rejects, res);
    outcome->has_capped = res == RES_OK && reject_rows_has_capped(in->rejects);
    if (res != RES_OK && outcome->cause == APPEND_FAILED && db_was_full(in->db)) outcome->cause = APPEND_FULL;
    return res == RES_OK ? check_files(in, outcome, why) : res;
}

enum result spool_append(struct spool_in *in, struct group *group, struct append_outcome *outcome,
                         struct why *why)
{
    if (group->number == 0) group->number = ++in->groups;
    *outcome = (struct append_outcome){.cause = APPEND_FAILED};
    enum result res = append_checked(in, group, outcome, why);
    if (res != RES_OK) return why_wrap(why, res, "commit a group of events");
    outcome->cause = APPEND_KEPT;
    return RES_OK;
}

bool spool_in_is_in_doubt(const struct spool_in *in)
{
    return db_is_in_doubt(in->db);
}

struct db *spool_in_db(struct spool_in *in)
{
    return in->db;
}

struct wal *spool_in_wal(struct spool_in *in)
{
    return in->wal;
}

void spool_in_shrink(struct spool_in *in)
{
    struct why why = {0};
    if (db_exec(in->db, "PRAGMA shrink_memory", &why) != RES_OK)
        log_debug("cannot free cached pages", "why=%s", LOG_QUOTE(why.text));
}

/* ---- sizes ---- */

/* The value of a statement that returns one row with one column. */
static enum result read_int(struct stmt *stmt, int64_t *value, struct why *why)
{
    bool has_row = false;
    enum result res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    *value = has_row ? stmt_int(stmt, 0) : 0;
    stmt_reset(stmt);
    return RES_OK;
}

enum result spool_in_sizes(struct spool_in *in, int64_t *used, int64_t *unused, struct why *why)
{
    int64_t pages = 0;
    int64_t free_pages = 0;
    enum result res = read_int(in->page_count, &pages, why);
    if (res == RES_OK) res = read_int(in->freelist_count, &free_pages, why);
    *used = (pages - free_pages) * in->page_size;
    *unused = free_pages * in->page_size;
    return res;
}

enum result spool_in_report_space(struct spool_in *in, bool is_short, bool is_urgent, struct why *why)
{
    int64_t last_event_id = 0;
    enum result res = wal_refuse_other(in->wal, why);
    if (res == RES_OK) res = db_begin(in->db, why);
    if (res != RES_OK) return res;
    stmt_set_int(in->report_low_space, ":low_space", is_short);
    res = stmt_run(in->report_low_space, NULL, why);
    if (res == RES_OK && is_urgent) res = read_int(in->request_flush, &last_event_id, why);
    return db_end(in->db, res, why);
}

enum result spool_in_unshipped_rejects(struct spool_in *in, int64_t *bytes, struct why *why)
{
    return reject_rows_unshipped(in->rejects, bytes, why);
}
