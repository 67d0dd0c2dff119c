/*
 * turn -- a thread's sign of life: since when it has been in which call, for another thread that watches it.
 *
 * The thread that works calls turn_begin() before a call that may hang (the disk, a lock, a parser) and turn_end() after
 * it. While it waits for work, it is in no call. Any thread may ask turn_lasts().
 */
#ifndef COMMON_TURN_H
#define COMMON_TURN_H

#include <stdatomic.h>
#include <stdint.h>

#define TURN_STALLED_MS 60000 /* a call that lasts longer than this hangs */

struct turn { /* all zeros: in no call */
    _Atomic int64_t since;
    _Atomic(const char *) call;
};

/* `call` is a word or two for a person, and a constant. */
void turn_begin(struct turn *turn, const char *call);
void turn_end(struct turn *turn);

/* The same call goes on, and has done a part of its work. Does nothing if the thread is in none. */
void turn_renew(struct turn *turn);

/* For how many ms the present call has lasted, whose name is in `*call`; 0 if the thread is in none. */
int64_t turn_lasts(struct turn *turn, const char **call);

#endif
