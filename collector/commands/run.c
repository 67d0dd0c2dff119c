/* run -- see run.h. */
#include "collector/commands/run.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "collector/intake/validators.h"
#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/net/server.h"
#include "collector/spool/file_system.h"
#include "collector/spool/handlers.h"
#include "collector/spool/schema.h"
#include "collector/spool/wal.h"
#include "collector/spool/writer.h"
#include "common/command.h"
#include "common/healthcheck.h"
#include "common/log.h"
#include "common/spool.h"

#define SETTLE_PAUSE_MS 200         /* between two tries to settle the spool */
#define LARGE_BYTES     (256 << 10) /* larger blocks of memory go back to the system when they are freed */

enum result run_open_spool(struct spool_in **spool, const struct settings *s, struct signals *signals,
                           const struct lockfile *lock, struct why *why)
{
    enum result res = spool_in_open(spool, s->spool_path, s->node_id, (enum spool_sync)s->spool_sync, why);
    if (res != RES_OK) return res;
    res = wal_settle(spool_in_wal(*spool), why);
    if (res == RES_RETRY)
        log_warn(
            "waiting to start: the spool cannot be settled yet", "why=%s remedy=%s", LOG_QUOTE(why->text),
            LOG_QUOTE(*why->remedy ? why->remedy
                                   : "close the program that reads the spool, if it does not end by itself"));
    while (res == RES_RETRY && !signals_wait(signals, SETTLE_PAUSE_MS)) {
        lockfile_beat(lock);
        res = wal_settle(spool_in_wal(*spool), why);
    }
    return res;
}

static struct framer_options framer_options(const struct settings *s)
{
    return (struct framer_options){&s->event_names, &s->ignored_names, (size_t)s->max_message_bytes};
}

struct handlers *run_new_handlers(struct spool_in *spool, const struct settings *s)
{
    struct handlers_options options = {
        .spool_path = s->spool_path,
        .retry = {framer_options(s), s->validator},
    };
    return handlers_new(spool, &options);
}

static void allow_descriptors(int64_t connections)
{
    struct why why = {0};
    if (descriptors_allow(connections, &why) != RES_OK)
        log_warn("the limit of open files allows fewer senders than MAX_CONNECTIONS", "why=%s remedy=%s",
                 LOG_QUOTE(why.text), LOG_QUOTE(why.remedy));
}

/* INTAKE_MEMORY is shared out: a quarter for chunks on their way to the disk, a half for unfinished events. */
static int64_t chunks_max_bytes(const struct settings *s)
{
    return s->intake_memory_bytes / 4;
}

static int64_t unfinished_max_bytes(const struct settings *s)
{
    return s->intake_memory_bytes / 2;
}

/* The parts of the service, in the order in which they are opened. */
struct collector {
    const struct settings *settings;
    struct signals signals;
    struct lockfile lock;
    struct problems *problems;
    struct spool_in *spool;
    int fd; /* the listening socket, until the server takes it over */
    struct checkpointer *checkpointer;
    struct intake *intake;
    struct replacements *replacements;
    struct handlers *handlers;
    struct writer *writer;
    struct validators *validators;
    struct server *server;
};

static bool is_writer_alive(void *context)
{
    return writer_is_turning(context, LOCKFILE_DEAD_MS);
}

static enum result open_server(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct server_parts parts = {
        .options = {.allow = s->allow,
                    .max_connections = s->max_connections,
                    .idle_timeout_ms = s->idle_timeout_ms,
                    .framing = framer_options(s),
                    .unfinished_max_bytes = (size_t)unfinished_max_bytes(s)},
        .intake = c->intake,
        .replacements = c->replacements,
        .signals = &c->signals,
        .lock = &c->lock,
        .problems = c->problems,
        .listening_fd = c->fd,
        .is_committer_alive = is_writer_alive,
        .context = c->writer,
    };
    c->fd = -1;
    return server_open(&c->server, &parts, why);
}

/* Refuses a network file system, and warns if the file system may not keep the spool. */
static enum result check_file_system(const char *spool_path, struct why *why)
{
    struct why doubts = {0};
    enum result res = file_system_check(spool_path, &doubts, why);
    if (*doubts.text)
        log_warn("the file system of SPOOL_PATH may not be suitable", "why=%s remedy=%s",
                 LOG_QUOTE(doubts.text), LOG_QUOTE(doubts.remedy));
    return res;
}

static enum result open_writer(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct writer_parts parts = {
        .spool = c->spool,
        .spool_path = s->spool_path,
        .intake = c->intake,
        .checkpointer = c->checkpointer,
        .handlers = c->handlers,
        .problems = c->problems,
        .rules = {s->spool_max_bytes, s->spool_min_free_bytes},
        /* At a stop the unfinished events become rejects, which are committed as well. */
        .in_flight_bytes = chunks_max_bytes(s) + unfinished_max_bytes(s),
        .rejects_max_bytes = s->rejects_max_bytes,
    };
    return writer_start(&c->writer, &parts, why);
}

static enum result open_all(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    enum result res = signals_open(&c->signals, why);
    if (res == RES_OK) res = spool_make_directory(s->spool_path, why);
    if (res == RES_OK) res = check_file_system(s->spool_path, why);
    if (res == RES_OK) res = lockfile_take(&c->lock, s->spool_path, "collector", why);
    if (res == RES_OK) c->problems = problems_open(&c->lock);
    if (res == RES_OK) res = run_open_spool(&c->spool, s, &c->signals, &c->lock, why);
    if (res == RES_OK) res = listener_bind(&c->fd, s->bind_host, s->port, why);
    if (res == RES_OK) res = checkpointer_start(&c->checkpointer, s->spool_path, why);
    if (res == RES_OK) res = intake_open(&c->intake, (size_t)chunks_max_bytes(s), why);
    if (res == RES_OK) c->replacements = replacements_new();
    if (res == RES_OK) res = validators_start(&c->validators, c->intake, &s->validator, c->replacements, why);
    if (res == RES_OK) c->handlers = run_new_handlers(c->spool, s);
    if (res == RES_OK) res = open_writer(c, why);
    if (res == RES_OK) res = open_server(c, why);
    if (res == RES_OK)
        log_info("listening", "host=%s port=%" PRId64 " spool=%s", s->bind_host, s->port,
                 LOG_QUOTE(s->spool_path));
    return res;
}

/* Commits all that has been read before it closes the rest. Its result counts if the run itself was successful. */
static enum result close_all(struct collector *c, enum result res, struct why *why)
{
    struct writer_counts counts = {0};
    struct why last = {0};
    enum result last_res = RES_OK;
    server_close(c->server);
    if (c->validators) intake_finish(c->intake);
    validators_join(c->validators);
    replacements_free(c->replacements);
    if (c->writer) last_res = writer_join(c->writer, &counts, &last);
    if (c->server) log_info("stopped", "events=%" PRId64 " rejects=%" PRId64, counts.events, counts.rejects);
    handlers_free(c->handlers);
    intake_close(c->intake);
    checkpointer_stop(c->checkpointer);
    if (c->fd >= 0) close(c->fd);
    spool_in_close(c->spool);
    problems_close(c->problems);
    lockfile_release(&c->lock);
    signals_close(&c->signals);
    if (res != RES_OK || last_res == RES_OK) return res;
    *why = last;
    return last_res;
}

int run_service(const struct command_line *line)
{
    struct collector c = {.settings = line->settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE, .fd = -1};
    struct why why = {0};

    /*
     * Freed memory of large events goes back to the system at once. By default malloc keeps it: up to 12 MiB were seen.
     */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    allow_descriptors(c.settings->max_connections);
    enum result res = open_all(&c, &why);
    if (res == RES_OK) res = server_run(c.server, &why); /* until a stop is requested */
    if (res == RES_RETRY && c.signals.stop_pending)
        res = RES_OK; /* the stop was requested while the spool was being settled */
    res = close_all(&c, res, &why);
    return command_exit(res, &why);
}

int run_config(const struct command_line *line)
{
    config_print(collector_settings, line->settings, stdout);
    return EX_OK;
}

int run_healthcheck(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    bool is_strict = false;
    if (!healthcheck_parse(line, &is_strict)) return EX_USAGE;
    return healthcheck_run(settings->spool_path, "collector", is_strict);
}
