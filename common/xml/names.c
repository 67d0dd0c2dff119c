/* names -- see names.h. Names are read one after another; the first wrong one ends the reading. */
#include "common/xml/names.h"

#include <string.h>

#include "common/utf8.h"
#include "common/xml/chars.h"

#define SHOWN_MAX  80 /* bytes of a wrong part that a message shows */
#define ANY_PREFIX "*:"

static enum result refuse(const char *setting, const char *part, size_t len, const char *what,
                          struct why *why)
{
    size_t shown = utf8_valid_len(part, len < SHOWN_MAX ? len : SHOWN_MAX);
    return why_set(why, RES_REFUSE, "%s: '%.*s': %s", setting, (int)shown, part, what);
}

/* Is `text` a name with at most one prefix, and no empty one? */
static bool is_qualified_name(const char *text, size_t len)
{
    size_t colons = 0;
    if (len == 0 || !xml_is_name_start(text[0]) || text[0] == ':' || text[len - 1] == ':') return false;
    for (size_t i = 0; i < len; i++) {
        if (!xml_is_name_char(text[i])) return false;
        if (text[i] != ':') continue;
        colons++;
        if (!xml_is_name_start(text[i + 1])) return false;
    }
    return colons <= 1;
}

static bool is_in_list(const struct xml_names *names, const struct xml_names_entry *entry)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->list[i].has_any_prefix == entry->has_any_prefix &&
            strcmp(names->list[i].text, entry->text) == 0)
            return true;
    return false;
}

/* A name that may have any prefix can begin with all that a prefix can begin with. */
static void note_first_byte(struct xml_names *names, const struct xml_names_entry *entry)
{
    names->may_begin[(unsigned char)entry->text[0]] = true;
    for (int byte = 0; entry->has_any_prefix && byte < 256; byte++)
        if (xml_is_name_start((char)byte) && byte != ':') names->may_begin[byte] = true;
}

static enum result parse_name(const char *setting, const char *part, size_t len, struct xml_names *names,
                              struct why *why)
{
    struct xml_names_entry entry = {0};
    const char *name = part;
    entry.has_any_prefix = len >= strlen(ANY_PREFIX) && memcmp(part, ANY_PREFIX, strlen(ANY_PREFIX)) == 0;
    if (entry.has_any_prefix) name += strlen(ANY_PREFIX);
    entry.len = len - (size_t)(name - part);

    if (!is_qualified_name(name, entry.len))
        return refuse(setting, part, len,
                      "expected the name of an XML element, e.g. EVENT, soap:Event or, for any prefix or "
                      "none, *:Event; names are separated by commas",
                      why);
    if (entry.has_any_prefix && memchr(name, ':', entry.len))
        return refuse(setting, part, len, "expected no other prefix behind *:, e.g. *:Event", why);
    if (entry.len > XML_NAMES_NAME_MAX)
        return refuse(setting, part, len, "the name is longer than 256 bytes", why);
    memcpy(entry.text, name, entry.len);
    if (is_in_list(names, &entry)) return refuse(setting, part, len, "this name is given twice", why);
    if (names->count == XML_NAMES_MAX)
        return refuse(setting, part, len, "there are more than 32 names; *:Event replaces several", why);
    names->list[names->count++] = entry;
    note_first_byte(names, &entry);
    return RES_OK;
}

enum result xml_names_parse(const char *setting, const char *text, struct xml_names *names, struct why *why)
{
    enum result res = RES_OK;
    memset(names, 0, sizeof *names);
    if (utf8_valid_len(text, strlen(text)) < strlen(text))
        return why_set(why, RES_REFUSE, "%s: the value is not UTF-8", setting);
    while (xml_is_space(*text)) text++;
    for (bool is_last = !*text; res == RES_OK && !is_last;) {
        size_t part_len = strcspn(text, ",");
        size_t len = part_len;
        const char *part = text;
        xml_trim(&part, &len);
        res = parse_name(setting, part, len, names, why);
        is_last = !text[part_len];
        text += part_len + 1;
    }
    return res;
}

static bool matches(const struct xml_names_entry *entry, const char *name, size_t len)
{
    if (len < entry->len || memcmp(name + len - entry->len, entry->text, entry->len) != 0) return false;
    if (len == entry->len) return true;
    if (!entry->has_any_prefix || len < entry->len + 2) return false;
    return memchr(name, ':', len) == name + len - entry->len - 1;
}

bool xml_names_hold(const struct xml_names *names, const char *name, size_t len)
{
    if (len == 0 || !names->may_begin[(unsigned char)*name]) return false;
    for (size_t i = 0; i < names->count; i++)
        if (matches(&names->list[i], name, len)) return true;
    return false;
}
