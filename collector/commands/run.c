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
#include "collector/spool/reject_cap.h"
#include "collector/spool/schema.h"
#include "collector/spool/writer.h"
#include "collector/status/monitor.h"
#include "collector/status/watch.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/healthcheck.h"
#include "common/histogram.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/spool.h"
#include "common/turn.h"

#define LARGE_BYTES      (256 << 10) /* larger blocks of memory go back to the system when they are freed */
#define PORT_WAIT_MS     10000 /* how long the start waits for what may come by itself: an address, descriptors */
#define PORT_PAUSE_MS    500  /* between two tries */
#define FIRST_OPENING_MS 500  /* senders find the port closed for so long while the spool is opened */
#define LAST_WAIT_MS     1300 /* for the writer, when the time for a stop is over: a try may wait for a lock */
#define WAIT_STEP_MS     50

static struct framer_options framer_options(const struct settings *s)
{
    return (struct framer_options){&s->event_names, &s->ignored_names, (size_t)s->max_message_bytes};
}

struct handlers_options run_handlers_options(const struct settings *s)
{
    return (struct handlers_options){
        .spool_path = s->spool_path,
        .retry = {framer_options(s), s->validator},
        .born_at = clock_now_ms(),
    };
}

static void allow_descriptors(int64_t connections)
{
    struct why why = {0};
    if (descriptors_allow(connections, &why) != RES_OK)
        log_warn("the limit of open files allows fewer senders than MAX_CONNECTIONS", "why=%s remedy=%s",
                 LOG_QUOTE(why.text), LOG_QUOTE(why.remedy));
}

/* A quarter of INTAKE_MEMORY is for chunks on their way to the disk; the rest is shared out as senders need it. */
static size_t chunks_max_bytes(const struct settings *s)
{
    return (size_t)s->intake_memory_bytes / 4;
}

int64_t run_in_flight_bytes(const struct settings *s)
{
    return s
        ->intake_memory_bytes; /* at a stop, unfinished events become rejects, which are committed as well */
}

int64_t run_rejects_cap(const struct settings *s)
{
    return reject_cap_bytes(s->rejects_max_bytes, s->spool_max_bytes);
}

/* The parts of the service, in the order in which they are opened. */
struct collector {
    const struct settings *settings;
    struct signals signals;
    struct lockfile lock;
    struct problems *problems;
    struct gate *gate;
    struct listening listening;
    struct service_manager *manager;
    int fd;         /* the listening socket, until the server takes it over */
    bool is_passed; /* it is the service manager's, which keeps it */
    struct intake *intake;
    struct replacements *replacements;
    struct validators *validators;
    struct writer *writer;
    struct histogram commits;
    struct monitor *monitor;
    struct watch *watch;
    struct server *server;
    struct drain_report drained;
    enum {
        SPOOL_UNTOUCHED, /* the next start has to do what this one should have done */
        SPOOL_CLEAN,     /* nothing in it is in doubt */
        SPOOL_IN_DOUBT, /* a commit failed to the end: the next start must settle what it has left in the log */
    } spool;
    int64_t stop_due; /* monotonic ms: when what is not committed is given up; 0: no stop was requested yet */
};

/* ---- opening ---- */

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

/* Takes the port. Nobody can connect yet. */
static enum result bind_port(struct collector *c, bool *is_final, struct why *why)
{
    return listener_bind(&c->fd, c->settings->bind_host, c->settings->port, is_final, why);
}

/* What may come by itself is waited for, but not for ever: whoever has started the program is to know. */
static enum result wait_for_port(struct collector *c, struct why *why)
{
    int64_t due = clock_monotonic_ms() + PORT_WAIT_MS;
    bool is_final = false;
    enum result res = bind_port(c, &is_final, why);
    if (res == RES_RETRY && !is_final)
        log_warn("waiting to start: senders cannot connect yet", "why=%s remedy=%s", LOG_QUOTE(why->text),
                 LOG_QUOTE(why->remedy));
    while (res == RES_RETRY && !is_final && clock_monotonic_ms() < due &&
           !signals_wait(&c->signals, PORT_PAUSE_MS)) {
        lockfile_beat(&c->lock);
        why_clear(why);
        res = bind_port(c, &is_final, why);
    }
    return res;
}

/* A service manager's socket is the port, whatever PORT and BIND_HOST say: it is bound, and listens already. */
static enum result take_port(struct collector *c, struct why *why)
{
    c->fd = service_manager_take(c->manager, PASSED_EVENTS);
    c->is_passed = c->fd >= 0;
    return c->is_passed ? RES_OK : wait_for_port(c, why);
}

static enum result open_place(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    enum result res = spool_make_directory(s->spool_path, why);
    if (res == RES_OK) res = check_file_system(s->spool_path, why);
    if (res == RES_OK) res = lockfile_take(&c->lock, s->spool_path, "collector", why);
    if (res == RES_OK) res = spool_check_usable(s->spool_path, why);
    return res;
}

static void log_rejects_cap(const struct settings *s)
{
    int64_t cap = run_rejects_cap(s);
    if (cap != s->rejects_max_bytes)
        log_info("unshipped rejects may take half of SPOOL_MAX_SIZE: REJECTS_MAX_SIZE allows more",
                 "bytes=%" PRId64, cap);
}

static enum result open_writer(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct writer_parts parts = {
        .spool_path = s->spool_path,
        .node = s->node_id,
        .sync = (enum spool_sync)s->spool_sync,
        .must_settle = c->lock.last_end != LOCKFILE_END_CLEAN,
        .intake = c->intake,
        .gate = c->gate,
        .problems = c->problems,
        .lock = &c->lock,
        .commits = &c->commits,
        .handlers = run_handlers_options(s),
        .rules = {s->spool_max_bytes, s->spool_min_free_bytes},
        .in_flight_bytes = run_in_flight_bytes(s),
        .rejects_max_bytes = run_rejects_cap(s),
        .facts = {.version = EVENTSPOOL_VERSION,
                  .started_at = clock_now_ms(),
                  .min_free_bytes = s->spool_min_free_bytes,
                  .max_bytes = s->spool_max_bytes,
                  .silence_ms = s->silence_ms},
        .listening = &c->listening,
    };
    log_rejects_cap(s);
    return writer_start(&c->writer, &parts, why);
}

static bool is_spool_open(void *context)
{
    struct collector *c = context;
    return writer_is_open(c->writer);
}

static enum result open_watch(struct collector *c, struct why *why)
{
    struct watch_parts parts = {
        .spool_path = c->settings->spool_path,
        .silence_ms = c->settings->silence_ms,
        .listening = &c->listening,
        .problems = c->problems,
        .board = monitor_board(c->monitor),
        .is_spool_open = is_spool_open,
        .context = c,
    };
    return watch_start(&c->watch, &parts, why);
}

/* Which thread has been in one call for longest, if that is too long? While the gate knows why, none of them counts. */
static bool find_stalled(struct collector *c, const char **name)
{
    const char *call = NULL;
    int64_t writer_ms = writer_watch(c->writer, &call);
    const char *validator = NULL;
    int64_t validator_ms = validators_longest_busy(c->validators, &validator);
    const char *look = NULL;
    int64_t look_ms = watch_busy_ms(c->watch, &look);
    int64_t longest_ms = validator_ms > writer_ms ? validator_ms : writer_ms;
    *name = look_ms > longest_ms ? look : validator_ms > writer_ms ? validator : call;
    gate_take(c->gate); /* what the watch has just posted */
    return (longest_ms >= TURN_STALLED_MS || look_ms >= TURN_STALLED_MS) &&
           !gate_holds(c->gate, GATE_COMMIT_FAILING);
}

/* Called every few seconds by the event loop. */
static bool are_threads_alive(void *context)
{
    struct collector *c = context;
    const char *name = NULL;
    char message[PROBLEM_TEXT_SIZE];
    bool is_stalled = find_stalled(c, &name);
    if (gate_is_open(c->gate)) listening_note(&c->listening, clock_now_ms());
    monitor_post_threads(c->monitor, !is_stalled, name);
    if (!is_stalled) {
        problems_end(c->problems, PROBLEM_THREAD_STALLED);
        return true;
    }
    (void)snprintf(message, sizeof message, "a thread has not come back for more than a minute from: %s",
                   name);
    problems_raise(c->problems, PROBLEM_THREAD_STALLED, message,
                   "check the disk of SPOOL_PATH; if it is well, restart the collector and report this");
    return false;
}

static bool report(void *context, int64_t connections, const struct live_source *sources, size_t source_count)
{
    struct collector *c = context;
    bool has_opened = !gate_holds(c->gate, GATE_STARTING);
    return monitor_post_loop(c->monitor, has_opened, connections, sources, source_count);
}

static void begin_stop(void *context, int64_t due)
{
    struct collector *c = context;
    c->stop_due = due;
    writer_set_stop(c->writer, due);
}

static enum result open_server(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    struct server_parts parts = {
        .options = {.allow = s->allow,
                    .max_connections = s->max_connections,
                    .max_per_source = s->max_per_source,
                    .idle_timeout_ms = s->idle_timeout_ms,
                    .framing = framer_options(s),
                    .memory_bytes = (size_t)s->intake_memory_bytes},
        .gate = c->gate,
        .intake = c->intake,
        .replacements = c->replacements,
        .signals = &c->signals,
        .lock = &c->lock,
        .problems = c->problems,
        .manager = c->manager,
        .listening_fd = c->fd,
        .is_listening_kept = c->is_passed,
        .are_threads_alive = are_threads_alive,
        .report = c->monitor ? report : NULL,
        .begin_stop = begin_stop,
        .context = c,
    };
    c->fd = -1;
    return server_open(&c->server, &parts, why);
}

static enum result log_listening(int fd, const struct settings *s, bool is_passed, struct why *why)
{
    char host[LISTENER_HOST_SIZE];
    int64_t port = 0;
    enum result res = listener_name(fd, host, &port, why);
    if (res != RES_OK) return res;
    if (is_passed)
        log_info("listening", "host=%s port=%" PRId64 " socket=%s spool=%s", host, port,
                 LOG_QUOTE("from the service manager"), LOG_QUOTE(s->spool_path));
    else
        log_info("listening", "host=%s port=%" PRId64 " spool=%s", s->bind_host, port,
                 LOG_QUOTE(s->spool_path));
    return RES_OK;
}

/* Without it the collector does what it is for all the same. */
static void open_monitor(struct collector *c)
{
    const struct settings *s = c->settings;
    struct why why = {0};
    struct monitor_parts parts = {
        .spool_path = s->spool_path,
        .host = s->status_host,
        .port = s->status_port,
        .listening_fd = service_manager_take(c->manager, PASSED_STATUS),
        .allowed_hosts = s->status_allowed_hosts,
        .gate = c->gate,
        .problems = c->problems,
        .commits = &c->commits,
    };
    if (monitor_open(&c->monitor, &parts, &why) == RES_OK) return;
    log_warn("no status is served", "why=%s remedy=%s", LOG_QUOTE(why.text),
             LOG_QUOTE("raise the limits of open files and threads, and restart the collector"));
    monitor_close(c->monitor, false);
    c->monitor = NULL;
}

/* Usually the spool is open at once, and who can connect can also look into the spool. Else senders wait in the port. */
static enum result listen_to_senders(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    writer_wait_until_open(c->writer, FIRST_OPENING_MS);
    int fd = c->fd;
    enum result res = c->is_passed ? RES_OK : listener_listen(fd, s->bind_host, s->port, why);
    if (res == RES_OK) res = open_server(c, why);
    if (res == RES_OK) res = log_listening(fd, s, c->is_passed, why);
    if (res == RES_OK) service_manager_log_untaken(c->manager);
    return res;
}

static enum result open_all(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    enum result res = service_manager_open(&c->manager, why);
    if (res == RES_OK) res = descriptors_check(s->status_port > 0, why);
    if (res == RES_OK) res = signals_open(&c->signals, why);
    if (res == RES_OK) res = open_place(c, why);
    if (res == RES_OK) c->problems = problems_open(&c->lock, "collector");
    if (res == RES_OK) res = gate_open(&c->gate, c->problems, why);
    if (res == RES_OK) res = take_port(c, why);
    if (res == RES_OK) res = intake_open(&c->intake, chunks_max_bytes(s), &s->validator, why);
    if (res == RES_OK) c->replacements = replacements_new();
    if (res == RES_OK) res = validators_start(&c->validators, c->intake, &s->validator, c->replacements, why);
    if (res == RES_OK) res = open_writer(c, why);
    if (res == RES_OK) open_monitor(c);
    if (res == RES_OK) res = open_watch(c, why);
    if (res == RES_OK) res = listen_to_senders(c, why);
    return res;
}

/* ---- closing ---- */

/*
 * Until the writer has committed what is left, or the time for it is over. False if it hangs: then nothing that its
 * threads use may be freed.
 */
static bool await_writer(struct collector *c)
{
    int64_t now = clock_monotonic_ms();
    int64_t due = c->stop_due ? c->stop_due : now + DRAIN_COMMIT_MS;
    if (c->drained.is_urgent) due = now;
    writer_set_stop(c->writer, due);
    while (!writer_has_ended(c->writer, WAIT_STEP_MS)) {
        gate_take(c->gate);
        if (signals_stop_again(&c->signals)) {
            c->drained.is_urgent = true;
            writer_set_stop(c->writer, due = clock_monotonic_ms());
        }
        if (clock_monotonic_ms() >= due + LAST_WAIT_MS) return false;
    }
    return true;
}

/* Ends the process at once: a thread hangs, and what it uses cannot be closed. */
static void give_up(const struct collector *c)
{
    const char *why =
        c->drained.is_urgent
            ? "a second signal ended the stop: what had been read and is not in the spool is lost"
            : "the disk did not answer in the time for a stop: what had been read and is not in "
              "the spool is lost";
    uint64_t uncommitted = intake_uncommitted_bytes(c->intake) + (uint64_t)writer_lost_bytes(c->writer);
    if (uncommitted == 0 && c->drained.unread_bytes + c->drained.abandoned_bytes == 0) {
        log_warn("stopped: all is committed, but the spool could not be closed in time", "remedy=%s",
                 LOG_QUOTE("check the disk of SPOOL_PATH: it is slow"));
        _exit(EX_OK);
    }
    log_error("stopped", "why=%s remedy=%s uncommitted_bytes=%" PRIu64 " unread_bytes=%" PRId64,
              LOG_QUOTE(why), LOG_QUOTE("check the disk of SPOOL_PATH"), uncommitted,
              c->drained.unread_bytes + c->drained.abandoned_bytes);
    _exit(EX_FAILED);
}

/* What had arrived before the stop and was not read is as good as lost: its senders do not send it again. */
static enum result add_unread(const struct collector *c, enum result res, struct why *why)
{
    const struct drain_report *drained = &c->drained;
    if (drained->unread_bytes + drained->abandoned_bytes + drained->unaccepted_connections == 0) return res;
    if (drained->abandoned_bytes > 0 && res == RES_OK)
        return why_set(why, RES_BROKEN,
                       "%" PRId64
                       " bytes that had been read were not made events or rejects in time; %" PRId64
                       " more had arrived and were not read",
                       drained->abandoned_bytes, drained->unread_bytes);
    if (drained->unaccepted_connections > 0)
        return why_set(why, RES_BROKEN,
                       "%" PRId64
                       " senders that had connected before the stop could not be accepted; %" PRId64
                       " bytes of others were not read",
                       drained->unaccepted_connections, drained->unread_bytes);
    if (res != RES_OK)
        return why_wrap(why, RES_BROKEN, "%" PRId64 " bytes that had arrived were not read, and",
                        drained->unread_bytes);
    return why_set(why, RES_BROKEN,
                   "%" PRId64 " bytes that had arrived before the stop, on %" PRId64
                   " connections, were not read",
                   drained->unread_bytes, drained->unread_connections);
}

/* Commits all that has been read. */
static enum result finish_writing(struct collector *c, struct why *why)
{
    struct writer_counts counts = {0};
    if (!c->writer) {
        if (c->validators) intake_finish(c->intake);
        validators_join(c->validators);
        return RES_OK;
    }
    intake_finish(c->intake);
    if (!await_writer(c)) give_up(c);
    validators_join(c->validators);
    enum result res = writer_join(c->writer, &counts, why);
    c->spool = counts.is_clean ? SPOOL_CLEAN : counts.has_opened ? SPOOL_IN_DOUBT : SPOOL_UNTOUCHED;
    if (c->server) log_info("stopped", "events=%" PRId64 " rejects=%" PRId64, counts.events, counts.rejects);
    return add_unread(c, res, why);
}

/* The result of the end counts if the run itself was successful. */
static enum result close_all(struct collector *c, enum result res, struct why *why)
{
    struct why last = {0};
    server_close(c->server);
    bool is_watch_gone = watch_stop(c->watch); /* the writer's connection is to be the last one that closes */
    enum result last_res = finish_writing(c, &last);
    monitor_close(c->monitor, !is_watch_gone);
    replacements_free(c->replacements);
    intake_close(c->intake);
    if (c->fd >= 0) close(c->fd);
    gate_close(c->gate);
    if (is_watch_gone) problems_close(c->problems); /* else it still uses them, until the process ends */
    if (c->spool == SPOOL_CLEAN) lockfile_release(&c->lock);
    if (c->spool == SPOOL_UNTOUCHED) lockfile_leave(&c->lock);
    signals_close(&c->signals);
    service_manager_close(c->manager);
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
    if (res == RES_OK) res = server_run(c.server, &c.drained, &why); /* until a stop is requested */
    if (res == RES_RETRY && c.signals.stop_pending) res = RES_OK;    /* a stop while the start was waiting */
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
