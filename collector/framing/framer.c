/*
 * framer -- see framer.h.
 *
 * The lexer (common/xml/lexer.h) turns the stream into tokens; the rules turn tokens into events, rejects and
 * separators: between.c and elements.c those between events, inside.c those in an event, gap.c what neither is. Here is
 * what they share: where the stream stands, what is hidden, and the passing of time.
 *
 * Nothing here can fail: a hostile stream makes rejects, and memory has a ceiling.
 */
#include "collector/framing/framer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/framing/state.h"
#include "common/utf8.h"

static const struct xml_names no_names;

_Static_assert(sizeof(struct framer) <= FRAMER_FIXED_BYTES, "FRAMER_FIXED_BYTES must be what a framer takes");

struct framer *framer_new(const struct framer_options *options)
{
    struct framer *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->options = *options;
    if (!f->options.ignored) f->options.ignored = &no_names;
    f->wanted = WANTED_MIN;
    f->crossing_at = NOWHERE;
    f->window.held_most = options->max_message + BEYOND_MAX;
    xml_lexer_init(&f->lexer, options->events);
    reader_init(&f->reader, &f->window);
    return f;
}

void framer_free(struct framer *f)
{
    if (!f) return;
    window_fini(&f->window);
    reader_fini(&f->reader);
    wrappers_fini(&f->wrappers);
    buf_fini(&f->event.name);
    buf_fini(&f->oversize);
    buf_fini(&f->namespaces);
    free(f);
}

void framer_resume(struct framer *f, const char *encoding, const char *namespaces)
{
    detector_set(&f->detector, encoding);
    f->beginning.kind = BEGINNING_PLAIN;
    if (!*namespaces) return;
    struct slice declarations = {namespaces, strlen(namespaces)};
    struct open_element *wrapper = wrappers_open(&f->wrappers, (struct slice){"", 0}, declarations);
    wrapper->is_wrapper = true;
}

/* ---- what the rules share ---- */

#define TO(state) (1U << (state))

/* The picture is in state.h. */
static const unsigned next_states[] = {
    [FRAMER_BETWEEN] = TO(FRAMER_INSIDE) | TO(FRAMER_FOREIGN),
    [FRAMER_INSIDE] = TO(FRAMER_BETWEEN) | TO(FRAMER_OVERSIZE),
    [FRAMER_OVERSIZE] = TO(FRAMER_BETWEEN),
    [FRAMER_FOREIGN] = 0,
};

void framer_move(struct framer *f, enum framer_state next)
{
    assert(next_states[f->state] & TO(next));
    f->state = next;
}

void framer_drop(struct framer *f, uint64_t to)
{
    if (to == f->window.start) return;
    marks_forget_before(&f->marks, &f->window, &f->lexer, to);
    window_drop(&f->window, to);
}

void framer_make(struct framer *f, struct frame *frame, uint64_t from, uint64_t to, const char *encoding)
{
    uint64_t kept = to - from < f->options.max_message ? to : from + f->options.max_message;
    struct slice bytes = {f->oversize.data, (size_t)(kept - from)};
    if (f->state != FRAMER_OVERSIZE) bytes = window_range(&f->window, from, kept);
    *frame = (struct frame){
        .data = bytes.data,
        .len = bytes.len,
        .at = from,
        .true_len = to - from,
        .encoding = encoding,
        .namespaces = wrappers_declarations(&f->wrappers),
        .detail = f->detail,
    };
}

uint64_t framer_bytes(const struct framer *f, size_t units)
{
    return (uint64_t)units * coding_unit_bytes(f->reader.coding);
}

struct slice framer_view(struct framer *f, uint64_t limit, bool *is_all)
{
    struct slice text = reader_view(&f->reader, f->at, limit, f->wanted);
    uint64_t end = limit < f->window.end ? limit : f->window.end;
    *is_all = text.len < f->wanted || f->at + framer_bytes(f, text.len) >= end;
    return text;
}

void framer_pass(struct framer *f, size_t len)
{
    f->at += framer_bytes(f, len);
    f->wanted = WANTED_MIN;
}

void framer_want_more(struct framer *f)
{
    f->wanted *= 2;
}

bool framer_is_full(const struct framer *f, uint64_t limit)
{
    bool needs_more = f->reader.coding == CODING_SHIFTED || f->reader.coding == CODING_HZ;
    return f->window.end >= limit + (needs_more ? CODING_LOOK_MAX : 0);
}

void framer_show(struct slice name, char shown[SHOWN_MAX + 1])
{
    size_t len = utf8_valid_len(name.data, name.len < SHOWN_MAX ? name.len : SHOWN_MAX);
    (void)snprintf(shown, SHOWN_MAX + 1, "%.*s", (int)len, name.data);
}

/* ---- hidden text ---- */

void framer_hide(struct framer *f, const struct xml_token *token)
{
    bool is_doctype = token->kind == XML_UNFINISHED;
    f->hidden = (struct hidden){
        .is_open = true,
        .is_in_doctype = is_doctype,
        .closing = token->kind == XML_CDATA ? CLOSING_CDATA : CLOSING_COMMENT,
        .at = f->at,
        .from = f->at + framer_bytes(f, is_doctype ? token->looked : token->len),
    };
}

bool framer_reads_on(struct framer *f, const struct xml_token *token, bool is_all)
{
    if (token->hides)
        framer_hide(f, token);
    else if (!is_all)
        framer_want_more(f);
    return token->hides || !is_all;
}

bool framer_find_closing(struct framer *f, uint64_t limit, uint64_t *end)
{
    const struct hidden *h = &f->hidden;
    f->hidden.is_open =
        !closings_find(&f->closings, &f->window, f->reader.coding, h->closing, h->from, limit, end);
    return !f->hidden.is_open;
}

void framer_give_up(struct framer *f, struct given_up *given_up, uint64_t limit)
{
    uint64_t to = limit < f->window.end ? limit : f->window.end;
    size_t found = marks_count(&f->marks, &f->window, &f->lexer, f->reader.coding, f->hidden.from, to);
    if (!given_up->is_set)
        *given_up = (struct given_up){.is_set = true, .closing = f->hidden.closing, .found = found};
    f->at = f->hidden.from;
    f->hidden.is_open = false;
    xml_lexer_forget(&f->lexer);
}

int64_t framer_received_ms(const struct framer *f, uint64_t at)
{
    if (at == f->waits_at) return f->waits_since_ms;
    return at < f->behind_end ? f->behind_ms : f->now_ms;
}

void framer_explain(struct framer *f, const struct given_up *given_up)
{
    if (!given_up->is_set) return;
    size_t len = strlen(f->detail);
    (void)snprintf(
        f->detail + len, sizeof f->detail - len,
        "; a %s that begins in it has no end: it was taken for text, and %zu event%s found behind it",
        given_up->closing == CLOSING_CDATA ? "CDATA section (<![CDATA[)" : "comment (<!--)", given_up->found,
        given_up->found == 1 ? " was" : "s were");
}

/* ---- the stream ---- */

/* Which kind of connection is it? What had to wait for that has been here since the beginning. */
static void read_beginning(struct framer *f, const char *data, size_t len)
{
    if (f->beginning.kind != BEGINNING_UNDECIDED) return;
    beginning_read(&f->beginning, data, len);
    f->behind_end = f->window.end;
    f->behind_ms = f->begun_ms;
    if (f->beginning.kind == BEGINNING_HTTP || f->beginning.kind == BEGINNING_TLS)
        framer_move(f, FRAMER_FOREIGN);
}

void framer_feed(struct framer *f, const char *data, size_t len, int64_t now_ms)
{
    f->now_ms = now_ms;
    if (len == 0) return;
    if (f->window.end == 0) f->begun_ms = f->waits_since_ms = now_ms;
    read_beginning(f, data, len);
    window_trim(&f->window);
    window_feed(&f->window, data, len);
    f->heard_ms = now_ms;
    f->is_silence_reported = f->is_hold_reported = false;
}

void framer_tick(struct framer *f, int64_t now_ms)
{
    f->now_ms = now_ms;
}

void framer_end(struct framer *f)
{
    f->is_ended = true;
}

/* Nothing is taken out of a foreign stream: all of it is reported in parts. */
static enum step foreign_step(struct framer *f, struct frame *frame)
{
    uint64_t limit = (f->gap.is_open ? f->gap.start : f->at) + f->options.max_message;
    uint64_t to = limit < f->window.end ? limit : f->window.end;
    f->hidden.is_open = false;
    if (to > f->at) gap_add(f, f->at, to);
    f->at = to;
    return to == limit && gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_WAIT;
}

static enum step foreign_wait(struct framer *f, struct frame *frame, bool is_silent)
{
    (void)is_silent;
    return f->gap.is_open && gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_WAIT;
}

static enum step foreign_end(struct framer *f, struct frame *frame)
{
    return foreign_wait(f, frame, true);
}

static const struct {
    enum step (*step)(struct framer *f, struct frame *frame);
    enum step (*wait)(struct framer *f, struct frame *frame, bool is_silent);
    enum step (*end)(struct framer *f, struct frame *frame);
} states[] = {
    [FRAMER_BETWEEN] = {between_step, between_wait, between_end},
    [FRAMER_INSIDE] = {inside_step, inside_wait, inside_end},
    [FRAMER_OVERSIZE] = {inside_step_oversize, inside_wait, inside_end},
    [FRAMER_FOREIGN] = {foreign_step, foreign_wait, foreign_end},
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What stands between events, the gap or long markup that is not complete, must not be held longer than until then. */
static int64_t hold_due(const struct framer *f)
{
    int64_t due = f->gap.is_open ? f->gap.since + FRAMER_HOLD_MS : -1;
    if (f->state == FRAMER_BETWEEN && f->window.end - f->at > SEPARATOR_MAX && !f->is_hold_reported)
        due = earlier(due, f->waits_since_ms + FRAMER_HOLD_MS);
    return due;
}

/* All bytes have been read: what can be reported because time has passed, or the stream has ended? */
static enum step wait_or_report(struct framer *f, struct frame *frame)
{
    if (f->at != f->waits_at) {
        f->waits_since_ms = framer_received_ms(f, f->at);
        f->waits_at = f->at;
    }
    f->behind_ms = f->waits_since_ms;
    f->behind_end = f->window.end;
    if (f->is_ended) return states[f->state].end(f, frame);
    bool is_silent = !f->is_silence_reported && f->now_ms - f->heard_ms >= FRAMER_SILENCE_MS;
    bool is_held_too_long = hold_due(f) >= 0 && f->now_ms >= hold_due(f);
    if (!is_silent && !is_held_too_long) return STEP_WAIT;
    enum step step = states[f->state].wait(f, frame, is_silent);
    if (step == STEP_WAIT) {
        f->is_silence_reported |= is_silent;
        f->is_hold_reported |= is_held_too_long;
    }
    return step;
}

/*
 * The connection's first line may still turn out to be HTTP. It is text in any case, so it can wait, but not longer
 * than anything else.
 */
static bool may_be_foreign(const struct framer *f)
{
    return f->beginning.kind == BEGINNING_UNDECIDED && !f->is_ended && f->window.end > 0 &&
           f->window.start == 0 && f->at == 0 && f->now_ms - f->heard_ms < FRAMER_SILENCE_MS &&
           f->now_ms - f->begun_ms < FRAMER_HOLD_MS;
}

bool framer_next(struct framer *f, struct frame *frame)
{
    enum step step = STEP_ON;
    window_trim(&f->window);
    if (f->state != FRAMER_OVERSIZE && f->oversize.capacity > 0) buf_fini(&f->oversize); /* it was lent */
    while (step == STEP_ON) {
        step = may_be_foreign(f) ? STEP_WAIT : states[f->state].step(f, frame);
        if (step == STEP_WAIT && !may_be_foreign(f)) step = wait_or_report(f, frame);
    }
    if (step == STEP_WAIT) window_keep(&f->window);
    return step == STEP_FRAME;
}

bool framer_give(struct framer *f, const struct frame *frame, struct buf *memory)
{
    if (frame->len == 0) return false;
    if (frame->data != f->oversize.data) return window_give(&f->window, frame->data, memory);
    *memory = f->oversize;
    f->oversize = BUF_EMPTY;
    return true;
}

void framer_pause(struct framer *f)
{
    window_keep(&f->window);
}

bool framer_set_aside(struct framer *f, const char *detail, struct frame *frame)
{
    bool is_event = f->state == FRAMER_INSIDE || f->state == FRAMER_OVERSIZE;
    f->hidden.is_open = false;
    xml_lexer_forget(&f->lexer);
    if (is_event) {
        inside_cut(f, frame, f->window.end, detail);
        return true;
    }
    if (f->at < f->window.end) gap_add(f, f->at, f->window.end);
    f->at = f->window.end;
    return f->gap.is_open && gap_close(f, frame, GAP_WAITED);
}

/* ---- questions ---- */

int64_t framer_due(const struct framer *f)
{
    bool is_between = f->state == FRAMER_BETWEEN || f->state == FRAMER_FOREIGN;
    bool may_report = f->hidden.is_open || (is_between && (f->gap.is_open || f->at < f->window.end));
    int64_t due = may_report && !f->is_silence_reported ? f->heard_ms + FRAMER_SILENCE_MS : -1;
    if (may_be_foreign(f)) due = earlier(due, f->begun_ms + FRAMER_HOLD_MS);
    return earlier(due, hold_due(f));
}

bool framer_is_unfinished(const struct framer *f)
{
    return f->window.start < f->window.end; /* some bytes of an unfinished event are always held */
}

uint64_t framer_unreported_bytes(const struct framer *f)
{
    uint64_t from = f->state == FRAMER_OVERSIZE ? f->event.frame_at : f->window.start;
    return f->window.end - from;
}

bool framer_is_too_large(const struct framer *f)
{
    return f->state == FRAMER_OVERSIZE;
}

size_t framer_held_bytes(const struct framer *f)
{
    return window_held_bytes(&f->window) + reader_held_bytes(&f->reader) + wrappers_held_bytes(&f->wrappers) +
           f->oversize.capacity + f->event.name.capacity + f->namespaces.capacity;
}

uint64_t framer_ignored(const struct framer *f)
{
    return f->ignored;
}
