/* test_hash -- the digests of known bytes, as the standards publish them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/batch/hash.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/same_rendition.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void digests_match_the_published_ones(void **state)
{
    static const struct {
        const char *text;
        const char *sha256;
        const char *md5;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
         "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f7846f55cf23e14eebeab5b4e1550cad5b509e3348fbc4efa3a1413d393cb650",
         "f96b697d7cb7938d525a2f31aaf161d0"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf body = BUF_EMPTY;
        struct rendition rendition = {.bytes = -1};
        buf_append_text(&body, rows[i].text);
        hash_bytes(&body, HASH_SHA256_AND_MD5, &rendition, NULL);
        assert_string_equal(rendition.sha256, rows[i].sha256);
        assert_string_equal(rendition.md5, rows[i].md5);
        assert_int_equal(rendition.bytes, body.len);
        buf_fini(&body);
    }
}

static void a_body_may_hold_any_bytes_and_be_large(void **state)
{
    struct buf body = BUF_EMPTY;
    struct rendition rendition;
    (void)state;
    for (int i = 0; i < 1000000; i++) buf_append_char(&body, 'a');
    hash_bytes(&body, HASH_SHA256_AND_MD5, &rendition, NULL);
    assert_string_equal(rendition.sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_string_equal(rendition.md5, "7707d6ae4e027c70eea2a935c2296f21");
    assert_int_equal(rendition.bytes, 1000000);

    buf_clear(&body);
    buf_append(&body, "\0\xFF\0", 3);
    hash_bytes(&body, HASH_SHA256_AND_MD5, &rendition, NULL);
    assert_string_equal(rendition.sha256, "2c8d07cd986f58eb210bd800133d6645c7340c59865377c8ea431cebca0b3113");
    assert_int_equal(rendition.bytes, 3);
    buf_fini(&body);
}

static void pieces_and_a_file_give_the_digests_of_the_whole(void **state)
{
    struct buf body = BUF_EMPTY;
    struct rendition whole;
    struct rendition pieces;
    struct rendition file;
    struct hash *hash = hash_begin(HASH_SHA256);
    int fd = memfd_create("body", 0);
    (void)state;
    for (int i = 0; i < 200000; i++) buf_append_format(&body, "%d,", i);
    for (size_t from = 0; from < body.len;) {
        size_t len = from % 7 + 1 < body.len - from ? from % 7 + 1 : body.len - from;
        hash_add(hash, body.data + from, len);
        from += len;
    }
    hash_end(hash, &pieces);
    hash_free(hash);
    hash_free(NULL);
    hash_bytes(&body, HASH_SHA256, &whole, NULL);
    check_same_rendition(&pieces, &whole);
    assert_string_equal(whole.content_sha256, "");
    assert_int_equal(write(fd, body.data, body.len), body.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_true(hash_file(fd, &file));
    check_same_rendition(&file, &whole);
    close(fd);
    assert_false(hash_file(fd, &file));
    assert_int_equal(errno, EBADF);
    buf_fini(&body);
}

static void only_what_was_asked_for_is_hashed(void **state)
{
    struct buf body = BUF_EMPTY;
    struct rendition all;
    struct rendition rendition = {.md5 = "what was there before"};
    (void)state;
    buf_append_text(&body, "abc");
    hash_bytes(&body, HASH_SHA256_AND_MD5, &all, NULL);
    hash_bytes(&body, HASH_SHA256, &rendition, NULL);
    assert_string_equal(rendition.md5, "");
    assert_string_equal(rendition.sha256, all.sha256);
    assert_int_equal(rendition.bytes, 3);
    buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_match_the_published_ones),
        cmocka_unit_test(only_what_was_asked_for_is_hashed),
        cmocka_unit_test(pieces_and_a_file_give_the_digests_of_the_whole),
        cmocka_unit_test(a_body_may_hold_any_bytes_and_be_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
