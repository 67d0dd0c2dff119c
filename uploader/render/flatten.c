/*
 * flatten -- see flatten.h.
 *
 * One pass of libxml2's parser fills a list of entries in document order: an element gets its entry at its start tag,
 * its attributes follow it, its text is gathered piece by piece while its children go by. Then the entries are
 * written. All memory is kept for the next event.
 *
 * It is the parser that reads memory: the push parser (2.9.14) leaves CR LF in CDATA sections, where XML 1.0, 2.11
 * wants LF.
 */
#include "uploader/render/flatten.h"

#include <assert.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/render/metadata.h"

#define DICTIONARY_MAX   4096      /* names remembered before the parser context is made anew, */
#define DICTIONARY_BYTES (1 << 20) /* and their bytes: at 10 MB libxml2 would refuse any new name */
#define DEPTH_MAX        256       /* more than the collector accepts */
#define WORK_SLACK       65536 /* keys that are gathered and not written, because their elements have no text */
#define NONE             SIZE_MAX

struct piece {
    size_t offset, len; /* in `texts` */
    size_t next;        /* NONE: the last */
};

struct entry {
    size_t key, key_len; /* in `keys` */
    size_t first_piece, last_piece;
    bool has_children;
    bool is_root;
    bool is_attribute;
};

/* A slot of a hash table: how many children of this name a parent has had. Valid for one event. */
struct count {
    unsigned event;
    size_t parent;
    const xmlChar *prefix, *name;
    size_t seen;
};

struct flatten {
    xmlParserCtxtPtr parser;
    bool renames_collisions;
    size_t most_bytes; /* of keys and texts of this event */
    bool is_too_large;
    struct buf keys, texts;
    struct entry *entries;
    size_t entry_count, entry_capacity;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    struct count *counts; /* capacity a power of two */
    size_t count_used, count_capacity;
    unsigned event; /* stamps valid slots */
    size_t open[DEPTH_MAX];
    size_t depth;
};

static void *grown(void *array, size_t needed, size_t *capacity, size_t size)
{
    if (needed <= *capacity) return array;
    *capacity = *capacity ? *capacity * 2 : 64;
    array = reallocarray(array, *capacity, size);
    if (!array) abort();
    return array;
}

/* ---- counting repeated children ---- */

static size_t slot_of(const struct flatten *f, size_t parent, const xmlChar *prefix, const xmlChar *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)name * 0x9E3779B97F4A7C15u;
    hash ^= ((uint64_t)(uintptr_t)prefix + parent) * 0xC2B2AE3D27D4EB4Fu;
    size_t mask = f->count_capacity - 1;
    size_t i = (size_t)(hash >> 20) & mask;
    while (f->counts[i].event == f->event &&
           (f->counts[i].parent != parent || f->counts[i].name != name || f->counts[i].prefix != prefix))
        i = (i + 1) & mask;
    return i;
}

static void grow_counts(struct flatten *f)
{
    struct count *old = f->counts;
    size_t old_capacity = f->count_capacity;
    f->count_capacity = old_capacity ? old_capacity * 2 : 256;
    f->counts = calloc(f->count_capacity, sizeof *f->counts);
    if (!f->counts) abort();
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].event == f->event)
            f->counts[slot_of(f, old[i].parent, old[i].prefix, old[i].name)] = old[i];
    free(old);
}

/* Counts the children of this name of this parent, from 1. Names are interned, so their addresses are compared. */
static size_t count_child(struct flatten *f, size_t parent, const xmlChar *prefix, const xmlChar *name)
{
    if (f->count_used * 2 >= f->count_capacity) grow_counts(f);
    struct count *slot = &f->counts[slot_of(f, parent, prefix, name)];
    if (slot->event != f->event) {
        *slot = (struct count){f->event, parent, prefix, name, 0};
        f->count_used++;
    }
    return ++slot->seen;
}

/* ---- entries ---- */

static size_t add_entry(struct flatten *f)
{
    f->entries = grown(f->entries, f->entry_count + 1, &f->entry_capacity, sizeof *f->entries);
    f->entries[f->entry_count] = (struct entry){.key = f->keys.len, .first_piece = NONE, .last_piece = NONE};
    return f->entry_count++;
}

static void add_text(struct flatten *f, size_t index, const xmlChar *text, size_t len)
{
    struct entry *entry = &f->entries[index];
    f->pieces = grown(f->pieces, f->piece_count + 1, &f->piece_capacity, sizeof *f->pieces);
    f->pieces[f->piece_count] = (struct piece){f->texts.len, len, NONE};
    if (entry->last_piece == NONE)
        entry->first_piece = f->piece_count;
    else
        f->pieces[entry->last_piece].next = f->piece_count;
    entry->last_piece = f->piece_count++;
    buf_append(&f->texts, text, len);
}

static void add_name(struct flatten *f, const xmlChar *prefix, const xmlChar *name)
{
    if (prefix) {
        buf_append_text(&f->keys, (const char *)prefix);
        buf_append_char(&f->keys, ':');
    }
    buf_append_text(&f->keys, (const char *)name);
}

/* Appends the parent's key and a slash; nothing if the parent is the root, whose children have plain names. */
static void add_parent(struct flatten *f, size_t parent)
{
    struct entry entry = f->entries[parent];
    if (entry.is_root) return;
    buf_reserve(&f->keys, entry.key_len + 1); /* the source lies in the same buffer */
    buf_append(&f->keys, f->keys.data + entry.key, entry.key_len);
    buf_append_char(&f->keys, '/');
}

/* No more handlers are called for this event. */
static void give_up(struct flatten *f)
{
    f->is_too_large = true;
    xmlStopParser(f->parser);
}

static void end_key(struct flatten *f, size_t index)
{
    f->entries[index].key_len = f->keys.len - f->entries[index].key;
    if (f->keys.len + f->texts.len > f->most_bytes) give_up(f);
}

static void rename_if_colliding(struct flatten *f, size_t index)
{
    size_t key = f->entries[index].key;
    if (!f->renames_collisions || !metadata_collides(f->keys.data + key, f->keys.len - key)) return;
    buf_append_char(&f->keys, '_');
    memmove(f->keys.data + key + 1, f->keys.data + key, f->keys.len - key - 1);
    f->keys.data[key] = '_';
}

static void add_element(struct flatten *f, const xmlChar *prefix, const xmlChar *name)
{
    size_t index = add_entry(f);
    bool is_root = f->depth == 0;
    f->entries[index].is_root = is_root;
    if (!is_root) {
        size_t parent = f->open[f->depth - 1];
        f->entries[parent].has_children = true;
        add_parent(f, parent);
        add_name(f, prefix, name);
        if (f->depth == 1) rename_if_colliding(f, index);
        size_t nth = count_child(f, parent, prefix, name);
        if (nth > 1) buf_append_format(&f->keys, "[%zu]", nth);
    } else {
        add_name(f, prefix, name);
        rename_if_colliding(f, index);
    }
    end_key(f, index);
    f->open[f->depth++] = index;
}

static void add_attribute(struct flatten *f, size_t element, const xmlChar **attribute)
{
    size_t index = add_entry(f);
    f->entries[index].is_attribute = true;
    add_parent(f, element);
    buf_append_char(&f->keys, '@');
    add_name(f, attribute[1], attribute[0]);
    add_text(f, index, attribute[3], (size_t)(attribute[4] - attribute[3]));
    end_key(f, index);
}

/* ---- SAX handlers ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_blank(const char *text, size_t len)
{
    while (len > 0 && is_space(text[len - 1])) len--;
    return len == 0;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count, int default_count,
                     const xmlChar **attributes)
{
    struct flatten *f = ((xmlParserCtxtPtr)context)->_private;
    (void)uri, (void)namespace_count, (void)namespaces, (void)default_count;
    if (f->depth == DEPTH_MAX) {
        give_up(f);
        return;
    }
    add_element(f, prefix, name);
    for (int i = 0; i < attribute_count && !f->is_too_large; i++)
        add_attribute(f, f->open[f->depth - 1], attributes + (ptrdiff_t)i * 5);
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct flatten *f = ((xmlParserCtxtPtr)context)->_private;
    (void)name, (void)prefix, (void)uri;
    f->depth--;
}

static void on_text(void *context, const xmlChar *text, int len)
{
    struct flatten *f = ((xmlParserCtxtPtr)context)->_private;
    if (f->depth == 0) return;
    size_t index = f->open[f->depth - 1];
    if (f->entries[index].first_piece == NONE && is_blank((const char *)text, (size_t)len))
        f->most_bytes -= (size_t)len; /* it would be trimmed anyway: it is counted, not kept */
    else
        add_text(f, index, text, (size_t)len);
}

static void on_error(void *context, xmlErrorPtr error)
{
    (void)context, (void)error; /* the parser's verdict is read at the end */
}

static void renew_parser(struct flatten *f)
{
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
    if (f->parser && (xmlDictSize(f->parser->dict) > DICTIONARY_MAX ||
                      xmlDictGetUsage(f->parser->dict) > DICTIONARY_BYTES)) {
        xmlFreeParserCtxt(f->parser);
        f->parser = NULL;
    }
    if (f->parser) return;
    f->parser = xmlNewParserCtxt();
    if (!f->parser) abort();
    *f->parser->sax = sax;
    f->parser->_private = f;
    f->parser->userData = f->parser;
    /* Without NOENT, '&' would stay "&#38;" in attribute values. There is no DTD, so no other entity exists. */
    (void)xmlCtxtUseOptions(f->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
}

/* ---- writing ---- */

/*
 * Joins the pieces of an entry's text. An element's text is trimmed; an attribute's value stays as the parser gives it.
 */
static size_t gather(const struct flatten *f, const struct entry *entry, struct buf *scratch,
                     const char **text)
{
    size_t len = 0;
    *text = "";
    if (entry->first_piece == NONE) return 0;
    const struct piece *piece = &f->pieces[entry->first_piece];
    *text = f->texts.data + piece->offset;
    len = piece->len;
    if (piece->next != NONE) {
        buf_clear(scratch);
        for (size_t i = entry->first_piece; i != NONE; i = f->pieces[i].next)
            buf_append(scratch, f->texts.data + f->pieces[i].offset, f->pieces[i].len);
        *text = scratch->data;
        len = scratch->len;
    }
    if (entry->is_attribute) return len;
    while (len > 0 && is_space((*text)[len - 1])) len--;
    while (len > 0 && is_space(**text)) (*text)++, len--;
    return len;
}

/* Ends early if the result becomes too large. */
static void write_entries(struct flatten *f, size_t most_bytes, struct json_object *to)
{
    struct buf scratch = BUF_EMPTY;
    size_t bytes = 0;
    for (size_t i = 0; i < f->entry_count && bytes <= most_bytes; i++) {
        const struct entry *entry = &f->entries[i];
        const char *text = "";
        size_t len = gather(f, entry, &scratch, &text);
        if (len == 0 && (entry->has_children || entry->is_root)) continue;
        json_add(to, f->keys.data + entry->key, entry->key_len, text, len);
        bytes += entry->key_len + len;
    }
    f->is_too_large = bytes > most_bytes;
    buf_fini(&scratch);
}

struct flatten *flatten_new(void)
{
    struct flatten *f = calloc(1, sizeof *f);
    if (!f) abort();
    xmlInitParser();
    return f;
}

void flatten_free(struct flatten *f)
{
    if (!f) return;
    if (f->parser) xmlFreeParserCtxt(f->parser);
    buf_fini(&f->keys);
    buf_fini(&f->texts);
    free(f->entries);
    free(f->pieces);
    free(f->counts);
    free(f);
}

static void clear(struct flatten *f, size_t len, bool renames_collisions)
{
    buf_clear(&f->keys);
    buf_clear(&f->texts);
    f->entry_count = f->piece_count = f->count_used = f->depth = 0;
    f->most_bytes = FLATTEN_GROWTH * len + WORK_SLACK;
    f->is_too_large = false;
    f->renames_collisions = renames_collisions;
    f->event++;
}

/*
 * Parses the event without a copy of it. xmlCtxtReadMemory() would copy it, and would ask for more input at every tag
 * near its end.
 */
static void parse(xmlParserCtxtPtr parser, const char *xml)
{
    xmlCtxtReset(parser); /* frees the last event's input as well */
    xmlParserInputPtr input = xmlNewStringInputStream(parser, (const xmlChar *)xml);
    if (!input || inputPush(parser, input) < 0) abort();
    (void)xmlParseDocument(parser);
}

/*
 * Adds the members. Returns false, with nothing added, if the event is not well-formed or its JSON would be too large.
 */
static bool add_members(struct flatten *f, const char *xml, size_t len, struct json_object *to)
{
    struct json_object object_before = *to;
    size_t len_before = to->out->len;
    parse(f->parser, xml);
    if (f->is_too_large || f->entry_count == 0 || !f->parser->wellFormed) return false;
    write_entries(f, FLATTEN_GROWTH * len + FLATTEN_SLACK, to);
    if (!f->is_too_large) return true;
    to->out->len = len_before;
    *to = object_before;
    return false;
}

enum result flatten_event(struct flatten *f, const char *xml, size_t len, bool renames_collisions,
                          struct json_object *to, struct why *why)
{
    static const char name[] = "#xml";
    assert(xml[len] == '\0');
    clear(f, len, renames_collisions);
    renew_parser(f);
    if (add_members(f, xml, len, to)) return RES_OK;
    if (utf8_valid_len(xml, len) != len)
        return why_set(why, RES_REFUSE, "not well-formed, nor UTF-8: it cannot stand in JSON");
    json_add(to, name, strlen(name), xml, len);
    return RES_OK;
}
