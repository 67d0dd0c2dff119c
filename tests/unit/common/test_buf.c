/* test_buf -- a buffer grows as it is filled, and keeps what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"

#include <string.h>

static void an_empty_buffer_owns_nothing(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    buf_append(&buf, NULL, 0);
    buf_append_text(&buf, "");
    buf_append_format(&buf, "%s", "");
    buf_reserve(&buf, 0);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    buf_clear(&buf);
    buf_fini(&buf);
}

static void appended_bytes_survive_the_growth_of_the_buffer(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        buf_append_char(&buf, (char)(i % 251));
        assert_true(buf.capacity >= buf.len);
    }
    assert_int_equal(buf.len, 100000);
    for (unsigned i = 0; i < 100000; i++) assert_int_equal((unsigned char)buf.data[i], i % 251);
    buf_fini(&buf);
}

static void bytes_texts_and_formats_follow_each_other(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    buf_append(&buf, "a\0b", 3);
    buf_append_text(&buf, " text");
    buf_append_char(&buf, '\0');
    buf_append_format(&buf, "%d-%s", 42, "x");
    assert_int_equal(buf.len, 13);
    assert_memory_equal(buf.data, "a\0b text\00042-x", 13);
    buf_fini(&buf);
}

static void a_formatted_text_may_exceed_the_buffers_capacity(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    buf_append_text(&buf, "<");
    buf_append_format(&buf, "%100000d>", 7);
    assert_int_equal(buf.len, 100002);
    assert_memory_equal(buf.data + buf.len - 3, " 7>", 3);
    buf_fini(&buf);
}

static void reserved_space_is_filled_without_moving_the_data(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    buf_append_text(&buf, "start");
    buf_reserve(&buf, 5000);
    const char *data = buf.data;
    for (int i = 0; i < 5000; i++) buf_append_char(&buf, 'x');
    assert_ptr_equal(buf.data, data);
    assert_memory_equal(buf.data, "startx", 6);
    buf_fini(&buf);
}

static void clear_keeps_the_memory_and_fini_frees_it(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    buf_append_text(&buf, "first use");
    const char *data = buf.data;
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    buf_append_text(&buf, "second");
    assert_ptr_equal(buf.data, data);
    assert_memory_equal(buf.data, "second", 6);

    buf_fini(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len + buf.capacity, 0);
    buf_append_text(&buf, "third");
    assert_memory_equal(buf.data, "third", 5);
    buf_fini(&buf);
    buf_fini(&buf);
}

static void large_memory_begins_at_a_page_however_it_grows(void **state)
{
    struct buf bufs[3] = {BUF_EMPTY, BUF_EMPTY, BUF_EMPTY};
    (void)state;
    for (int i = 0; i < 3 << 20; i++) {
        struct buf *buf = &bufs[i % 3];
        buf_append_char(buf, (char)(i / 3 % 251));
        if (i % 1000 == 0 && buf->capacity > BUF_LARGE) buf_trim(buf);
        if (buf->capacity >= BUF_LARGE) assert_int_equal((uintptr_t)buf->data % BUF_ALIGNMENT, 0);
    }
    for (int n = 0; n < 3; n++) {
        assert_int_equal(bufs[n].len, 1 << 20);
        for (int i = 0; i < 1 << 20; i++) assert_int_equal((unsigned char)bufs[n].data[i], i % 251);
        buf_fini(&bufs[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_owns_nothing),
        cmocka_unit_test(appended_bytes_survive_the_growth_of_the_buffer),
        cmocka_unit_test(bytes_texts_and_formats_follow_each_other),
        cmocka_unit_test(a_formatted_text_may_exceed_the_buffers_capacity),
        cmocka_unit_test(reserved_space_is_filled_without_moving_the_data),
        cmocka_unit_test(large_memory_begins_at_a_page_however_it_grows),
        cmocka_unit_test(clear_keeps_the_memory_and_fini_frees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
