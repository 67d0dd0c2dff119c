/*
 * drop -- see drop.h. A walk from markup to markup. The event is well-formed (the collector saw to that), so a few
 * steps tell where each piece of markup ends; if they do not, the event is refused rather than shipped with what it
 * hides.
 */
#include "uploader/render/drop.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* ---- the list ---- */

static bool is_name_byte(unsigned char c)
{
    return isalnum(c) || c >= 0x80 || strchr("_-.", c);
}

/* A name of XML, perhaps with a prefix. Bytes beyond ASCII are not checked. */
static bool is_name(const char *name, size_t len)
{
    const char *colon = memchr(name, ':', len);
    if (colon)
        return is_name(name, (size_t)(colon - name)) &&
               !memchr(colon + 1, ':', len - (size_t)(colon - name) - 1) &&
               is_name(colon + 1, len - (size_t)(colon - name) - 1);
    if (len == 0 || isdigit((unsigned char)*name) || *name == '-' || *name == '.') return false;
    for (size_t i = 0; i < len; i++)
        if (!name[i] || !is_name_byte((unsigned char)name[i])) return false;
    return true;
}

enum result drop_tidy(const char *setting, char *names, struct why *why)
{
    char *to = names;
    const char *from = names;
    while (true) {
        size_t len = strcspn(from, ",");
        const char *next = from + len;
        while (len > 0 && isspace((unsigned char)*from)) from++, len--;
        while (len > 0 && isspace((unsigned char)from[len - 1])) len--;
        if (!is_name(from, len))
            return why_set(
                why, RES_REFUSE,
                "%s: '%.*s' is not the name of an element: expected names with commas between them, e.g. "
                "plasectrxLname,plasectrxFname",
                setting, (int)(len < 100 ? len : 100), from);
        memmove(to, from, len);
        to += len;
        if (!*next) break;
        *to++ = ',';
        from = next + 1;
    }
    *to = '\0';
    return RES_OK;
}

static bool is_listed(const char *names, const char *name, size_t len)
{
    const char *colon = memchr(name, ':', len);
    const char *local = colon ? colon + 1 : name;
    size_t local_len = len - (size_t)(local - name);
    while (*names) {
        size_t one = strcspn(names, ",");
        if ((one == len && memcmp(names, name, len) == 0) ||
            (one == local_len && memcmp(names, local, local_len) == 0))
            return true;
        names += one + (names[one] == ',');
    }
    return false;
}

/* ---- the walk ---- */

static const char *behind(const char *from, const char *end, const char *what)
{
    const char *found = from < end ? memmem(from, (size_t)(end - from), what, strlen(what)) : NULL;
    return found ? found + strlen(what) : NULL;
}

static bool begins(const char *p, const char *end, const char *what)
{
    return (size_t)(end - p) >= strlen(what) && memcmp(p, what, strlen(what)) == 0;
}

/* Returns the end of the markup that begins at `p`; NULL if it has no end, or is none that an event may hold. */
static const char *behind_markup(const char *p, const char *end)
{
    if (begins(p, end, "<!--")) return behind(p + 4, end, "-->");
    if (begins(p, end, "<![CDATA[")) return behind(p + 9, end, "]]>");
    if (begins(p, end, "<?")) return behind(p + 2, end, "?>");
    if (begins(p, end, "<!")) return NULL;
    while (++p < end && *p != '>') {
        if (*p != '"' && *p != '\'') continue;
        p = memchr(p + 1, *p, (size_t)(end - p) - 1); /* the value's end: it may hold '>' */
        if (!p) return NULL;
    }
    return p < end ? p + 1 : NULL;
}

static size_t name_length(const char *name, const char *end)
{
    const char *p = name;
    while (p < end && !strchr(" \t\r\n/>", *p)) p++;
    return (size_t)(p - name);
}

/* The state of the walk. */
struct walk {
    const char *names;
    struct buf *out;
    const char *kept; /* the text from here on has not been copied yet */
    size_t depth;     /* open elements */
    bool has_root;
    bool is_dropping;
};

/* Takes in one tag, from `p` up to `next`. Returns false if a well-formed event cannot have it here. */
static bool pass_tag(struct walk *w, const char *p, const char *next)
{
    bool is_end = p[1] == '/';
    bool is_empty = !is_end && next[-2] == '/';
    if (w->depth == 0 && (is_end || w->has_root)) return false;
    w->has_root = true;
    if (is_end) w->depth--;
    if (!is_end && w->depth == 1 && is_listed(w->names, p + 1, name_length(p + 1, next))) {
        buf_append(w->out, w->kept, (size_t)(p - w->kept));
        w->is_dropping = true;
    }
    if (!is_end && !is_empty) w->depth++;
    if (w->is_dropping && w->depth == 1) {
        w->kept = next;
        w->is_dropping = false;
    }
    return true;
}

enum result drop_fields(const char *names, const char *xml, size_t len, struct buf *out, struct why *why)
{
    const char *end = xml + len;
    const char *p = xml;
    size_t before = out->len;
    struct walk w = {.names = names, .out = out, .kept = xml};
    bool is_ok = true;
    while (is_ok && (p = memchr(p, '<', (size_t)(end - p)))) {
        const char *next = behind_markup(p, end);
        is_ok = next && (p[1] == '!' || p[1] == '?' || pass_tag(&w, p, next));
        p = next;
    }
    if (!is_ok || w.depth != 0 || !w.has_root) {
        out->len = before;
        return why_set(why, RES_REFUSE, "its elements cannot be found, so none can be left out");
    }
    buf_append(out, w.kept, (size_t)(end - w.kept));
    return RES_OK;
}
