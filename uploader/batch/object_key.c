/* object_key -- see object_key.h. */
#include "uploader/batch/object_key.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define FOLDER_SIZE 16

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

void object_key_make(struct batch *batch, const char *prefix, enum date_folders folders)
{
    char time[CLOCK_KEY_SIZE];
    char date[FOLDER_SIZE];
    (void)clock_key_time(batch->sealed_at, time);
    int len =
        snprintf(batch->object_key, sizeof batch->object_key, "%s%s%s-%s-%010" PRId64 "-%010" PRId64 ".%s%s",
                 prefix, folder(folders, time, date), time, batch->identity.spool, batch->first_id,
                 batch->last_id, batch_extension(batch->format), batch->is_gzip ? ".gz" : "");
    assert(len > 0 && (size_t)len < sizeof batch->object_key);
}

bool object_key_again(char out[BATCH_KEY_MAX + 1], const char *key, int number)
{
    const char *name = strrchr(key, '/');
    name = name ? name + 1 : key;
    const char *extension = name + strcspn(name, ".");
    const char *end = extension;
    const char *digits = end; /* where the digits of -rN begin, if there are any */
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    if (digits < end && digits - name > 2 && digits[-1] == 'r' && digits[-2] == '-') end = digits - 2;
    int len = snprintf(out, BATCH_KEY_MAX + 1, "%.*s-r%d%s", (int)(end - key), key, number, extension);
    return len > 0 && len <= BATCH_KEY_MAX;
}
