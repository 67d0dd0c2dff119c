/* service_open -- opens the service's parts, in the order of struct collector; see service.h. */
#include "collector/commands/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/commands/run.h"
#include "collector/framing/parser.h"
#include "collector/framing/plain_event.h"
#include "collector/net/descriptors.h"
#include "collector/net/listener.h"
#include "collector/spool/file_system.h"
#include "collector/spool/handlers.h"
#include "collector/spool/schema.h"
#include "common/bound_socket.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/log.h"
#include "common/names.h"
#include "common/spool.h"
#include "common/turn.h"

#define PORT_WAIT_MS     10000 /* how long the start waits for what may come by itself: an address, descriptors */
#define PORT_PAUSE_MS    500 /* between two tries */
#define FIRST_OPENING_MS 500 /* senders find the port closed for so long while the spool is opened */

/* A quarter of INTAKE_MEMORY is for chunks on their way to the disk; the rest is shared out as senders need it. */
static size_t chunks_max_bytes(const struct settings *s)
{
    return (size_t)s->intake_memory_bytes / 4;
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

/* Plain events are settled without libxml2, as one version of it would settle them. */
static void open_plain(struct collector *c)
{
    char version[PARSER_VERSION_SIZE];
    if (c->settings->validator.is_libxml2_alone) return;
    c->plain = plain_event_new(c->settings->validator.fields);
    if (strcmp(parser_version(version), PLAIN_EVENT_COMPARED_WITH) == 0) return;
    log_info("plain events are settled as another version of libxml2 would",
             "libxml2=%s compared_with=%s remedy=%s", version, PLAIN_EVENT_COMPARED_WITH,
             LOG_QUOTE("none needed; VALIDATOR=libxml2 has this version judge all events"));
}

static enum result open_server(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    open_plain(c);
    struct server_parts parts = {
        .options = {.allow = s->allow,
                    .max_connections = s->max_connections,
                    .max_per_source = s->max_per_source,
                    .idle_timeout_ms = s->idle_timeout_ms,
                    .framing = run_framer_options(s, c->plain),
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
    char host[BOUND_SOCKET_HOST_SIZE];
    int64_t port = 0;
    enum result res = bound_socket_name(fd, host, &port, why);
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
    return c->is_passed ? RES_OK : listener_listen(c->fd, s->bind_host, s->port, why);
}

static enum result serve_senders(struct collector *c, struct why *why)
{
    int fd = c->fd;
    enum result res = open_server(c, why);
    if (res == RES_OK) res = log_listening(fd, c->settings, c->is_passed, why);
    if (res == RES_OK) service_manager_log_untaken(c->manager);
    return res;
}

/* What a service manager gives is meant for this program. A person's shell has keys for other things, too. */
static void warn_of_secrets(void)
{
    if (getenv("NOTIFY_SOCKET")) names_warn_of_secrets(environ);
}

enum result service_open(struct collector *c, struct why *why)
{
    const struct settings *s = c->settings;
    warn_of_secrets();
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
    if (res == RES_OK) res = listen_to_senders(c, why);
    if (res == RES_OK)
        open_monitor(c); /* behind that: with STATUS_PORT as PORT it must not take the port away */
    if (res == RES_OK) res = open_watch(c, why);
    if (res == RES_OK) res = serve_senders(c, why);
    return res;
}
