/*
 * portable -- the pass over plain events once more, with the portable form of common/xml/scan.h, under names of its own:
 * so one program can give the same input to both forms, whatever processor it runs on.
 */
#ifndef TESTS_MODEL_PORTABLE_H
#define TESTS_MODEL_PORTABLE_H

#include "collector/framing/plain_event.h"

/* As plain_event_new() and so on. */
struct plain_event *portable_event_new(const struct index_fields *fields);
void portable_event_free(struct plain_event *plain);
size_t portable_event_read(struct plain_event *plain, const struct xml_names *marks, const char *encoding,
                           const char *text, size_t len);
const struct slice *portable_event_fields(const struct plain_event *plain);

#endif
