/* run -- see run.h. */
#include "collector/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/listener.h"
#include "collector/server.h"
#include "collector/spool_schema.h"
#include "common/command.h"
#include "common/log.h"
#include "common/spool.h"

#define SETTLE_PAUSE_MS 200

/* Sockets are not read before the write-ahead log of an earlier process is in the file; less than RES_OK: stop. */
static enum result settle(struct spool_in *spool, struct signals *signals, const struct lockfile *lock,
                          struct why *why)
{
    enum result res = spool_in_settle(spool, why);
    if (res == RES_RETRY)
        log_warn("not receiving yet: the spool cannot be settled", "why=%s remedy=%s", LOG_QUOTE(why->text),
                 LOG_QUOTE(*why->remedy ? why->remedy
                                        : "close the program that reads the spool, if it does not end"));
    while (res == RES_RETRY && !signals_wait(signals, SETTLE_PAUSE_MS)) {
        lockfile_beat(lock);
        res = spool_in_settle(spool, why);
    }
    return res;
}

int run_service(const void *context)
{
    const struct settings *settings = context;
    struct why why = {0};
    struct signals signals = {.fd = -1};
    struct lockfile lock = LOCKFILE_NONE;
    struct spool_in *spool = NULL;
    struct checkpointer *checkpointer = NULL;
    struct intake *intake = NULL;
    struct writer *writer = NULL;
    struct reception *reception = NULL;
    struct server *server = NULL;
    int fd = -1;

    enum result res = signals_open(&signals, &why);
    if (res == RES_OK) res = spool_make_directory(settings->spool_path, &why);
    if (res == RES_OK) res = lockfile_take(&lock, settings->spool_path, "collector", &why);
    if (res == RES_OK)
        res = spool_in_open(&spool, settings->spool_path, settings->node_id,
                            (enum spool_sync)settings->spool_sync, &why);
    if (res == RES_OK) res = settle(spool, &signals, &lock, &why);
    if (res == RES_OK) res = listener_bind(&fd, settings->bind_host, settings->port, &why);
    if (res == RES_OK) res = checkpointer_start(&checkpointer, settings->spool_path, &why);
    if (res == RES_OK) res = intake_open(&intake, &why);
    if (res == RES_OK) res = writer_start(&writer, spool, intake, checkpointer, &why);
    if (res == RES_OK) {
        reception = reception_new(settings->event_element, (size_t)settings->max_message_bytes, intake);
        struct server_parts parts = {settings, reception, intake, writer, &signals, &lock, fd};
        res = server_open(&server, &parts, &why);
        fd = -1;
    }
    if (res == RES_OK) {
        log_info("listening", "host=%s port=%" PRId64 " spool=%s", settings->bind_host, settings->port,
                 LOG_QUOTE(settings->spool_path));
        res = server_run(server, &why);
    }

    server_close(server);
    if (writer) {
        intake_finish(intake);
        struct why last = {0};
        enum result end = writer_join(writer, &last);
        if (res == RES_OK && end != RES_OK) {
            res = end;
            why = last;
        }
    }
    if (reception) {
        struct reception_counts counts = reception_counts(reception);
        log_info("stopped", "events=%" PRIu64 " rejects=%" PRIu64, counts.events, counts.rejects);
    }
    reception_free(reception);
    intake_close(intake);
    checkpointer_stop(checkpointer);
    if (fd >= 0) close(fd);
    spool_in_close(spool);
    lockfile_release(&lock);
    bool stop_was_asked = signals.stop_pending;
    signals_close(&signals);
    if (res == RES_RETRY && stop_was_asked) return EX_OK; /* nothing had been read */
    return command_exit(res, &why);
}

int run_config(const void *settings)
{
    config_print(collector_settings, settings, stdout);
    return EX_OK;
}

int run_healthcheck(const void *context)
{
    const struct settings *settings = context;
    struct why why = {0};
    if (lockfile_check(settings->spool_path, "collector", &why) == RES_OK) return EX_OK;
    (void)fprintf(stderr, "collector: %s\n", why.text);
    return EX_FAILED;
}
