/* arrivals -- see arrivals.h. */
#include "collector/status/arrivals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/printable.h"
#include "common/utf8.h"

/* ---- how many ---- */

/* At the first look, what has come before it within the time is known from its rows. */
static struct arrivals_sample first_sample(const struct arrivals_facts *facts)
{
    struct arrivals_sample sample = {.at = facts->now};
    for (size_t i = 0; i < REASONS_COUNT; i++) sample.totals[i] = facts->of[i].total - facts->of[i].rows;
    return sample;
}

static struct arrivals_sample sample_of(const struct arrivals_facts *facts)
{
    struct arrivals_sample sample = {.at = facts->now};
    for (size_t i = 0; i < REASONS_COUNT; i++) sample.totals[i] = facts->of[i].total;
    return sample;
}

/* Of those that are too old, the newest stays: the difference to it covers the whole time. */
static void forget_old(struct arrivals *a, int64_t now)
{
    size_t old = 0;
    while (old + 1 < a->count && now - a->samples[old + 1].at >= ARRIVALS_MS) old++;
    if (old == 0) return;
    a->count -= old;
    memmove(a->samples, a->samples + old, a->count * sizeof a->samples[0]);
}

void arrivals_note(struct arrivals *a, const struct arrivals_facts *facts)
{
    if (a->count > 0 && facts->now < a->samples[a->count - 1].at) a->count = 0; /* the clock went back */
    if (a->count == 0) {
        a->samples[a->count++] = first_sample(facts);
        return;
    }
    forget_old(a, facts->now);
    if (facts->now - a->samples[a->count - 1].at < ARRIVALS_STEP_MS) return;
    if (a->count < ARRIVALS_STEPS) a->samples[a->count++] = sample_of(facts);
}

/* At least one, as one has arrived. */
static int64_t count_arrived(const struct arrivals *a, const struct arrivals_facts *facts, size_t reason)
{
    int64_t count = a->count > 0 ? facts->of[reason].total - a->samples[0].totals[reason] : 0;
    return count > 0 ? count : 1;
}

/* ---- whether ---- */

static bool arrives(const struct arrivals_facts *facts, size_t reason)
{
    const struct arrivals_reason *r = &facts->of[reason];
    int64_t age_ms = facts->now - r->last_at;
    if (r->last_at == 0 || age_ms >= ARRIVALS_MS || age_ms <= -ARRIVALS_MS) return false;
    /* Without a row of its own it is a part of an older one (REJECTS_MAX_SIZE), or one of too many. */
    return r->unsettled > 0 || r->newest_at < r->last_at;
}

/* ---- for people ---- */

/* The reasons with their numbers, the most frequent first; returns that one, and the sum. */
static size_t list_reasons(const struct arrivals *a, const struct arrivals_facts *facts, struct buf *out,
                           int64_t *sum)
{
    int64_t counts[REASONS_COUNT] = {0};
    size_t first = REASONS_COUNT;
    for (size_t i = 0; i < REASONS_COUNT; i++)
        if (i != REASONS_UNKNOWN_ELEMENT && arrives(facts, i)) *sum += counts[i] = count_arrived(a, facts, i);
    for (;;) {
        size_t most = 0;
        for (size_t i = 1; i < REASONS_COUNT; i++)
            if (counts[i] > counts[most]) most = i;
        if (counts[most] == 0) return first;
        buf_append_format(out, "%s%s %" PRId64, first == REASONS_COUNT ? "" : ", ", reasons[most].name,
                          counts[most]);
        if (first == REASONS_COUNT) first = most;
        counts[most] = 0;
    }
}

bool arrivals_find_rejects(const struct arrivals *a, const struct arrivals_facts *facts,
                           struct arrivals_texts *texts)
{
    struct buf list = BUF_EMPTY;
    int64_t sum = 0;
    size_t first = list_reasons(a, facts, &list, &sum);
    if (first < REASONS_COUNT) {
        (void)snprintf(texts->message, sizeof texts->message,
                       "%" PRId64 " reject%s in the last 5 minutes (%.*s), e.g. %s", sum, sum == 1 ? "" : "s",
                       (int)list.len, list.data, reasons[first].meaning);
        (void)snprintf(texts->remedy, sizeof texts->remedy, "see `eventspool rejects list`; %s: %s",
                       reasons[first].name, reasons[first].remedy);
    }
    buf_fini(&list);
    return first < REASONS_COUNT;
}

/* The element that the detail names; "" if it names none. See set_reason() in collector/framing/gap.c. */
static void find_element(const char *detail, char name[ARRIVALS_ELEMENT_SIZE])
{
    static const char before[] = "does not name the element ";
    const char *found = strstr(detail, before);
    struct buf shown = BUF_EMPTY;
    name[0] = '\0';
    if (!found) return;
    found += sizeof before - 1;
    size_t name_len = strcspn(found, ", "); /* a colon behind it ends it, one in it is a prefix's */
    if (name_len > 0 && found[name_len - 1] == ':') name_len--;
    printable_append_shown(&shown, found, name_len);
    bool is_cut = shown.len >= ARRIVALS_ELEMENT_SIZE;
    size_t len = is_cut ? utf8_whole_len(shown.data, ARRIVALS_ELEMENT_SIZE - 4) : shown.len;
    (void)snprintf(name, ARRIVALS_ELEMENT_SIZE, "%.*s%s", (int)len, shown.data ? shown.data : "",
                   is_cut ? "..." : "");
    buf_fini(&shown);
}

bool arrivals_find_unknown(const struct arrivals *a, const struct arrivals_facts *facts,
                           struct arrivals_texts *texts)
{
    char name[ARRIVALS_ELEMENT_SIZE];
    if (!arrives(facts, REASONS_UNKNOWN_ELEMENT)) return false;
    int64_t count = count_arrived(a, facts, REASONS_UNKNOWN_ELEMENT);
    find_element(facts->detail, name);
    (void)snprintf(texts->message, sizeof texts->message,
                   "%" PRId64 " reject%s of unknown elements in the last 5 minutes%s%s", count,
                   count == 1 ? "" : "s", *name ? ", the newest of the element " : "", name);
    (void)snprintf(texts->remedy, sizeof texts->remedy, "%s; then `eventspool rejects retry`",
                   reasons[REASONS_UNKNOWN_ELEMENT].remedy);
    return true;
}
