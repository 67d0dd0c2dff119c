/* test_gzip -- the file's header says nothing that changes, and the pieces do not matter to what comes out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/render/gzip.h"

#include <string.h>
#include <zlib.h>

static struct buf compress_text(const char *text, size_t len, size_t piece)
{
    struct buf out = BUF_EMPTY;
    struct gzip *gzip = gzip_begin(&out);
    for (size_t from = 0; from < len; from += piece)
        gzip_add(gzip, text + from, piece < len - from ? piece : len - from);
    gzip_end(gzip);
    gzip_free(gzip);
    return out;
}

static void check_uncompressed(const struct buf *body, const struct buf *text)
{
    struct buf found = BUF_EMPTY;
    z_stream stream = {.next_in = (Bytef *)body->data, .avail_in = (uInt)body->len};
    buf_reserve(&found, text->len + 1);
    stream.next_out = (Bytef *)found.data;
    stream.avail_out = (uInt)text->len + 1;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, text->len);
    if (text->len > 0) assert_memory_equal(found.data, text->data, text->len);
    (void)inflateEnd(&stream);
    buf_fini(&found);
}

static void the_header_holds_no_time_no_name_and_no_system(void **state)
{
    static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    struct buf out = compress_text("x", 1, 1);
    (void)state;
    assert_memory_equal(out.data, header, sizeof header);
    buf_fini(&out);
}

static void compressed_pieces_of_any_size_decompress_to_the_input(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 65535, 65536, 65537, 3000000};
    static const size_t pieces[] = {1, 1000, 65536, 4000000};
    struct buf text = BUF_EMPTY;
    uint32_t random = 1;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        while (text.len < lengths[i]) { /* half of it cannot be compressed */
            random = random * 1103515245 + 12345;
            buf_append_char(&text, (char)(text.len % 8192 < 4096 ? random >> 24 : 'a'));
        }
        for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
            if (pieces[j] == 1 && lengths[i] > 100000) continue;
            struct buf once = compress_text(text.data, text.len, pieces[j]);
            struct buf again = compress_text(text.data, text.len, pieces[j]);
            check_uncompressed(&once, &text);
            assert_int_equal(once.len, again.len);
            assert_memory_equal(once.data, again.data, once.len);
            buf_fini(&once);
            buf_fini(&again);
        }
    }
    buf_fini(&text);
}

static void an_unfinished_compression_can_be_freed(void **state)
{
    struct buf out = BUF_EMPTY;
    struct gzip *gzip = gzip_begin(&out);
    (void)state;
    gzip_add(gzip, "x", 1);
    gzip_free(gzip);
    gzip_free(NULL);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_holds_no_time_no_name_and_no_system),
        cmocka_unit_test(compressed_pieces_of_any_size_decompress_to_the_input),
        cmocka_unit_test(an_unfinished_compression_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
