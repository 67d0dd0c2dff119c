/* document -- see document.h. An empty text, and a time that is 0, become null: not known, or none. */
#include "common/status/document.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/json_tree.h"
#include "common/status/judge.h"

static cJSON *object(cJSON *parent, const char *name)
{
    return json_tree_must(cJSON_AddObjectToObject(parent, name));
}

static cJSON *array(cJSON *parent, const char *name)
{
    return json_tree_must(cJSON_AddArrayToObject(parent, name));
}

/* Numbers up to 2^53 are exact. */
static void number(cJSON *parent, const char *name, int64_t value)
{
    (void)json_tree_must(cJSON_AddNumberToObject(parent, name, (double)value));
}

static void null(cJSON *parent, const char *name)
{
    (void)json_tree_must(cJSON_AddNullToObject(parent, name));
}

/* One that is below 0 is not known. */
static void known(cJSON *parent, const char *name, int64_t value)
{
    if (value < 0)
        null(parent, name);
    else
        number(parent, name, value);
}

static void truth(cJSON *parent, const char *name, bool value)
{
    (void)json_tree_must(cJSON_AddBoolToObject(parent, name, value));
}

static void time_of(cJSON *parent, const char *name, int64_t at)
{
    char iso[CLOCK_ISO_SIZE];
    json_tree_add_text(parent, name, at > 0 ? clock_iso(at, iso) : "");
}

/* ---- what is wrong ---- */

static void add_problem(cJSON *problems, const struct problem *problem)
{
    cJSON *item = json_tree_add_element(problems);
    json_tree_add_text(item, "code", problem->code);
    json_tree_add_text(item, "program", problem->program);
    json_tree_add_text(item, "severity",
                       problem_severity(problem->code) == PROBLEM_INFO
                           ? "info"
                           : problem_severity_name(problem_severity(problem->code)));
    time_of(item, "since", problem->since);
    number(item, "tries", problem->tries);
    json_tree_add_text(item, "message", problem->message);
    json_tree_add_text(item, "remedy", problem->remedy);
}

/* What comes first in each document. With `is_worse` infos are left out. */
static void add_verdict(cJSON *root, const struct status *s, bool is_worse)
{
    json_tree_add_text(root, "status", problem_severity_name(s->severity));
    json_tree_add_text(root, "verdict", status_verdict_name(s));
    cJSON *problems = array(root, "problems");
    for (size_t i = 0; i < s->problem_count; i++)
        if (!is_worse || problem_severity(s->problems[i].code) != PROBLEM_INFO)
            add_problem(problems, &s->problems[i]);
}

/* ---- the programs and the spool ---- */

static void add_spool(cJSON *root, const struct status *s)
{
    cJSON *spool = object(root, "spool");
    json_tree_add_text(spool, "path", s->spool_path);
    json_tree_add_text(spool, "error", s->has_spool ? "" : s->why_no_spool.text);
    if (!s->has_spool) return;
    json_tree_add_text(spool, "id", s->identity.spool);
    json_tree_add_text(spool, "node", s->identity.node);
    time_of(spool, "created_at", s->created_at);
    number(spool, "first_id", s->first_id);
    number(spool, "bytes", s->spool_bytes);
}

static cJSON *add_program(cJSON *root, const char *name, const struct status_program *program)
{
    cJSON *item = object(root, name);
    truth(item, "running", program->is_running);
    json_tree_add_text(item, "why_not", program->is_running ? "" : program->why_not.text);
    time_of(item, "alive_at", program->seen_at);
    time_of(item, "started_at", program->started_at);
    json_tree_add_text(item, "version", program->version);
    cJSON *problems = array(item, "problems");
    for (size_t i = 0; i < program->problem_count; i++) add_problem(problems, &program->problems[i]);
    return item;
}

static void add_uploader(cJSON *root, const struct status *s)
{
    cJSON *uploader = add_program(root, "uploader", &s->uploader);
    if (!s->has_spool) return;
    time_of(uploader, "seen_at", s->uploader_seen_at);
    json_tree_add_text(uploader, "destination", s->destination);
    known(uploader, "rotation_seconds", s->rotation_ms > 0 ? s->rotation_ms / 1000 : -1);
    known(uploader, "max_file_bytes", s->max_file_bytes > 0 ? s->max_file_bytes : -1);
}

/* ---- events ---- */

static void add_flow(cJSON *root, const struct status *s)
{
    cJSON *received = object(root, "received");
    number(received, "events", s->events_received);
    number(received, "bytes", s->received_bytes);
    number(received, "rejects", s->rejects_received);
    number(received, "events_24h", s->disk.events_24h);
    number(received, "bytes_24h", s->disk.bytes_24h);
    cJSON *shipped = object(root, "shipped");
    number(shipped, "events", status_counter(s, "shipped_events", ""));
    number(shipped, "batches", status_counter(s, "shipped_batches", ""));
    time_of(root, "last_event_at", s->last_event_at);
    time_of(root, "last_shipped_at", s->last_shipped_at);
}

static void add_backlog(cJSON *root, const struct status *s)
{
    cJSON *backlog = object(root, "backlog");
    int64_t age_ms = s->now > s->oldest_at ? s->now - s->oldest_at : 0;
    number(backlog, "events", s->backlog_events);
    number(backlog, "bytes", s->backlog_bytes);
    known(backlog, "oldest_age_seconds", s->oldest_at > 0 ? age_ms / 1000 : -1);
    time_of(backlog, "next_due_at", status_next_due_at(s));
}

static void add_batches(cJSON *root, const struct status *s)
{
    cJSON *batches = object(root, "batches");
    number(batches, "sealed", s->sealed);
    number(batches, "blocked", s->blocked);
    number(batches, "abandoned", s->abandoned);
    cJSON *recent = array(root, "recent_batches");
    for (size_t i = 0; i < s->batch_count; i++) {
        const struct status_batch *batch = &s->batches[i];
        cJSON *item = json_tree_add_element(recent);
        number(item, "id", batch->id);
        json_tree_add_text(item, "kind", batch->kind);
        json_tree_add_text(item, "state", batch->state);
        number(item, "first_id", batch->first_id);
        number(item, "last_id", batch->last_id);
        number(item, "events", batch->events);
        number(item, "bytes", batch->bytes);
        json_tree_add_text(item, "key", batch->key);
        number(item, "attempts", batch->attempts);
        time_of(item, "sealed_at", batch->sealed_at);
        time_of(item, "shipped_at", batch->shipped_at);
    }
}

static void add_rejects(cJSON *root, const struct status *s)
{
    number(root, "rejects_24h", s->rejects_24h);
    cJSON *rejects = array(root, "rejects_by_reason");
    for (size_t i = 0; i < s->counter_count; i++) {
        if (strcmp(s->counters[i].name, "rejects") != 0) continue;
        cJSON *item = json_tree_add_element(rejects);
        json_tree_add_text(item, "reason", s->counters[i].label);
        number(item, "total", s->counters[i].value);
        time_of(item, "last_at", s->counters[i].last_at);
    }
}

static void add_senders(cJSON *root, const struct status *s, const struct status_live *live)
{
    cJSON *senders = array(root, "senders");
    for (size_t i = 0; i < s->sender_count; i++) {
        const struct status_sender *sender = &s->senders[i];
        cJSON *item = json_tree_add_element(senders);
        json_tree_add_text(item, "sender", sender->sender);
        json_tree_add_text(item, "source", sender->source);
        time_of(item, "last_event_at", sender->last_event_at);
        number(item, "events", sender->events);
        number(item, "events_today", sender->events_today);
        known(item, "events_per_minute", live ? live->events_per_minute[i] : -1);
    }
}

static void add_disk(cJSON *root, const struct status *s)
{
    cJSON *disk = object(root, "disk");
    known(disk, "free_bytes", s->disk.free_bytes);
    known(disk, "min_free_bytes", s->disk.min_free_bytes);
    known(disk, "spool_max_bytes", s->disk.max_bytes > 0 ? s->disk.max_bytes : -1);
    known(disk, "room_bytes", status_room_bytes(s));
    known(disk, "room_hours", status_room_hours(s));
}

/* Without figures `done` is null, too. */
static void add_progress(cJSON *request, const struct status_request *r)
{
    const struct progress *progress = &r->progress;
    json_tree_add_text(request, "progress", r->sentence);
    known(request, "done", *progress->unit ? progress->done : -1);
    known(request, "total", progress->total > 0 ? progress->total : -1);
    json_tree_add_text(request, "unit", progress->unit);
}

static void add_requests(cJSON *root, const struct status *s)
{
    cJSON *requests = array(root, "requests");
    for (size_t i = 0; i < s->request_count; i++) {
        cJSON *request = json_tree_add_element(requests);
        json_tree_add_text(request, "program", s->requests[i].program);
        json_tree_add_text(request, "what", s->requests[i].action);
        json_tree_add_text(request, "asked_at", s->requests[i].requested_at);
        add_progress(request, &s->requests[i]);
    }
}

/* ---- what the running collector adds ---- */

static void add_connections(cJSON *root, const struct status_live *live)
{
    known(root, "connections", live ? live->connections : -1);
    if (!live) {
        null(root, "connected");
        return;
    }
    cJSON *connected = array(root, "connected");
    for (size_t i = 0; i < live->source_count; i++) {
        const struct live_source *source = &live->sources[i];
        cJSON *item = json_tree_add_element(connected);
        json_tree_add_text(item, "source", source->source);
        number(item, "connections", source->connections);
        time_of(item, "connected_at", source->connected_at);
        time_of(item, "last_at", source->last_at);
        number(item, "events", source->events);
    }
}

/* Written here: cJSON takes a microsecond for each number, and there are a thousand of them, each second. */
static void add_points(cJSON *series, const char *name, const int64_t *points, size_t count)
{
    struct buf list = BUF_EMPTY;
    for (size_t i = 0; i < count; i++) {
        buf_append_char(&list, i == 0 ? '[' : ',');
        if (points[i] < 0)
            buf_append_text(&list, "null");
        else
            buf_append_format(&list, "%" PRId64, points[i]);
    }
    buf_append_text(&list, count == 0 ? "[]" : "]");
    buf_append_char(&list, '\0');
    (void)json_tree_must(cJSON_AddRawToObject(series, name, list.data));
    buf_fini(&list);
}

static void add_series(cJSON *history, const char *name, const struct live_series *series)
{
    cJSON *item = object(history, name);
    time_of(item, "end_at", series->end_at);
    number(item, "step_seconds", series->step_ms / 1000);
    add_points(item, "received", series->received, series->count);
    add_points(item, "shipped", series->shipped, series->count);
    add_points(item, "backlog", series->backlog, series->count);
}

static void add_history(cJSON *root, const struct status_live *live)
{
    if (!live) {
        null(root, "history");
        return;
    }
    cJSON *history = object(root, "history");
    add_series(history, "hour", &live->hour);
    add_series(history, "day", &live->day);
}

/* ---- the documents ---- */

/* What the spool holds. */
static void add_content(cJSON *root, const struct status *s)
{
    add_flow(root, s);
    add_backlog(root, s);
    truth(root, "trial_mode", s->is_trial);
    json_tree_add_text(root, "last_error", s->last_error);
    json_tree_add_text(root, "remedy", s->remedy);
    add_batches(root, s);
    add_rejects(root, s);
    add_disk(root, s);
    add_requests(root, s);
}

static void print(cJSON *root, struct buf *out)
{
    json_tree_print(root, true, out);
    buf_append_char(out, '\n');
}

static cJSON *make_document(const struct status *s, const struct status_live *live)
{
    cJSON *root = json_tree_must(cJSON_CreateObject());
    time_of(root, "now", s->now);
    json_tree_add_text(root, "version", EVENTSPOOL_VERSION);
    add_verdict(root, s, false);
    add_spool(root, s);
    (void)add_program(root, "collector", &s->collector);
    add_uploader(root, s);
    if (s->has_spool) add_content(root, s);
    if (s->has_spool) add_senders(root, s, live);
    add_connections(root, live);
    add_history(root, live);
    return root;
}

void status_document(const struct status *s, const struct status_live *live, struct buf *out)
{
    print(make_document(s, live), out);
}

static void add_ranges(cJSON *root, const char *name, const char *cut_name,
                       const struct status_range_list *ranges)
{
    cJSON *list = array(root, name);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct status_range *range = &ranges->list[i];
        cJSON *item = json_tree_add_element(list);
        json_tree_add_text(item, "kind", range->kind);
        number(item, "first_id", range->first_id);
        number(item, "last_id", range->last_id);
        json_tree_add_text(item, "state", range->state);
        json_tree_add_text(item, "key", range->key);
        time_of(item, "since", range->since);
    }
    truth(root, cut_name, ranges->is_cut);
}

void status_document_with_ranges(const struct status *s, const struct status_ranges *ranges, struct buf *out)
{
    cJSON *root = make_document(s, NULL);
    add_ranges(root, "open_ranges", "open_ranges_cut", &ranges->open);
    add_ranges(root, "abandoned_ranges", "abandoned_ranges_cut", &ranges->abandoned);
    print(root, out);
}

void status_health_document(const struct status *s, struct buf *out)
{
    cJSON *root = json_tree_must(cJSON_CreateObject());
    add_verdict(root, s, true);
    print(root, out);
}
