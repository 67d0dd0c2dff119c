/* encoding_items -- other encodings, other protocols, see builder.h. */
#include "tests/model/builder.h"

static void put_wide_item(struct builder *builder)
{
    static item *const items[] = {put_event,          put_plain_event,    put_comment,       put_separators,
                                  put_stray,          put_cut_off,        put_wrapped_event, put_end_tag,
                                  put_hiding_comment, put_unknown_element};
    items[pick(builder, sizeof items / sizeof items[0])](builder);
}

/*
 * A stretch of UTF-16 begins behind an event in eight bits, since NULs before it would make its byte order a guess, and
 * ends with an event, so that nothing is left open in these units.
 */
void put_utf16(struct builder *builder)
{
    put_plain_event(builder);
    builder->units = flip(builder, 2) ? LITTLE_ENDIAN_UTF16 : BIG_ENDIAN_UTF16;
    if (flip(builder, 3)) {
        buf_append(&builder->stream->text, builder->units == LITTLE_ENDIAN_UTF16 ? "\xFF\xFE" : "\xFE\xFF",
                   2);
        (void)end_part(builder, "byte order mark", FATE_SEPARATOR);
    }
    if (flip(builder, 2)) put_declaration(builder);
    put_plain_event(builder);
    for (size_t i = pick(builder, 5); i > 0; i--) put_wide_item(builder);
    put_plain_event(builder);
    if (flip(builder, 6)) { /* a byte too many: what follows is at an odd position */
        buf_append_char(&builder->stream->text, 'x');
        end_part(builder, "odd byte", FATE_REJECT)->reasons = GAP_REASONS;
        put_plain_event(builder);
    }
    builder->units = EIGHT_BIT;
    put_plain_event(builder);
}

/* Events whose bytes, read one by one, are markup. */
static const struct multibyte {
    const char *encoding;
    const char *opening;
    const char *content;
    const char *closing;
} multibyte[] = {
    {"Shift_JIS", "<![CDATA[\x83\x5D]>", "", "\x83\x5C]]>"},
    {"GBK", "<![CDATA[\x81\x5D]>", "", "\x81\x5C]]>"},
    {"Big5", "<![CDATA[\xA4\x5D]>", "", "\xA4\x5C]]>"},
    {"ISO-2022-JP", "\x1B$B", "<![CDATA[!", "\x1B(B"},
    {"ISO-2022-JP", "<a>\x1B$B", "", "\x1B(B</a>"},
};

void put_multibyte(struct builder *builder)
{
    const struct multibyte *row = &multibyte[pick(builder, sizeof multibyte / sizeof multibyte[0])];
    const char *name = "EVENT";
    bool is_hiding = strcmp(pick_name(builder), name) == 0; /* eight bytes, so four characters */
    if (!is_hiding) name = pick_name(builder);
    put(builder, "<?xml version='1.0' encoding='");
    put(builder, row->encoding);
    put(builder, "'?>");
    builder->depth = 0;
    builder->knows_wrappers = !builder->is_lost;
    builder->declared = builder->is_lost ? NULL : row->encoding;
    builder->is_multibyte = true;
    builder->has_mark = false;
    (void)end_part(builder, "declaration", FATE_SEPARATOR);
    put(builder, "<");
    put(builder, name);
    put(builder, ">");
    put(builder, row->opening);
    put(builder, row->content);
    if (is_hiding) put(builder, "</EVENT>");
    put(builder, row->closing);
    put(builder, "</");
    put(builder, name);
    put(builder, ">");
    bool is_known = fits(builder);
    const char *encoding = builder->declared;
    end_part(builder, "multibyte event", is_known ? FATE_EVENT : FATE_UNKNOWN)->encoding = encoding;
    if (!is_known) lose_track(builder);
}

void put_opening_mark(struct builder *builder)
{
    put(builder, "\xEF\xBB\xBF");
    builder->has_mark = true;
    (void)end_part(builder, "byte order mark", FATE_SEPARATOR);
    if (flip(builder, 2)) put_declaration(builder);
    if (builder->declared)
        builder->declared = "UTF-8"; /* the mark wins, as long as no other declaration comes */
    builder->is_multibyte = false;
    put_plain_event(builder);
}

void put_http(struct builder *builder)
{
    static const char *const lines[] = {"GET / HTTP/1.1\r\n", "POST /events?a=b HTTP/1.0\r\nHost: a\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\n\r\n"};
    builder->stream->is_foreign = true;
    put(builder, lines[pick(builder, 3)]);
    (void)end_part(builder, "HTTP", FATE_UNKNOWN);
}

void put_tls(struct builder *builder)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03";
    builder->stream->is_foreign = true;
    put_bytes(builder, hello, sizeof hello - 1);
    (void)end_part(builder, "TLS", FATE_UNKNOWN);
}

void put_proxy_text(struct builder *builder)
{
    put(builder, "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443");
    end_part(builder, "PROXY header", FATE_REJECT)->reasons = GAP_REASONS;
    put(builder, "\r\n");
    (void)end_part(builder, "line end", FATE_SEPARATOR);
}

void put_proxy_binary(struct builder *builder)
{
    static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0C\x7F\0\0\1\x7F\0\0\1\x80\x08\1\xBB";
    put_bytes(builder, header, sizeof header - 1);
    (void)end_part(builder, "PROXY header", FATE_LOOSE);
}
