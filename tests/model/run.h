/*
 * run -- sends a stream to a framer in one way: cut into segments, with pauses by a simulated clock, ended somewhere;
 * and checks on the way what must hold at any time.
 */
#ifndef TESTS_MODEL_RUN_H
#define TESTS_MODEL_RUN_H

#include "tests/model/streams.h"
#include "tests/support/segments.h"

enum cutting { CUT_NOT, CUT_EACH_BYTE, CUT_AT_RANDOM };

struct run {
    enum cutting cutting;
    bool has_pauses; /* else the clock stands still */
    size_t end;      /* the connection ends behind this many bytes */
    uint64_t seed;   /* of cuts and pauses; not 0 */
};

/* What went wrong: "" for nothing. */
struct fault {
    char text[256];
};

void fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All frames; the caller frees them. */
struct frames *run_send(const struct run *run, const struct stream *stream, struct fault *fault);

void run_print(const struct run *run);

#endif
