/* same_rendition -- field by field: between the fields lie bytes that nobody sets. Include it after cmocka.h. */
#ifndef TESTS_SUPPORT_SAME_RENDITION_H
#define TESTS_SUPPORT_SAME_RENDITION_H

#include "uploader/batch/batch.h"

static inline void check_same_rendition(const struct rendition *a, const struct rendition *b)
{
    assert_string_equal(a->sha256, b->sha256);
    assert_string_equal(a->md5, b->md5);
    assert_int_equal(a->bytes, b->bytes);
    assert_string_equal(a->content_sha256, b->content_sha256);
}

#endif
