/*
 * fuzz_framer -- however a stream is cut, the same frames come; and they, and what may be skipped, are all of it.
 *
 * The input's first bytes choose the ceiling, the event element and the cuts; the rest is the stream. Built by
 * `make MODE=fuzz`; run it from the repository's root:
 *     build/fuzz/fuzz/framer -dict=tests/fuzz/framer.dict -max_len=600 DIRECTORY tests/data/samples
 */
#include <stdlib.h>
#include <string.h>

#include "tests/support/segments.h"

#define CHOICES 6 /* bytes of the input that are no stream */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t ceilings[] = {16, 64, 1 << 20};
    static const char *const elements[] = {"EVENT", "E", "acm:EVENT", "\xC3\xA9v"};
    if (size < CHOICES) return 0;
    size_t max_message = ceilings[data[0] % 3];
    const char *element = elements[data[1] % 4];
    struct cuts cuts = {.count = CHOICES - 2};
    for (size_t i = 0; i < cuts.count; i++) cuts.lengths[i] = 1U + data[2 + i];
    struct slice stream = {(const char *)data + CHOICES, size - CHOICES};

    struct frames *whole = frames_read(element, max_message, stream, WHOLE);
    if (!frames_account_for(whole, element, stream, max_message)) abort();
    if (!frames_come(whole, element, max_message, stream, EACH_OF(1))) abort();
    if (!frames_come(whole, element, max_message, stream, cuts)) abort();
    frames_free(whole);
    return 0;
}
