/*
 * marked_event -- the event that `verify` sends: one that the running settings take as an event, whose mark nobody else
 * sends. Pure.
 *
 * Its element is the first one of EVENT_ELEMENT, and its children are those that INDEX_FIELDS names: so the row's columns
 * show what it is, and its sender is the reserved one, which is never tracked and which the views for Snowflake leave out.
 * One more child holds the mark, since DROP_FIELDS may leave out the others. Prefixes are declared in it.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_MARKED_EVENT_H
#define TOOLS_EVENTSPOOL_VERIFY_MARKED_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define MARKED_EVENT_MARK_SIZE    40
#define MARKED_EVENT_ELEMENT_SIZE 260

/* verify-20310504T101112-89abcdef: the time, and random digits. Returns `mark`. */
const char *marked_event_mark(int64_t now_ms, uint32_t random, char mark[MARKED_EVENT_MARK_SIZE]);

/* The name of the element: of `EVENT, p:Other` the first one, of `*:Event` that without a prefix. Returns `element`. */
const char *marked_event_element(const char *event_element, char element[MARKED_EVENT_ELEMENT_SIZE]);

/*
 * Appends the event and a line break. `event_element` and `index_fields` are the settings' values, which the collector
 * has accepted.
 */
void marked_event_build(const char *event_element, const char *index_fields, const char *mark, int64_t now_ms,
                        struct buf *out);

#endif
