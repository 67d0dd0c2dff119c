/* hostile -- see hostile.h. */
#include "tests/model/hostile.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define NAME_64      "n123456789012345678901234567890123456789012345678901234567890123"
#define NAME_512     NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64 NAME_64

static const struct hostile_stream streams[] = {
    /* comments and CDATA sections that do not close */
    {"", "<!--", false},
    {"", "<![CDATA[", false},
    {"", "<!--<![CDATA[", false},
    {"", "<!--<a>", false},
    {"", "<![CDATA[<a>", false},
    {"", "<!--<a><![CDATA[<a>", false},
    {"", "<!--<EVENT>", true},
    {"", "<!--<EVENT><![CDATA[", true},
    {"<EVENT>", "<!--", false},
    {"<EVENT>", "<![CDATA[", false},
    {"<EVENT>", "<!--<![CDATA[", false},
    {"<EVENT>", "<!--<a><![CDATA[<a>", false},
    {"<EVENT><!--", "text </EVENT>", false},
    {"<!--", "-", false},
    {"<![CDATA[", "]", false},
    /* tags, values, instructions and DOCTYPEs */
    {"", "<a>", false},
    {"", "<a b='c'>", false},
    {"", "<a></b>", false},
    {"", "<a/>", true},
    {"<x><EVENT/>", "<a b='c'/>", true},
    {"", "<" NAME_512 ">", false},
    {"", "<a xmlns:" NAME_64 "='" NAME_512 "'>", false},
    {"", "<a xmlns:" NAME_64 "='" NAME_512 "'><EVENT/>", false},
    {"", "<a b=\"", false},
    {"", "<a b='", false},
    {"", "<?a ", false},
    {"", "<?xml ", false},
    {"<?a ", "?", false},
    {"", "<!DOCTYPE a [", false},
    {"", "<!DOCTYPE a [<!-- ", false},
    {"<!DOCTYPE a [", "<!ENTITY b 'c'>", false},
    {"<", "n", false},
    /* text and separators */
    {"", "<", false},
    {"", "]]>", false},
    {"", "-", false},
    {"", " ", false},
    {"<a>", "\n", false},
    {"", "\xEF\xBB", false},
    {"", "\xEF\xBB\xBF", false},
    {"", "</EVENT>", false},
    {"", "<ping>text</ping>", false},
    /* events that do not end */
    {"<EVENT>", "text", false},
    {"<EVENT>", "<a>", false},
    {"<EVENT", " a='1'", false},
    {"<EVENT a='", "value ", false},
    {"<EVENT>", "<EVEN", false},
    {"<EVENT>", "</EVEN", false},
    {"<EVENT>", "<?a ", false},
    {"<EVENT>", "<a b=\"", false},
    {"<EVENT><!DOCTYPE a [", "<!-- ", false},
    {"", "<EVENT>", true},
    {"", "<EVENT/>", true},
    {"", "<EVENT><!--", true},
    {"", "<EVENT><EVENT/></EVENT>", true},
    /* other encodings, and no XML */
    {"<?xml version='1.0' encoding='Shift_JIS'?>", "<!--", false},
    {"<?xml version='1.0' encoding='ISO-2022-JP'?>", "\x1B$B<!", false},
    {"<?xml version='1.0' encoding='ISO-2022-JP'?><EVENT>", "\x1B$B<!", false},
    {"<?xml version='1.0' encoding='ISO-2022-JP'?><EVENT a='", "text", false},
    {"<?xml version='1.0' encoding='ISO-2022-JP'?><?a ", "text", false},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><x>", "<a \xE9='\xE9'>", false},
    {"POST / HTTP/1.1\r\n\r\n", "<EVENT/>", true},
};

const struct hostile_stream *hostile_stream(size_t index)
{
    return index < COUNT(streams) ? &streams[index] : NULL;
}

const struct hostile_stream *hostile_plain(void)
{
    static const struct hostile_stream plain = {
        "",
        "<EVENT><cn>12345</cn><evtName>Door Forced Open</evtName><dateTime>2031-05-04T10:11:12Z</dateTime>"
        "<sourceName>North Entrance 12</sourceName><cardNumber>1234567</cardNumber><name>A. Person"
        "</name><priority>3</priority><panel>Panel 4</panel><site>Site 1</site></EVENT>\n",
        false};
    return &plain;
}

static void append_text(const char *text, enum hostile_units units, size_t end, struct buf *out)
{
    for (size_t i = 0; text[i] != '\0' && out->len < end; i++) {
        if (units == BIG_ENDIAN_UTF16) buf_append_char(out, '\0');
        if (out->len < end) buf_append_char(out, text[i]);
        if (units == LITTLE_ENDIAN_UTF16 && out->len < end) buf_append_char(out, '\0');
    }
}

void hostile_append(const struct hostile_stream *stream, enum hostile_units units, size_t len,
                    struct buf *out)
{
    size_t end = out->len + len;
    append_text(stream->opening, units, end, out);
    while (out->len < end) append_text(stream->repeated, units, end, out);
}
