/* checkpointer -- see checkpointer.h. */
#include "collector/spool/checkpointer.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/spool.h"
#include "common/thread.h"
#include "common/turn.h"

#define TRIES 4 /* to come to an end that is synced */

struct checkpointer {
    struct db *db;
    pthread_t thread;
    struct turn turn;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_due, is_copying, is_stopping; /* guarded by the lock, like all below */
    bool has_result;
    struct db_wal wal; /* the last checkpoint's result */
    int64_t began_at;  /* and when it began, monotonic ms */
};

/* Sleeps until a checkpoint is due; false if the thread has to end. */
static bool wait_until_due(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    while (!c->is_due && !c->is_stopping) pthread_cond_wait(&c->changed, &c->lock);
    bool go_on = !c->is_stopping;
    c->is_copying = c->is_due;
    c->is_due = false;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

/* `wal` is NULL if the checkpoint was not possible. */
static void publish(struct checkpointer *c, const struct db_wal *wal, int64_t began_at)
{
    pthread_mutex_lock(&c->lock);
    c->is_copying = false;
    if (wal) c->wal = *wal;
    if (wal) c->began_at = began_at;
    c->has_result |= wal != NULL;
    pthread_mutex_unlock(&c->lock);
}

/* Has something been committed while all was copied that was there before? */
static bool is_behind(struct db *db, const struct db_wal *wal)
{
    struct db_marks marks;
    return wal->frames >= 0 && wal->copied == wal->frames && db_load_marks(db, &marks) &&
           marks.frames > (uint32_t)wal->frames;
}

/*
 * SQLite syncs the spool's file only where nothing has been committed meanwhile. Else this would be left to the next
 * checkpoint, and in the end to the writer's, which would stand still for as long as the disk needs for all of it. What
 * came meanwhile is copied quickly.
 */
static enum result copy_and_sync(struct db *db, struct db_wal *wal, struct why *why)
{
    enum result res = RES_OK;
    int tries = TRIES;
    do res = db_checkpoint(db, DB_PASSIVE, wal, why);
    while (res == RES_OK && --tries > 0 && is_behind(db, wal));
    return res;
}

static void *run(void *context)
{
    struct checkpointer *c = context;
    while (wait_until_due(c)) {
        struct why why = {0};
        struct db_wal wal;
        int64_t began_at = clock_monotonic_ms();
        turn_begin(&c->turn, "a checkpoint");
        enum result res = copy_and_sync(c->db, &wal, &why);
        turn_end(&c->turn);
        publish(c, res == RES_OK ? &wal : NULL, began_at);
        if (res != RES_OK) log_debug("a checkpoint was not possible now", "why=%s", LOG_QUOTE(why.text));
    }
    return NULL;
}

enum result checkpointer_start(struct checkpointer **out, const char *path, struct why *why)
{
    struct checkpointer *c = calloc(1, sizeof *c);
    if (!c) abort();
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    enum result res = spool_open(&c->db, path, why);
    if (res == RES_OK) {
        int code = thread_start(&c->thread, "checkpointer", run, c);
        if (code != 0) res = why_set(why, RES_BROKEN, "start a thread: %s", strerror(code));
    }
    if (res != RES_OK) {
        db_close(c->db);
        free(c);
        c = NULL;
    }
    *out = c;
    return res;
}

void checkpointer_stop(struct checkpointer *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->is_stopping = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    int code = pthread_join(c->thread, NULL);
    assert(code == 0);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    db_close(c->db);
    free(c);
}

bool checkpointer_is_copying(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    bool is_copying = c->is_due || c->is_copying;
    pthread_mutex_unlock(&c->lock);
    return is_copying;
}

int64_t checkpointer_busy_ms(struct checkpointer *c)
{
    const char *call = NULL;
    return turn_lasts(&c->turn, &call);
}

void checkpointer_nudge(struct checkpointer *c)
{
    pthread_mutex_lock(&c->lock);
    c->is_due = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

bool checkpointer_take_result(struct checkpointer *c, struct db_wal *wal, int64_t *began_at)
{
    pthread_mutex_lock(&c->lock);
    bool has_result = c->has_result;
    c->has_result = false;
    *wal = c->wal;
    *began_at = c->began_at;
    pthread_mutex_unlock(&c->lock);
    return has_result;
}
