/*
 * disk_log -- see disk_log.h. A cut replays the log from its beginning: first what is durable, then what chance adds.
 */
#include "tests/support/disk_log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define FILES_MAX 8
#define PATH_SIZE 200
#define SECTOR    512

enum op_kind { OP_WRITE, OP_TRUNCATE, OP_DELETE, OP_SYNC, OP_FAILED_SYNC, OP_SYNC_DIRECTORY };

struct op {
    enum op_kind kind;
    size_t file;
    size_t offset, len; /* of a write; a truncate's size is its offset */
    char *data;         /* owned */
};

/* One file as a cut leaves it. */
struct image {
    bool exists;
    struct buf bytes;
};

static struct {
    bool is_noting;
    struct op *ops;
    size_t count, capacity;
    char paths[FILES_MAX][PATH_SIZE];
    size_t files;
} disk;

void disk_log_begin(void)
{
    disk_log_forget();
    disk.is_noting = true;
}

void disk_log_end(void)
{
    disk.is_noting = false;
}

void disk_log_pause(void)
{
    disk.is_noting = false;
}

void disk_log_resume(void)
{
    disk.is_noting = true;
}

void disk_log_forget(void)
{
    for (size_t i = 0; i < disk.count; i++) free(disk.ops[i].data);
    free(disk.ops);
    memset(&disk, 0, sizeof disk);
}

size_t disk_log_moment(void)
{
    return disk.count;
}

static size_t file_of(const char *path)
{
    size_t i = 0;
    while (i < disk.files && strcmp(disk.paths[i], path) != 0) i++;
    assert(i < FILES_MAX && strlen(path) < PATH_SIZE);
    if (i == disk.files) (void)snprintf(disk.paths[disk.files++], PATH_SIZE, "%s", path);
    return i;
}

static void note(const char *path, struct op op, const void *data)
{
    if (!disk.is_noting || !path) return;
    op.file = file_of(path);
    if (op.kind == OP_WRITE) {
        op.data = malloc(op.len + !op.len);
        if (!op.data) abort();
        memcpy(op.data, data, op.len);
    }
    if (disk.count == disk.capacity) {
        disk.capacity = disk.capacity ? 2 * disk.capacity : 256;
        disk.ops = reallocarray(disk.ops, disk.capacity, sizeof *disk.ops);
        if (!disk.ops) abort();
    }
    disk.ops[disk.count++] = op;
}

void disk_log_write(const char *path, const void *data, size_t len, size_t offset)
{
    note(path, (struct op){.kind = OP_WRITE, .offset = offset, .len = len}, data);
}

void disk_log_truncate(const char *path, size_t size)
{
    note(path, (struct op){.kind = OP_TRUNCATE, .offset = size}, NULL);
}

void disk_log_sync(const char *path, bool is_kept)
{
    note(path, (struct op){.kind = is_kept ? OP_SYNC : OP_FAILED_SYNC}, NULL);
}

void disk_log_delete(const char *path)
{
    note(path, (struct op){.kind = OP_DELETE}, NULL);
}

void disk_log_sync_directory(const char *path)
{
    note(path, (struct op){.kind = OP_SYNC_DIRECTORY}, NULL);
}

/* ---- a cut ---- */

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void resize(struct buf *bytes, size_t size)
{
    if (size > bytes->len) {
        buf_reserve(bytes, size - bytes->len);
        memset(bytes->data + bytes->len, 0, size - bytes->len);
    }
    bytes->len = size;
}

static void apply(struct image *image, const struct op *op, size_t len)
{
    image->exists = op->kind != OP_DELETE;
    if (op->kind == OP_DELETE) resize(&image->bytes, 0);
    if (op->kind == OP_TRUNCATE) resize(&image->bytes, op->offset);
    if (op->kind != OP_WRITE) return;
    if (image->bytes.len < op->offset + len) resize(&image->bytes, op->offset + len);
    if (len > 0) memcpy(image->bytes.data + op->offset, op->data, len);
}

/* Does a sync keep op `i`? The next one of its file decides; a delete is kept by one of the directory. */
static bool is_durable(size_t i, size_t moment)
{
    const struct op *op = &disk.ops[i];
    for (size_t k = i + 1; k < moment; k++) {
        const struct op *sync = &disk.ops[k];
        if (op->kind == OP_DELETE && sync->kind == OP_SYNC_DIRECTORY) return true;
        if (op->kind != OP_DELETE && sync->file == op->file && sync->kind == OP_SYNC) return true;
        if (op->kind != OP_DELETE && sync->file == op->file && sync->kind == OP_FAILED_SYNC) return false;
    }
    return false;
}

/* Of what nothing made durable chance keeps some: a truncate or delete whole, a write up to a sector. */
static void apply_by_chance(struct image *image, const struct op *op, uint64_t *seed)
{
    if (*seed == 0 || random_next(seed) % 2 == 0) return;
    size_t len = op->len;
    if (random_next(seed) % 4 == 0) len = random_next(seed) % (len / SECTOR + 1) * SECTOR;
    apply(image, op, len);
}

static void write_file(const char *dir, const char *path, const struct image *image)
{
    char out[2 * PATH_SIZE];
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, sizeof out, "%s/%s", dir, slash ? slash + 1 : path);
    FILE *file = fopen(out, "wb");
    assert(file);
    size_t written = image->bytes.len > 0 ? fwrite(image->bytes.data, 1, image->bytes.len, file) : 0;
    assert(written == image->bytes.len);
    int res = fclose(file);
    assert(res == 0);
}

void disk_log_cut(size_t moment, uint64_t seed, const char *dir)
{
    struct image images[FILES_MAX] = {{.exists = false}};
    assert(moment <= disk.count);
    for (size_t i = 0; i < moment; i++) {
        const struct op *op = &disk.ops[i];
        struct image *image = &images[op->file];
        if (op->kind >= OP_SYNC) continue;
        if (is_durable(i, moment))
            apply(image, op, op->len);
        else
            apply_by_chance(image, op, &seed);
    }
    for (size_t i = 0; i < disk.files; i++) {
        if (images[i].exists) write_file(dir, disk.paths[i], &images[i]);
        buf_fini(&images[i].bytes);
    }
}
