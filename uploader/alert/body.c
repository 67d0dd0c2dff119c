/* body -- see body.h. */
#include "uploader/alert/body.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/figures.h"
#include "common/json_tree.h"
#include "common/printable.h"
#include "common/status/judge.h"

/* ---- texts ---- */

/* As people may see it: foreign texts may be anything. */
static void append_shown(struct buf *out, const char *text)
{
    printable_append_shown(out, text, strlen(text));
}

/* A sentence, which ends with a full stop whether the text has one or not. */
static void append_sentence(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    append_shown(out, text);
    if (len > 0 && !strchr(".!?", text[len - 1])) buf_append_char(out, '.');
}

/* The verdict without the code of its problem, which the message may not be about. */
static void append_verdict(struct buf *out, const struct status *status)
{
    char line[STATUS_VERDICT_SIZE];
    char code[PROBLEM_CODE_SIZE + 2] = "";
    (void)status_verdict_line(status, line);
    if (status->problem_count > 0) (void)snprintf(code, sizeof code, ": %s", status->problems[0].code);
    size_t len = strlen(line);
    size_t code_len = strlen(code);
    if (code_len > 0 && len > code_len && strcmp(line + len - code_len, code) == 0)
        line[len - code_len] = '\0';
    append_sentence(out, line);
}

static const char *severity_of(const struct alert *alert)
{
    return problem_severity_name(problem_severity(alert->problem.code));
}

/* `paused_disk (critical, since 2031-05-04T10:11:12.345Z): no room. What to do: free space.` */
static void append_problem(struct buf *out, const struct alert *alert)
{
    char since[CLOCK_ISO_SIZE];
    append_shown(out, alert->problem.code);
    buf_append_text(out, " (");
    buf_append_text(out, severity_of(alert));
    buf_append_text(out, ", since ");
    buf_append_text(out, clock_iso(alert->problem.since, since));
    buf_append_text(out, "): ");
    append_sentence(out, alert->problem.message);
    if (!*alert->problem.remedy) return;
    buf_append_text(out, " What to do: ");
    append_sentence(out, alert->problem.remedy);
}

static void append_end(struct buf *out, const struct alert *alert)
{
    char span[FIGURES_SIZE];
    int64_t lasted_ms = alert->away_at - alert->problem.since;
    append_shown(out, alert->problem.code);
    buf_append_text(out, " is over");
    if (lasted_ms > 0) {
        buf_append_text(out, ", after ");
        buf_append_text(out, figures_span(lasted_ms, span));
    }
    buf_append_char(out, '.');
}

static void append_list(struct buf *out, const struct alert_message *message)
{
    char line[64];
    (void)snprintf(line, sizeof line, " %zu problem%s still open:", message->count,
                   message->count == 1 ? " is" : "s are");
    buf_append_text(out, line);
    for (size_t i = 0; i < message->count && i < ALERT_LISTED_MAX; i++) {
        buf_append_text(out, "\n- ");
        append_problem(out, message->alerts[i]);
    }
    if (message->count <= ALERT_LISTED_MAX) return;
    (void)snprintf(line, sizeof line, "\n- and %zu more", message->count - ALERT_LISTED_MAX);
    buf_append_text(out, line);
}

static void make_text(const struct alert_message *message, const char *node, const struct status *status,
                      struct buf *out)
{
    append_shown(out, node);
    buf_append_text(out, ": ");
    append_verdict(out, status);
    if (message->event == ALERT_REMINDER) {
        append_list(out, message);
        return;
    }
    buf_append_char(out, ' ');
    if (message->event == ALERT_END)
        append_end(out, message->alerts[0]);
    else
        append_problem(out, message->alerts[0]);
}

/* As Slack wants its three characters. Returns a text that the caller frees. */
static void escape_for_slack(const struct buf *text, struct buf *out)
{
    for (size_t i = 0; i < text->len; i++) {
        switch (text->data[i]) {
        case '&': buf_append_text(out, "&amp;"); break;
        case '<': buf_append_text(out, "&lt;"); break;
        case '>': buf_append_text(out, "&gt;"); break;
        default: buf_append_char(out, text->data[i]);
        }
    }
    buf_append_char(out, '\0');
}

/* ---- JSON ---- */

static void add_slack_text(cJSON *root, const struct buf *text)
{
    struct buf escaped = BUF_EMPTY;
    escape_for_slack(text, &escaped);
    (void)json_tree_must(cJSON_AddStringToObject(root, "text", escaped.data));
    buf_fini(&escaped);
}

static void add_alert(cJSON *parent, const struct alert *alert)
{
    char since[CLOCK_ISO_SIZE];
    json_tree_add_text(parent, "id", alert->id);
    json_tree_add_text(parent, "code", alert->problem.code);
    json_tree_add_text(parent, "severity", severity_of(alert));
    json_tree_add_text(parent, "program", alert->problem.program);
    json_tree_add_text(parent, "since", clock_iso(alert->problem.since, since));
    json_tree_add_text(parent, "message", alert->problem.message);
    json_tree_add_text(parent, "remedy", alert->problem.remedy);
}

static void add_list(cJSON *root, const struct alert_message *message)
{
    cJSON *alerts = json_tree_must(cJSON_AddArrayToObject(root, "alerts"));
    for (size_t i = 0; i < message->count; i++) add_alert(json_tree_add_element(alerts), message->alerts[i]);
}

void alert_body(const struct alert_message *message, const char *node, const struct status *status,
                struct buf *out)
{
    struct buf text = BUF_EMPTY;
    cJSON *root = json_tree_must(cJSON_CreateObject());
    make_text(message, node, status, &text);
    add_slack_text(root, &text);
    json_tree_add_text(root, "event", alert_event_name(message->event));
    json_tree_add_text(root, "node", node);
    json_tree_add_text(root, "verdict", status_verdict_name(status));
    add_alert(root, message->alerts[0]);
    if (message->event == ALERT_REMINDER) add_list(root, message);
    json_tree_print(root, false, out);
    buf_fini(&text);
}

void alert_body_test(const char *id, const char *node, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    cJSON *root = json_tree_must(cJSON_CreateObject());
    append_shown(&text, node);
    buf_append_text(&text, ": this is a test of ALERT_URL by `eventspool alert test`. Nothing is wrong.");
    add_slack_text(root, &text);
    json_tree_add_text(root, "event", alert_event_name(ALERT_TEST));
    json_tree_add_text(root, "node", node);
    json_tree_add_text(root, "id", id);
    json_tree_add_text(root, "code", "test");
    json_tree_add_text(root, "severity", "info");
    json_tree_add_text(root, "remedy", "none needed");
    json_tree_print(root, false, out);
    buf_fini(&text);
}
