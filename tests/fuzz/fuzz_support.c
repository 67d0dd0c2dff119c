/* fuzz_support -- see fuzz_support.h. The sanitizer's allocator reports each allocation. */
#include "tests/fuzz/fuzz_support.h"

#include <assert.h>
#include <sanitizer/allocator_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "uploader/http/response_headers.h"

static struct {
    bool is_counting, is_hooked;
    int64_t used;
} memory;

static void on_malloc(const volatile void *at, size_t size)
{
    (void)at;
    if (!memory.is_counting) return;
    memory.used += (int64_t)size;
    assert(memory.used < FUZZ_MEMORY_MAX);
}

static void on_free(const volatile void *at)
{
    if (memory.is_counting && at) memory.used -= (int64_t)__sanitizer_get_allocated_size(at);
}

void fuzz_memory_begin(void)
{
    if (!memory.is_hooked && !__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free)) abort();
    memory.is_hooked = memory.is_counting = true;
    memory.used = 0;
}

void fuzz_memory_end(void)
{
    memory.is_counting = false;
}

/* The code of the character that starts here, of valid UTF-8; `*len` gets its bytes. */
static uint32_t read_character(const char *text, size_t *len)
{
    uint32_t code = (unsigned char)*text;
    *len = 1;
    if (code < 0x80) return code;
    code &= code < 0xe0 ? 0x1fU : code < 0xf0 ? 0x0fU : 0x07U;
    for (; ((unsigned char)text[*len] & 0xc0) == 0x80; ++*len)
        code = code << 6 | ((unsigned char)text[*len] & 0x3fU);
    return code;
}

void fuzz_check_shown(const char *text)
{
    size_t len = strlen(text);
    assert(utf8_valid_len(text, len) == len);
    for (size_t step = 0; *text; text += step) {
        uint32_t code = read_character(text, &step);
        assert(code >= 0x20 && (code < 0x7f || code > 0x9f));
        assert((code < 0x200b || code > 0x200f) && (code < 0x2028 || code > 0x202e) &&
               (code < 0x2060 || code > 0x206f));
        assert(code != 0xfeff && code != 0x61c);
    }
}

void fuzz_check_why(const struct why *why)
{
    assert(memchr(why->text, '\0', sizeof why->text) && memchr(why->remedy, '\0', sizeof why->remedy));
    fuzz_check_shown(why->text);
    fuzz_check_shown(why->remedy);
}

static void check_part(const char *part, size_t size)
{
    size_t len = strnlen(part, size);
    assert(len > 0 && len < size);
    for (size_t i = 0; i < len; i++) assert(part[i] > ' ' && part[i] < 0x7f);
}

void fuzz_check_keys(const struct keys *keys, enum result res)
{
    static const struct keys none = KEYS_NONE;
    if (res == RES_OK) {
        check_part(keys->access_key_id, sizeof keys->access_key_id);
        check_part(keys->secret_access_key, sizeof keys->secret_access_key);
        if (keys->session_token) check_part(keys->session_token, KEYS_TOKEN_MAX + 1);
        (void)keys_age(keys, 0);
        return;
    }
    assert(memcmp(keys, &none, sizeof none) == 0);
}

void fuzz_take_answer(struct http_answer *answer, const uint8_t *data, size_t size)
{
    const char *from = (const char *)data;
    const char *end = from + size;
    *answer = (struct http_answer){.status = 0, .length = -1};
    if (size < 2) return;
    answer->status = (data[0] * 256L + data[1]) % 1000;
    for (from += 2; from < end;) {
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        size_t len = stop ? (size_t)(stop - from) + 1 : (size_t)(end - from);
        response_headers_take(answer, from, len);
        from += len;
        if (len <= 2) break;
    }
    buf_append(&answer->body, from, (size_t)(end - from));
}
