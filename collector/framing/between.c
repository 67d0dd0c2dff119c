/*
 * between -- the rules between events. Separators are passed; the start tag of an event begins it; everything else is
 * content of the gap, or the tag of an element (elements.c).
 *
 * A place between events is read in the encoding that is decided there (detector.h), markup by markup.
 */
#include "collector/framing/markup.h"
#include "collector/framing/state.h"

/* No token may go beyond it: what is held is full there. */
static uint64_t limit_of(const struct framer *f)
{
    return (f->gap.is_open ? f->gap.start : f->at) + f->options.max_message;
}

/* But the name of an event's start tag may: only when it is complete it is known that the gap ends there. */
static uint64_t token_limit_of(const struct framer *f)
{
    uint64_t name_end = f->at + framer_bytes(f, XML_NAME_MAX + 3);
    return !f->gap.is_open || limit_of(f) > name_end ? limit_of(f) : name_end;
}

/* ---- text ---- */

/* May markup, or a byte order mark, begin with this unit? */
static bool may_begin_markup(char c)
{
    return c == '<' || c == '\0' || (unsigned char)c >= 0x80;
}

/* Content of `len` units. Of its first character in UTF-16BE the NUL before it is a part. */
static void pass_content(struct framer *f, size_t len)
{
    bool may_have_nul = f->detector.wide == CODING_UTF16BE && !gap_has_content(f) && f->at > f->window.start;
    if (may_have_nul && window_byte(&f->window, f->at - 1) == '\0') gap_add(f, f->at - 1, f->at);
    uint64_t most = limit_of(f) - f->at;
    gap_pass(f, len < most ? len : (size_t)most);
}

static void pass_separators(struct framer *f, size_t len)
{
    framer_pass(f, len);
    gap_settle(f);
}

/* A NUL is a separator, but in UTF-16 it may be the half of a character that is content. */
static void pass_nul(struct framer *f)
{
    if (f->detector.wide == CODING_UTF16LE && gap_has_content(f) && f->gap.last == f->at)
        gap_pass(f, 1);
    else if (f->detector.wide == CODING_UTF16BE)
        framer_pass(f, 1); /* it stays at hand */
    else
        pass_separators(f, 1);
}

/* Passes units of one kind, separators or content, up to what may begin markup. */
static void pass_text(struct framer *f, struct slice text)
{
    bool are_separators = is_separator(*text.data);
    size_t len = 0;
    while (len < text.len && !may_begin_markup(text.data[len]) &&
           is_separator(text.data[len]) == are_separators)
        len++;
    if (are_separators)
        pass_separators(f, len);
    else
        pass_content(f, len);
}

/* ---- markup ---- */

static enum step begin_event(struct framer *f, struct frame *frame, struct slice text,
                             const struct xml_token *token)
{
    uint64_t frame_at = f->at;
    if (f->gap.is_open && f->gap.doctype_end != NOWHERE)
        frame_at = f->gap.first; /* a DOCTYPE directly before it belongs to it */
    else if (f->gap.is_open && gap_close(f, frame, GAP_EVENT))
        return STEP_FRAME;
    elements_hold_event(f);
    inside_begin(f, text, token, frame_at);
    return STEP_ON;
}

/* An instruction, or a comment up to `end`: short ones are separators. */
static enum step pass_misc(struct framer *f, uint64_t end, bool may_be_separator)
{
    if (!may_be_separator || end - f->at > SEPARATOR_MAX) gap_add(f, f->at, end);
    f->at = f->detector.text_at = end;
    f->wanted = WANTED_MIN;
    gap_settle(f);
    return STEP_ON;
}

static enum step declare(struct framer *f, struct frame *frame, struct slice text,
                         const struct xml_token *token)
{
    bool is_good =
        framer_bytes(f, token->len) <= SEPARATOR_MAX && markup_is_declaration(text.data, token->len);
    if (!is_good) return pass_misc(f, f->at + framer_bytes(f, token->len), false);
    if (elements_close_all(f, frame)) return STEP_FRAME;
    detector_declare(&f->detector, text.data, token->len);
    return pass_misc(f, f->at + framer_bytes(f, token->len), true);
}

static enum step pass_doctype(struct framer *f, struct frame *frame, size_t len)
{
    if (gap_has_content(f) && gap_close(f, frame, GAP_EVENT)) return STEP_FRAME;
    gap_pass(f, len);
    f->gap.has_doctype = true;
    f->gap.doctype_end = f->at;
    return STEP_ON;
}

/* Is the markup at `at`, of which `looked` units have been read, a DOCTYPE? */
static bool is_doctype(const struct framer *f, size_t looked)
{
    static const char opening[] = "<!DOCTYPE";
    if (looked < strlen(opening)) return false;
    for (size_t i = 0; opening[i]; i++)
        if (reader_unit(&f->window, f->reader.coding, f->at + framer_bytes(f, i)) != opening[i]) return false;
    return true;
}

/* Markup that is not complete turns out to be text. */
static enum step take_for_text(struct framer *f, size_t looked)
{
    bool has_doctype = is_doctype(f, looked);
    uint64_t most = (limit_of(f) - f->at) / framer_bytes(f, 1); /* more may have been looked at, for a name */
    if (looked > most) looked = (size_t)most;
    gap_pass(f, looked > 0 ? looked : 1);
    f->gap.has_doctype |= has_doctype;
    xml_lexer_forget(&f->lexer);
    return STEP_ON;
}

/* What is held is full, and this markup is not complete. */
static enum step report_full(struct framer *f, struct frame *frame, const struct xml_token *token)
{
    if (!f->gap.is_open) return take_for_text(f, token->looked);
    return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_ON;
}

static enum step wait_for_more(struct framer *f, struct frame *frame, const struct xml_token *token,
                               bool is_all)
{
    if (framer_reads_on(f, token, is_all)) return STEP_ON;
    return framer_is_full(f, token_limit_of(f)) ? report_full(f, frame, token) : STEP_WAIT;
}

static enum step take_token(struct framer *f, struct frame *frame, struct slice text,
                            const struct xml_token *token)
{
    switch (token->kind) {
    case XML_MARK: return begin_event(f, frame, text, token);
    case XML_START:
    case XML_EMPTY:
    case XML_END:
        if (markup_is_tag(text.data, token->len)) {
            f->detector.is_bom_fresh = false;
            return token->kind == XML_END ? elements_end(f, frame, text, token)
                                          : elements_start(f, frame, text, token);
        }
        break;
    case XML_COMMENT:
    case XML_CDATA: framer_hide(f, token); return STEP_ON;
    case XML_DECLARATION: return declare(f, frame, text, token);
    case XML_INSTRUCTION: return pass_misc(f, f->at + framer_bytes(f, token->len), true);
    case XML_DOCTYPE: return pass_doctype(f, frame, token->len);
    default: break;
    }
    gap_pass(f, token->len);
    f->gap.has_doctype |= token->of == XML_DOCTYPE;
    return STEP_ON;
}

/* The start tag of an event stands in this token, in another encoding: what stands before it is text. */
static bool is_crossed(struct framer *f, const struct xml_token *token, bool is_all)
{
    enum coding coding = f->reader.coding;
    uint64_t from = f->at;
    uint64_t end = limit_of(f) < f->window.end ? limit_of(f) : f->window.end;
    if (f->crossing_at != from) crossing_begin(f);
    uint64_t reach = crossing_reach(f, token, is_all, end);
    if (!crossing_find(f, reach < end ? reach : end, &coding)) return false;
    gap_add(f, from, f->at);
    f->wanted = WANTED_MIN;
    xml_lexer_forget(&f->lexer);
    return true;
}

/* Does this token not fit to what is held already? The start tag of an event ends the gap, so it does. */
static bool must_wait_its_turn(const struct framer *f, const struct xml_token *token)
{
    return token->kind != XML_MARK && token->kind != XML_UNFINISHED && f->gap.is_open &&
           f->at + framer_bytes(f, token->len) > limit_of(f);
}

static enum step read_markup(struct framer *f, struct frame *frame)
{
    bool is_all = false;
    struct slice text = framer_view(f, token_limit_of(f), &is_all);
    struct xml_token token = {.kind = XML_UNFINISHED, .of = XML_TEXT};
    if (text.len > 0) token = xml_lexer_next(&f->lexer, text.data, text.len);
    if (is_crossed(f, &token, is_all)) return STEP_ON;
    if (token.kind == XML_UNFINISHED) return wait_for_more(f, frame, &token, is_all);
    if (must_wait_its_turn(f, &token)) return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_ON;
    enum step step = take_token(f, frame, text, &token);
    f->detector.text_at = f->at;
    return step;
}

/* ---- comments and CDATA sections ---- */

static enum step read_hidden(struct framer *f, struct frame *frame)
{
    struct hidden hidden = f->hidden;
    uint64_t end = 0;
    if (framer_find_closing(f, limit_of(f), &end)) {
        if (hidden.is_in_doctype) {
            xml_lexer_close_comment(&f->lexer, (size_t)((end - f->at) / framer_bytes(f, 1)));
            return STEP_ON;
        }
        bool has_events =
            marks_count(&f->marks, &f->window, &f->lexer, f->reader.coding, hidden.from, end) > 0;
        return pass_misc(f, end, hidden.closing == CLOSING_COMMENT && !hidden.is_reported && !has_events);
    }
    if (!framer_is_full(f, limit_of(f))) return STEP_WAIT;
    /* What stands before it goes first. But behind a construct that was given up there may be thousands of these. */
    bool goes_first = f->gap.is_open && !f->gap.given_up.is_set;
    if (goes_first) return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_ON;
    return between_give_up(f);
}

/* The opening is content. */
enum step between_give_up(struct framer *f)
{
    uint64_t limit = limit_of(f);
    bool is_doctype = f->hidden.is_in_doctype;
    if (f->hidden.from > f->at) gap_add(f, f->at, f->hidden.from); /* else it has been reported */
    f->gap.has_doctype |= is_doctype;
    framer_give_up(f, &f->gap.given_up, limit);
    return STEP_ON;
}

/* ---- all of it ---- */

enum step between_step(struct framer *f, struct frame *frame)
{
    enum coding coding = f->detector.coding;
    size_t len = 0;
    bool is_all = false;
    if (f->hidden.is_open) return read_hidden(f, frame);
    if (f->lexer.looked > 0) return read_markup(f, frame); /* in its coding, as it began */
    reader_set_coding(&f->reader, coding);
    if (f->at >= limit_of(f)) return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_ON;
    struct slice text = framer_view(f, limit_of(f), &is_all);
    if (text.len == 0) return STEP_WAIT;
    if (!may_begin_markup(*text.data)) {
        pass_text(f, text);
        return STEP_ON;
    }
    switch (detector_check(&f->detector, &f->window, f->at, *text.data, f->is_ended, &coding, &len)) {
    case DETECTED_UNDECIDED: return STEP_WAIT;
    case DETECTED_TEXT:
        if (*text.data == '\0')
            pass_nul(f);
        else
            pass_content(f, 1);
        return STEP_ON;
    case DETECTED_BOM:
        pass_separators(f, len);
        f->detector.text_at = f->at;
        return STEP_ON;
    default: reader_set_coding(&f->reader, coding); return read_markup(f, frame);
    }
}

static enum step report_gap(struct framer *f, struct frame *frame)
{
    f->gap.since = f->now_ms;
    if (!f->gap.is_open || !gap_is_worth_reporting(f)) return STEP_WAIT;
    return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_WAIT;
}

/*
 * A part of an open comment or CDATA section is reported, and it stays open. Its last bytes may begin its end, or the
 * start tag of an event, for which it will be given up: these stay.
 */
static enum step report_hidden(struct framer *f, struct frame *frame)
{
    uint64_t end = f->window.end - framer_bytes(f, 2);
    uint64_t event_at = f->hidden.from;
    end -= (end - f->hidden.from) % framer_bytes(f, 1);
    (void)marks_find(&f->window, &f->lexer, f->reader.coding, &event_at, f->window.end);
    if (event_at < end) end = event_at;
    if (end == f->at) return STEP_WAIT;
    gap_add(f, f->at, end);
    f->at = f->hidden.at = f->hidden.from = end;
    f->hidden.is_reported = true;
    return gap_close(f, frame, GAP_WAITED) ? STEP_FRAME : STEP_WAIT;
}

/* What hides events is given up when the sender falls silent, and is not reported before. */
static enum step wait_in_hidden(struct framer *f, struct frame *frame, bool is_silent)
{
    size_t events =
        marks_count(&f->marks, &f->window, &f->lexer, f->reader.coding, f->hidden.from, f->window.end);
    if (events > 0 && is_silent) return between_give_up(f);
    uint64_t least = f->hidden.is_reported ? framer_bytes(f, 3) : SEPARATOR_MAX + 1;
    if (events == 0 && f->window.end - f->at >= least && !f->hidden.is_in_doctype)
        return report_hidden(f, frame);
    return report_gap(f, frame);
}

enum step between_wait(struct framer *f, struct frame *frame, bool is_silent)
{
    if (f->hidden.is_open) return wait_in_hidden(f, frame, is_silent);
    if (f->window.end - f->at > SEPARATOR_MAX) return take_for_text(f, f->lexer.looked);
    return report_gap(f, frame);
}

enum step between_end(struct framer *f, struct frame *frame)
{
    if (f->hidden.is_open) return between_give_up(f);
    if (f->at < f->window.end) {
        bool is_alone = !gap_has_content(f);
        (void)take_for_text(f, f->lexer.looked);
        f->gap.ends_inside_markup |= is_alone;
        return STEP_ON;
    }
    if (f->gap.is_open && gap_close(f, frame, GAP_WAITED)) return STEP_FRAME;
    framer_drop(f, f->at);
    return STEP_WAIT;
}
