/*
 * test_log_json -- whatever a line is made of, and wherever it is cut, another program's parser takes it for one JSON object.
 * The seed is printed; TEST_SEED=number in the environment sets it, and LOG_LINES how many lines there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/utf8.h"
#include "tests/support/chance.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINES     20000
#define LINE_MAX  4096
#define FOREIGN   6000
#define TEXT_SIZE (8 * FOREIGN)

/* ---- what is logged ---- */

/* Pieces that mean something to a format, to JSON, to UTF-8 or to a terminal; and any byte but NUL. */
static const char *const pieces[] = {
    "\"",
    "\\",
    "\\\"",
    "\n",
    "\r\n",
    "\t",
    "\x1b[2K",
    "=",
    " ",
    "{",
    "}",
    ",",
    ":",
    "\xc2\x9b",
    "\x7f",
    "\xff",
    "\xc3",
    "\xe2\x82\xac",
    "%s",
    "0",
    "41",
    "007",
    "-1",
    "1e5",
    "null",
    "a",
    "key=",
    "key=\"",
    "\xf0\x9f\x98\x80",
    "\xed\xa0\x80",
    "\xe2\x80\xae",
    "\\u0000",
};

static void add_foreign(struct chance *chance, char *text, size_t wanted)
{
    size_t len = strlen(text);
    size_t end = len + wanted;
    while (len < end) {
        const char *piece = pieces[chance_below(chance, sizeof pieces / sizeof *pieces)];
        char byte[2] = {(char)(1 + chance_below(chance, 255)), '\0'};
        if (chance_below(chance, 4) == 0) piece = byte;
        memcpy(text + len, piece, strlen(piece) + 1);
        len += strlen(piece);
    }
}

/* Mostly short, and now and then longer than a line. */
static size_t some_length(struct chance *chance)
{
    static const unsigned most[] = {1, 4, 20, 200, 1500, FOREIGN};
    return chance_below(chance, most[chance_below(chance, sizeof most / sizeof *most)]);
}

static void log_something(struct chance *chance)
{
    static char message[TEXT_SIZE];
    static char first[TEXT_SIZE];
    static char second[TEXT_SIZE];
    *message = *first = *second = '\0';
    add_foreign(chance, message, some_length(chance));
    add_foreign(chance, first, some_length(chance));
    add_foreign(chance, second, some_length(chance));
    switch (chance_below(chance, 7)) {
    case 0: log_error(message, NULL); break;
    case 1: log_warn(message, "why=%s remedy=%s", LOG_QUOTE(first), LOG_QUOTE(second)); break;
    case 2: log_info(message, "why=%s n=%d remedy=%s", first, 41, LOG_QUOTE(second)); break;
    case 3: log_info(message, "a=%s b=%s", first, second); break;
    case 4: log_debug(message, "%s", first); break;
    case 5: log_debug(message, "%s=%s", first, LOG_QUOTE(second)); break;
    default: log_debug(message, "n=%d why=\"%s\"", 7, first); break;
    }
}

/* ---- what came ---- */

static bool has_text(const cJSON *object, const char *name)
{
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool is_one_object(const char *line, size_t len)
{
    const char *end = NULL;
    if (len == 0 || len > LINE_MAX || line[len - 1] != '\n' || utf8_valid_len(line, len) != len) return false;
    for (size_t i = 0; i + 1 < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) return false;
    cJSON *object = cJSON_ParseWithLengthOpts(line, len, &end, false);
    bool is_whole = cJSON_IsObject(object) && end == line + len - 1 && has_text(object, "time") &&
                    has_text(object, "program") && has_text(object, "level") && has_text(object, "message");
    cJSON_Delete(object);
    return is_whole;
}

static void each_line_is_one_object(void **state)
{
    int stderr_fd = dup(STDERR_FILENO);
    int file = memfd_create("log", 0);
    const char *lines = getenv("LOG_LINES");
    struct chance chance = chance_begin();
    (void)state;
    assert_true(stderr_fd >= 0 && file >= 0);
    log_configure(LOG_DEBUG, LOG_JSON);
    for (long i = 0; i < (lines ? atol(lines) : LINES); i++) {
        char line[2 * LINE_MAX];
        (void)dup2(file, STDERR_FILENO);
        log_something(&chance);
        (void)dup2(stderr_fd, STDERR_FILENO);
        ssize_t len = pread(file, line, sizeof line, 0);
        assert_true(len >= 0 && ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
        if (!is_one_object(line, (size_t)len)) fail_msg("line %ld: %.*s", i, (int)len, line);
    }
    close(stderr_fd);
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_is_one_object)};
    log_open("test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
