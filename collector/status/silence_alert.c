/* silence_alert -- see silence_alert.h. Rows of one sender follow each other: they are summed until another one comes. */
#include "collector/status/silence_alert.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/printable.h"
#include "common/spool.h"
#include "common/utf8.h"

#define MINUTE_TEXT_LEN 16 /* of 2031-05-04T10:11 */

void silence_alert_begin(struct silence_alert *alert, const struct silence_rule *rule)
{
    assert(rule->silence_ms > 0);
    memset(alert, 0, sizeof *alert);
    alert->rule = *rule;
}

/* ---- one sender ---- */

static bool is_same_sender(const struct silence_alert *a, const struct silence_row *row)
{
    if (a->events == 0 || strcmp(a->sender, row->sender) != 0) return false;
    return *row->sender || strcmp(a->source, row->source) == 0;
}

static bool is_known(const struct silence_alert *a)
{
    bool has_days = a->days >= SILENCE_ALERT_DAYS || a->first_day != a->last_day;
    return a->events >= SILENCE_ALERT_EVENTS && has_days && strcmp(a->sender, SPOOL_TEST_SENDER) != 0;
}

static bool is_silent(const struct silence_alert *a)
{
    const struct silence_rule *rule = &a->rule;
    int64_t since = a->last_at > rule->listening.since ? a->last_at : rule->listening.since;
    return rule->listening.at - since >= rule->silence_ms && rule->now - a->last_at < SILENCE_ALERT_FORGET_MS;
}

static void show_name(const struct silence_alert *a, char name[SILENCE_ALERT_NAME_SIZE])
{
    struct buf shown = BUF_EMPTY;
    const char *text = *a->sender ? a->sender : a->source;
    printable_append(&shown, text, strlen(text));
    bool is_cut = shown.len >= SILENCE_ALERT_NAME_SIZE;
    size_t len = is_cut ? utf8_whole_len(shown.data, SILENCE_ALERT_NAME_SIZE - 4) : shown.len;
    (void)snprintf(name, SILENCE_ALERT_NAME_SIZE, "%.*s%s", (int)len, shown.data, is_cut ? "..." : "");
    buf_fini(&shown);
}

/* Keeps it among those that are named, if it has been silent for longer than one of them. */
static void insert(struct silence_alert *a)
{
    size_t kept = a->count < SILENCE_ALERT_NAMED ? a->count : SILENCE_ALERT_NAMED;
    size_t place = kept;
    while (place > 0 && a->longest[place - 1].last_at > a->last_at) place--;
    a->count++;
    if (place == SILENCE_ALERT_NAMED) return;
    size_t behind = (kept < SILENCE_ALERT_NAMED ? kept : SILENCE_ALERT_NAMED - 1) - place;
    memmove(&a->longest[place + 1], &a->longest[place], behind * sizeof a->longest[0]);
    a->longest[place].last_at = a->last_at;
    show_name(a, a->longest[place].name);
}

void silence_alert_end(struct silence_alert *a)
{
    if (a->events > 0 && is_known(a) && is_silent(a)) insert(a);
    a->events = 0;
}

void silence_alert_add(struct silence_alert *a, const struct silence_row *row)
{
    if (!is_same_sender(a, row)) {
        silence_alert_end(a);
        (void)snprintf(a->sender, sizeof a->sender, "%s", row->sender);
        (void)snprintf(a->source, sizeof a->source, "%s", row->source);
        a->last_at = row->last_received_at;
        a->first_day = a->last_day = row->day;
        a->days = 0;
    }
    a->events += row->events;
    if (row->last_received_at > a->last_at) a->last_at = row->last_received_at;
    if (row->days > a->days) a->days = row->days;
    if (row->day < a->first_day) a->first_day = row->day;
    if (row->day > a->last_day) a->last_day = row->day;
}

/* ---- for people ---- */

void silence_alert_write(const struct silence_alert *a, char message[PROBLEM_TEXT_SIZE])
{
    char when[CLOCK_ISO_SIZE];
    size_t named = a->count < SILENCE_ALERT_NAMED ? a->count : SILENCE_ALERT_NAMED;
    struct buf text = BUF_EMPTY;
    for (size_t i = 0; i < named; i++)
        buf_append_format(&text, "%s%s (since %.*sZ)",
                          i == 0              ? ""
                          : i + 1 == a->count ? " and "
                                              : ", ",
                          a->longest[i].name, MINUTE_TEXT_LEN, clock_iso(a->longest[i].last_at, when));
    if (a->count > named) buf_append_format(&text, " and %zu more", a->count - named);
    (void)snprintf(message, PROBLEM_TEXT_SIZE, "silent for longer than SILENCE_ALERT: %.*s", (int)text.len,
                   text.data);
    buf_fini(&text);
}
