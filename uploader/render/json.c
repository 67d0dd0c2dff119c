/* json -- see json.h. Characters that need no escaping are copied in runs. */
#include "uploader/render/json.h"

#include <string.h>

/* The bytes that must be escaped: the first 32, the quote and the backslash. */
#define EIGHT true, true, true, true, true, true, true, true
static const bool is_special[256] = {EIGHT, EIGHT, EIGHT, EIGHT, ['"'] = true, ['\\'] = true};

#define ONES UINT64_C(0x0101010101010101)

/* Sets the high bit of each byte that is less than `limit`, at most 128; exact up to the first such byte. */
static inline uint64_t find_less(uint64_t word, unsigned limit)
{
    return (word - ONES * limit) & ~word & ONES * 0x80;
}

static inline bool has_special(uint64_t word)
{
    return find_less(word, ' ') | find_less(word ^ ONES * '"', 1) | find_less(word ^ ONES * '\\', 1);
}

static inline uint64_t load_word(const char *text)
{
    uint64_t word = 0;
    memcpy(&word, text, sizeof word);
    return word;
}

/* How many bytes come before the first one that must be escaped. */
static inline size_t count_ordinary(const char *text, size_t len)
{
    size_t count = 0;
    while (len - count > sizeof(uint64_t) && !has_special(load_word(text + count))) count += sizeof(uint64_t);
    bool is_end = len >= sizeof(uint64_t) && len - count <= sizeof(uint64_t);
    if (is_end && !has_special(load_word(text + len - sizeof(uint64_t)))) return len;
    while (count < len && !is_special[(unsigned char)text[count]]) count++;
    return count;
}

static void escape_char(struct buf *out, unsigned char c)
{
    static const char from[] = "\"\\\n\r\t";
    static const char to[] = "\"\\nrt";
    const char *found = c ? strchr(from, c) : NULL;
    if (found) {
        buf_append_char(out, '\\');
        buf_append_char(out, to[found - from]);
    } else {
        buf_append_format(out, "\\u%04x", c);
    }
}

void json_escape(struct buf *out, const char *text, size_t len)
{
    while (len > 0) {
        size_t run = count_ordinary(text, len);
        buf_append(out, text, run);
        text += run;
        len -= run;
        if (len == 0) return;
        escape_char(out, (unsigned char)*text++);
        len--;
    }
}

void json_string(struct buf *out, const char *text, size_t len)
{
    buf_append_char(out, '"');
    json_escape(out, text, len);
    buf_append_char(out, '"');
}

void json_begin(struct json_object *object, struct buf *out, bool is_pretty)
{
    *object = (struct json_object){out, is_pretty, true};
    buf_append_text(out, is_pretty ? "  {" : "{");
}

/*
 * A member of an object, up to where its value must be escaped: mostly all of it. There is one look at the space for it,
 * with what stands around its name and its value.
 */
static void add_ordinary(struct json_object *object, const char *name, size_t name_len, const char *value,
                         size_t len)
{
    static const char around[] = ",\n    \"\": \"\"";
    struct buf *out = object->out;
    size_t most = sizeof around + name_len + len;
    if (out->capacity - out->len < most) buf_reserve(out, most);
    char *at = out->data + out->len;
    if (!object->is_empty) *at++ = ',';
    object->is_empty = false;
    if (object->is_pretty) at = mempcpy(at, "\n    ", 5);
    *at++ = '"';
    at = mempcpy(at, name, name_len);
    at = object->is_pretty ? mempcpy(at, "\": \"", 4) : mempcpy(at, "\":\"", 3);
    at = mempcpy(at, value, len);
    out->len = (size_t)(at - out->data);
}

void json_add(struct json_object *object, const char *name, size_t name_len, const char *value, size_t len)
{
    size_t ordinary = count_ordinary(value, len);
    add_ordinary(object, name, name_len, value, ordinary);
    if (ordinary < len) json_escape(object->out, value + ordinary, len - ordinary);
    buf_append_char(object->out, '"');
}

void json_add_text(struct json_object *object, const char *name, const char *value)
{
    json_add(object, name, strlen(name), value, strlen(value));
}

void json_end(struct json_object *object)
{
    buf_append_text(object->out, object->is_pretty && !object->is_empty ? "\n  }" : "}");
}
