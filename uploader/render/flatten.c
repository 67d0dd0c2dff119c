/*
 * flatten -- see flatten.h. An event whose markup was seen before is written at once; of another that is plain one pass
 * gathers the members; of any other, and where that pass is not sure, libxml2 does. What an event may grow to, and what
 * becomes of one that would grow further, is decided here.
 */
#include "uploader/render/flatten.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/render/members.h"
#include "uploader/render/plain_reader.h"
#include "uploader/render/sax_reader.h"
#include "uploader/render/shape_json.h"

#define WORK_SLACK 65536 /* keys that are gathered and not written, because their elements have no text */

struct flatten {
    enum flatten_reader reader;
    struct shape_json *shapes;
    struct members *members;
    struct sax_reader *sax;
};

struct flatten *flatten_new(enum flatten_reader reader)
{
    struct flatten *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->reader = reader;
    f->shapes = shape_json_new();
    f->members = members_new();
    f->sax = sax_reader_new(f->members);
    return f;
}

void flatten_free(struct flatten *f)
{
    if (!f) return;
    sax_reader_free(f->sax);
    members_free(f->members);
    shape_json_free(f->shapes);
    free(f);
}

/* False: the event is not well-formed, or its keys and texts take too much memory. */
static bool gather(struct flatten *f, const char *xml, size_t len, bool renames_collisions, bool *is_plain)
{
    size_t most_bytes = FLATTEN_GROWTH * len + WORK_SLACK;
    members_clear(f->members, most_bytes, renames_collisions);
    *is_plain = f->reader == FLATTEN_AUTO && plain_reader_read(xml, len, f->members, f->shapes);
    if (*is_plain) return true;
    members_clear(f->members, most_bytes, renames_collisions);
    return sax_reader_read(f->sax, xml);
}

/* False: it is too large, or nobody can read it. */
static bool write_members(struct flatten *f, const char *xml, size_t len, bool renames_collisions,
                          struct json_object *to)
{
    bool is_plain = false;
    if (!gather(f, xml, len, renames_collisions, &is_plain) ||
        !members_write(f->members, FLATTEN_GROWTH * len + FLATTEN_SLACK, to))
        return false;
    if (is_plain) shape_json_learn(f->shapes, len, f->members, renames_collisions, to->is_pretty);
    return true;
}

enum result flatten_event(struct flatten *f, const char *xml, size_t len, bool renames_collisions,
                          struct json_object *to, struct why *why)
{
    static const char name[] = "#xml";
    assert(xml[len] == '\0');
    if (f->reader == FLATTEN_AUTO &&
        shape_json_write(f->shapes, xml, len, renames_collisions, FLATTEN_GROWTH * len, to))
        return RES_OK;
    if (write_members(f, xml, len, renames_collisions, to)) return RES_OK;
    if (utf8_valid_len(xml, len) != len)
        return why_set(why, RES_REFUSE, "not well-formed, nor UTF-8: it cannot stand in JSON");
    json_add(to, name, strlen(name), xml, len);
    return RES_OK;
}
