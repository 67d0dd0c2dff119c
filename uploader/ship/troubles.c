/* troubles -- see troubles.h. */
#include "uploader/ship/troubles.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

enum problem_code troubles_code(enum scope scope, bool needs_person)
{
    switch (scope) {
    case SCOPE_ENDPOINT: return PROBLEM_S3_UNREACHABLE;
    case SCOPE_IDENTITY: return PROBLEM_CREDENTIALS;
    case SCOPE_KIND: return PROBLEM_S3_REFUSED;
    case SCOPE_BATCH: break;
    }
    return needs_person ? PROBLEM_BATCH_BLOCKED : PROBLEM_S3_UNREACHABLE;
}

struct trouble *troubles_at(struct troubles *t, enum scope scope, enum batch_kind kind)
{
    switch (scope) {
    case SCOPE_ENDPOINT: return &t->endpoint;
    case SCOPE_IDENTITY: return &t->identity;
    case SCOPE_KIND: return &t->kinds[kind];
    case SCOPE_BATCH: break;
    }
    return &t->batches[kind];
}

int64_t troubles_since(int64_t since_at)
{
    int64_t before_ms = clock_now_ms() - since_at;
    return clock_monotonic_ms() - (before_ms > 0 ? before_ms : 0);
}

void trouble_restore(struct trouble *trouble, const struct trouble *left, const char *what)
{
    char since[CLOCK_ISO_SIZE];
    const char *remedy = *left->why.remedy ? left->why.remedy : "none needed: waiting";
    *trouble = *left;
    trouble->is_present = true;
    log_warn("batches have failed by themselves since before this start",
             "problem=%s %s since=%s tries=%" PRId64 " why=%s remedy=%s",
             problem_kind(PROBLEM_BATCH_BLOCKED)->code, what, clock_iso(left->since_at, since), left->tries,
             LOG_QUOTE(left->why.text), LOG_QUOTE(remedy));
}

bool trouble_note(struct trouble *trouble, enum scope scope, const struct trouble *now, const char *what)
{
    /* The texts hold changing figures, so news is: another one must act, or in another way. */
    bool is_news = !trouble->is_present || trouble->needs_person != now->needs_person ||
                   strcmp(trouble->why.remedy, now->why.remedy) != 0;
    struct trouble before = *trouble;
    *trouble = *now;
    trouble->is_present = true;
    trouble->tries = 1;
    if (before.is_present) {
        trouble->since = before.since;
        trouble->since_at = before.since_at;
        trouble->tries = before.tries + 1;
    }
    if (is_news)
        log_warn("upload failed; it will be tried until it succeeds", "problem=%s %s why=%s remedy=%s",
                 problem_kind(troubles_code(scope, now->needs_person))->code, what, LOG_QUOTE(now->why.text),
                 LOG_QUOTE(*now->why.remedy ? now->why.remedy : "none needed: waiting"));
    return is_news;
}

bool trouble_end(struct trouble *trouble, enum scope scope, enum batch_kind kind, int64_t now)
{
    if (!trouble->is_present) return false;
    if (scope == SCOPE_BATCH)
        log_info("no batch fails by itself any more", "problem=%s kind=%s after_ms=%" PRId64,
                 problem_kind(troubles_code(scope, trouble->needs_person))->code, batch_kind_name(kind),
                 now - trouble->since);
    else
        log_info("upload succeeded; outage over", "problem=%s of=%s after_ms=%" PRId64,
                 problem_kind(troubles_code(scope, trouble->needs_person))->code,
                 scope == SCOPE_ENDPOINT   ? "server"
                 : scope == SCOPE_IDENTITY ? "credentials"
                                           : batch_kind_name(kind),
                 now - trouble->since);
    *trouble = (struct trouble){.is_present = false};
    return true;
}

const struct trouble *troubles_of(const struct troubles *t, enum batch_kind kind)
{
    const struct trouble *list[] = {&t->endpoint, &t->identity, &t->kinds[kind]};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i]->is_present) return list[i];
    return NULL;
}

const struct trouble *troubles_worst(const struct troubles *t)
{
    const struct trouble *list[] = {&t->endpoint,
                                    &t->identity,
                                    &t->kinds[BATCH_EVENTS],
                                    &t->kinds[BATCH_REJECTS],
                                    &t->batches[BATCH_EVENTS],
                                    &t->batches[BATCH_REJECTS]};
    const size_t count = sizeof list / sizeof *list;
    int64_t latest = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        if (list[i]->is_present && list[i]->at > latest) latest = list[i]->at;
    for (size_t i = 0; i < count; i++)
        if (list[i]->is_present && list[i]->at > latest - TROUBLES_OLD_MS) return list[i];
    return NULL;
}
