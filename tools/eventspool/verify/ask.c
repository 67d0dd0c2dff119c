/* ask -- see ask.h. */
#include "tools/eventspool/verify/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/command.h"
#include "tools/eventspool/launch.h"
#include "tools/eventspool/verify/object.h"

#define OUTPUT_MAX 65536 /* bytes of what a command prints that are looked at */

/* How `batches fetch` begins the line that says why it has failed (uploader/commands/batches_fetch.c). */
#define FETCH_SAYS "eventspool batches fetch: "

/* A file in memory, for what a command prints. */
static enum result open_output(int *fd, struct why *why)
{
    *fd = memfd_create("output", MFD_CLOEXEC);
    return *fd >= 0 ? RES_OK : why_set(why, RES_RETRY, "memfd_create: %s", strerror(errno));
}

/* Starts the program with these words, which end with NULL. */
static pid_t start(const struct ask *ask, enum program_id program, char **words, int out, int err)
{
    const struct program_table *table = &ask->programs->tables[program];
    struct launch launch = {table->path, words, ask->files, program == PROGRAM_UPLOADER,
                            ask->files->are_services ? table->user : NULL};
    return launch_start(&launch, out, err);
}

static size_t read_output(int fd, char *text, size_t size)
{
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end > (off_t)size ? end - (off_t)size : 0;
    ssize_t n = pread(fd, text, size, from);
    return n > 0 ? (size_t)n : 0;
}

void ask_last_line(int output, char *line, size_t size)
{
    char text[OUTPUT_MAX];
    size_t len = read_output(output, text, sizeof text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) len--;
    const char *from = len > 0 ? memrchr(text, '\n', len) : NULL;
    from = from ? from + 1 : text;
    (void)snprintf(line, size, "%.*s", (int)(len - (size_t)(from - text)), from);
}

/* ---- settings ---- */

enum result ask_config(const struct ask *ask, enum program_id program, struct buf *text, struct why *why)
{
    char path[] = "", config[] = "config";
    char *words[] = {path, config, NULL};
    int output = -1;
    enum result res = open_output(&output, why);
    if (res != RES_OK) return res;
    pid_t child = start(ask, program, words, output, STDERR_FILENO);
    int code = child < 0 ? EX_FAILED : launch_end(child);
    buf_reserve(text, OUTPUT_MAX);
    text->len += read_output(output, text->data + text->len, OUTPUT_MAX);
    close(output);
    if (code == EX_OK) return RES_OK;
    return why_set(why, code == EX_CONFIG ? RES_REFUSE : RES_BROKEN, "%s config has ended with exit code %d",
                   ask->programs->tables[program].name, code);
}

const char *ask_setting(const struct buf *text, const char *name, char *value, size_t size)
{
    size_t name_len = strlen(name);
    const char *at = text->data;
    const char *end = text->data + text->len;
    value[0] = '\0';
    while (at && at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line_end ? line_end : end) - at);
        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=')
            (void)snprintf(value, size, "%.*s", (int)(len - name_len - 1), at + name_len + 1);
        at = line_end ? line_end + 1 : NULL;
    }
    return value;
}

/* ---- the uploader's commands ---- */

enum result ask_flush(const struct ask *ask, pid_t *child, int *output, struct why *why)
{
    char path[] = "", flush[] = "flush";
    char *words[] = {path, flush, NULL};
    enum result res = open_output(output, why);
    if (res != RES_OK) return res;
    *child = start(ask, PROGRAM_UPLOADER, words, *output, *output);
    return *child > 0 ? RES_OK : why_set(why, RES_RETRY, "flush cannot be started");
}

/* Its exit code; the line that it has begun with its name is the reason, the next one the remedy. */
static enum result explain_fetch(int code, int output, struct why *why)
{
    char text[OUTPUT_MAX];
    size_t len = read_output(output, text, sizeof text - 1);
    enum result res = code == EX_TEMPFAIL ? RES_RETRY : code == EX_CONFIG ? RES_REFUSE : RES_BROKEN;
    if (code == EX_OK) return RES_OK;
    text[len] = '\0';
    char *rest = strstr(text, FETCH_SAYS);
    if (!rest) return why_set(why, RES_RETRY, "`eventspool batches fetch` has ended with exit code %d", code);
    const char *reason = strsep(&rest, "\n");
    const char *remedy = rest ? strsep(&rest, "\n") : "";
    (void)why_remedy(why, res, "%s", remedy + strspn(remedy, " "));
    return why_set(why, res, "%s", reason + strlen(FETCH_SAYS));
}

enum result ask_object(const struct ask *ask, int64_t batch_id, const char *mark, struct why *why)
{
    char path[] = "", batches[] = "batches", fetch[] = "fetch", id[24];
    char *words[] = {path, batches, fetch, id, NULL};
    struct why why_not = {0};
    int ends[2];
    bool holds = false;
    (void)snprintf(id, sizeof id, "%" PRId64, batch_id);
    int output = -1;
    enum result res = open_output(&output, why);
    if (res != RES_OK) return res;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        close(output);
        return why_set(why, RES_RETRY, "pipe: %s", strerror(errno));
    }
    pid_t child = start(ask, PROGRAM_UPLOADER, words, ends[1], output);
    close(ends[1]);
    res = object_search(ends[0], mark, &holds, &why_not);
    close(ends[0]);
    int code = child < 0 ? EX_FAILED : launch_end(child);
    enum result fetched = explain_fetch(code, output, why);
    close(output);
    if (fetched != RES_OK) return fetched;
    *why = why_not;
    if (res != RES_OK || holds) return res;
    (void)why_remedy(why, RES_BROKEN, "keep the object and the spool as they are, and report this");
    return why_set(why, RES_BROKEN, "the object of batch %" PRId64 " does not hold the event", batch_id);
}
