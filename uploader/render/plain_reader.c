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

static bool take_leaf(struct members *members, const struct members_name *name,
                      const struct xml_plain_run *content)
{
    if (content->is_literal) return members_add_leaf(members, name, content->at, content->len);
    if (!members_begin_element(members, name)) return false;
    copy_run(members, content);
    members_end_element(members);
    return true;
}

static bool take_tag(struct members *members, const struct xml_plain_tag *tag)
{
    struct members_name name = {.text = tag->name, .len = tag->name_len};
    bool is_taken = true;
    switch (tag->kind) {
    case XML_PLAIN_LEAF: is_taken = take_leaf(members, &name, &tag->content); break;
    case XML_PLAIN_START: is_taken = members_begin_element(members, &name); break;
    case XML_PLAIN_END: members_end_element(members); break;
    }
    add_run(members, &tag->text);
    return is_taken;
}

bool plain_reader_read(const char *xml, size_t len, struct members *members, struct shape_json *shapes)
{
    struct xml_plain plain;
    struct xml_plain_tag tag;
    shape_json_begin(shapes, xml);
    xml_plain_begin(&plain, xml, len);
    while (xml_plain_next(&plain, &tag)) {
        shape_json_note(shapes, &tag);
        if (!take_tag(members, &tag)) return false;
    }
    return len > 0 && xml_plain_len(&plain) == len;
}
