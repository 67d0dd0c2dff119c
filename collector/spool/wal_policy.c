/* wal_policy -- see wal_policy.h. */
#include "collector/spool/wal_policy.h"

#include <string.h>

#include "common/spool.h"

/* A longer log is copied as soon as nothing comes: on a disk that is full its file is space to go on with. */
#define QUIET_BYTES      (1 << 20)
#define AIM_BYTES        (88 << 20) /* where the log should be when new readers have been kept out again */
#define NOWHERE          (-1)
#define SAMPLE_MS        25
#define AGES_MS          3000
#define NUDGE_BYTES      (4 << 20) /* of the log between two checkpoints by the thread: each is synced */
#define NUDGE_MS         100       /* between two while readers of more than a moment are in the way */
#define QUIET_MS         250       /* between two, and before the first one, where nothing comes */
#define SOON_MS          50        /* to the next look there, while one copies or readers are kept out */
#define FILE_MS          1000      /* and while only the file is long */
#define SHORT_MS         50        /* readers as short as the uploader's: to finish is tried again soon */
#define RETRY_MS         5         /* namely after this */
#define STALL_MS         1000      /* else after this, and it is left to the thread */
#define MOVES            2         /* that show readers to overlap */
#define OVERLAP_MS       5000      /* for which that is remembered */
#define PACE             9         /* readers are let in for as many times as long as they were kept out */
#define BACKOFF_MS       5000      /* after it was in vain */
#define BACKOFF_MAX      60000
#define WAIT_BACKOFF_MS  50 /* the same where the writer has waited for readers in vain */
#define WAIT_BACKOFF_MAX 2000
#define FIT_MS           50    /* how often the gap is fitted */
#define UNARMED_MS       10000 /* until marks can be reserved: they come by chance */
#define END_MS           10000 /* without a log that is too long */

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

void wal_policy_init(struct wal_policy *p, int64_t now_ms)
{
    memset(p, 0, sizeof *p);
    p->begun_at = p->ages_at = p->gap_at = now_ms;
    p->blocked_at = NOWHERE;
    p->gap_us = WAL_GAP_MIN_US;
}

/* ---- how old the readers are ---- */

static void add_sample(struct wal_policy *p, int64_t now_ms)
{
    int last = (p->sample_next + WAL_POLICY_SAMPLES - 1) % WAL_POLICY_SAMPLES;
    if (p->sample_count > 0 && now_ms - p->samples[last].at < SAMPLE_MS) return;
    p->samples[p->sample_next].at = now_ms;
    p->samples[p->sample_next].bytes = p->bytes;
    p->sample_next = (p->sample_next + 1) % WAL_POLICY_SAMPLES;
    if (p->sample_count < WAL_POLICY_SAMPLES) p->sample_count++;
}

/* When had the log more than `bytes` for the first time? A reader at that position began before, but not long. */
static int64_t time_of(const struct wal_policy *p, int64_t bytes, int64_t otherwise)
{
    int64_t at = otherwise;
    for (int i = 1; i <= p->sample_count; i++) { /* from the newest on */
        int k = (p->sample_next + WAL_POLICY_SAMPLES - i) % WAL_POLICY_SAMPLES;
        if (p->samples[k].bytes <= bytes) break;
        at = p->samples[k].at;
    }
    return at;
}

static void note_age(struct wal_policy *p, int64_t age_ms, int64_t now_ms)
{
    if (now_ms - p->ages_at >= AGES_MS) {
        p->age_ms[1] = now_ms - p->ages_at < 2 * AGES_MS ? p->age_ms[0] : 0;
        p->age_ms[0] = 0;
        p->ages_at = now_ms;
    }
    p->age_ms[0] = MAX(p->age_ms[0], age_ms);
}

/* How old readers get, by what was seen in the last seconds. */
static int64_t expected_age(const struct wal_policy *p)
{
    return MAX(p->age_ms[0], p->age_ms[1]);
}

/* Have readers been seen lately that overlap? */
static bool are_many(const struct wal_policy *p, int64_t now_ms)
{
    return p->overlap_at != 0 && now_ms - p->overlap_at < OVERLAP_MS;
}

/* ---- what happened ---- */

static void begin_again(struct wal_policy *p, int64_t now_ms)
{
    p->begun_at = now_ms;
    p->found = p->copied = 0;
    p->is_blocked = false;
    p->blocked_at = NOWHERE;
    p->moves = 0;
    p->sample_count = p->sample_next = 0;
    p->nudge_bytes = 0;
    p->gap_bytes = 0;
    p->gap_commits = 0;
    p->gap_at = now_ms;
    p->finish_at = 0;
    p->has_marks = true; /* a log begins with all of them free */
}

static void fit_gap(struct wal_policy *p, int64_t now_ms);

void wal_policy_note_commit(struct wal_policy *p, int64_t bytes, int64_t now_ms)
{
    if (bytes < p->bytes) begin_again(p, now_ms);
    p->bytes = bytes;
    p->is_unfinished |= bytes > QUIET_BYTES;
    add_sample(p, now_ms);
    p->gap_commits++;
    fit_gap(p, now_ms);
}

void wal_policy_note_empty(struct wal_policy *p, int64_t now_ms)
{
    begin_again(p, now_ms);
    p->bytes = 0;
    p->is_unfinished = false;
}

void wal_policy_note_checkpoint(struct wal_policy *p, int64_t bytes, int64_t copied, int64_t began_at)
{
    if (began_at < p->begun_at) return; /* of a log that has begun again since */
    bool was_blocked = p->is_blocked;
    int64_t blocked_at = p->blocked_at;
    p->found = bytes;
    p->copied = copied;
    p->is_blocked = p->is_unfinished = copied < bytes;
    if (!p->is_blocked) return;
    p->blocked_at = copied;
    if (!was_blocked || copied != blocked_at) p->reader_since = time_of(p, copied, began_at);
    note_age(p, began_at - p->reader_since, began_at);
    if (blocked_at == NOWHERE || copied == blocked_at) return;
    p->moves++;
    if (p->moves >= MOVES) p->overlap_at = began_at;
}

void wal_policy_note_thread(struct wal_policy *p, bool is_copying)
{
    p->is_copying = is_copying;
}

/* ---- keeping new readers out ---- */

void wal_policy_note_marks(struct wal_policy *p, bool has_marks)
{
    p->has_marks = has_marks;
}

void wal_policy_note_closed(struct wal_policy *p, int64_t now_ms)
{
    p->closed_at = now_ms;
}

void wal_policy_note_opened(struct wal_policy *p, bool is_done, int64_t now_ms)
{
    int64_t closed_ms = now_ms - p->closed_at;
    bool was_in_vain = !is_done && closed_ms > WAL_CLOSED_MS / 2; /* else something else came between */
    if (is_done) p->backoff_ms = 0;
    if (was_in_vain) p->backoff_ms = MIN(MAX(2 * p->backoff_ms, BACKOFF_MS), BACKOFF_MAX);
    p->close_at = now_ms + MAX(PACE * closed_ms, was_in_vain ? p->backoff_ms : 0);
    p->closed_at = 0;
}

void wal_policy_note_waited(struct wal_policy *p, bool is_free, int64_t now_ms)
{
    p->wait_backoff_ms = is_free ? 0 : MIN(MAX(2 * p->wait_backoff_ms, WAIT_BACKOFF_MS), WAIT_BACKOFF_MAX);
    p->wait_at = now_ms + p->wait_backoff_ms;
}

bool wal_policy_wants_marks(const struct wal_policy *p)
{
    return p->copied < p->bytes;
}

bool wal_policy_is_blocked(const struct wal_policy *p)
{
    return p->is_blocked;
}

bool wal_policy_wants_closed(const struct wal_policy *p, int64_t now_ms)
{
    bool can_end = now_ms - p->reader_since <= WAL_READER_MS;
    if (p->closed_at != 0) return can_end && now_ms - p->closed_at < WAL_CLOSED_MS;
    return p->is_blocked && can_end && p->bytes > SPOOL_WAL_RESTART_BYTES && p->moves >= MOVES &&
           expected_age(p) <= WAL_READER_MS && now_ms >= p->close_at;
}

/* ---- the gap between groups ---- */

static bool wants_gap(const struct wal_policy *p, int64_t now_ms)
{
    return are_many(p, now_ms) || (p->is_blocked && p->bytes > AIM_BYTES);
}

/*
 * An event waits for half a period on average and then for its commit, and a period is the gap and a commit: so the
 * longest gap follows from how long a commit takes.
 */
static int64_t longest_gap(int64_t commit_us)
{
    return MIN(2 * WAL_MEDIAN_US - 3 * commit_us, WAL_GAP_MAX_US);
}

/*
 * Fits the gap to the growth that is allowed until the log can begin again. A part of the growth is the events themselves, so that
 * fewer commits make less of it less than in proportion: the gap is fitted again and again.
 */
static void fit_gap(struct wal_policy *p, int64_t now_ms)
{
    int64_t elapsed = now_ms - p->gap_at;
    if (elapsed < FIT_MS) return;
    int64_t grown = MAX(p->bytes - p->gap_bytes, 1);
    int64_t period_us = elapsed * 1000 / p->gap_commits;
    int64_t gap = p->gap_us / 2;
    int64_t most = longest_gap(period_us - p->gap_us);
    if (wants_gap(p, now_ms)) {
        int64_t left_ms = MAX(p->close_at - now_ms, 0) + expected_age(p) + FIT_MS;
        if (!p->has_marks) left_ms += UNARMED_MS;
        int64_t allowed = MAX(AIM_BYTES - p->bytes, 1) / left_ms * elapsed + 1; /* in the time elapsed */
        int64_t wanted_us = grown / allowed < 100 ? period_us * grown / allowed : period_us * 100;
        gap = p->gap_us + (wanted_us - period_us) / 2;
    }
    p->gap_us = (int)MAX(MIN(gap, most), WAL_GAP_MIN_US);
    p->gap_at = now_ms;
    p->gap_bytes = p->bytes;
    p->gap_commits = 0;
}

/* ---- what to do ---- */

/* The thread copies until little is left, unless the log must not grow on. */
static bool wants_finish(const struct wal_policy *p, int64_t now_ms)
{
    bool is_little = p->bytes - p->copied <= WAL_REST_BYTES;
    if (p->bytes <= SPOOL_WAL_FINISH_BYTES || (p->is_blocked && now_ms < p->finish_at)) return false;
    return is_little || p->bytes > SPOOL_WAL_RESTART_BYTES;
}

/*
 * Above SPOOL_WAL_FINISH_BYTES the thread must come to its end, for the writer to copy the rest: it is called again only
 * where it has ended, and has left too much.
 */
static bool wants_nudge(const struct wal_policy *p, bool are_short, int64_t now_ms)
{
    if (p->is_blocked && !are_short) return now_ms >= p->nudge_at;
    if (p->bytes > SPOOL_WAL_FINISH_BYTES) return !p->is_copying;
    return p->bytes - p->nudge_bytes >= NUDGE_BYTES;
}

struct wal_step wal_policy_after_group(struct wal_policy *p, int64_t now_ms)
{
    struct wal_step step = {false};
    if (p->bytes <= SPOOL_WAL_PASSIVE_BYTES) return step;
    bool are_short = expected_age(p) < SHORT_MS;
    step.finishes = wants_finish(p, now_ms);
    if (step.finishes) p->finish_at = now_ms + (are_short ? RETRY_MS : STALL_MS);
    step.waits = step.finishes && p->bytes > SPOOL_WAL_RESTART_BYTES;
    if (step.finishes && are_short && now_ms >= p->wait_at) step.readers_ms = WAL_WAIT_MS;
    step.nudges = !step.finishes && wants_nudge(p, are_short, now_ms);
    if (!step.nudges) return step;
    p->nudge_at = now_ms + NUDGE_MS;
    p->nudge_bytes = p->bytes;
    return step;
}

struct wal_step wal_policy_quiet(struct wal_policy *p, int64_t file_bytes, int64_t now_ms)
{
    struct wal_step step = {false};
    step.nudges = p->is_unfinished && now_ms >= p->quiet_at;
    if (step.nudges) p->quiet_at = now_ms + QUIET_MS;
    step.truncates = !p->is_unfinished && file_bytes > WAL_FILE_BYTES;
    return step;
}

bool wal_policy_is_busy(const struct wal_policy *p, int64_t file_bytes)
{
    return p->is_unfinished || file_bytes > WAL_FILE_BYTES;
}

int wal_policy_tick_ms(const struct wal_policy *p, int64_t file_bytes, int64_t now_ms)
{
    if (p->closed_at != 0 || now_ms < p->quiet_at) return SOON_MS;
    if (p->is_unfinished) return QUIET_MS;
    return wal_policy_is_busy(p, file_bytes) ? FILE_MS : 0;
}

/* ---- what to say ---- */

struct wal_readers_report wal_policy_report(struct wal_policy *p, int64_t now_ms)
{
    struct wal_readers_report report = {.kind = WAL_READERS_NONE, .bytes = p->bytes};
    bool is_in_way = p->is_blocked && p->found - p->copied > SPOOL_WAL_PASSIVE_BYTES;
    if (is_in_way && now_ms - p->reader_since >= WAL_LONG_READ_MS) {
        report.kind = WAL_READERS_LONG;
        report.since = p->reader_since;
        p->above_at = 0;
        return report;
    }
    bool is_reported = p->above_at != 0 && now_ms - p->above_at < END_MS;
    if (are_many(p, now_ms) && p->bytes > WAL_LONG_BYTES) {
        p->above_since = p->begun_at;
        p->above_bytes = is_reported ? MAX(p->above_bytes, p->bytes) : p->bytes;
        p->above_at = now_ms;
        is_reported = true;
    }
    if (is_reported) report = (struct wal_readers_report){WAL_READERS_MANY, p->above_since, p->above_bytes};
    return report;
}
