/*
 * remainder -- what is left of a reject when events have been taken out of it: the parts of its payload that are no
 * events. They are the rejects of a group whose events are those that were taken. Pure.
 */
#ifndef COLLECTOR_SPOOL_REMAINDER_H
#define COLLECTOR_SPOOL_REMAINDER_H

#include "collector/intake/group.h"

/*
 * Names the reject `id` in the detail of each part, with the number of the group's events. A part that stands in no
 * wrapper of the payload itself gets the `namespaces` of that reject.
 */
void remainder_name_origin(struct group *group, int64_t id, struct slice namespaces);

/*
 * All parts as one reject: their bytes one after the other. Its reason and detail are those of the first part, its
 * encoding and its namespaces those of the first part that has some. It lives as long as the group, which stays as it
 * is, and must have at least one part.
 */
struct reject remainder_join(struct group *group);

#endif
