/*
 * single_byte -- the fast way for events in a declared encoding whose bytes are each a character of their own: all of
 * ISO-8859, windows-125x and KOI8, and events of ASCII in most others.
 *
 * transcode() decides what a byte stands for, and is asked once for each encoding. What is found here is what transcode()
 * would have given; an event with a byte of which that is not certain is left to it.
 */
#ifndef COLLECTOR_FRAMING_SINGLE_BYTE_H
#define COLLECTOR_FRAMING_SINGLE_BYTE_H

#include <stdbool.h>

#include "collector/framing/event.h"
#include "common/buf.h"

/* Events in an encoding before its table is made, which costs as much as some hundreds of them do at most. */
#define SINGLE_BYTE_NEW 512

struct single_byte; /* the tables of the few encodings that were used lately; some kilobytes; of one thread */

struct single_byte *single_byte_new(void); /* never fails: out of memory aborts */
void single_byte_free(struct single_byte *all);

/*
 * `*text` becomes the event as UTF-8: `bytes` itself where nothing differs, else it lies in `utf8`. False: transcode()
 * has to be used, also for what is longer than `max` bytes as UTF-8; `utf8` may hold anything then.
 */
bool single_byte_decode(struct single_byte *all, struct slice bytes, const char *encoding, size_t max,
                        struct buf *utf8, struct slice *text);

#endif
