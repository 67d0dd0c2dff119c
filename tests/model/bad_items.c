/* bad_items -- what becomes a reject, and what breaks the markup around it, see builder.h. */
#include "tests/model/builder.h"

void put_stray(struct builder *builder)
{
    static const char *const texts[] = {"hello", "a < b > c", "<1>",    "<c d>",        "</g h='i'>",
                                        "]]>",   "&amp;",     "=<?< 5", "<![CDATA[x]]>"};
    static const char *const high[] = {"\xEF\xBB x", "\x80\xFFz", "\xC3\xA9"};
    bool is_high = builder->units == EIGHT_BIT && !builder->is_multibyte && flip(builder, 6);
    put(builder, is_high ? high[pick(builder, 3)] : texts[pick(builder, sizeof texts / sizeof texts[0])]);
    end_part(builder, "stray bytes", FATE_REJECT)->reasons = GAP_REASONS;
}

/* Markup that an event's start tag ends, which therefore follows. */
static void put_unfinished_tag(struct builder *builder)
{
    static const char *const texts[] = {"<a b='it", "<a b", "</a", "<?p it's", "<a b=\"x>"};
    put(builder, texts[pick(builder, 5)]);
    struct stream_part *part = end_part(builder, "unfinished tag", FATE_REJECT);
    part->reasons = GAP_REASONS;
    part->needs_next = true;
    put_plain_event(builder);
}

void put_unknown_element(struct builder *builder)
{
    static const char *const names[] = {"Row", "eVENT", "EVENTX", "q:Row"};
    const char *name = names[pick(builder, 4)];
    if (flip(builder, 6)) {
        put_unfinished_tag(builder);
        return;
    }
    put(builder, "<");
    put(builder, name);
    bool is_text = flip(builder, 2);
    if (!is_text) put(builder, " cn=\"1\"");
    if (!is_text && flip(builder, 2)) {
        put(builder, "/>");
    } else {
        put(builder, ">");
        if (flip(builder, 2)) put(builder, "<cn>1</cn><x/>");
        put(builder, "text</");
        put(builder, name);
        put(builder, ">");
    }
    bool is_alone = builder->depth == 0 || builder->wrappers[builder->depth - 1].has_held_event;
    bool is_own = is_alone && builder->knows_wrappers && builder->is_clean;
    struct stream_part *part = end_part(builder, "unknown element", is_own ? FATE_OWN : FATE_REJECT);
    part->reasons = is_own ? REASON(UNKNOWN_ELEMENT) : GAP_REASONS;
}

/* Behind an unfinished instruction stands no declaration: its end would be the instruction's end, too. */
void put_cut_off(struct builder *builder)
{
    static const char *const ends[] = {"",    "text", "<na",     "<cn>1</cn><a b='it", "<a b=\"<", "<![CDA",
                                       "<!-", "</",   "<?p it's"};
    size_t row = pick(builder, sizeof ends / sizeof ends[0]);
    const char *name = pick_name(builder);
    put(builder, "<");
    put(builder, name);
    put(builder, flip(builder, 3) ? " a='b'>" : ">");
    put(builder, ends[row]);
    bool is_instruction = strstr(ends[row], "<?") != NULL;
    struct stream_part *part = end_part(builder, "cut-off event", FATE_EXACT);
    part->reasons = REASON(CUT_OFF) | REASON(OVERSIZE);
    part->needs_next = true;
    bool fits_all = part->len + 100 < builder->stream->max_message;
    if (!is_instruction && fits_all && flip(builder, 2)) put_declaration(builder);
    put_plain_event(builder);
}

static void put_complete_doctype(struct builder *builder)
{
    static const char *const texts[] = {
        "<!DOCTYPE a>", "<!DOCTYPE a SYSTEM \"it's>\">",
        "<!DOCTYPE a SYSTEM 'b' [<!ENTITY b ']>'> <!-- don't ]> --> <!ENTITY c \"'\">] >"};
    const char *name = pick_name(builder);
    put(builder, texts[pick(builder, 3)]);
    if (flip(builder, 2)) put(builder, "\n");
    put(builder, "<");
    put(builder, name);
    put(builder, ">x</");
    put(builder, name);
    put(builder, ">");
    bool is_known = builder->stream->text.len - builder->gap_at < builder->stream->max_message;
    enum fate fate = !is_known ? FATE_UNKNOWN : builder->is_clean ? FATE_OWN : FATE_REJECT;
    struct stream_part *part = end_part(builder, "document type and event", fate);
    part->needs_quiet = true;
    if (fate == FATE_OWN) part->reasons = REASON(DOCTYPE);
    builder->is_clean = false;
    if (!is_known) lose_track(builder);
}

static void put_doctype_in_event(struct builder *builder)
{
    const char *name = pick_name(builder);
    put(builder, "<");
    put(builder, name);
    put(builder, "><!DOCTYPE a></");
    put(builder, name);
    put(builder, ">");
    bool is_known = fits(builder);
    struct stream_part *part =
        end_part(builder, "document type in an event", is_known ? FATE_EXACT : FATE_UNKNOWN);
    part->reasons = REASON(DOCTYPE);
    if (!is_known) lose_track(builder);
}

void put_doctype(struct builder *builder)
{
    static const char *const unfinished[] = {"<!DOCTYPE a", "<!DOCTYPE a SYSTEM 'b",
                                             "<!DOCTYPE a [<!ENTITY b 'c"};
    switch (pick(builder, 3)) {
    case 0: put_complete_doctype(builder); return;
    case 1: put_doctype_in_event(builder); return;
    default: break;
    }
    put(builder, unfinished[pick(builder, 3)]);
    struct stream_part *part =
        end_part(builder, "unfinished document type", builder->is_clean ? FATE_OWN : FATE_REJECT);
    if (part->fate == FATE_OWN) part->reasons = REASON(DOCTYPE);
    part->needs_next = true;
    put_plain_event(builder);
}

void put_unclosed(struct builder *builder)
{
    bool is_comment = flip(builder, 2);
    bool is_event = flip(builder, 2);
    bool has_end = is_event && flip(builder, 2);
    const char *name = pick_name(builder);
    if (is_event) {
        put(builder, "<");
        put(builder, name);
        put(builder, ">a");
    }
    put(builder, is_comment ? "<!-- b" : "<![CDATA[b");
    if (has_end) {
        put(builder, "</");
        put(builder, name);
        put(builder, ">");
    }
    struct stream_part *part =
        end_part(builder, is_event ? "unclosed construct in an event" : "unclosed construct",
                 is_event ? FATE_EXACT : FATE_REJECT);
    part->needs_next = !has_end;
    open_construct(builder, is_comment ? CLOSES_COMMENT : CLOSES_CDATA);
    if (!has_end) put_plain_event(builder);
}

/* Many openings in a row, with elements among them that do not end. */
void put_hostile(struct builder *builder)
{
    bool is_event = flip(builder, 3);
    bool has_elements = flip(builder, 3);
    unsigned kinds = (unsigned)pick(builder, 3) + 1;
    size_t count = 1 + pick(builder, flip(builder, 10) ? 300 : 20);
    const char *name = pick_name(builder);
    if (is_event) {
        put(builder, "<");
        put(builder, name);
        put(builder, ">");
    }
    for (size_t i = 0; i < count; i++) {
        if (kinds & CLOSES_COMMENT) put(builder, "<!--");
        if (kinds & CLOSES_CDATA) put(builder, "<![CDATA[");
        if (has_elements) put(builder, "<a>");
        if (has_elements && !is_event) push_wrapper(builder, "a");
    }
    if (is_event) {
        put(builder, "</");
        put(builder, name);
        put(builder, ">");
    }
    enum fate fate = is_event ? FATE_EXACT : has_elements ? FATE_LOOSE : FATE_REJECT;
    (void)end_part(builder, "many openings", fate);
    open_construct(builder, kinds);
    if (!is_event) put_plain_event(builder);
}

/* A closed comment or CDATA section between events that holds an event. */
void put_hiding_comment(struct builder *builder)
{
    bool is_comment = flip(builder, 2);
    const char *name = pick_name(builder);
    put(builder, is_comment ? "<!-- <" : "<![CDATA[ <");
    put(builder, name);
    put(builder, ">x</");
    put(builder, name);
    put(builder, is_comment ? "> -->" : "> ]]>");
    bool is_known = builder->stream->text.len - builder->gap_at < builder->stream->max_message;
    struct stream_part *part =
        end_part(builder, "comment around an event", is_known ? FATE_REJECT : FATE_UNKNOWN);
    part->reasons = GAP_REASONS;
    part->hides = true;
    if (!is_known) lose_track(builder);
}
