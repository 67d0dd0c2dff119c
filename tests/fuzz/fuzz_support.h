/*
 * fuzz_support -- what every fuzz target of the uploader's parsers checks of what comes out.
 */
#ifndef TESTS_FUZZ_FUZZ_SUPPORT_H
#define TESTS_FUZZ_FUZZ_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "uploader/http/http_answer.h"
#include "uploader/http/keys.h"

#define FUZZ_MEMORY_MAX                                                                                      \
    ((int64_t)16 << 20) /* bytes in use at once by one parser, in a build with sanitizers */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counts what is allocated between the two: more than FUZZ_MEMORY_MAX at once, or memory that stays, aborts. */
void fuzz_memory_begin(void);
void fuzz_memory_end(void);

/* Aborts unless it is one line of printable UTF-8. */
void fuzz_check_shown(const char *text);
void fuzz_check_why(const struct why *why);

/* Aborts unless each part fits and ends, and consists of what a key can have; or, if they were refused, all is wiped. */
void fuzz_check_keys(const struct keys *keys, enum result res);

/*
 * Makes an answer of the input: two bytes of status, header lines up to an empty one, the body. It needs
 * http_answer_fini().
 */
void fuzz_take_answer(struct http_answer *answer, const uint8_t *data, size_t size);

#endif
