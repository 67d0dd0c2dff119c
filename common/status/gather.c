/* gather -- see gather.h. */
#include "common/status/gather.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/clock.h"
#include "common/lockfile.h"
#include "common/problems.h"
#include "common/sql.h"
#include "common/status/arrival.h"
#include "common/status/judge.h"

#define DAY_MS 86400000LL

/* ---- the programs ---- */

static void check_program(struct status_program *program, const char *spool_path, const char *name)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    struct why why = {0};
    bool is_held = false;
    const char *text = lockfile_read(spool_path, name, buffer);
    program->is_unseen = lockfile_is_held(spool_path, name, &is_held, &why) != RES_OK;
    program->is_silent = lockfile_is_empty(spool_path, name);
    program->is_running = lockfile_check(spool_path, name, &program->why_not) == RES_OK;
    program->is_hanging = is_held && !program->is_running;
    program->seen_at = lockfile_seen_at(spool_path, name);
    while (program->problem_count < PROBLEM_COUNT &&
           problems_parse(&text, name, &program->problems[program->problem_count]))
        program->problem_count++;
}

static void gather_programs(struct status *status, const char *spool_path)
{
    memset(status, 0, sizeof *status);
    status->now = clock_now_ms();
    status->spool_path = spool_path;
    status->disk.free_bytes = status->disk.min_free_bytes = -1;
    check_program(&status->collector, spool_path, "collector");
    check_program(&status->uploader, spool_path, "uploader");
}

void status_gather_programs(struct status *status, const char *spool_path, const struct why *why_no_spool)
{
    gather_programs(status, spool_path);
    status->why_no_spool = *why_no_spool;
    status_judge(status);
}

/* ---- the spool ---- */

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text ? text : "");
}

/* A column of load_status.sql for each place. */
static void read_row(struct status *s, struct stmt *row)
{
    int64_t *const numbers[] = {
        &s->events_received, &s->event_bytes,      &s->received_bytes, &s->rejects_received,
        &s->last_event_at,   &s->backlog_events,   &s->backlog_bytes,  &s->oldest_at,
        &s->rejects_24h,     &s->abandoned_events, &s->spool_bytes,    &s->disk.unused_bytes,
        &s->last_shipped_at, &s->uploader_seen_at,
    };
    int column = 0;
    for (; column < (int)(sizeof numbers / sizeof *numbers); column++)
        *numbers[column] = stmt_int(row, column);
    s->is_trial = stmt_int(row, column++) != 0;
    copy_text(s->last_error, sizeof s->last_error, stmt_text(row, column++));
    copy_text(s->remedy, sizeof s->remedy, stmt_text(row, column++));
    copy_text(s->uploader.version, sizeof s->uploader.version, stmt_text(row, column++));
    s->uploader.started_at = stmt_int(row, column++);
    copy_text(s->destination, sizeof s->destination, stmt_text(row, column++));
    s->rotation_ms = stmt_int(row, column++);
    s->max_file_bytes = stmt_int(row, column++);
    copy_text(s->collector.version, sizeof s->collector.version, stmt_text(row, column++));
    s->collector.started_at = stmt_int(row, column++);
    s->disk.min_free_bytes = *s->collector.version ? stmt_int(row, column) : -1;
    s->disk.max_bytes = stmt_int(row, column + 1);
    s->created_at = stmt_int(row, column + 2);
    s->first_id = stmt_int(row, column + 3);
}

static void read_counts(struct status *s, struct stmt *row)
{
    s->sealed = stmt_int(row, 0);
    s->blocked = stmt_int(row, 1);
    s->abandoned = stmt_int(row, 2);
}

static void read_request(struct status *s, struct stmt *row)
{
    if (s->request_count == STATUS_REQUESTS_MAX) return;
    struct status_request *request = &s->requests[s->request_count++];
    copy_text(request->program, sizeof request->program, stmt_text(row, 1));
    copy_text(request->action, sizeof request->action, stmt_text(row, 2));
    copy_text(request->requested_at, sizeof request->requested_at, stmt_text(row, 3));
    const char *progress = stmt_text(row, 4);
    copy_text(request->sentence, sizeof request->sentence,
              progress_read(progress ? progress : "", &request->progress));
}

static void read_sender(struct status *s, struct stmt *row)
{
    struct status_sender *sender = &s->senders[s->sender_count++];
    copy_text(sender->sender, sizeof sender->sender, stmt_text(row, 0));
    copy_text(sender->source, sizeof sender->source, stmt_text(row, 1));
    sender->last_event_at = stmt_int(row, 2);
    sender->events_today = stmt_int(row, 3);
    sender->events = stmt_int(row, 4);
}

static void read_batch(struct status *s, struct stmt *row)
{
    struct status_batch *batch = &s->batches[s->batch_count++];
    batch->id = stmt_int(row, 0);
    copy_text(batch->kind, sizeof batch->kind, stmt_text(row, 1));
    copy_text(batch->state, sizeof batch->state, stmt_text(row, 2));
    batch->first_id = stmt_int(row, 3);
    batch->last_id = stmt_int(row, 4);
    batch->events = stmt_int(row, 5);
    batch->bytes = stmt_int(row, 6);
    copy_text(batch->key, sizeof batch->key, stmt_text(row, 7));
    batch->attempts = stmt_int(row, 8);
    batch->sealed_at = stmt_int(row, 9);
    batch->shipped_at = stmt_int(row, 10);
}

static void read_counter(struct status *s, struct stmt *row)
{
    if (s->counter_count == STATUS_COUNTERS_MAX) return;
    struct status_counter *counter = &s->counters[s->counter_count++];
    copy_text(counter->name, sizeof counter->name, stmt_text(row, 0));
    copy_text(counter->label, sizeof counter->label, stmt_text(row, 1));
    counter->value = stmt_int(row, 2);
    counter->last_at = stmt_int(row, 3);
}

/* Runs a statement, whose parameters are :most and :today where `most` is not 0, and reads each of its rows. */
static enum result read_rows(struct status *s, struct db *db, const char *sql, int64_t most, bool has_today,
                             void (*read)(struct status *, struct stmt *), struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql, why);
    if (res == RES_OK && most > 0) stmt_set_int(stmt, ":most", most);
    if (res == RES_OK && has_today) stmt_set_int(stmt, ":today", s->now / DAY_MS);
    while (res == RES_OK && has_row) {
        res = stmt_step(stmt, &has_row, why);
        if (res == RES_OK && has_row) read(s, stmt);
    }
    stmt_free(stmt);
    return res;
}

/* ---- the last 24 hours ---- */

static enum result measure_day(struct status *s, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    struct arrival first = {.is_there = false};
    int64_t id = 0;
    enum result res = stmt_prepare(&stmt, db, sql_load_event_at, why);
    if (res == RES_OK) res = arrival_find(stmt, 1, s->events_received + 1, s->now - DAY_MS, &id, why);
    if (res == RES_OK) res = arrival_load(stmt, id, &first, why);
    stmt_free(stmt);
    if (res != RES_OK || !first.is_there) return res;
    s->disk.bytes_24h = s->event_bytes - first.bytes_before;
    s->disk.events_24h = s->events_received - first.id + 1;
    bool is_whole_day = first.id > 1 || s->created_at <= s->now - DAY_MS;
    s->disk.measured_ms = is_whole_day ? DAY_MS : s->now - s->created_at;
    return res;
}

static void measure_disk(struct status *s)
{
    struct statvfs fs;
    if (statvfs(s->spool_path, &fs) == 0) s->disk.free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

/* ---- all ---- */

enum result status_gather(struct status *s, struct db *db, const char *spool_path, struct why *why)
{
    gather_programs(s, spool_path);
    enum result res = spool_load_identity(db, &s->identity, why);
    if (res == RES_OK) res = read_rows(s, db, sql_load_status, 0, false, read_row, why);
    if (res == RES_OK) res = read_rows(s, db, sql_count_batches, 0, false, read_counts, why);
    if (res == RES_OK) res = read_rows(s, db, sql_load_open_requests, 0, false, read_request, why);
    if (res == RES_OK)
        res = read_rows(s, db, sql_load_status_senders, STATUS_SENDERS_MAX, true, read_sender, why);
    if (res == RES_OK)
        res = read_rows(s, db, sql_load_status_batches, STATUS_BATCHES_MAX, false, read_batch, why);
    if (res == RES_OK) res = read_rows(s, db, sql_load_counters, 0, false, read_counter, why);
    if (res == RES_OK) res = measure_day(s, db, why);
    s->has_spool = res == RES_OK;
    if (res != RES_OK) s->why_no_spool = *why;
    measure_disk(s);
    /* Nobody tries again what the uploader has reported while it lived: that it does not run is what is wrong now. */
    if (!s->uploader.is_running) s->last_error[0] = s->remedy[0] = '\0';
    status_judge(s);
    return res;
}
