/* good_items -- events and separators, see builder.h. */
#include "tests/model/builder.h"

static const char *const wrapper_names[] = {"EVENTS", "s:Envelope", "s:Body", "feed"};

static const char *expected_encoding(struct builder *builder)
{
    if (builder->units == LITTLE_ENDIAN_UTF16) return "UTF-16LE";
    if (builder->units == BIG_ENDIAN_UTF16) return "UTF-16BE";
    if (builder->is_lost) return NULL; /* what stands before it may lie in another event */
    return builder->has_mark ? "UTF-8" : builder->declared;
}

static size_t filler_len(struct builder *builder)
{
    size_t limit = builder->stream->max_message <= 64 ? 8 : flip(builder, 20) ? 600 : 40;
    return 1 + pick(builder, limit);
}

/* A comment or CDATA section in an event, which may hide tags of events; true: it does hide a start tag. */
static bool put_hiding(struct builder *builder, const char *name, const char *opening, const char *closing)
{
    bool hides = flip(builder, 2);
    put(builder, opening);
    put_filler(builder, 1 + pick(builder, 5));
    if (hides) {
        put(builder, "<");
        put(builder, flip(builder, 2) ? name : pick_name(builder));
        put(builder, flip(builder, 2) ? ">" : " a='b'/>");
    }
    if (flip(builder, 2)) {
        put(builder, "</");
        put(builder, name);
        put(builder, ">");
    }
    put(builder, flip(builder, 3) ? " it's " : "x");
    put(builder, closing);
    return hides;
}

static bool put_content(struct builder *builder, const char *name)
{
    bool hides = false;
    switch (pick(builder, 8)) {
    case 0: hides = put_hiding(builder, name, "<!--", "-->"); break;
    case 1: hides = put_hiding(builder, name, "<![CDATA[", "]]>"); break;
    case 2:
        put(builder, "<?p </");
        put(builder, name);
        put(builder, "> it's ?>");
        break;
    case 3:
        put(builder, "<a b='/>' c=\"</");
        put(builder, name);
        put(builder, ">\"/>");
        break;
    case 4: put(builder, "<EVENTX/><x.y:z/><EVEN>1</EVEN>"); break;
    case 5:
        if (!builder->is_multibyte && builder->units == EIGHT_BIT) put(builder, "\xC3\xA9");
        break;
    default:
        put(builder, "<cn>");
        put_filler(builder, filler_len(builder));
        put(builder, "</cn>");
    }
    return hides;
}

static void put_start_tag(struct builder *builder, const char *name)
{
    put(builder, "<");
    put(builder, name);
    if (flip(builder, 4)) put(builder, " a=\"x>y\" b='it\"s'");
    put(builder, flip(builder, 4) ? "\n>" : ">");
}

static void end_event(struct builder *builder, bool hides, bool is_plain)
{
    const char *encoding = expected_encoding(builder);
    bool is_small = fits(builder);
    struct stream_part *part = end_part(builder, "event",
                                        is_small   ? FATE_EVENT
                                        : is_plain ? FATE_EXACT
                                                   : FATE_UNKNOWN);
    part->hides = hides;
    part->encoding = encoding;
    if (part->fate == FATE_EXACT) part->reasons = REASON(OVERSIZE);
    if (!is_small && !is_plain) lose_track(builder);
    builder->has_mark = false;
}

void put_event(struct builder *builder)
{
    const char *name = pick_name(builder);
    bool hides = false;
    size_t contents = pick(builder, builder->stream->max_message <= 64 ? 2 : 5);
    if (flip(builder, 8)) {
        put(builder, "<");
        put(builder, name);
        put(builder, flip(builder, 2) ? "/>" : " a='b' />");
        end_event(builder, false, true);
        return;
    }
    put_start_tag(builder, name);
    for (size_t i = 0; i < contents; i++)
        if (put_content(builder, name)) hides = true;
    put(builder, "</");
    put(builder, name);
    put(builder, flip(builder, 8) ? " >" : ">");
    end_event(builder, hides, contents == 0);
}

static void put_plain_event_of(struct builder *builder, size_t len)
{
    const char *name = pick_name(builder);
    put(builder, "<");
    put(builder, name);
    put(builder, ">");
    put_filler(builder, len);
    put(builder, "</");
    put(builder, name);
    put(builder, ">");
    end_event(builder, false, true);
}

void put_plain_event(struct builder *builder)
{
    put_plain_event_of(builder, 1 + pick(builder, 8));
}

void put_oversize_event(struct builder *builder)
{
    size_t most = builder->stream->max_message;
    if (most > 5000 && !flip(builder, 200)) most = 100;
    put_plain_event_of(builder, most + pick(builder, most));
}

void put_separators(struct builder *builder)
{
    static const struct slice separators[] = {
        {" ", 1},    {"\r\n", 2}, {"\n\t \n", 4}, {"\1", 1},     {"\2", 1},
        {"\3\n", 2}, {"\4", 1},   {"\x0B", 1},    {"\x1C\r", 2}, {"\0\0", 2},
    };
    bool is_wide = builder->units != EIGHT_BIT; /* NULs would shift the stream there */
    struct slice text = separators[pick(builder, sizeof separators / sizeof separators[0] - is_wide)];
    put_bytes(builder, text.data, text.len);
    (void)end_part(builder, "bytes", FATE_SEPARATOR);
}

void put_declaration(struct builder *builder)
{
    static const char *const names[] = {"ISO-8859-1", "windows-1252", "UTF-8", "US-ASCII"};
    bool is_named = flip(builder, 2);
    bool is_wide_name = flip(builder, 4);
    const char *name = is_wide_name ? "UTF-16" : names[pick(builder, 4)];
    put(builder, "<?xml version=\"1.0\"");
    if (is_named) {
        put(builder, flip(builder, 2) ? " encoding='" : " encoding = '");
        put(builder, name);
        put(builder, "'");
    }
    put(builder, flip(builder, 2) ? " standalone=\"yes\" ?>" : "?>");
    builder->depth = 0;
    builder->knows_wrappers = true;
    builder->declared = is_named && !is_wide_name ? name : "";
    builder->is_multibyte = false;
    (void)end_part(builder, "declaration", FATE_SEPARATOR);
    if (builder->is_lost) {
        builder->knows_wrappers = false;
        builder->declared = NULL;
    }
}

void put_comment(struct builder *builder)
{
    bool is_comment = flip(builder, 2);
    bool is_long = builder->stream->max_message > 5000 && flip(builder, 10);
    size_t len = is_long ? 4200 + pick(builder, 600) : filler_len(builder);
    put(builder, is_comment ? "<!--" : "<?pi ");
    if (flip(builder, 3)) put(builder, "<a b=\"it's");
    put_filler(builder, len);
    put(builder, is_comment ? "-->" : "?>");
    bool is_small = builder->stream->text.len - builder->part_at < builder->stream->max_message;
    bool is_kept = is_small && builder->stream->text.len - builder->part_at <= 4096;
    struct stream_part *part = end_part(builder, is_comment ? "comment" : "instruction",
                                        is_kept    ? FATE_SEPARATOR
                                        : is_small ? FATE_REJECT
                                                   : FATE_LOOSE);
    part->reasons = GAP_REASONS;
    if (!is_small) builder->knows_wrappers = false;
}

static void put_wrappers(struct builder *builder, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = wrapper_names[pick(builder, 4)];
        put(builder, "<");
        put(builder, name);
        put(builder, flip(builder, 3) ? " a='>' xmlns:p=\"u\">" : ">");
        push_wrapper(builder, name);
        end_part(builder, "wrapper", FATE_SEPARATOR)->needs_next = true;
        if (flip(builder, 4)) put_separators(builder);
    }
}

void put_wrapped_event(struct builder *builder)
{
    put_wrappers(builder, 1 + pick(builder, 3));
    put_event(builder);
}

static void put_end_tag_of(struct builder *builder, const char *name)
{
    put(builder, "</");
    put(builder, name);
    put(builder, flip(builder, 4) ? " >" : ">");
    bool is_wrapper = pop_wrapper(builder, name);
    enum fate fate = is_wrapper ? FATE_SEPARATOR : FATE_REJECT;
    if (!builder->knows_wrappers) fate = FATE_LOOSE;
    end_part(builder, "end tag", fate)->reasons = GAP_REASONS;
}

void put_end_tag(struct builder *builder)
{
    bool is_innermost = builder->depth > 0 && !flip(builder, 5);
    size_t other = pick(builder, 4);
    put_end_tag_of(builder, is_innermost ? builder->wrappers[builder->depth - 1].name : wrapper_names[other]);
}

/* About as many wrappers as are remembered, each with its end tag. */
void put_deep_wrappers(struct builder *builder)
{
    size_t count = WRAPPERS_MAX - 4 + pick(builder, 9);
    if (!flip(builder, 4)) return;
    put_declaration(builder);
    put_wrappers(builder, count);
    put_plain_event(builder);
    for (; count > 0; count--) {
        bool is_open = builder->depth > 0;
        put_end_tag_of(builder, is_open ? builder->wrappers[builder->depth - 1].name : wrapper_names[0]);
    }
}

void put_empty_element(struct builder *builder)
{
    put(builder, flip(builder, 2) ? "<empty/>" : "<empty></empty >");
    enum fate fate = builder->depth > 0 ? FATE_SEPARATOR : FATE_REJECT;
    if (!builder->knows_wrappers) fate = FATE_LOOSE;
    end_part(builder, "empty element", fate)->reasons = GAP_REASONS;
}

void put_ignored(struct builder *builder)
{
    if (!builder->ignored[0]) return;
    const char *name = builder->ignored[0];
    put(builder, "<");
    put(builder, name);
    if (flip(builder, 2)) {
        put(builder, " a='1'/>");
    } else {
        put(builder, ">1</");
        put(builder, name);
        put(builder, ">");
    }
    builder->stream->ignored_count++;
    (void)end_part(builder, "ignored element", FATE_SEPARATOR);
}
