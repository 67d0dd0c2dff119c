/*
 * outcome -- what becomes of a stream, as text that can be compared: each frame with its verdict, its payload and its
 * columns, or its reason and detail. Either as the collector does it, or with libxml2 as the judge of every event.
 */
#ifndef TESTS_MODEL_OUTCOME_H
#define TESTS_MODEL_OUTCOME_H

#include "collector/framing/validator.h"
#include "tests/support/segments.h"

struct outcome_judges {
    struct framer_options framer; /* its `plain` is the second judge's own */
    struct validator_options validator;
    bool is_libxml2_alone;

    struct validator *own;
};

struct outcome {
    struct buf text;
    size_t events;  /* well-formed */
    size_t settled; /* of them: by the framer */
    size_t frames;
    bool is_wrong; /* a reject is settled, or an event although another encoding was in force */
};

/* Borrows what the options point to. */
void outcome_open(struct outcome_judges *judges, const struct framer_options *framer,
                  const struct validator_options *validator, bool is_libxml2_alone);
void outcome_close(struct outcome_judges *judges);

/* `outcome` is empty, or an earlier one whose memory is used again. */
void outcome_read(struct outcome *outcome, const struct outcome_judges *judges, struct slice stream,
                  struct cuts cuts);
void outcome_fini(struct outcome *outcome);

bool outcome_equals(const struct outcome *a, const struct outcome *b);

#endif
