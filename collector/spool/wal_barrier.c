/*
 * wal_barrier -- see wal_barrier.h. Among equal marks a new reader takes the last one, and it makes a new mark only where
 * none is at the log's end and one is free. So a barrier stands if its mark is the last one at the end; while it stands
 * it also takes the marks that are free, for the moment between a commit and its move to the new end. A mark beyond the
 * end is unused: neither readers nor checkpoints mind it.
 */
#include "collector/spool/wal_barrier.h"

#include <stdlib.h>

#include "common/spool.h"

#define NONE (-1)

struct wal_barrier {
    struct db *db;
    bool is_ours[DB_READ_MARKS];
    int mark,
        entry; /* the two reserved ones of ours: for the barrier, and before it for our own connection */
};

enum result wal_barrier_open(struct wal_barrier **out, const char *path, struct why *why)
{
    struct wal_barrier *b = calloc(1, sizeof *b);
    if (!b) abort();
    b->mark = b->entry = NONE;
    enum result res = spool_open(&b->db, path, why);
    if (res != RES_OK) {
        free(b);
        b = NULL;
    }
    *out = b;
    return res;
}

void wal_barrier_close(struct wal_barrier *b)
{
    if (!b) return;
    wal_barrier_release(b);
    db_close(b->db);
    free(b);
}

static bool take(struct wal_barrier *b, int i)
{
    if (b->is_ours[i] || !db_lock_mark(b->db, i)) return false;
    db_set_mark(b->db, i, DB_MARK_UNUSED);
    b->is_ours[i] = true;
    return true;
}

static void give_back(struct wal_barrier *b, int i)
{
    if (!b->is_ours[i]) return;
    db_set_mark(b->db, i, DB_MARK_UNUSED);
    db_unlock_mark(b->db, i);
    b->is_ours[i] = false;
}

static void give_back_others(struct wal_barrier *b)
{
    for (int i = 0; i < DB_READ_MARKS; i++)
        if (i != b->mark && i != b->entry) give_back(b, i);
}

/* The last two that can be had. */
bool wal_barrier_reserve(struct wal_barrier *b)
{
    if (b->entry != NONE) return true;
    for (int i = 0; i < DB_READ_MARKS; i++) (void)take(b, i); /* some are in use */
    b->mark = b->entry = NONE;
    for (int i = 0; i < DB_READ_MARKS; i++) {
        if (!b->is_ours[i]) continue;
        b->entry = b->mark;
        b->mark = i;
    }
    give_back_others(b);
    return b->entry != NONE;
}

void wal_barrier_let_in(struct wal_barrier *b)
{
    if (b->entry != NONE) give_back(b, b->entry);
    b->entry = NONE;
}

bool wal_barrier_raise(struct wal_barrier *b)
{
    struct db_marks marks;
    if (b->mark == NONE || !db_load_marks(b->db, &marks)) return false;
    for (int i = b->mark + 1; i < DB_READ_MARKS; i++)
        if (marks.marks[i] == marks.frames && !b->is_ours[i]) return false;
    db_set_mark(b->db, b->mark, marks.frames);
    for (int i = 0; i < DB_READ_MARKS; i++) (void)take(b, i);
    return true;
}

void wal_barrier_lower(struct wal_barrier *b)
{
    give_back_others(b);
    if (b->mark != NONE) db_set_mark(b->db, b->mark, DB_MARK_UNUSED);
}

void wal_barrier_release(struct wal_barrier *b)
{
    b->mark = b->entry = NONE;
    give_back_others(b);
}

int wal_barrier_count_marks(struct wal_barrier *b)
{
    int count = 0;
    for (int i = 0; i < DB_READ_MARKS; i++) {
        if (b->is_ours[i]) continue;
        if (take(b, i))
            give_back(b, i);
        else
            count++;
    }
    return count;
}
