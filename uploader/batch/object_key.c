/* object_key -- see object_key.h. */
#include "uploader/batch/object_key.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define FOLDER_SIZE     16
#define REPETITION_SIZE 16

/* Makes the folder between prefix and name; `time` begins with YYYYMMDD. */
static const char *folder(enum date_folders folders, const char *time, char out[FOLDER_SIZE])
{
    out[0] = '\0';
    if (folders == DATE_FOLDERS_TRUE)
        (void)snprintf(out, FOLDER_SIZE, "%.4s/%.2s/%.2s/", time, time + 4, time + 6);
    if (folders == DATE_FOLDERS_HIVE)
        (void)snprintf(out, FOLDER_SIZE, "dt=%.4s-%.2s-%.2s/", time, time + 4, time + 6);
    return out;
}

/* Makes what a key has before its extension if an earlier object may hold some of its ids. */
static const char *repetition(const struct batch *batch, char out[REPETITION_SIZE])
{
    out[0] = '\0';
    if (batch->repetition > 1) (void)snprintf(out, REPETITION_SIZE, "-r%d", batch->repetition);
    return out;
}

void object_key_make(struct batch *batch, const struct key_rules *rules)
{
    char time[CLOCK_KEY_SIZE];
    char date[FOLDER_SIZE];
    char again[REPETITION_SIZE];
    (void)clock_key_time(batch->sealed_at, time);
    int len = snprintf(batch->object_key, sizeof batch->object_key,
                       "%s%s%s-%s-%010" PRId64 "-%010" PRId64 "%s.%s%s", rules->prefix,
                       folder(rules->folders, time, date), time, batch->identity.spool, batch->first_id,
                       batch->last_id, repetition(batch, again), batch_extension(batch->format),
                       batch->is_gzip ? ".gz" : "");
    assert(len > 0 && (size_t)len < sizeof batch->object_key);
}

/* Where the name's -rN begins, if it has one; else its extension. */
static const char *end_of_name(const char *name, const char *extension)
{
    const char *digits = extension;
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    bool is_number = digits < extension && digits - name > 2 && digits[-1] == 'r' && digits[-2] == '-';
    return is_number ? digits - 2 : extension;
}

bool object_key_renumber(struct batch *batch)
{
    char key[BATCH_KEY_MAX + 1];
    char again[REPETITION_SIZE];
    const char *slash = strrchr(batch->object_key, '/');
    const char *name = slash ? slash + 1 : batch->object_key;
    const char *extension = name + strcspn(name, ".");
    int stem = (int)(end_of_name(name, extension) - batch->object_key);
    int len =
        snprintf(key, sizeof key, "%.*s%s%s", stem, batch->object_key, repetition(batch, again), extension);
    if (len <= 0 || (size_t)len >= sizeof key) return false;
    memcpy(batch->object_key, key, (size_t)len + 1);
    return true;
}
