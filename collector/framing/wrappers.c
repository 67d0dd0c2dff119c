/* wrappers -- see wrappers.h. */
#include "collector/framing/wrappers.h"

#include <stdlib.h>
#include <string.h>

void wrappers_fini(struct wrappers *w)
{
    free(w->ring);
    w->ring = NULL;
    buf_fini(&w->text);
    buf_fini(&w->declarations);
}

struct open_element *wrappers_at(struct wrappers *w, size_t index)
{
    return &w->ring[(w->first + index) % WRAPPERS_MAX];
}

struct open_element *wrappers_innermost(struct wrappers *w)
{
    return w->count > 0 ? wrappers_at(w, w->count - 1) : NULL;
}

/* Bytes of the text that belong to no open element any more. */
static size_t forgotten(struct wrappers *w)
{
    return w->count > 0 ? wrappers_at(w, 0)->text_at : w->text.len;
}

static void drop_forgotten_text(struct wrappers *w)
{
    size_t len = forgotten(w);
    if (len < w->text.len / 2) return;
    w->text.len -= len;
    memmove(w->text.data, w->text.data + len, w->text.len);
    for (size_t i = 0; i < w->count; i++) wrappers_at(w, i)->text_at -= len;
}

static void make_space(struct wrappers *w, size_t len)
{
    while (w->count == WRAPPERS_MAX ||
           (w->count > 0 && w->text.len - forgotten(w) + len > WRAPPERS_TEXT_MAX)) {
        w->first = (w->first + 1) % WRAPPERS_MAX;
        w->count--;
    }
    if (forgotten(w) > 0) drop_forgotten_text(w);
}

struct open_element *wrappers_open(struct wrappers *w, struct slice name, struct slice declarations)
{
    if (name.len + declarations.len > WRAPPERS_TEXT_MAX) declarations.len = 0;
    if (!w->ring) w->ring = calloc(WRAPPERS_MAX, sizeof *w->ring);
    if (!w->ring) abort();
    make_space(w, name.len + declarations.len);
    w->count++;
    struct open_element *element = wrappers_innermost(w);
    *element = (struct open_element){
        .text_at = w->text.len, .name_len = name.len, .declared_len = declarations.len, .is_bare = true};
    buf_append(&w->text, name.data, name.len);
    buf_append(&w->text, declarations.data, declarations.len);
    w->is_fresh = false;
    return element;
}

/* Most names differ in their length or their first byte: a hostile sender has 64 of them compared for each tag. */
static bool is_equal(const char *text, size_t len, struct slice name)
{
    return len == name.len && (len == 0 || (*text == *name.data && memcmp(text, name.data, len) == 0));
}

size_t wrappers_find(struct wrappers *w, struct slice name)
{
    for (size_t i = w->count; i-- > 0;) {
        const struct open_element *element = wrappers_at(w, i);
        if (is_equal(w->text.data + element->text_at, element->name_len, name)) return i;
    }
    return w->count;
}

void wrappers_close(struct wrappers *w, size_t index)
{
    w->text.len = wrappers_at(w, index)->text_at;
    w->count = index;
    w->is_fresh = false;
    if (w->count > 0) return;
    wrappers_fini(w);
}

struct slice wrappers_name(const struct wrappers *w, const struct open_element *element)
{
    return (struct slice){w->text.data + element->text_at, element->name_len};
}

const char *wrappers_declarations(struct wrappers *w)
{
    if (w->count == 0) return "";
    if (w->is_fresh) return w->declarations.data;
    buf_clear(&w->declarations);
    for (size_t i = 0; i < w->count; i++) {
        const struct open_element *element = wrappers_at(w, i);
        buf_append(&w->declarations, w->text.data + element->text_at + element->name_len,
                   element->declared_len);
    }
    buf_append_char(&w->declarations, '\0');
    w->is_fresh = true;
    return w->declarations.data;
}

size_t wrappers_held_bytes(const struct wrappers *w)
{
    return (w->ring ? WRAPPERS_MAX * sizeof *w->ring : 0) + w->text.capacity + w->declarations.capacity;
}
