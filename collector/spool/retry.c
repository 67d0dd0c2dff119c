/* retry -- see retry.h. */
#include "collector/spool/retry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/framer.h"
#include "collector/intake/chunk.h"
#include "collector/intake/validators.h"
#include "collector/spool/remainder.h"
#include "common/clock.h"
#include "common/db.h"
#include "common/positive.h"
#include "common/sql.h"

#define SLICE_MS    20                 /* of validating in one slice; a commit follows */
#define SLICE_BYTES ((size_t)1 << 20)  /* of passed rejects in one transaction */
#define LARGE_BYTES ((size_t)64 << 10) /* of a frame that is copied into memory of its own */
#define SLICE_PASS  100                /* passed rejects in one transaction */

struct range {
    int64_t first_id, last_id;
};

struct stored { /* a reject as the spool has it */
    int64_t id, received_at;
    const char *source, *encoding, *namespaces;
    struct slice payload;
};

struct retry {
    struct spool_in *spool;
    const struct retry_options *options;
    struct stmt *load_next_reject;
    struct validator *validator;
    struct range *ranges; /* of ids, to be validated in this order; those before `range_index` are done */
    size_t range_count, range_index;
    bool has_all;         /* all rejects are validated, not a list of ids */
    int64_t all_first_id; /* of these */

    /* Rejects that passed and are not committed yet: each a chunk whose group has its events, and what is left of it. */
    struct chunk *passed[SLICE_PASS];
    size_t passed_count, passed_bytes;

    int64_t validated, passed_total;                /* rejects */
    int64_t left_remainder, without_content;        /* of those that passed */
    int64_t events;                                 /* appended */
    int64_t failing[REJECT_REASON_COUNT];           /* rejects that did not pass */
    int64_t cut, other_protocol, settled_or_absent; /* rejects that were skipped */
};

/* ---- which rejects ---- */

static void add_range(struct retry *r, int64_t first_id, int64_t last_id)
{
    r->ranges = reallocarray(r->ranges, r->range_count + 1, sizeof *r->ranges);
    if (!r->ranges) abort();
    r->ranges[r->range_count++] = (struct range){first_id, last_id};
}

/* Up to the newest reject at this moment: a sender that goes on sending rejects must not keep us busy for ever. */
static enum result add_all(struct retry *r, struct why *why)
{
    struct stmt *stmt = NULL;
    bool has_row = false;
    enum result res = stmt_prepare(&stmt, spool_in_db(r->spool), sql_load_reject_range, why);
    if (res == RES_OK) res = stmt_step(stmt, &has_row, why);
    if (res == RES_OK && has_row) {
        r->all_first_id = stmt_int(stmt, 0);
        add_range(r, r->all_first_id, stmt_int(stmt, 1));
    }
    stmt_free(stmt);
    r->has_all = true;
    return res;
}

static enum result add_named(struct retry *r, const char *ids, struct why *why)
{
    while (*ids) {
        int64_t id = positive_next(&ids);
        if (id == 0)
            return why_set(why, RES_REFUSE, "'%.*s' is not the id of a reject", (int)strcspn(ids, " "), ids);
        add_range(r, id, id);
    }
    return RES_OK;
}

enum result retry_new(struct retry **out, struct spool_in *spool, const struct retry_options *options,
                      const char *ids, struct why *why)
{
    struct retry *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->spool = spool;
    r->options = options;
    r->validator = validator_new(&options->validator);
    enum result res = *ids ? add_named(r, ids, why) : add_all(r, why);
    if (res == RES_OK)
        res = stmt_prepare(&r->load_next_reject, spool_in_db(spool), sql_load_next_reject, why);
    if (res != RES_OK) {
        retry_free(r);
        r = NULL;
    }
    *out = r;
    return res;
}

static void drop_passed(struct retry *r)
{
    for (size_t i = 0; i < r->passed_count; i++) chunk_free(r->passed[i]);
    r->passed_count = r->passed_bytes = 0;
}

void retry_free(struct retry *r)
{
    if (!r) return;
    drop_passed(r);
    stmt_free(r->load_next_reject);
    validator_free(r->validator);
    free(r->ranges);
    free(r);
}

/* ---- one reject ---- */

/* Borrows the statement's current row. */
static struct stored read_row(struct stmt *stmt)
{
    struct stored stored = {
        .id = stmt_int(stmt, 0),
        .received_at = stmt_int(stmt, 1),
        .source = stmt_text(stmt, 2),
        .encoding = stmt_text(stmt, 6),
        .namespaces = stmt_text(stmt, 7),
    };
    stored.payload.data = stmt_blob(stmt, 8, &stored.payload.len);
    return stored;
}

/* A copy of its own for a large frame: it is freed once it has become another text, and libxml2 needs no other one. */
static void add_frame(struct chunk *chunk, struct frame *frame, const struct stored *stored)
{
    struct buf copy = BUF_EMPTY;
    bool is_large = frame->len > LARGE_BYTES;
    if (is_large) {
        buf_reserve_within(&copy, frame->len + 1, frame->len + 1); /* a NUL will stand behind it */
        buf_append(&copy, frame->data, frame->len);
        frame->data = copy.data;
    }
    chunk_add(chunk, frame, stored->source, stored->received_at, is_large ? &copy : NULL);
}

/*
 * Frames the payload as if it were a stretch of its sender's stream. All of its bytes are there, so a part of it that is
 * no event is kept whole, also where it is longer than MAX_MESSAGE_SIZE.
 */
static void frame_all(const struct retry_options *options, const struct stored *stored, struct chunk *chunk)
{
    struct framer *framer = framer_new(&options->framing);
    struct frame frame;
    framer_resume(framer, stored->encoding, stored->namespaces);
    framer_feed(framer, stored->payload.data, stored->payload.len, 0);
    framer_end(framer);
    while (framer_next(framer, &frame)) {
        frame.data = stored->payload.data + frame.at;
        frame.len = (size_t)frame.true_len;
        add_frame(chunk, &frame, stored);
    }
    framer_free(framer);
}

/* A chunk whose group has the events in the payload, and the rest of it as rejects. */
static struct chunk *read_again(struct retry *r, const struct stored *stored)
{
    struct chunk *chunk = chunk_new(&r->options->validator);
    frame_all(r->options, stored, chunk);
    validators_check_chunk(r->validator, chunk, NULL);
    return chunk;
}

/* Would a retry find an event in it? */
static bool holds_event(struct retry *r, const struct reject *reject, const struct stored *origin)
{
    struct buf encoding = BUF_EMPTY;
    struct buf namespaces = BUF_EMPTY;
    struct stored stored = *origin;
    buf_append(&encoding, reject->encoding.data, reject->encoding.len);
    buf_append_char(&encoding, '\0');
    buf_append(&namespaces, reject->namespaces.data, reject->namespaces.len);
    buf_append_char(&namespaces, '\0');
    stored.encoding = encoding.data;
    stored.namespaces = namespaces.data;
    stored.payload = reject->payload;
    struct chunk *chunk = read_again(r, &stored);
    bool has_event = group_count_events(chunk->group) > 0;
    chunk_free(chunk);
    buf_fini(&encoding);
    buf_fini(&namespaces);
    return has_event;
}

/*
 * Makes one reject of what is left. But the bytes before and behind an event may be an event when they are joined, one
 * that nobody has sent: then each part stays a reject of its own.
 */
static void keep_remainder(struct retry *r, struct group *group, const struct stored *origin)
{
    remainder_name_origin(group, origin->id, (struct slice){origin->namespaces, strlen(origin->namespaces)});
    if (group_count_rejects(group) <= 1) return;
    struct reject joined = remainder_join(group);
    if (holds_event(r, &joined, origin)) return;
    group_drop_rejects(group);
    group_add_reject(group, &joined);
}

static void validate(struct retry *r, const struct stored *stored)
{
    struct chunk *chunk = read_again(r, stored);
    struct group *group = chunk->group;
    r->validated++;
    /* With settings of another day all of it may be separators, such as elements that are ignored now. */
    if (group->item_count == 0 || group_count_events(group) > 0) {
        keep_remainder(r, group, stored);
        group->retry_of = stored->id;
        r->passed[r->passed_count++] = chunk;
        r->passed_bytes += stored->payload.len;
        return;
    }
    r->failing[group->items[0].reason]++;
    chunk_free(chunk);
}

/* Such a client did not mean to send events, so none is taken out of what it sent. */
static bool is_other_protocol(const char *reason)
{
    return strcmp(reason, reject_reason_name(REJECT_LOOKS_LIKE_HTTP)) == 0 ||
           strcmp(reason, reject_reason_name(REJECT_LOOKS_LIKE_TLS)) == 0;
}

/* Validates or skips the reject in the statement's current row. */
static void check_row(struct retry *r)
{
    struct stmt *stmt = r->load_next_reject;
    if (stmt_int(stmt, 3)) {
        r->settled_or_absent++;
    } else if (is_other_protocol(stmt_text(stmt, 5))) {
        r->other_protocol++;
    } else if (!stmt_int(stmt, 4)) {
        r->cut++;
    } else {
        struct stored stored = read_row(stmt);
        validate(r, &stored);
    }
}

/* Takes the next reject of the current range, or moves on to the next range. */
static enum result check_next(struct retry *r, struct why *why)
{
    struct range *range = &r->ranges[r->range_index];
    struct stmt *stmt = r->load_next_reject;
    bool has_row = false;
    stmt_set_int(stmt, ":first_id", range->first_id);
    stmt_set_int(stmt, ":last_id", range->last_id);
    enum result res = stmt_step(stmt, &has_row, why);
    if (res != RES_OK) return res;
    if (!has_row) {
        r->settled_or_absent += !r->has_all;
        r->range_index++;
        return RES_OK;
    }
    int64_t id = stmt_int(stmt, 0);
    check_row(r);
    stmt_reset(stmt);
    range->first_id = id + 1;
    if (range->first_id > range->last_id) r->range_index++;
    return RES_OK;
}

/* ---- a slice ---- */

static enum result check_some(struct retry *r, struct why *why)
{
    int64_t due = clock_monotonic_ms() + SLICE_MS;
    enum result res = RES_OK;
    while (res == RES_OK && r->range_index < r->range_count && r->passed_count < SLICE_PASS &&
           r->passed_bytes < SLICE_BYTES && clock_monotonic_ms() < due)
        res = check_next(r, why);
    return res;
}

static enum result commit(struct retry *r, struct why *why)
{
    if (r->passed_count == 0) return RES_OK;
    for (size_t i = 1; i < r->passed_count; i++) r->passed[i - 1]->group->next = r->passed[i]->group;
    struct append_outcome outcome;
    enum result res = spool_append(r->spool, r->passed[0]->group, &outcome, why);
    if (res != RES_OK) return res;
    for (size_t i = 0; i < r->passed_count; i++) {
        const struct group *group = r->passed[i]->group;
        if (group->is_void) continue;
        r->passed_total++;
        r->left_remainder += group_count_rejects(group) > 0;
        r->without_content += group->item_count == 0;
        r->events += (int64_t)group_count_events(group);
    }
    drop_passed(r);
    return RES_OK;
}

enum result retry_slice(struct retry *r, bool *is_done, struct why *why)
{
    /* Rejects that passed but could not be committed go first. */
    enum result res = r->passed_count > 0 ? RES_OK : check_some(r, why);
    if (res == RES_OK) res = commit(r, why);
    *is_done = res == RES_OK && r->range_index == r->range_count;
    return res;
}

/* ---- the counts ---- */

void retry_describe(const struct retry *r, struct buf *out)
{
    int64_t failing = 0;
    for (int i = 0; i < REJECT_REASON_COUNT; i++) failing += r->failing[i];
    buf_append_format(out,
                      "rejects validated again: %" PRId64 "; passed: %" PRId64
                      "; events made of them: %" PRId64 "; still failing: %" PRId64,
                      r->validated, r->passed_total, r->events, failing);
    const char *before = " (";
    for (int i = 0; i < REJECT_REASON_COUNT; i++) {
        if (r->failing[i] == 0) continue;
        buf_append_format(out, "%s%s %" PRId64, before, reject_reason_name((enum reject_reason)i),
                          r->failing[i]);
        before = ", ";
    }
    if (failing > 0) buf_append_char(out, ')');
    if (r->without_content > 0)
        buf_append_format(out, "; passed, as they hold nothing but separators and ignored elements: %" PRId64,
                          r->without_content);
    if (r->left_remainder > 0)
        buf_append_format(out, "; passed in part, and the rest is a new reject: %" PRId64, r->left_remainder);
    if (r->other_protocol > 0)
        buf_append_format(out, "; skipped, HTTP or TLS holds no events: %" PRId64, r->other_protocol);
    if (r->cut > 0) buf_append_format(out, "; skipped, only a part is kept: %" PRId64, r->cut);
    if (r->settled_or_absent > 0 && !r->has_all)
        buf_append_format(out, "; skipped, retried or dismissed before, or not there: %" PRId64,
                          r->settled_or_absent);
}

void retry_progress(const struct retry *r, struct progress *progress)
{
    int64_t done = (int64_t)r->range_index;
    int64_t total = (int64_t)r->range_count;
    if (r->has_all && r->range_count > 0) {
        const struct range *range = &r->ranges[0];
        total = range->last_id + 1 - r->all_first_id;
        done = r->range_index > 0 ? total : range->first_id - r->all_first_id;
    }
    progress_set(progress, done, total, "rejects looked at");
}
