/*
 * elements -- the rules for other elements between events: which are wrappers, which carry nothing, which are rejects.
 *
 * The start tag of an element is held until an event begins in it, and it is a wrapper; or until it ends, and it is
 * content.
 */
#include "collector/framing/markup.h"
#include "collector/framing/state.h"
#include "collector/framing/transcode.h"
#include "common/utf8.h"

/* ---- what a start tag declares ---- */

/* The tag as UTF-8; absent where it is not in the encoding that is declared. */
static struct slice tag_text(struct framer *f, struct slice tag, struct buf *utf8)
{
    const char *encoding = detector_encoding(&f->detector, f->reader.coding);
    struct slice bytes = window_range(&f->window, f->at, f->at + framer_bytes(f, tag.len));
    if (f->reader.coding == CODING_ASCII && utf8_valid_len(bytes.data, bytes.len) == bytes.len) return bytes;
    if (coding_unit_bytes(f->reader.coding) > 1)
        coding_append_utf8(f->reader.coding, bytes.data, bytes.len, utf8);
    else if (!*encoding || transcode(bytes, encoding, TRANSCODE_MAX, utf8) != TRANSCODED)
        return (struct slice){NULL, 0};
    return (struct slice){utf8->data, utf8->len};
}

static bool is_declaration(struct slice name)
{
    return name.len > strlen("xmlns:") && memcmp(name.data, "xmlns:", strlen("xmlns:")) == 0;
}

static bool is_namespace(struct slice name)
{
    return is_declaration(name) || (name.len == strlen("xmlns") && memcmp(name.data, "xmlns", name.len) == 0);
}

/* Does it have an attribute that declares no namespace? */
static bool has_data(struct slice tag)
{
    struct slice name;
    struct slice value;
    for (size_t at = 0; markup_next_attribute(tag, &at, &name, &value);)
        if (!is_namespace(name)) return true;
    return false;
}

static void collect_declarations(struct slice tag, struct buf *out)
{
    struct slice name;
    struct slice value;
    for (size_t at = 0; markup_next_attribute(tag, &at, &name, &value);) {
        if (!is_declaration(name)) continue;
        buf_append_char(out, ' ');
        buf_append(out, name.data, name.len);
        buf_append_char(out, '=');
        buf_append(out, value.data, value.len);
    }
}

/* The declarations of the tag at `at`; nothing where its bytes are not in their encoding. */
static void read_declarations(struct framer *f, struct slice tag, struct buf *out)
{
    struct buf utf8 = BUF_EMPTY;
    if (!memmem(tag.data, tag.len, "xmlns:", strlen("xmlns:"))) return;
    struct slice text = tag_text(f, tag, &utf8);
    if (text.len > 0) collect_declarations(text, out);
    buf_fini(&utf8);
}

/* ---- beginning ---- */

/*
 * The name in the tag at `at`. Of a name that is not all ASCII the units do not show every character: then it is in the
 * bytes received, or in UTF-8 if they are UTF-16.
 */
static void read_name(struct framer *f, struct slice tag, const struct xml_token *token, struct buf *name)
{
    struct slice units = {tag.data + token->name_at, token->name_len};
    if (f->reader.coding == CODING_ASCII || !memchr(units.data, (unsigned char)CODING_OTHER, units.len)) {
        buf_append(name, units.data, units.len);
        return;
    }
    uint64_t at = f->at + framer_bytes(f, token->name_at);
    struct slice bytes = window_range(&f->window, at, at + framer_bytes(f, token->name_len));
    if (coding_unit_bytes(f->reader.coding) > 1)
        coding_append_utf8(f->reader.coding, bytes.data, bytes.len, name);
    else
        buf_append(name, bytes.data, bytes.len);
}

static bool is_reject_of_its_own(const struct open_element *parent)
{
    return !parent || (parent->is_wrapper && parent->has_event_directly);
}

/* `<name/>`, or `<name></name>`: carries nothing if it stands in another element. */
static enum step take_empty(struct framer *f, struct frame *frame, struct slice name,
                            const struct xml_token *token)
{
    struct open_element *parent = wrappers_innermost(&f->wrappers);
    bool is_ignored = xml_names_hold(f->options.ignored, name.data, name.len);
    bool is_content = !is_ignored && (!parent || token->values > 0);
    if (parent) parent->is_bare = false;
    f->ignored += is_ignored;
    if (!is_content) {
        framer_pass(f, token->len);
        gap_settle(f);
        return STEP_ON;
    }
    gap_open(f, f->at);
    gap_note_element(f, f->at, name);
    gap_pass(f, token->len);
    return is_reject_of_its_own(parent) && gap_close(f, frame, GAP_ELEMENT) ? STEP_FRAME : STEP_ON;
}

static void open_element(struct framer *f, struct slice tag, struct slice name, const struct xml_token *token)
{
    struct buf declarations = BUF_EMPTY;
    struct open_element *parent = wrappers_innermost(&f->wrappers);
    if (parent) parent->is_bare = false;
    gap_open(f, f->at);
    f->gap.doctype_end = NOWHERE;
    bool is_ignored = xml_names_hold(f->options.ignored, name.data, name.len);
    bool holds_data = has_data((struct slice){tag.data, token->len});
    read_declarations(f, (struct slice){tag.data, token->len}, &declarations);
    struct open_element *element =
        wrappers_open(&f->wrappers, name, (struct slice){declarations.data, declarations.len});
    element->at = f->at;
    element->tag_end = f->at + framer_bytes(f, token->len);
    element->has_data = holds_data;
    element->is_bare = token->values == 0;
    element->is_ignored = is_ignored;
    element->first_before = f->gap.first;
    element->last_before = f->gap.last;
    element->had_element_before = f->gap.has_element;
    buf_fini(&declarations);
    framer_pass(f, token->len);
}

enum step elements_start(struct framer *f, struct frame *frame, struct slice tag,
                         const struct xml_token *token)
{
    const struct open_element *parent = wrappers_innermost(&f->wrappers);
    bool stands_alone = parent && parent->is_wrapper && parent->has_event_directly;
    if (stands_alone && gap_has_content(f) && gap_close(f, frame, GAP_ELEMENT)) return STEP_FRAME;
    struct buf name = BUF_EMPTY;
    enum step step = STEP_ON;
    read_name(f, tag, token, &name);
    if (token->kind == XML_EMPTY)
        step = take_empty(f, frame, (struct slice){name.data, name.len}, token);
    else
        open_element(f, tag, (struct slice){name.data, name.len}, token);
    buf_fini(&name);
    return step;
}

/* ---- ending ---- */

/* Elements that have no end tag are content, as far as they reach. */
static void add_unclosed(struct framer *f, size_t from)
{
    for (size_t i = from; i < f->wrappers.count; i++) {
        const struct open_element *element = wrappers_at(&f->wrappers, i);
        if (element->is_wrapper) continue;
        gap_note_element(f, element->at, wrappers_name(&f->wrappers, element));
        gap_add(f, element->at, f->at);
        return;
    }
}

/* The end tag of a wrapper is a separator. */
static enum step end_wrapper(struct framer *f, struct frame *frame, size_t index, size_t len)
{
    bool is_outermost = index == 0;
    bool has_event = wrappers_at(&f->wrappers, index)->has_event;
    wrappers_close(&f->wrappers, index);
    framer_pass(f, len);
    if (is_outermost && !has_event && gap_has_content(f) && gap_close(f, frame, GAP_ELEMENT))
        return STEP_FRAME;
    gap_settle(f);
    return STEP_ON;
}

/* An ignored element: what it held is no content. */
static enum step end_ignored(struct framer *f, size_t index, size_t len)
{
    const struct open_element *element = wrappers_at(&f->wrappers, index);
    f->gap.first = element->first_before;
    f->gap.last = element->last_before;
    f->gap.has_element = element->had_element_before;
    if (!f->gap.has_element) f->gap.element_at = NOWHERE;
    f->ignored++;
    wrappers_close(&f->wrappers, index);
    framer_pass(f, len);
    gap_settle(f);
    return STEP_ON;
}

enum step elements_end(struct framer *f, struct frame *frame, struct slice tag, const struct xml_token *token)
{
    struct buf name = BUF_EMPTY;
    read_name(f, tag, token, &name);
    size_t index = wrappers_find(&f->wrappers, (struct slice){name.data, name.len});
    buf_fini(&name);
    if (index == f->wrappers.count) {
        gap_pass(f, token->len);
        return STEP_ON;
    }
    struct open_element element = *wrappers_at(&f->wrappers, index);
    const struct open_element *parent = index > 0 ? wrappers_at(&f->wrappers, index - 1) : NULL;
    add_unclosed(f, index + 1);
    if (element.is_wrapper) return end_wrapper(f, frame, index, token->len);
    if (element.is_ignored) return end_ignored(f, index, token->len);
    bool is_content = !parent || !element.is_bare;
    bool is_own_reject = is_reject_of_its_own(parent);
    if (is_content) gap_note_element(f, element.at, wrappers_name(&f->wrappers, &element));
    wrappers_close(&f->wrappers, index);
    if (!is_content) {
        framer_pass(f, token->len);
        gap_settle(f);
        return STEP_ON;
    }
    gap_add(f, element.at, f->at + framer_bytes(f, token->len));
    framer_pass(f, token->len);
    return is_own_reject && gap_close(f, frame, GAP_ELEMENT) ? STEP_FRAME : STEP_ON;
}

bool elements_close_all(struct framer *f, struct frame *frame)
{
    if (f->wrappers.count == 0) return false;
    add_unclosed(f, 0);
    bool has_event = wrappers_at(&f->wrappers, 0)->has_event;
    wrappers_close(&f->wrappers, 0);
    return !has_event && gap_has_content(f) && gap_close(f, frame, GAP_ELEMENT);
}

void elements_hold_event(struct framer *f)
{
    for (size_t i = 0; i < f->wrappers.count; i++) {
        struct open_element *element = wrappers_at(&f->wrappers, i);
        element->is_wrapper = element->has_event = true;
    }
    struct open_element *innermost = wrappers_innermost(&f->wrappers);
    if (innermost) innermost->has_event_directly = true;
}
