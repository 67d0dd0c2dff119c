/*
 * result -- the four ways a call can end.
 *
 * The codes of a library become one of these in exactly one function, e.g. db_result() for SQLite; all callers decide
 * by these four alone. A store has answers of its own (uploader/store/store.h).
 */
#ifndef COMMON_RESULT_H
#define COMMON_RESULT_H

enum result {
    RES_OK,     /* done */
    RES_RETRY,  /* something outside is busy or not there: the same call may succeed later */
    RES_REFUSE, /* this input can never succeed: set it aside and carry on */
    RES_BROKEN, /* our own state is in doubt: log it and exit; the next start recovers */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
