/*
 * gap -- what stands between two events and is no separator: from its first to behind its last such byte.
 *
 * Whether a tag is content or a wrapper's is known only when its element has ended, or an event has begun in it. Until
 * then its bytes are held, but they are not content.
 */
#include <stdio.h>
#include <string.h>

#include "collector/framing/state.h"

#define NAMESPACES_KEPT 1024 /* bytes of memory that are kept for the next gap */

void gap_open(struct framer *f, uint64_t at)
{
    if (f->gap.is_open) return;
    f->gap = (struct gap){.is_open = true,
                          .start = at,
                          .first = NOWHERE,
                          .since = framer_received_ms(f, at),
                          .doctype_end = NOWHERE,
                          .element_at = NOWHERE};
    /* Text of UTF-16 is read byte by byte. */
    enum coding coding = f->detector.wide != CODING_ASCII ? f->detector.wide : f->reader.coding;
    (void)snprintf(f->gap.encoding, sizeof f->gap.encoding, "%s", detector_encoding(&f->detector, coding));
}

/* The wrappers may be closed before the gap is reported. */
static void keep_namespaces(struct framer *f)
{
    const char *declarations = wrappers_declarations(&f->wrappers);
    buf_clear(&f->namespaces);
    if (!*declarations && f->namespaces.capacity > NAMESPACES_KEPT) buf_fini(&f->namespaces);
    if (!*declarations) return;
    buf_append(&f->namespaces, declarations, strlen(declarations) + 1);
}

void gap_add(struct framer *f, uint64_t from, uint64_t to)
{
    struct open_element *parent = wrappers_innermost(&f->wrappers);
    if (parent) parent->is_bare = false;
    gap_open(f, from);
    if (f->gap.first == NOWHERE) keep_namespaces(f);
    if (from < f->gap.start) f->gap.start = from;
    if (from < f->gap.first) f->gap.first = from;
    if (to > f->gap.last) f->gap.last = to;
    f->gap.doctype_end = NOWHERE;
    f->detector.is_bom_fresh = false;
}

void gap_pass(struct framer *f, size_t len)
{
    gap_add(f, f->at, f->at + framer_bytes(f, len));
    framer_pass(f, len);
}

void gap_note_element(struct framer *f, uint64_t at, struct slice name)
{
    f->gap.has_element = true;
    if (at > f->gap.element_at) return;
    f->gap.element_at = at;
    framer_show(name, f->gap.element);
}

bool gap_has_content(const struct framer *f)
{
    return f->gap.is_open && f->gap.first != NOWHERE;
}

void gap_settle(struct framer *f)
{
    const struct open_element *innermost = wrappers_innermost(&f->wrappers);
    if (f->gap.is_open && f->gap.first == NOWHERE && (!innermost || innermost->is_wrapper))
        f->gap.is_open = false;
    if (!f->gap.is_open) framer_drop(f, f->at);
}

bool gap_is_worth_reporting(struct framer *f)
{
    for (size_t i = 0; i < f->wrappers.count; i++) {
        const struct open_element *element = wrappers_at(&f->wrappers, i);
        if (!element->is_wrapper && element->has_data) return true;
    }
    return gap_has_content(f);
}

/* ---- reporting it ---- */

/* The outermost element that is open and not known to be a wrapper. */
static const struct open_element *find_open_element(struct framer *f)
{
    for (size_t i = 0; i < f->wrappers.count; i++) {
        const struct open_element *element = wrappers_at(&f->wrappers, i);
        if (!element->is_wrapper) return element;
    }
    return NULL;
}

/* What is reported before its outermost element has ended names that one as well: either may be the event. */
static void name_open_element(struct framer *f)
{
    const struct open_element *element = find_open_element(f);
    if (!element) return;
    if (f->gap.has_element)
        framer_show(wrappers_name(&f->wrappers, element), f->gap.around);
    else
        gap_note_element(f, element->at, wrappers_name(&f->wrappers, element));
}

static const char foreign_http[] =
    "this is HTTP: the sender must use plain TCP, and no event is taken out of this connection";
static const char foreign_tls[] =
    "this is a TLS handshake: the sender must use plain TCP, or a TLS proxy must stand before this port";

static void set_reason(struct framer *f, struct frame *frame)
{
    const char *text = "these bytes stand between events and belong to none";
    frame->reason = REJECT_STRAY_BYTES;
    if (f->state == FRAMER_FOREIGN) {
        bool is_http = f->beginning.kind == BEGINNING_HTTP;
        frame->reason = is_http ? REJECT_LOOKS_LIKE_HTTP : REJECT_LOOKS_LIKE_TLS;
        text = is_http ? foreign_http : foreign_tls;
    } else if (f->gap.has_doctype) {
        frame->reason = REJECT_DOCTYPE;
        text = "a document type declaration (<!DOCTYPE) is not accepted";
    } else if (f->gap.has_element) {
        frame->reason = REJECT_UNKNOWN_ELEMENT;
    } else if (f->gap.ends_inside_markup) {
        frame->reason = REJECT_CUT_OFF;
        text = "cut off: the connection ended inside a tag, comment or instruction";
    }
    (void)snprintf(f->detail, sizeof f->detail, "%s", text);
    if (frame->reason == REJECT_UNKNOWN_ELEMENT)
        (void)snprintf(
            f->detail, sizeof f->detail,
            "EVENT_ELEMENT does not name the element %s%s%s: if it is an event, name it there; if it "
            "carries nothing, name it in IGNORE_ELEMENTS",
            f->gap.element, *f->gap.around ? ", which stands in " : "", f->gap.around);
}

/* A PROXY header stands at the connection's beginning. It is named once. */
static void explain_proxy(struct framer *f)
{
    if (!f->beginning.has_proxy_header) return;
    f->beginning.has_proxy_header = false;
    size_t len = strlen(f->detail);
    (void)snprintf(f->detail + len, sizeof f->detail - len,
                   "; a PROXY protocol header begins the connection: turn it off in the load balancer");
}

/* Nothing more will show what the open elements are: their tags are content as well. */
static void add_open_tags(struct framer *f)
{
    const struct open_element *innermost = wrappers_innermost(&f->wrappers);
    f->gap.first = f->gap.start;
    if (innermost && !innermost->is_wrapper && innermost->tag_end > f->gap.last)
        f->gap.last = innermost->tag_end;
}

bool gap_close(struct framer *f, struct frame *frame, enum gap_end why)
{
    if (why == GAP_WAITED) {
        name_open_element(f);
        add_open_tags(f);
    }
    bool has_content = gap_has_content(f);
    for (size_t i = 0; i < f->wrappers.count; i++) wrappers_at(&f->wrappers, i)->is_wrapper = true;
    if (has_content) {
        framer_make(f, frame, f->gap.first, f->gap.last, f->gap.encoding);
        frame->namespaces = f->namespaces.len > 0 ? f->namespaces.data : "";
        set_reason(f, frame);
        framer_explain(f, &f->gap.given_up);
        explain_proxy(f);
    }
    f->gap.is_open = false;
    framer_drop(f, f->at);
    return has_content;
}
