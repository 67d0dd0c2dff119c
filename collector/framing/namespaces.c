/*
 * namespaces -- see namespaces.h.
 *
 * An event is walked once, tag by tag. The prefixes that the open elements declare lie on a stack; the prefixes that
 * were found missing are declared by the event's own start tag.
 */
#include "collector/framing/namespaces.h"

#include <libxml/uri.h>
#include <string.h>

#include "collector/framing/markup.h"
#include "collector/framing/prefixes.h"
#include "common/utf8.h"
#include "common/xml/chars.h"

#define SHOWN_MAX      80   /* bytes of a wrong part that a message shows */
#define NAME_BYTES_MAX 1024 /* of a prefix or a URI: the validator accepts no longer ones */
#define MISSING_MAX    256  /* different missing prefixes in one event */
#define XMLNS          "xmlns:"
#define EXAMPLE        "expected prefix=uri, e.g. soap=http://www.w3.org/2003/05/soap-envelope"

struct cursor {
    const char *p;
    const char *end;
};

static bool equals(struct slice a, struct slice b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool is_text(struct slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.data, text, slice.len) == 0;
}

static bool begins_with(struct slice slice, const char *text)
{
    return slice.len >= strlen(text) && memcmp(slice.data, text, strlen(text)) == 0;
}

static void take_spaces(struct cursor *at)
{
    while (at->p < at->end && xml_is_space(*at->p)) at->p++;
}

static struct slice take_name(struct cursor *at)
{
    const char *from = at->p;
    while (at->p < at->end && xml_is_name_char(*at->p)) at->p++;
    return (struct slice){from, (size_t)(at->p - from)};
}

/* Moves past an attribute; its value has its quotes. False: there is none, or it is not well-formed. */
static bool take_attribute(struct cursor *at, struct slice *name, struct slice *value)
{
    take_spaces(at);
    *name = take_name(at);
    take_spaces(at);
    if (name->len == 0 || at->p == at->end || *at->p != '=') return false;
    at->p++;
    take_spaces(at);
    if (at->p == at->end || (*at->p != '"' && *at->p != '\'')) return false;
    const char *close = memchr(at->p + 1, *at->p, (size_t)(at->end - at->p - 1));
    if (!close) return false;
    *value = (struct slice){at->p, (size_t)(close + 1 - at->p)};
    at->p = close + 1;
    return true;
}

/* ---- the setting ---- */

static enum result refuse(struct why *why, struct slice pair, const char *what)
{
    size_t shown = utf8_valid_len(pair.data, pair.len < SHOWN_MAX ? pair.len : SHOWN_MAX);
    return why_set(why, RES_REFUSE, "XML_NAMESPACES: '%.*s': %s", (int)shown, pair.data, what);
}

/* Does `name=` follow, as at the beginning of a pair? */
static bool begins_pair(const char *text)
{
    while (xml_is_space(*text)) text++;
    if (!xml_is_name_start(*text)) return false;
    while (xml_is_name_char(*text)) text++;
    while (xml_is_space(*text)) text++;
    return *text == '=';
}

/* The length of the first pair: a comma that no other pair follows is a part of its URI. */
static size_t pair_len(const char *text)
{
    size_t len = strcspn(text, ",");
    while (text[len] && !begins_pair(text + len + 1)) len += 1 + strcspn(text + len + 1, ",");
    return len;
}

static enum result check_prefix(struct slice pair, struct slice prefix, struct why *why)
{
    if (prefix.len == 0 || !xml_is_name_start(*prefix.data)) return refuse(why, pair, EXAMPLE);
    for (size_t i = 0; i < prefix.len; i++)
        if (!xml_is_name_char(prefix.data[i])) return refuse(why, pair, EXAMPLE);
    if (memchr(prefix.data, ':', prefix.len)) return refuse(why, pair, "a prefix holds no colon: " EXAMPLE);
    if (is_text(prefix, "xml") || is_text(prefix, "xmlns"))
        return refuse(why, pair, "XML itself declares this prefix; remove the pair");
    if (prefix.len > NAME_BYTES_MAX) return refuse(why, pair, "the prefix is longer than 1024 bytes");
    return RES_OK;
}

/* libxml2 makes an error of an event that declares anything else. */
static bool is_uri(struct slice text)
{
    char copy[NAME_BYTES_MAX + 1];
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    xmlURIPtr uri = xmlParseURI(copy);
    bool is_parsed = uri != NULL;
    xmlFreeURI(uri);
    return is_parsed;
}

static enum result check_uri(struct slice pair, struct slice uri, struct why *why)
{
    if (uri.len == 0) return refuse(why, pair, "the URI is empty: " EXAMPLE);
    if (uri.len > NAME_BYTES_MAX) return refuse(why, pair, "the URI is longer than 1024 bytes");
    for (size_t i = 0; i < uri.len; i++)
        if (xml_is_space(uri.data[i]))
            return refuse(why, pair,
                          "a URI holds no white space; pairs are separated by commas, e.g. a=urn:x, b=urn:y");
    if (!is_uri(uri)) return refuse(why, pair, "this is not a URI: " EXAMPLE);
    if (uri.data[uri.len - 1] == ',') return refuse(why, pair, "a comma is followed by no pair; " EXAMPLE);
    if (is_text(uri, "http://www.w3.org/XML/1998/namespace") || is_text(uri, "http://www.w3.org/2000/xmlns/"))
        return refuse(why, pair, "XML reserves this URI; remove the pair");
    return RES_OK;
}

static void append_declaration(struct buf *out, struct slice prefix, struct slice value)
{
    buf_append_text(out, " " XMLNS);
    buf_append(out, prefix.data, prefix.len);
    buf_append_char(out, '=');
    buf_append(out, value.data, value.len);
}

/* The URI in quotes, and escaped: of the characters that a value must not hold, only this one can be in a URI. */
static void append_quoted(struct buf *out, struct slice uri)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < uri.len; i++)
        if (uri.data[i] == '&')
            buf_append_text(out, "&amp;");
        else
            buf_append_char(out, uri.data[i]);
    buf_append_char(out, '"');
}

/* `begin`: where the declarations of this setting begin in `out`. */
static enum result parse_pair(struct slice pair, size_t begin, struct buf *out, struct why *why)
{
    struct buf value = BUF_EMPTY;
    const char *sign = pair.len > 0 ? memchr(pair.data, '=', pair.len) : NULL;
    if (!sign) return refuse(why, pair, EXAMPLE);
    struct slice prefix = markup_trimmed((struct slice){pair.data, (size_t)(sign - pair.data)});
    struct slice uri = markup_trimmed((struct slice){sign + 1, (size_t)(pair.data + pair.len - sign - 1)});

    enum result res = check_prefix(pair, prefix, why);
    if (res == RES_OK) res = check_uri(pair, uri, why);
    if (res != RES_OK) return res;
    if (out->len > begin && namespaces_find((struct slice){out->data + begin, out->len - begin}, prefix).data)
        return refuse(why, pair, "this prefix already has a URI; remove one of the two");
    append_quoted(&value, uri);
    append_declaration(out, prefix, (struct slice){value.data, value.len});
    buf_fini(&value);
    return RES_OK;
}

enum result namespaces_parse(const char *text, struct buf *out, struct why *why)
{
    enum result res = RES_OK;
    size_t begin = out->len;
    if (utf8_valid_len(text, strlen(text)) < strlen(text))
        return why_set(why, RES_REFUSE, "XML_NAMESPACES: the value is not UTF-8");
    while (xml_is_space(*text)) text++;
    for (bool is_last = !*text; res == RES_OK && !is_last;) {
        size_t len = pair_len(text);
        res = parse_pair(markup_trimmed((struct slice){text, len}), begin, out, why);
        is_last = !text[len];
        text += len + 1;
    }
    return res;
}

struct slice namespaces_find(struct slice declarations, struct slice prefix)
{
    struct cursor at = {declarations.data, declarations.data + declarations.len};
    struct slice found = {NULL, 0};
    struct slice name;
    struct slice value;
    while (declarations.len > 0 && take_attribute(&at, &name, &value)) {
        if (!begins_with(name, XMLNS)) continue;
        name.data += strlen(XMLNS);
        name.len -= strlen(XMLNS);
        if (equals(name, prefix)) found = value;
    }
    return found;
}

/* ---- an event ---- */

struct walk {
    struct cursor at;
    size_t depth; /* open elements */
    struct prefixes declared;
    struct prefixes missing;
    struct slice inner, outer;
    struct buf *declarations; /* for the missing prefixes */
    const char *insert_at;    /* directly behind the event's own name */
};

/* A name is used: its prefix is declared, or becomes so. False: it cannot; `prefix` is then that prefix. */
static bool use_name(struct walk *walk, struct slice name, struct slice *prefix)
{
    const char *colon = memchr(name.data, ':', name.len);
    if (!colon || begins_with(name, "xml:")) return true;
    *prefix = (struct slice){name.data, (size_t)(colon - name.data)};
    if (prefixes_hold(&walk->declared, *prefix) || prefixes_hold(&walk->missing, *prefix)) return true;

    struct slice value = namespaces_find(walk->inner, *prefix);
    if (!value.data) value = namespaces_find(walk->outer, *prefix);
    if (!value.data || walk->missing.count == MISSING_MAX) return false;
    append_declaration(walk->declarations, *prefix, value);
    prefixes_push(&walk->missing, *prefix, 0);
    return true;
}

/* Notes what the tag behind `at` declares: it counts for the whole tag. */
static void declare(struct walk *walk, struct cursor at)
{
    struct slice name;
    struct slice value;
    while (take_attribute(&at, &name, &value)) {
        if (!begins_with(name, XMLNS)) continue;
        name.data += strlen(XMLNS);
        name.len -= strlen(XMLNS);
        prefixes_push(&walk->declared, name, walk->depth);
    }
}

static bool pass_start_tag(struct walk *walk, struct slice *prefix)
{
    struct slice value;
    walk->at.p++;
    struct slice element = take_name(&walk->at);
    if (!walk->insert_at) walk->insert_at = walk->at.p;
    walk->depth++;
    declare(walk, walk->at);

    bool is_complete = use_name(walk, element, prefix);
    for (struct slice name; is_complete && take_attribute(&walk->at, &name, &value);)
        if (!begins_with(name, XMLNS)) is_complete = use_name(walk, name, prefix);
    if (walk->at.p < walk->at.end && *walk->at.p == '/') prefixes_pop(&walk->declared, walk->depth--);
    return is_complete;
}

static void pass_end_tag(struct walk *walk)
{
    walk->at.p++;
    if (walk->depth > 0) prefixes_pop(&walk->declared, walk->depth--);
}

/* Moves past what begins with `open` and ends with `close`, or to the end. */
static bool pass_section(struct walk *walk, const char *open, const char *close)
{
    struct slice rest = {walk->at.p, (size_t)(walk->at.end - walk->at.p)};
    if (!begins_with(rest, open)) return false;
    const char *end = memmem(rest.data + strlen(open), rest.len - strlen(open), close, strlen(close));
    walk->at.p = end ? end + strlen(close) : walk->at.end;
    return true;
}

static bool walk_event(struct walk *walk, struct slice *prefix)
{
    struct cursor *at = &walk->at;
    bool is_complete = true;
    while (is_complete && at->p < at->end &&
           (at->p = memchr(at->p, '<', (size_t)(at->end - at->p))) != NULL) {
        if (pass_section(walk, "<!--", "-->") || pass_section(walk, "<![CDATA[", "]]>") ||
            pass_section(walk, "<?", "?>"))
            continue;
        if (at->end - at->p > 1 && at->p[1] == '/')
            pass_end_tag(walk);
        else
            is_complete = pass_start_tag(walk, prefix);
    }
    return is_complete;
}

bool namespaces_find_missing(struct slice event, struct slice inner, struct slice outer,
                             struct buf *declarations, size_t *insert_at, struct slice *missing)
{
    struct walk walk = {.at = {event.data, event.data + event.len},
                        .inner = inner,
                        .outer = outer,
                        .declarations = declarations};
    bool is_complete = event.len == 0 || walk_event(&walk, missing);
    *insert_at = walk.insert_at ? (size_t)(walk.insert_at - event.data) : event.len;
    prefixes_fini(&walk.declared);
    prefixes_fini(&walk.missing);
    return is_complete;
}
