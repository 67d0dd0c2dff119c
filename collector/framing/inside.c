/*
 * inside -- the rules in an event: where it ends, and what makes it a reject before it is validated.
 *
 * It ends with its own end tag, or where the start tag of an event begins: these do not nest. Only a comment or CDATA
 * section hides either of them. What has grown beyond MAX_MESSAGE_SIZE is read on for its end alone, in bytes that are
 * not kept, and nothing hides there.
 */
#include <stdio.h>

#include "collector/framing/plain_event.h"
#include "collector/framing/state.h"

/* Once for each event: snprintf() would be a fifth of what the framer does for it besides reading it. */
static void copy_encoding(char to[DETECTOR_ENCODING_MAX], const char *from)
{
    size_t len = strnlen(from, DETECTOR_ENCODING_MAX - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

void inside_begin(struct framer *f, struct slice tag, const struct xml_token *token, uint64_t frame_at)
{
    struct unfinished *event = &f->event;
    struct buf name = event->name;
    buf_clear(&name);
    buf_append(&name, tag.data + token->name_at, token->name_len);
    *event = (struct unfinished){
        .at = f->at,
        .frame_at = frame_at,
        .name = name,
        .has_doctype = frame_at < f->at,
    };
    copy_encoding(event->encoding, detector_encoding(&f->detector, f->reader.coding));
    f->gap.is_open = false;
    f->detector.is_bom_fresh = false;
    framer_move(f, FRAMER_INSIDE);
    framer_drop(f, frame_at);
    crossing_begin(f);
    xml_lexer_read_tag(&f->lexer);
}

static uint64_t limit_of(const struct framer *f)
{
    return f->event.frame_at + f->options.max_message;
}

/* The last byte of what there is of it is before this. */
static uint64_t end_of(const struct framer *f)
{
    uint64_t limit = limit_of(f);
    return limit < f->window.end ? limit : f->window.end;
}

/* ---- how it ends ---- */

/* Reading goes on between events, at `end`. */
static void leave(struct framer *f, uint64_t end)
{
    f->at = f->detector.text_at = end;
    f->wanted = WANTED_MIN;
    framer_move(f, FRAMER_BETWEEN);
    framer_drop(f, end);
    xml_lexer_forget(&f->lexer);
}

static void reject(struct framer *f, struct frame *frame, enum reject_reason reason, const char *detail)
{
    frame->reason = reason;
    (void)snprintf(f->detail, sizeof f->detail, "%s", detail);
}

static const char doctype[] = "a document type declaration (<!DOCTYPE) is not accepted";

/* Of how many bytes of `text`, which begins with the event's start tag, is it certain that they are a plain one? 0: of none */
static size_t read_plain(struct framer *f, struct slice text)
{
    uint64_t most = limit_of(f) - f->event.at;
    if (!f->options.plain || f->event.has_doctype || f->reader.coding != CODING_ASCII) return 0;
    return plain_event_read(f->options.plain, f->options.events, f->event.encoding, text.data,
                            text.len < most ? text.len : (size_t)most);
}

/* It is an event and ends before `end`: what is in its columns is known, and a validator has nothing to do. */
static void settle(struct framer *f, struct frame *frame, uint64_t end)
{
    framer_make(f, frame, f->event.frame_at, end, f->event.encoding);
    frame->is_event = true;
    frame->fields = plain_event_fields(f->options.plain);
    leave(f, end);
}

/*
 * The event had not arrived whole when it began, and may be a plain one all the same: of a stream of large segments one in
 * some hundreds, and over Ethernet each of more than 1.4 KB.
 */
static bool settle_late(struct framer *f, struct frame *frame, uint64_t end)
{
    if (f->state != FRAMER_INSIDE || end <= f->event.tried_to || end > limit_of(f)) return false;
    size_t len = (size_t)(end - f->event.at);
    if (read_plain(f, window_range(&f->window, f->event.at, end)) != len) return false;
    settle(f, frame, end);
    return true;
}

/* Its end tag ends before `end`. */
static enum step finish(struct framer *f, struct frame *frame, uint64_t end)
{
    if (settle_late(f, frame, end)) return STEP_FRAME;
    framer_make(f, frame, f->event.frame_at, end, f->event.encoding);
    if (f->event.has_doctype)
        reject(f, frame, REJECT_DOCTYPE, doctype);
    else if (frame->true_len > f->options.max_message)
        reject(f, frame, REJECT_OVERSIZE, "larger than MAX_MESSAGE_SIZE; its beginning is kept");
    else if (f->event.given_up.is_set)
        reject(f, frame, REJECT_MALFORMED, "not well-formed");
    else if (f->event.has_too_many)
        reject(f, frame, REJECT_MALFORMED, "more than 256 attributes on one element");
    else
        frame->is_event = true;
    if (!frame->is_event) framer_explain(f, &f->event.given_up);
    leave(f, end);
    return STEP_FRAME;
}

void inside_cut(struct framer *f, struct frame *frame, uint64_t end, const char *detail)
{
    framer_make(f, frame, f->event.frame_at, end, f->event.encoding);
    if (f->event.has_doctype)
        reject(f, frame, REJECT_DOCTYPE, doctype);
    else if (frame->true_len > f->options.max_message)
        reject(f, frame, REJECT_OVERSIZE, "larger than MAX_MESSAGE_SIZE, and cut off; its beginning is kept");
    else
        reject(f, frame, REJECT_CUT_OFF, detail);
    framer_explain(f, &f->event.given_up);
    leave(f, end);
}

/* Where a declaration begins that ends directly before the start tag at `at`, in the same coding; else `at` itself. */
static uint64_t find_declaration(const struct framer *f, enum coding coding)
{
    static const char opening[] = "<?xml ";
    uint64_t unit = coding_unit_bytes(coding);
    uint64_t first = f->event.at > f->window.start ? f->event.at : f->window.start;
    uint64_t at = f->at;
    if (f->at - first > LOOK_BACK) first = f->at - LOOK_BACK;
    while (at >= first + unit && is_separator(reader_unit(&f->window, coding, at - unit))) at -= unit;
    if (at < first + 2 * unit || reader_unit(&f->window, coding, at - unit) != '>' ||
        reader_unit(&f->window, coding, at - 2 * unit) != '?')
        return f->at;
    do at -= unit;
    while (at >= first + unit && reader_unit(&f->window, coding, at) != '<');
    for (size_t i = 0; opening[i]; i++)
        if (reader_unit(&f->window, coding, at + i * unit) != opening[i]) return f->at;
    return at;
}

/* The start tag of an event stands at `at`. A declaration directly before it belongs to it. */
static enum step cut_by_mark(struct framer *f, struct frame *frame, struct slice name, enum coding coding)
{
    const struct unfinished *event = &f->event;
    uint64_t end = find_declaration(f, coding);
    char detail[DETAIL_MAX] = "cut off: the next event began before this one's end tag";
    char inner[SHOWN_MAX + 1];
    char outer[SHOWN_MAX + 1];
    framer_show(name, inner);
    framer_show((struct slice){event->name.data, event->name.len}, outer);
    if (name.len != event->name.len || memcmp(name.data, event->name.data, name.len) != 0)
        (void)snprintf(detail, sizeof detail,
                       "cut off: %s stands inside %s; if that is no accident, name only %s in EVENT_ELEMENT",
                       inner, outer, outer);
    inside_cut(f, frame, end, detail);
    return STEP_FRAME;
}

/* ---- reading it ---- */

static struct slice own_name(const struct framer *f)
{
    return (struct slice){f->event.name.data, f->event.name.len};
}

static bool is_own_name(const struct framer *f, struct slice name)
{
    return name.len == f->event.name.len && memcmp(name.data, f->event.name.data, name.len) == 0;
}

/* Of what has been read beyond MAX_MESSAGE_SIZE only the last bytes are needed: a declaration may stand in them. */
static void drop_read(struct framer *f)
{
    uint64_t to = crossing_needs(f);
    if (to > f->window.start + LOOK_BACK) framer_drop(f, to - LOOK_BACK);
}

/* In the memory where it is, if possible: it would be twice there otherwise. */
static void keep_beginning(struct framer *f, struct slice kept)
{
    struct buf memory = BUF_EMPTY;
    buf_fini(&f->oversize);
    if (window_give(&f->window, kept.data, &memory)) {
        memmove(memory.data, kept.data, kept.len);
        memory.len = kept.len;
        f->oversize = memory;
    } else {
        buf_reserve_within(&f->oversize, kept.len, kept.len);
        buf_append(&f->oversize, kept.data, kept.len);
    }
}

/* It has reached MAX_MESSAGE_SIZE: from `at` on nothing more is kept. */
static enum step become_oversize(struct framer *f, uint64_t at)
{
    struct slice kept = window_range(&f->window, f->event.frame_at, limit_of(f));
    framer_move(f, FRAMER_OVERSIZE);
    f->at = at;
    f->wanted = WANTED_MIN;
    xml_lexer_forget(&f->lexer);
    drop_read(f);
    keep_beginning(f, kept);
    window_trim(&f->window);
    return STEP_ON;
}

static enum step wait_for_more(struct framer *f, const struct xml_token *token, bool is_all)
{
    if (framer_reads_on(f, token, is_all)) return STEP_ON;
    if (!framer_is_full(f, limit_of(f))) return STEP_WAIT;
    /*
     * An end tag may still be its own; of all else nothing that has been looked at matters any more. Its own start tag is
     * behind us, also if its name alone is that long.
     */
    uint64_t at = token->of == XML_END ? f->at : f->at + framer_bytes(f, token->looked);
    return become_oversize(f, at > f->event.at ? at : at + framer_bytes(f, 1));
}

static enum step take_tag(struct framer *f, struct frame *frame, struct slice text,
                          const struct xml_token *token)
{
    struct slice name = {text.data + token->name_at, token->name_len};
    bool is_end =
        token->kind == XML_END ? is_own_name(f, name) : token->kind == XML_EMPTY && f->at == f->event.at;
    f->event.has_too_many |= token->values > FRAMER_VALUES_MAX;
    if (is_end) return finish(f, frame, f->at + framer_bytes(f, token->len));
    framer_pass(f, token->len);
    return STEP_ON;
}

/*
 * `00 3C 00` before a name was taken for a `<` of UTF-16BE. It may be one of UTF-16LE behind another character: a
 * declaration before it shows that.
 */
static void correct_byte_order(struct framer *f, enum coding *coding)
{
    if (*coding != CODING_UTF16BE || find_declaration(f, CODING_UTF16BE) < f->at) return;
    f->at++;
    if (find_declaration(f, CODING_UTF16LE) < f->at)
        *coding = CODING_UTF16LE;
    else
        f->at--;
}

/* Markup that is none: text, or the start tag of an event in another encoding. */
static enum step take_broken(struct framer *f, struct frame *frame, const struct xml_token *token)
{
    enum coding coding = f->reader.coding;
    enum crossing crossing = token->of == XML_TEXT ? crossing_check(f, end_of(f), &coding) : CROSSING_NONE;
    bool may_come = !f->is_ended && !framer_is_full(f, limit_of(f));
    if (crossing == CROSSING_FOUND) {
        correct_byte_order(f, &coding);
        return cut_by_mark(f, frame, own_name(f), coding);
    }
    if (crossing == CROSSING_UNDECIDED && may_come) return STEP_WAIT;
    f->event.has_doctype |= token->of == XML_DOCTYPE;
    framer_pass(f, token->len);
    return STEP_ON;
}

static enum step take_token(struct framer *f, struct frame *frame, struct slice text,
                            const struct xml_token *token)
{
    switch (token->kind) {
    case XML_MARK:
        return cut_by_mark(f, frame, (struct slice){text.data + token->name_at, token->name_len},
                           f->reader.coding);
    case XML_START:
    case XML_EMPTY:
    case XML_END: return take_tag(f, frame, text, token);
    case XML_COMMENT:
    case XML_CDATA: framer_hide(f, token); return STEP_ON;
    case XML_BROKEN: return take_broken(f, frame, token);
    default: f->event.has_doctype |= token->kind == XML_DOCTYPE; break;
    }
    framer_pass(f, token->len);
    return STEP_ON;
}

static enum step give_up(struct framer *f)
{
    f->event.has_doctype |= f->hidden.is_in_doctype;
    framer_give_up(f, &f->event.given_up, limit_of(f));
    return STEP_ON;
}

static enum step read_hidden(struct framer *f)
{
    bool is_in_doctype = f->hidden.is_in_doctype;
    uint64_t end = 0;
    if (!framer_find_closing(f, limit_of(f), &end))
        return framer_is_full(f, limit_of(f)) ? give_up(f) : STEP_WAIT;
    if (is_in_doctype) {
        xml_lexer_close_comment(&f->lexer, (size_t)((end - f->at) / framer_bytes(f, 1)));
        return STEP_ON;
    }
    f->at = end;
    f->wanted = WANTED_MIN;
    return STEP_ON;
}

/* Most events are plain. Of one that is there from its first byte to its last, one pass finds the end, and settles it. */
static bool take_plain(struct framer *f, struct frame *frame)
{
    if (f->event.tried_to > 0) return false;
    struct slice text = window_span(&f->window, f->at);
    f->event.tried_to = f->at + text.len;
    size_t len = read_plain(f, text);
    if (len == 0) return false;
    settle(f, frame, f->at + len);
    return true;
}

enum step inside_step(struct framer *f, struct frame *frame)
{
    enum coding coding = f->reader.coding;
    bool is_all = false;
    if (take_plain(f, frame)) return STEP_FRAME;
    if (f->hidden.is_open) return read_hidden(f);
    struct slice text = framer_view(f, limit_of(f), &is_all);
    struct xml_token token = {.kind = XML_UNFINISHED, .of = XML_TEXT};
    size_t plain = text.len > 0 ? xml_lexer_skip_plain(&f->lexer, text.data, text.len) : 0;
    if (plain > 0) {
        framer_pass(f, plain);
        return STEP_ON;
    }
    if (text.len > 0) token = xml_lexer_next(&f->lexer, text.data, text.len);
    if (crossing_find(f, crossing_reach(f, &token, is_all, end_of(f)), &coding))
        return cut_by_mark(f, frame, own_name(f), coding);
    if (token.kind == XML_UNFINISHED) return wait_for_more(f, &token, is_all);
    return take_token(f, frame, text, &token);
}

enum step inside_wait(struct framer *f, struct frame *frame, bool is_silent)
{
    (void)frame;
    (void)is_silent; /* nothing else calls it: no gap is held in an event */
    if (!f->hidden.is_open) return STEP_WAIT;
    if (marks_count(&f->marks, &f->window, &f->lexer, f->reader.coding, f->hidden.from, f->window.end) == 0)
        return STEP_WAIT;
    return give_up(f);
}

enum step inside_end(struct framer *f, struct frame *frame)
{
    if (f->hidden.is_open) return give_up(f);
    inside_cut(f, frame, f->window.end, "cut off: the connection ended before the event's end tag");
    return STEP_FRAME;
}

/* ---- beyond MAX_MESSAGE_SIZE ---- */

/* Where its own end tag, which may begin at `text`, ends; 0: it is another one; -1: more bytes are needed. */
static int find_own_end(const struct framer *f, struct slice text)
{
    size_t name_len = f->event.name.len;
    size_t at = 2 + name_len;
    size_t seen = text.len < at ? text.len : at;
    if (text.len >= 2 && text.data[1] != '/') return 0;
    if (seen > 2 && memcmp(text.data + 2, f->event.name.data, seen - 2) != 0) return 0;
    while (at < text.len && xml_is_space(text.data[at])) at++;
    if (at >= text.len) return -1;
    return text.data[at] == '>' ? (int)at + 1 : 0;
}

/* What begins with this `<`? */
static enum step read_lt(struct framer *f, struct frame *frame, struct slice text, bool is_all)
{
    int end = find_own_end(f, text);
    int mark = xml_lexer_is_mark(&f->lexer, text.data, text.len);
    if (end > 0) return finish(f, frame, f->at + framer_bytes(f, (size_t)end));
    if (mark > 0)
        return cut_by_mark(f, frame, (struct slice){text.data + 1, xml_name_len(text.data + 1, text.len - 1)},
                           f->reader.coding);
    if ((end == 0 && mark == 0) || text.len > SEPARATOR_MAX) {
        framer_pass(f, 1);
        return STEP_ON;
    }
    if (!is_all) framer_want_more(f);
    return is_all ? STEP_WAIT : STEP_ON;
}

enum step inside_step_oversize(struct framer *f, struct frame *frame)
{
    enum coding coding = f->reader.coding;
    bool is_all = false;
    if (crossing_find(f, f->at, &coding)) return cut_by_mark(f, frame, own_name(f), coding);
    drop_read(f);
    struct slice text = framer_view(f, NOWHERE, &is_all);
    if (text.len == 0) return STEP_WAIT;
    const char *lt = memchr(text.data, '<', text.len);
    if (lt == text.data) return read_lt(f, frame, text, is_all);
    framer_pass(f, lt ? (size_t)(lt - text.data) : text.len);
    return STEP_ON;
}
