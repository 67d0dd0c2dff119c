/* status_json -- see status_json.h. Running out of memory aborts, as everywhere. */
#include "uploader/commands/status_json.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/printable.h"

static cJSON *must(cJSON *item)
{
    if (!item) abort();
    return item;
}

static cJSON *object(cJSON *parent, const char *name)
{
    return must(cJSON_AddObjectToObject(parent, name));
}

/* Numbers up to 2^53 are exact. */
static void number(cJSON *parent, const char *name, int64_t value)
{
    (void)must(cJSON_AddNumberToObject(parent, name, (double)value));
}

static void truth(cJSON *parent, const char *name, bool value)
{
    (void)must(cJSON_AddBoolToObject(parent, name, value));
}

/* An empty text becomes null: not known, or none. cJSON writes any bytes, so the text is made printable before. */
static void text(cJSON *parent, const char *name, const char *value)
{
    struct buf shown = BUF_EMPTY;
    printable_append_shown(&shown, value, strlen(value));
    buf_append_char(&shown, '\0');
    (void)must(*value ? cJSON_AddStringToObject(parent, name, shown.data)
                      : cJSON_AddNullToObject(parent, name));
    buf_fini(&shown);
}

static void add_spool(cJSON *root, const struct status *s)
{
    cJSON *spool = object(root, "spool");
    text(spool, "path", s->spool_path);
    text(spool, "id", s->identity.spool);
    text(spool, "node", s->identity.node);
    number(spool, "bytes", s->summary.spool_bytes);
}

static void add_problems(cJSON *item, const struct status_program *program)
{
    cJSON *problems = must(cJSON_AddArrayToObject(item, "problems"));
    for (size_t i = 0; i < program->problem_count; i++) {
        char since[CLOCK_ISO_SIZE];
        cJSON *problem = must(cJSON_CreateObject());
        (void)cJSON_AddItemToArray(problems, problem);
        text(problem, "code", program->problems[i].code);
        text(problem, "since", clock_iso(program->problems[i].since, since));
        text(problem, "message", program->problems[i].message);
        text(problem, "remedy", program->problems[i].remedy);
    }
}

static cJSON *add_program(cJSON *root, const char *name, const struct status_program *program)
{
    cJSON *item = object(root, name);
    truth(item, "running", program->is_running);
    text(item, "why_not", program->is_running ? "" : program->why_not.text);
    add_problems(item, program);
    return item;
}

static void add_backlog(cJSON *root, const struct status *s)
{
    cJSON *backlog = object(root, "backlog");
    number(backlog, "events", s->summary.events);
    number(backlog, "bytes", s->summary.bytes);
    if (s->summary.events > 0)
        number(backlog, "oldest_age_seconds", s->summary.oldest_age_seconds);
    else
        text(backlog, "oldest_age_seconds", "");
}

static void add_batches(cJSON *root, const struct status *s)
{
    cJSON *batches = object(root, "batches");
    number(batches, "sealed", s->sealed);
    number(batches, "blocked", s->blocked);
    number(batches, "abandoned", s->abandoned);
}

static void add_requests(cJSON *root, const struct status *s)
{
    cJSON *requests = must(cJSON_AddArrayToObject(root, "requests"));
    for (size_t i = 0; i < s->request_count; i++) {
        cJSON *request = must(cJSON_CreateObject());
        (void)cJSON_AddItemToArray(requests, request);
        text(request, "program", s->requests[i].program);
        text(request, "what", s->requests[i].action);
        text(request, "asked_at", s->requests[i].requested_at);
        text(request, "progress", s->requests[i].progress);
    }
}

void status_json(const struct status *s, struct buf *out)
{
    cJSON *root = must(cJSON_CreateObject());
    add_spool(root, s);
    (void)add_program(root, "collector", &s->collector);
    text(add_program(root, "uploader", &s->uploader), "seen_at", s->summary.uploader_seen_at);
    add_backlog(root, s);
    text(root, "last_event_at", s->summary.last_event_at);
    text(root, "last_shipped_at", s->summary.last_shipped_at);
    number(root, "rejects_24h", s->summary.rejects_24h);
    truth(root, "trial_mode", s->summary.is_trial);
    text(root, "last_error", s->summary.last_error);
    text(root, "remedy", s->summary.remedy);
    add_batches(root, s);
    add_requests(root, s);
    char *printed = cJSON_Print(root);
    if (!printed) abort();
    buf_append_text(out, printed);
    buf_append_char(out, '\n');
    cJSON_free(printed);
    cJSON_Delete(root);
}
