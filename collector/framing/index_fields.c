/* index_fields -- see index_fields.h. Pairs are read one after another; the first wrong pair ends the reading. */
#include "collector/framing/index_fields.h"

#include <string.h>

#include "collector/framing/markup.h"
#include "common/utf8.h"

#define SHOWN_MAX 80 /* bytes of a wrong part that a message shows */

static const char *const columns[EVENT_FIELD_COUNT] = {
    [EVENT_UID] = "uid",
    [EVENT_NAME] = "name",
    [EVENT_TIME] = "time",
    [EVENT_SENDER] = "sender",
    [EVENT_SOURCE_NAME] = "source_name",
};

const struct index_fields index_fields_default = {{
    [EVENT_UID] = "cn",
    [EVENT_NAME] = "plasectrxEventname",
    [EVENT_TIME] = "plasectrxRecdateUTC",
    [EVENT_SENDER] = "plasectrxGatewayDN",
    [EVENT_SOURCE_NAME] = "plasectrxSourcename",
}};

static enum result refuse(struct why *why, struct slice pair, const char *what)
{
    size_t shown = utf8_valid_len(pair.data, pair.len < SHOWN_MAX ? pair.len : SHOWN_MAX);
    return why_set(why, RES_REFUSE, "INDEX_FIELDS: '%.*s': %s", (int)shown, pair.data, what);
}

/* -1 if there is no such column. */
static int column_of(struct slice name)
{
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        if (strlen(columns[i]) == name.len && memcmp(columns[i], name.data, name.len) == 0) return i;
    return -1;
}

/* Is it a name with at most one prefix, which may be `*`? */
static bool is_element(struct slice element)
{
    const char *colon = element.len > 0 ? memchr(element.data, ':', element.len) : NULL;
    if (!colon) return markup_is_name(element.data, element.len);
    size_t prefix_len = (size_t)(colon - element.data);
    struct slice name = {colon + 1, element.len - prefix_len - 1};
    bool is_any_prefix = prefix_len == 1 && *element.data == '*';
    return (is_any_prefix || markup_is_name(element.data, prefix_len)) &&
           markup_is_name(name.data, name.len) && !memchr(name.data, ':', name.len);
}

static enum result parse_pair(struct slice pair, struct index_fields *fields, struct why *why)
{
    const char *equals = pair.len > 0 ? memchr(pair.data, '=', pair.len) : NULL;
    if (!equals) return refuse(why, pair, "expected column=element, e.g. uid=cn");

    struct slice element =
        markup_trimmed((struct slice){equals + 1, (size_t)(pair.data + pair.len - equals - 1)});
    int column = column_of(markup_trimmed((struct slice){pair.data, (size_t)(equals - pair.data)}));
    if (column < 0)
        return refuse(why, pair, "no such column; the columns are uid, name, time, sender and source_name");
    if (*fields->elements[column])
        return refuse(why, pair, "this column already has an element; remove one of the two");
    if (element.len > INDEX_FIELDS_NAME_MAX)
        return refuse(why, pair, "the element's name is longer than 256 bytes");
    if (!is_element(element))
        return refuse(why, pair,
                      "expected the name of an XML element after the =, with its prefix if it has one, e.g. "
                      "uid=cn, uid=soap:id or, for any prefix or none, uid=*:id");
    memcpy(fields->elements[column], element.data, element.len);
    return RES_OK;
}

enum result index_fields_parse(const char *text, struct index_fields *fields, struct why *why)
{
    enum result res = RES_OK;
    *fields = (struct index_fields){0};
    if (utf8_valid_len(text, strlen(text)) < strlen(text))
        return why_set(why, RES_REFUSE, "INDEX_FIELDS: the value is not UTF-8");
    for (bool is_last = false; res == RES_OK && !is_last;) {
        size_t len = strcspn(text, ",");
        res = parse_pair(markup_trimmed((struct slice){text, len}), fields, why);
        is_last = !text[len];
        text += len + 1;
    }
    return res;
}
