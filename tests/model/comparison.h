/*
 * comparison -- what the pass over plain events says of an input (collector/framing/plain_event.h), held against libxml2,
 * which judges the same bytes alone: where the pass is sure, libxml2 must call the event well-formed as it stands, with
 * the same columns. Both forms of common/xml/scan.h read each input, and must be sure of the same bytes; what they are sure of
 * they read once more, as they may know its shape then.
 *
 * An input ends where the memory of the process ends: a byte read behind it is a fault at once.
 */
#ifndef TESTS_MODEL_COMPARISON_H
#define TESTS_MODEL_COMPARISON_H

#include "collector/framing/index_fields.h"

#define COMPARISON_INPUT_MAX ((size_t)192 << 10)

struct comparison {
    uint64_t inputs;   /* that both forms have read */
    uint64_t compared; /* of them: those that both were sure of. libxml2 has read them, too */
    uint64_t bytes;    /* that were compared */
    bool is_reporting; /* now and then a line on stderr says how far it is */
    bool has_failed;   /* stderr has the input, and what is wrong */

    struct comparison_own *own;
};

/* Borrows `fields`. A mistake of the test itself aborts, here and below. */
struct comparison *comparison_new(const struct index_fields *fields);
void comparison_free(struct comparison *comparison); /* accepts NULL */

/*
 * The bytes from the beginning of `input` of which the pass is sure; 0: it is not, or the comparison has failed. The
 * columns are the event's until the next call.
 */
size_t comparison_check(struct comparison *comparison, struct slice input, const char *encoding);
const struct slice *comparison_fields(const struct comparison *comparison);

/* Something else is wrong with an input. */
void comparison_fail(struct comparison *comparison, struct slice input, const char *what);

/* A line on stderr: how much there was to say. */
void comparison_print(const struct comparison *comparison, const char *what);

/* The column is absent in both, or the same text in both. */
bool comparison_is_same_text(struct slice a, struct slice b);

#endif
