/*
 * members -- see members.h. A list of entries in document order: an element gets its entry when it begins, its
 * attributes follow it, its text is added piece by piece while its children go by. What the reader keeps in place until
 * all is written, and that is nearly everything, is borrowed: only keys that are put together are copied, and texts of
 * which the reader says so.
 */
#include "uploader/render/members.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/xml/chars.h"
#include "uploader/render/metadata.h"

#define NONE SIZE_MAX
#define ROOT 0 /* the entry of the event element */

struct span {
    const char *borrowed; /* NULL: it lies in `own` */
    size_t at;            /* there */
    size_t len;
};

/* More text of an entry that has some. */
struct piece {
    struct span text;
    size_t next; /* NONE: the last */
};

struct entry {
    struct span key;
    struct span text; /* its first piece; empty: it has no text yet */
    size_t first_more, last_more;
    bool has_children;
    bool is_attribute;
};

/* A slot of a hash table: how many children have had this key. Valid for one event. */
struct count {
    unsigned event;
    uint32_t hash;
    size_t first; /* the entry that has the key without a number */
    size_t seen;
};

struct members {
    bool renames_collisions;
    size_t bytes, most_bytes; /* of keys and texts of this event */
    struct buf own;           /* keys and texts that are not borrowed */
    struct entry *entries;
    size_t entry_count, entry_capacity;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    struct count *counts; /* capacity a power of two */
    size_t count_used, count_capacity;
    unsigned event; /* stamps valid slots */
    uint64_t secret;
    size_t open[MEMBERS_DEPTH_MAX];
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

static inline const char *text_of(const struct members *m, const struct span *span)
{
    return span->borrowed ? span->borrowed : m->own.data + span->at;
}

/* ---- counting repeated children ---- */

/*
 * Both factors depend on a secret, so no sender can choose names that collide, which would make an event of many
 * children cost the square of their number.
 */
static uint64_t mix(const struct members *m, uint64_t hash, uint64_t word)
{
    hash ^= word;
    return (hash & UINT32_MAX) * (hash >> 32) + m->secret;
}

static uint32_t hash_of(const struct members *m, const char *key, size_t len)
{
    uint64_t word = 0;
    uint64_t hash = m->secret ^ len;
    for (size_t at = 0; len - at > sizeof word; at += sizeof word) {
        memcpy(&word, key + at, sizeof word);
        hash = mix(m, hash, word);
    }
    if (len >= sizeof word)
        memcpy(&word, key + len - sizeof word, sizeof word); /* perhaps some bytes once more */
    else
        memcpy(&word, key, len);
    hash = mix(m, hash, word);
    return (uint32_t)(hash ^ hash >> 32);
}

static bool is_key(const struct members *m, const struct entry *entry, const char *key, size_t len)
{
    return entry->key.len == len && memcmp(text_of(m, &entry->key), key, len) == 0;
}

/* The slot of the key, or the free one where it belongs. */
static inline struct count *find_slot(const struct members *m, uint32_t hash, const char *key, size_t len)
{
    size_t mask = m->count_capacity - 1;
    size_t i = hash & mask;
    while (m->counts[i].event == m->event &&
           (m->counts[i].hash != hash || !is_key(m, &m->entries[m->counts[i].first], key, len)))
        i = (i + 1) & mask;
    return &m->counts[i];
}

static void grow_counts(struct members *m)
{
    struct count *old = m->counts;
    size_t old_capacity = m->count_capacity;
    m->count_capacity = old_capacity ? old_capacity * 2 : 256;
    m->counts = calloc(m->count_capacity, sizeof *m->counts);
    if (!m->counts) abort();
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].event != m->event) continue;
        const struct span *key = &m->entries[old[i].first].key;
        *find_slot(m, old[i].hash, text_of(m, key), key->len) = old[i];
    }
    free(old);
}

/*
 * Counts the children that have had this key, that of the last entry, from 1. Their parent is the same, because a key begins
 * with its parent's, and no two parents have the same.
 */
static inline size_t count_key(struct members *m, const struct span *key)
{
    const char *text = text_of(m, key);
    uint32_t hash = hash_of(m, text, key->len);
    if (m->count_used * 2 >= m->count_capacity) grow_counts(m);
    struct count *slot = find_slot(m, hash, text, key->len);
    if (slot->event != m->event) {
        *slot = (struct count){m->event, hash, m->entry_count - 1, 0};
        m->count_used++;
    }
    return ++slot->seen;
}

/* ---- keys ---- */

/* Bytes are added to the key, whose own are the last in `own`. */
static void extend_key(struct members *m, struct span *key, const char *text, size_t len)
{
    buf_append(&m->own, text, len);
    key->len += len;
}

static void own_key(struct members *m, struct span *key)
{
    struct span before = *key;
    buf_reserve(&m->own, before.len); /* the bytes may lie in the same buffer */
    *key = (struct span){.at = m->own.len};
    extend_key(m, key, text_of(m, &before), before.len);
}

/* A key that is put together: of the parent's and a slash, unless that is the event element, of the mark and the name. */
static void join_key(struct members *m, struct span *key, size_t parent, const char *mark,
                     const struct members_name *name)
{
    *key = (struct span){.at = m->own.len};
    if (parent != ROOT) {
        *key = m->entries[parent].key;
        own_key(m, key);
        extend_key(m, key, "/", 1);
    }
    extend_key(m, key, mark, strlen(mark));
    if (name->prefix) {
        extend_key(m, key, name->prefix, strlen(name->prefix));
        extend_key(m, key, ":", 1);
    }
    extend_key(m, key, name->text, name->len);
}

/* The children of the event element, and that itself, have plain names. */
static inline void make_key(struct members *m, struct span *key, size_t parent, const char *mark,
                            const struct members_name *name)
{
    if (parent == ROOT && !*mark && !name->prefix)
        *key = (struct span){.borrowed = name->text, .len = name->len};
    else
        join_key(m, key, parent, mark, name);
}

/* A repeated child's key gets its number. */
static void number_key(struct members *m, struct span *key, size_t nth)
{
    if (key->borrowed) own_key(m, key);
    buf_append_format(&m->own, "[%zu]", nth);
    key->len = m->own.len - key->at;
}

/* ---- entries ---- */

static inline struct entry *add_entry(struct members *m)
{
    m->entries = grown(m->entries, m->entry_count + 1, &m->entry_capacity, sizeof *m->entries);
    struct entry *entry = &m->entries[m->entry_count++];
    *entry = (struct entry){.first_more = NONE, .last_more = NONE};
    return entry;
}

/* With the key of this entry, is it all small enough? */
static inline bool count_bytes_of_key(struct members *m, const struct entry *entry)
{
    m->bytes += entry->key.len;
    return m->bytes <= m->most_bytes;
}

/* An element in the one that is open. NULL: that was too much. */
static inline struct entry *add_element(struct members *m, const struct members_name *name)
{
    bool may_collide = m->renames_collisions && m->depth <= 1 && !name->prefix;
    const char *mark = may_collide && metadata_collides(name->text, name->len) ? "_" : "";
    size_t parent = m->depth > 0 ? m->open[m->depth - 1] : ROOT;
    if (m->depth == MEMBERS_DEPTH_MAX) return NULL;
    struct entry *entry = add_entry(m);
    make_key(m, &entry->key, parent, mark, name);
    if (m->depth > 0) {
        m->entries[parent].has_children = true;
        size_t nth = count_key(m, &entry->key);
        if (nth > 1) number_key(m, &entry->key, nth);
    }
    return count_bytes_of_key(m, entry) ? entry : NULL;
}

bool members_begin_element(struct members *m, const struct members_name *name)
{
    const struct entry *entry = add_element(m, name);
    if (entry) m->open[m->depth++] = m->entry_count - 1;
    return entry != NULL;
}

bool members_add_attribute(struct members *m, const struct members_name *name, const char *value, size_t len)
{
    struct entry *entry = add_entry(m);
    entry->is_attribute = true;
    make_key(m, &entry->key, m->open[m->depth - 1], "@", name);
    entry->text = (struct span){.at = m->own.len, .len = len};
    buf_append(&m->own, value, len);
    m->bytes += len;
    return count_bytes_of_key(m, entry);
}

void members_end_element(struct members *m)
{
    m->depth--;
}

/* ---- texts ---- */

/* Counts text of an entry. False: it would be trimmed anyway. */
static inline bool take_text(struct members *m, const struct entry *entry, const char *text, size_t len)
{
    m->bytes += len;
    return entry->text.len > 0 || xml_len_without_end(text, len) > 0;
}

/* Where the next piece of an entry's text goes. */
static struct span *add_piece(struct members *m, struct entry *entry)
{
    if (entry->text.len == 0) return &entry->text;
    m->pieces = grown(m->pieces, m->piece_count + 1, &m->piece_capacity, sizeof *m->pieces);
    m->pieces[m->piece_count].next = NONE;
    if (entry->last_more == NONE)
        entry->first_more = m->piece_count;
    else
        m->pieces[entry->last_more].next = m->piece_count;
    entry->last_more = m->piece_count++;
    return &m->pieces[entry->last_more].text;
}

void members_borrow_text(struct members *m, const char *text, size_t len)
{
    if (m->depth == 0) return;
    struct entry *entry = &m->entries[m->open[m->depth - 1]];
    if (take_text(m, entry, text, len)) *add_piece(m, entry) = (struct span){.borrowed = text, .len = len};
}

/* Is the last piece the last of the bytes in `own`? Then more bytes belong to it. */
void members_copy_text(struct members *m, const char *text, size_t len)
{
    if (m->depth == 0) return;
    struct entry *entry = &m->entries[m->open[m->depth - 1]];
    if (!take_text(m, entry, text, len)) return;
    struct span *last = entry->last_more == NONE ? &entry->text : &m->pieces[entry->last_more].text;
    bool is_continued = last->len > 0 && !last->borrowed && last->at + last->len == m->own.len;
    if (is_continued)
        last->len += len;
    else
        *add_piece(m, entry) = (struct span){.at = m->own.len, .len = len};
    buf_append(&m->own, text, len);
}

bool members_add_leaf(struct members *m, const struct members_name *name, const char *text, size_t len)
{
    struct entry *entry = add_element(m, name);
    if (!entry) return false;
    if (take_text(m, entry, text, len)) entry->text = (struct span){.borrowed = text, .len = len};
    return true;
}

/* ---- writing ---- */

struct members_entry members_entry(const struct members *m, size_t number)
{
    const struct entry *entry = &m->entries[number];
    return (struct members_entry){text_of(m, &entry->key), entry->key.len, entry->has_children};
}

/* The text of an entry, joined in `scratch` if it has several pieces. */
static const char *whole_text(const struct members *m, const struct entry *entry, struct buf *scratch,
                              size_t *len)
{
    *len = entry->text.len;
    if (entry->first_more == NONE) return text_of(m, &entry->text);
    buf_clear(scratch);
    buf_append(scratch, text_of(m, &entry->text), entry->text.len);
    for (size_t i = entry->first_more; i != NONE; i = m->pieces[i].next)
        buf_append(scratch, text_of(m, &m->pieces[i].text), m->pieces[i].text.len);
    *len = scratch->len;
    return scratch->data;
}

/*
 * The value of an entry: an element's is trimmed; an attribute's stays as the parser gives it. False: it is no member, as
 * an element with children, and the event element, are only if they have text of their own.
 */
static bool value_of(const struct members *m, size_t index, struct buf *scratch, const char **text,
                     size_t *len)
{
    const struct entry *entry = &m->entries[index];
    *text = "";
    *len = 0;
    if (entry->text.len > 0) *text = whole_text(m, entry, scratch, len);
    if (entry->is_attribute) return true;
    xml_trim(text, len);
    return *len > 0 || (index != ROOT && !entry->has_children);
}

bool members_write(const struct members *m, size_t most_bytes, struct json_object *to)
{
    struct json_object object_before = *to;
    size_t len_before = to->out->len;
    struct buf scratch = BUF_EMPTY;
    size_t bytes = 0;
    for (size_t i = 0; i < m->entry_count && bytes <= most_bytes; i++) {
        const struct span *key = &m->entries[i].key;
        const char *text = NULL;
        size_t len = 0;
        if (!value_of(m, i, &scratch, &text, &len)) continue;
        json_add(to, text_of(m, key), key->len, text, len);
        bytes += key->len + len;
    }
    buf_fini(&scratch);
    if (bytes <= most_bytes) return true;
    to->out->len = len_before;
    *to = object_before;
    return false;
}

/* ---- life ---- */

struct members *members_new(void)
{
    struct members *m = calloc(1, sizeof *m);
    if (!m || getrandom(&m->secret, sizeof m->secret, 0) != (ssize_t)sizeof m->secret) abort();
    return m;
}

void members_free(struct members *m)
{
    if (!m) return;
    buf_fini(&m->own);
    free(m->entries);
    free(m->pieces);
    free(m->counts);
    free(m);
}

void members_clear(struct members *m, size_t most_bytes, bool renames_collisions)
{
    buf_clear(&m->own);
    m->entry_count = m->piece_count = m->count_used = m->depth = m->bytes = 0;
    m->most_bytes = most_bytes;
    m->renames_collisions = renames_collisions;
    m->event++;
}
