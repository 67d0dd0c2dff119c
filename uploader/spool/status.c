/* status -- see status.h. */
#include "uploader/spool/status.h"

#include <stdio.h>
#include <string.h>

#include "common/sql.h"

static void check_program(struct status_program *program, const char *spool_path, const char *name)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    const char *text = lockfile_read(spool_path, name, buffer);
    program->is_silent = lockfile_is_empty(spool_path, name);
    program->is_running = lockfile_check(spool_path, name, &program->why_not) == RES_OK;
    while (program->problem_count < PROBLEM_COUNT &&
           problems_parse(&text, &program->problems[program->problem_count]))
        program->problem_count++;
}

static enum result count_batches(struct status *status, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, db, sql_count_batches, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        status->sealed = stmt_int(stmt, 0);
        status->blocked = stmt_int(stmt, 1);
        status->abandoned = stmt_int(stmt, 2);
    }
    stmt_free(stmt);
    return res;
}

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text ? text : "");
}

static enum result load_requests(struct status *status, struct db *db, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = true;
    enum result res = stmt_prepare(&stmt, db, sql_load_open_requests, why);
    while (res == RES_OK && has_row && status->request_count < STATUS_REQUESTS_MAX) {
        res = stmt_step(stmt, &has_row, why);
        if (res != RES_OK || !has_row) break;
        struct status_request *request = &status->requests[status->request_count++];
        copy_text(request->program, sizeof request->program, stmt_text(stmt, 1));
        copy_text(request->action, sizeof request->action, stmt_text(stmt, 2));
        copy_text(request->requested_at, sizeof request->requested_at, stmt_text(stmt, 3));
        copy_text(request->progress, sizeof request->progress, stmt_text(stmt, 4));
    }
    stmt_free(stmt);
    return res;
}

/* Nobody tries again what the uploader has reported while it lived: that it does not run is what is wrong now. */
static void forget_advice(struct summary *summary)
{
    summary->last_error[0] = summary->remedy[0] = '\0';
}

void status_gather_programs(struct status *status, const char *spool_path)
{
    memset(status, 0, sizeof *status);
    status->spool_path = spool_path;
    check_program(&status->collector, spool_path, "collector");
    check_program(&status->uploader, spool_path, "uploader");
}

enum result status_gather(struct status *status, struct spool_out *spool, const char *spool_path,
                          struct why *why)
{
    struct db *db = spool_out_db(spool);
    status_gather_programs(status, spool_path);
    enum result res = spool_out_identity(spool, &status->identity, why);
    if (res == RES_OK) res = spool_out_summary(spool, &status->summary, why);
    if (res == RES_OK && !status->uploader.is_running) forget_advice(&status->summary);
    if (res == RES_OK) res = count_batches(status, db, why);
    return res == RES_OK ? load_requests(status, db, why) : res;
}
