/* plain_reader -- see plain_reader.h. Only texts with references are copied, as they stand for something else. */
#include "uploader/render/plain_reader.h"

#include "common/xml/plain.h"

static void copy_run(struct members *members, const struct xml_plain_run *run)
{
    struct xml_plain_text text = xml_plain_text_of(run);
    const char *piece = NULL;
    size_t len = 0;
    while (xml_plain_next_piece(&text, &piece, &len)) members_copy_text(members, piece, len);
}

static void add_run(struct members *members, const struct xml_plain_run *run)
{
    if (!run->is_literal)
        copy_run(members, run);
    else if (run->len > 0)
        members_borrow_text(members, run->at, run->len);
}

static bool begin_element(struct members *members, const struct xml_plain_tag *tag)
{
    return members_begin_element(members, &(struct members_name){.text = tag->name, .len = tag->name_len});
}

static bool take_tag(struct members *members, const struct xml_plain_tag *tag)
{
    if (tag->kind != XML_PLAIN_END && !begin_element(members, tag)) return false;
    if (tag->kind == XML_PLAIN_LEAF) add_run(members, &tag->content);
    if (tag->kind != XML_PLAIN_START) members_end_element(members);
    add_run(members, &tag->text);
    return true;
}

bool plain_reader_read(const char *xml, size_t len, struct members *members)
{
    struct xml_plain plain;
    struct xml_plain_tag tag;
    xml_plain_begin(&plain, xml, len);
    while (xml_plain_next(&plain, &tag))
        if (!take_tag(members, &tag)) return false;
    return len > 0 && xml_plain_len(&plain) == len;
}
