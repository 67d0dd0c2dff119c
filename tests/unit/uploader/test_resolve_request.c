/* test_resolve_request -- a request of `uploader resolve` as text: what was written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/ship/resolve.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void what_was_written_is_read(void **state)
{
    static const struct resolve_request requests[] = {
        {true, 1, RESOLVE_SHIPPED, "founder (uid 1000)", ""},
        {false, 999999999999999999, RESOLVE_RESEAL, "root (uid 0) for someone",
         "seen in the bucket \xe2\x80\x94 by eye"},
        {false, 42, RESOLVE_ABANDONED, " ", " 0 1 shipped x"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct buf text = BUF_EMPTY;
        struct resolve_request read;
        resolve_request_write(&requests[i], &text);
        buf_append_char(&text, '\0');
        assert_true(resolve_request_read(text.data, &read));
        assert_int_equal(read.only_looks, requests[i].only_looks);
        assert_int_equal(read.batch_id, requests[i].batch_id);
        assert_int_equal(read.word, requests[i].word);
        assert_string_equal(read.by, requests[i].by);
        assert_string_equal(read.note, requests[i].note);
        buf_fini(&text);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "0",
        "0 ",
        "0 1",
        "0 1 shipped",
        "0 1 shipped ",
        "0 1 shipped me",     /* without a line's end */
        "0 1 shipped \nnote", /* nobody */
        "0 1 shipped \n\nme\nnote",
        "0 1 ship me\n",
        "0 1 SHIPPED me\n",
        "0 1  shipped me\n",
        "0  1 shipped me\n",
        " 0 1 shipped me\n",
        "2 1 shipped me\n",
        "-1 1 shipped me\n",
        "+0 1 shipped me\n",
        "00 1 shipped me\n",
        "0 0 shipped me\n",
        "0 -1 shipped me\n",
        "0 +1 shipped me\n",
        "0 1x shipped me\n",
        "0 0x1 shipped me\n",
        "0 9223372036854775808 shipped me\n",
        "0 99999999999999999999999999999999999999 shipped me\n",
        "0 1 shippedshippedshippedshippedshipped me\n",
        "0 1 shipped m\x1b[2Je\n",
        "0 1 shipped m\xff\n",
        "0 1 shipped me\ntwo\nlines",
        "0 1 shipped me\n\x1b[2J",
        "0 1 shipped me\ntab\there",
        "0 1 shipped me\n\xc3",
        "0 1 shipped me\n\x7f",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct resolve_request read;
        if (resolve_request_read(texts[i], &read)) fail_msg("row %zu was read: %s", i, texts[i]);
    }
}

/* Of each text one byte more than fits. */
static void a_text_beyond_its_ceiling_is_refused(void **state)
{
    static const struct {
        size_t by, note;
        bool is_read;
    } rows[] = {
        {RESOLVE_BY_MAX, RESOLVE_NOTE_MAX, true},
        {RESOLVE_BY_MAX + 1, 0, false},
        {1, RESOLVE_NOTE_MAX + 1, false},
        {1000000, 0, false},
        {1, 1000000, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_EMPTY;
        struct resolve_request read;
        buf_append_text(&text, "0 1 reseal ");
        for (size_t n = 0; n < rows[i].by; n++) buf_append_char(&text, 'b');
        buf_append_char(&text, '\n');
        for (size_t n = 0; n < rows[i].note; n++) buf_append_char(&text, 'n');
        buf_append_char(&text, '\0');
        assert_int_equal(resolve_request_read(text.data, &read), rows[i].is_read);
        if (rows[i].is_read)
            assert_int_equal(strlen(read.by) + strlen(read.note), RESOLVE_BY_MAX + RESOLVE_NOTE_MAX);
        buf_fini(&text);
    }
}

/* A good text of which a byte was changed: none is read that would not be written so. */
static void what_is_read_is_what_is_written(void **state)
{
    const char good[] = "1 17 abandoned me (uid 0)\nnote";
    (void)state;
    for (size_t place = 0; place < sizeof good - 1; place++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[sizeof good];
            struct buf again = BUF_EMPTY;
            struct resolve_request read;
            memcpy(text, good, sizeof good);
            text[place] = (char)byte;
            if (resolve_request_read(text, &read)) {
                resolve_request_write(&read, &again);
                buf_append_char(&again, '\0');
                if (place != 2) assert_string_equal(again.data, text); /* an id may begin with 0 */
            }
            buf_fini(&again);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_text_beyond_its_ceiling_is_refused),
        cmocka_unit_test(what_is_read_is_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
