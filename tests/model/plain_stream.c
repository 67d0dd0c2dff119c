/* plain_stream -- see plain_stream.h. */
#include "tests/model/plain_stream.h"

#include <string.h>

#include "tests/model/plain_strings.h"
#include "tests/model/plain_tree.h"
#include "tests/support/segments.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define PARTS_IN     6

static void add_tree(struct buf *stream, const struct index_fields *fields, struct chance *chance,
                     bool is_changed)
{
    struct plain_tree tree;
    plain_tree_build(&tree, fields, PLAIN_TREE_SMALL, chance);
    tree.text.len = tree.len; /* without what stands behind it */
    if (is_changed) plain_mutate(&tree.text, chance);
    buf_append(stream, tree.text.data, tree.text.len);
    plain_tree_fini(&tree);
}

static void add_tokens(struct buf *stream, struct chance *chance)
{
    buf_append_text(stream, "<EVENT>");
    plain_append_tokens(stream, 6, chance);
    buf_append_text(stream, "</EVENT>");
}

static void add_declaration(struct buf *stream, struct chance *chance)
{
    static const char *const names[] = {"UTF-8", "utf-8",        "UTF8",       "US-ASCII", "us-ascii",
                                        "ASCII", "windows-1252", "ISO-8859-1", "UTF-16"};
    size_t row = chance_below(chance, COUNT(names) + 1);
    if (row == COUNT(names))
        buf_append_text(stream, "<?xml version='1.0'?>");
    else
        buf_append_format(stream, "<?xml version=\"1.0\" encoding=\"%s\"?>", names[row]);
}

static void add_wide_event(struct buf *stream)
{
    static const char event[] = "<EVENT><cn>1</cn></EVENT>";
    for (size_t i = 0; i < sizeof event - 1; i++) {
        buf_append_char(stream, event[i]);
        buf_append_char(stream, '\0');
    }
}

static void add_something(struct buf *stream, struct chance *chance)
{
    static const struct slice rows[] = {
        BYTES("\n"),
        BYTES("\r\n"),
        BYTES("\0"),
        BYTES("\xEF\xBB\xBF"),
        BYTES("<EVENTS>"),
        BYTES("</EVENTS>"),
        BYTES("<s:Envelope xmlns:s='u'>"),
        BYTES("</s:Envelope>"),
        BYTES("<ping/>"),
        BYTES("<other>text</other>"),
        BYTES("stray"),
        BYTES("<!-- <EVENT/> -->"),
        BYTES("<EVENT><cn>cut"),
        BYTES("<EVENT><cn>1</cn>"),
        BYTES("<EVENT><cn>1</cn><x><EVENT><cn>2</cn></EVENT>"),
        BYTES("<EVENT><Alarm>1</Alarm></EVENT>"),
        BYTES("<Alarm><cn>1</cn><EVENTS/><Alarms/></Alarm>"),
        BYTES("<s:Alarm><cn>1</cn></s:Alarm>"),
        BYTES("<EVENT><cn>\xE9</cn></EVENT>"),
        BYTES("<EVENT><cn>\x80\x93</cn></EVENT>"),
        BYTES("<EVENT><cn>\xC3\xA9</cn></EVENT>"),
        BYTES("<EVENT a='1'><cn>1</cn></EVENT>"),
        BYTES("<EVENT><s:cn>1</s:cn></EVENT>"),
        BYTES("<EVENT ><cn>1</cn></EVENT >"),
        BYTES("<EVENT><cn><![CDATA[</EVENT>]]></cn></EVENT>"),
        BYTES("<!DOCTYPE a>"),
        BYTES("<EVENT/>"),
    };
    struct slice row = rows[chance_below(chance, COUNT(rows))];
    buf_append(stream, row.data, row.len);
}

void plain_stream_build(struct buf *stream, const struct index_fields *fields, struct chance *chance)
{
    for (size_t i = 1 + chance_below(chance, PARTS_IN); i > 0; i--) {
        switch (chance_below(chance, 16)) {
        case 0:
        case 1: add_declaration(stream, chance); break;
        case 2: add_wide_event(stream); break;
        case 3:
        case 4: add_tokens(stream, chance); break;
        case 5:
        case 6: add_tree(stream, fields, chance, true); break;
        case 7:
        case 8:
        case 9:
        case 10: add_something(stream, chance); break;
        default: add_tree(stream, fields, chance, false); break;
        }
    }
}
