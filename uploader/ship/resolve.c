/* resolve -- see resolve.h. A request as text is four words, and the note behind a line's end. */
#include "uploader/ship/resolve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/positive.h"
#include "common/printable.h"
#include "common/utf8.h"

#define POLL_MS   100
#define ASK_MS    90000 /* a look that takes longer is given up: the person decides without it */
#define SAID_MAX  400
#define HEAD_SIZE 21 /* an id, a word */

struct resolve {
    struct resolve_request request;
    struct spool_out *spool;
    struct shipper *shipper;
    bool ships_rejects;
    struct batch batch; /* its id is 0 until it was loaded */
    struct resolve_decision decision;
    struct cut_parts parts;
    bool is_asking;
    struct errand errand;
    int64_t asked_at; /* monotonic */
    bool has_ended;
};

/* ---- the request as text ---- */

void resolve_request_write(const struct resolve_request *r, struct buf *out)
{
    buf_append_format(out, "%d %" PRId64 " %s %s\n%s", r->only_looks, r->batch_id, resolve_word_name(r->word),
                      r->by, r->note);
}

bool resolve_is_line(const char *text)
{
    size_t len = strlen(text);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) return false;
    return utf8_valid_len(text, len) == len;
}

/* Takes what stands before `end`, and `end`. False: there is no such end, or it is too long. */
static bool take(const char **text, char end, char *taken, size_t size)
{
    const char *at = strchr(*text, end);
    if (!at || (size_t)(at - *text) >= size) return false;
    memcpy(taken, *text, (size_t)(at - *text));
    taken[at - *text] = '\0';
    *text = at + 1;
    return true;
}

bool resolve_request_read(const char *text, struct resolve_request *r)
{
    char id[HEAD_SIZE];
    char word[HEAD_SIZE];
    *r = (struct resolve_request){.batch_id = 0};
    if ((text[0] != '0' && text[0] != '1') || text[1] != ' ') return false;
    r->only_looks = text[0] == '1';
    text += 2;
    if (!take(&text, ' ', id, sizeof id) || !take(&text, ' ', word, sizeof word)) return false;
    r->batch_id = positive_parse(id);
    if (!take(&text, '\n', r->by, sizeof r->by) || !*r->by || strlen(text) > RESOLVE_NOTE_MAX) return false;
    memcpy(r->note, text, strlen(text) + 1);
    return r->batch_id > 0 && resolve_word_of(word, &r->word) && resolve_is_line(r->by) &&
           resolve_is_line(r->note);
}

/* ---- life ---- */

struct resolve *resolve_new(const struct resolve_request *request, struct spool_out *spool,
                            struct shipper *shipper, bool ships_rejects)
{
    struct resolve *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->request = *request;
    r->spool = spool;
    r->shipper = shipper;
    r->ships_rejects = ships_rejects;
    if (request->only_looks) shipper_hurry(shipper);
    return r;
}

void resolve_free(struct resolve *r)
{
    if (!r) return;
    if (r->is_asking) shipper_give_up(r->shipper, &r->errand);
    free(r);
}

/* ---- the look ---- */

static struct resolve_order order_of(const struct resolve *r)
{
    return (struct resolve_order){
        .batch_id = r->request.batch_id,
        .word = r->request.word,
        .by = r->request.by,
        .note = *r->request.note ? r->request.note : NULL,
        .is_in_flight = shipper_is_trying(r->shipper, r->request.batch_id),
        .ships_rejects = r->ships_rejects,
    };
}

static enum result load(struct resolve *r, struct why *why)
{
    struct resolve_order order = order_of(r);
    enum result res = spool_resolve_look(r->spool, &order, &r->batch, &r->decision, why);
    if (res == RES_OK && r->batch.id == 0) return why_set(why, RES_REFUSE, "%s", r->decision.text);
    return res;
}

/* Only what may be stored, and can be seen from here, is looked for. */
static bool can_ask(const struct resolve *r)
{
    return batch_may_be_stored(&r->batch) && r->decision.verdict != RESOLVE_NO &&
           store_is_here(shipper_store(r->shipper), r->batch.destination);
}

static enum result look(struct resolve *r, int *wait_ms, struct why *why)
{
    bool is_first = r->batch.id == 0;
    enum result res = is_first ? load(r, why) : RES_OK;
    if (res != RES_OK) return res;
    if (is_first && can_ask(r)) {
        r->errand = (struct errand){.batch = r->batch};
        r->is_asking = shipper_want(r->shipper, &r->errand);
        r->asked_at = clock_monotonic_ms();
    }
    bool is_late = clock_monotonic_ms() - r->asked_at >= ASK_MS;
    if (r->is_asking && r->errand.state != ERRAND_ENDED && !is_late) {
        *wait_ms = POLL_MS;
        return RES_OK;
    }
    if (r->decision.verdict == RESOLVE_NO)
        return why_set(why, RES_REFUSE, "batch %" PRId64 " cannot be resolved as %s: %s", r->batch.id,
                       resolve_word_name(r->request.word), r->decision.text);
    r->has_ended = true;
    return RES_OK;
}

/* ---- the word ---- */

static void log_word(const struct resolve *r)
{
    log_warn("a batch was resolved by a person", "batch=%" PRId64 " as=%s by=%s parts=%" PRId64,
             r->request.batch_id, resolve_word_name(r->request.word), LOG_QUOTE(r->request.by),
             r->parts.count);
}

static enum result act(struct resolve *r, int *wait_ms, struct why *why)
{
    enum result res = load(r, why);
    struct resolve_order order = order_of(r);
    if (res == RES_OK && r->decision.verdict == RESOLVE_YES)
        res = sealer_resolve(shipper_sealer(r->shipper), &order, &r->decision, &r->parts, why);
    if (res != RES_OK) return res;
    switch (r->decision.verdict) {
    case RESOLVE_NO:
        return why_set(why, RES_REFUSE, "batch %" PRId64 " was not resolved: %s", r->request.batch_id,
                       r->decision.text);
    case RESOLVE_WAIT: *wait_ms = POLL_MS; return RES_OK;
    case RESOLVE_YES:
        shipper_forget(r->shipper, r->request.batch_id);
        log_word(r);
        break;
    case RESOLVE_DONE: break;
    }
    r->has_ended = true;
    return RES_OK;
}

enum result resolve_slice(struct resolve *r, bool *is_done, int *wait_ms, struct why *why)
{
    *wait_ms = 0;
    enum result res = r->request.only_looks ? look(r, wait_ms, why) : act(r, wait_ms, why);
    *is_done = res == RES_OK && r->has_ended;
    return res;
}

/* ---- for people ---- */

static void append_foreign(struct buf *out, const char *text)
{
    printable_append_shown(out, text, (size_t)utf8_cut(text, SAID_MAX));
}

static void describe_look(const struct resolve *r, struct buf *out)
{
    const struct errand *errand = &r->errand;
    buf_append_text(out, "\nthe store: ");
    if (!batch_may_be_stored(&r->batch)) {
        buf_append_text(out, "it was never taken there");
    } else if (!store_is_here(shipper_store(r->shipper), r->batch.destination)) {
        buf_append_text(out, "it was sealed for ");
        append_foreign(out, r->batch.destination);
        buf_append_text(out, ", which is not the destination now, so nobody can look");
    } else if (!r->is_asking || errand->state != ERRAND_ENDED) {
        buf_append_text(out, "it was not asked");
    } else if (errand->found == STORE_DONE) {
        buf_append_text(out, "the object is there, with the bytes of this batch");
    } else if (errand->found == STORE_ABSENT) {
        buf_append_text(out, "the object is not there now");
    } else if (errand->found == STORE_CONFLICT) {
        buf_append_text(out, "another object is under its key");
    } else {
        buf_append_text(out, errand->found == STORE_CANNOT_CHECK ? "it refuses to be asked"
                                                                 : "it cannot be asked now: ");
        append_foreign(out, errand->why.text);
    }
}

void resolve_describe(const struct resolve *r, struct buf *out)
{
    const struct batch *batch = &r->batch;
    if (!r->has_ended) {
        buf_append_text(out, r->is_asking ? "asking the store" : r->decision.text);
        return;
    }
    buf_append_format(out, "batch %" PRId64 ": %s %" PRId64 " to %" PRId64 ", %s, ", r->request.batch_id,
                      batch_kind_name(batch->kind), batch->first_id, batch->last_id,
                      batch_state_name(batch->state));
    append_foreign(out, batch->object_key);
    if (r->request.only_looks) describe_look(r, out);
    buf_append_format(out, "\nas %s: %s", resolve_word_name(r->request.word), r->decision.text);
    if (r->parts.count > 0)
        buf_append_format(out, "; sealed anew as batch %" PRId64 "%s", r->parts.first_batch_id,
                          r->parts.count > 1 ? " and those that follow it" : "");
}
