/*
 * truth -- are the frames of a run what the stream's parts say? They tile the stream with the separators, each whole
 * event is one, what is a reject is one for an allowed reason, and nothing that is hidden is an event.
 */
#ifndef TESTS_MODEL_TRUTH_H
#define TESTS_MODEL_TRUTH_H

#include "tests/model/run.h"

void truth_check(const struct stream *stream, const struct run *run, const struct frames *frames,
                 struct fault *fault);

#endif
