/*
 * problems -- see problems.h. The published text has one line for each problem: code, since, tries, message and
 * remedy, separated by tabs.
 */
#include "common/problems.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/reminder.h"

#define LINE_MAX_SIZE (2 * PROBLEM_TEXT_SIZE + 80)

_Static_assert(PROBLEM_COUNT *LINE_MAX_SIZE <= LOCKFILE_TEXT_SIZE, "all problems at once fit the lock file");

struct present {
    bool is_present;
    int64_t began_at; /* monotonic; maybe before this program's start */
    int reminders;    /* given so far, with the line at its beginning (reminder.h) */
    struct problem problem;
};

struct problems {
    const struct lockfile *lock;
    const char *program;
    pthread_mutex_t mutex;
    bool is_unpublished; /* there was no room for the last change, or no lock yet */
    struct present all[PROBLEM_COUNT];
};

struct problems *problems_open(const struct lockfile *lock, const char *program)
{
    struct problems *problems = calloc(1, sizeof *problems);
    if (!problems) abort();
    problems->lock = lock;
    problems->program = program;
    pthread_mutex_init(&problems->mutex, NULL);
    return problems;
}

void problems_close(struct problems *problems)
{
    if (!problems) return;
    pthread_mutex_destroy(&problems->mutex);
    free(problems);
}

/* The mutex is held. */
static void publish(struct problems *problems)
{
    char text[LOCKFILE_TEXT_SIZE]; /* not set to zero: its pages stay on the stack of each thread */
    text[0] = '\0';
    size_t len = 0;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct present *p = &problems->all[i];
        if (p->is_present)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s\t%" PRId64 "\t%" PRId64 "\t%s\t%s\n",
                                    p->problem.code, p->problem.since, p->problem.tries, p->problem.message,
                                    p->problem.remedy);
    }
    problems->is_unpublished = problems->lock->fd < 0 || !lockfile_publish(problems->lock, text);
}

/* Why an upload fails is logged where it is decided, without a line of the table (uploader/ship/troubles.h). */
static const char *reminder_of(const struct problem_kind *kind)
{
    return kind->begins ? "a problem lasts" : "upload still fails";
}

/* Copies a problem of which people are to be reminded now; false: there is none. The reminder counts as given. */
static bool take_reminder(struct problems *problems, struct problem *problem, int64_t *lasts_ms)
{
    bool is_due = false;
    pthread_mutex_lock(&problems->mutex);
    for (int i = 0; i < PROBLEM_COUNT && !is_due; i++) {
        struct present *p = &problems->all[i];
        if (!p->is_present || problem_kind((enum problem_code)i)->severity == PROBLEM_INFO) continue;
        *lasts_ms = clock_monotonic_ms() - p->began_at;
        is_due = reminder_count(*lasts_ms) > p->reminders;
        if (!is_due) continue;
        p->reminders = reminder_count(*lasts_ms);
        *problem = p->problem;
    }
    pthread_mutex_unlock(&problems->mutex);
    return is_due;
}

static void remind(const struct problem *p, int64_t lasts_ms)
{
    const struct problem_kind *kind = problem_find(p->code);
    char since[CLOCK_ISO_SIZE];
    (kind->severity == PROBLEM_CRITICAL ? log_error : log_warn)(
        reminder_of(kind), "problem=%s since=%s lasts_ms=%" PRId64 " tries=%" PRId64 " why=%s remedy=%s",
        p->code, clock_iso(p->since, since), lasts_ms, p->tries, LOG_QUOTE(p->message), LOG_QUOTE(p->remedy));
}

void problems_refresh(struct problems *problems)
{
    struct problem problem;
    int64_t lasts_ms = 0;
    pthread_mutex_lock(&problems->mutex);
    if (problems->is_unpublished || !lockfile_is_written(problems->lock)) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
    while (take_reminder(problems, &problem, &lasts_ms)) remind(&problem, lasts_ms);
}

/* `since` 0: now. */
static void begin(const struct problems *problems, struct present *p, enum problem_code code, int64_t since)
{
    int64_t now = clock_now_ms();
    int64_t before_ms = since > 0 && since < now ? now - since : 0;
    *p = (struct present){.is_present = true,
                          .began_at = clock_monotonic_ms() - before_ms,
                          .reminders = reminder_count(before_ms)};
    p->problem.since = now - before_ms;
    (void)snprintf(p->problem.code, sizeof p->problem.code, "%s", problem_kind(code)->code);
    (void)snprintf(p->problem.program, sizeof p->problem.program, "%s", problems->program);
}

void problems_raise_since(struct problems *problems, enum problem_code code, int64_t since, int64_t tries,
                          const char *message, const char *remedy)
{
    struct present *p = &problems->all[code];
    const struct problem_kind *kind = problem_kind(code);
    pthread_mutex_lock(&problems->mutex);
    bool is_new = !p->is_present;
    if (is_new) begin(problems, p, code, since);
    bool has_changed = problem_set_text(p->problem.message, message);
    has_changed |= problem_set_text(p->problem.remedy, remedy);
    has_changed |= p->problem.tries != tries;
    p->problem.tries = tries;
    if (is_new || has_changed) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
    if (!is_new || !kind->begins) return;
    (kind->severity == PROBLEM_CRITICAL ? log_error : log_warn)(
        kind->begins, "problem=%s why=%s remedy=%s", kind->code, LOG_QUOTE(message), LOG_QUOTE(remedy));
}

void problems_raise(struct problems *problems, enum problem_code code, const char *message,
                    const char *remedy)
{
    problems_raise_since(problems, code, 0, 0, message, remedy);
}

/* Returns how long the problem was present, in ms; -1 if it was not. */
static int64_t end(struct problems *problems, enum problem_code code)
{
    struct present *p = &problems->all[code];
    pthread_mutex_lock(&problems->mutex);
    bool was_present = p->is_present;
    int64_t began_at = p->began_at;
    *p = (struct present){.is_present = false};
    if (was_present) publish(problems);
    pthread_mutex_unlock(&problems->mutex);
    return was_present ? clock_monotonic_ms() - began_at : -1;
}

void problems_end(struct problems *problems, enum problem_code code)
{
    int64_t after_ms = end(problems, code);
    const struct problem_kind *kind = problem_kind(code);
    if (after_ms >= 0 && kind->ends)
        log_info(kind->ends, "problem=%s after_ms=%" PRId64, kind->code, after_ms);
}

void problems_drop(struct problems *problems, enum problem_code code)
{
    (void)end(problems, code);
}

bool problems_is_present(struct problems *problems, enum problem_code code)
{
    pthread_mutex_lock(&problems->mutex);
    bool is_present = problems->all[code].is_present;
    pthread_mutex_unlock(&problems->mutex);
    return is_present;
}

size_t problems_copy(struct problems *problems, struct problem all[PROBLEM_COUNT])
{
    size_t count = 0;
    pthread_mutex_lock(&problems->mutex);
    for (int i = 0; i < PROBLEM_COUNT; i++)
        if (problems->all[i].is_present) all[count++] = problems->all[i].problem;
    pthread_mutex_unlock(&problems->mutex);
    return count;
}

/* ---- for other processes ---- */

/* Copies the text before the next tab or newline and moves behind that; false if there is none. */
static bool take_field(const char **text, char *to, size_t size)
{
    size_t len = strcspn(*text, "\t\n");
    if (!(*text)[len]) return false;
    (void)snprintf(to, size, "%.*s", (int)len, *text);
    *text += len + 1;
    return true;
}

/* A number that is not negative, whatever the file says. */
static bool take_number(const char **text, int64_t *number)
{
    char digits[24];
    if (!take_field(text, digits, sizeof digits)) return false;
    *number = strtoll(digits, NULL, 10);
    if (*number < 0) *number = 0;
    return true;
}

bool problems_parse(const char **text, const char *program, struct problem *problem)
{
    (void)snprintf(problem->program, sizeof problem->program, "%s", program);
    return take_field(text, problem->code, sizeof problem->code) && take_number(text, &problem->since) &&
           take_number(text, &problem->tries) &&
           take_field(text, problem->message, sizeof problem->message) &&
           take_field(text, problem->remedy, sizeof problem->remedy);
}
