/*
 * verify -- see verify.h.
 * Happy path: read the settings of both programs, send the event, find its row, wait for its object, read that back.
 * What can fail: each of these. Then one line says where it stops and why, the next one what to do, and the last one
 * where the event is now. What the facts mean is decided in verdict.h.
 */
#include "tools/eventspool/verify/verify.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/bound_socket.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/lockfile.h"
#include "common/print.h"
#include "common/xml/names.h"
#include "tools/eventspool/launch.h"
#include "tools/eventspool/verify/ask.h"
#include "tools/eventspool/verify/marked_event.h"
#include "tools/eventspool/verify/moments.h"
#include "tools/eventspool/verify/options.h"
#include "tools/eventspool/verify/screen.h"
#include "tools/eventspool/verify/sender.h"
#include "tools/eventspool/verify/verdict.h"
#include "tools/eventspool/verify/watch.h"

#define LOOK_SOON_MS 20
#define LOOK_LATE_MS 500 /* while nothing can happen soon */

struct verification {
    struct ask ask;
    struct verify_options options;
    struct buf collector; /* what its `config` prints */
    char host[BOUND_SOCKET_BARE_SIZE], port[8], spool_path[PATH_MAX], element[MARKED_EVENT_ELEMENT_SIZE];
    char address[BOUND_SOCKET_BARE_SIZE + 10]; /* host and port, for messages */
    char mark[MARKED_EVENT_MARK_SIZE];
    struct watch *watch;
    struct moments moments;
    struct verify_facts facts;
    int fd;              /* the connection; -1: none */
    bool has_told_error; /* the first failed try was reported */
    pid_t flush;         /* the child; 0: none */
    int flush_output;    /* -1: none */
};

static int64_t sent_ms(const struct verification *v)
{
    return moments_since(v->moments.sent);
}

/* ---- settings ---- */

static const char *setting(const struct verification *v, const char *name, char *value, size_t size)
{
    return ask_setting(&v->collector, name, value, size);
}

/* To an address that stands for all of them nothing can be sent. One of IPv6 may stand in brackets. */
static void choose_host(struct verification *v)
{
    char text[BOUND_SOCKET_BARE_SIZE];
    const char *host = v->options.host ? v->options.host : setting(v, "BIND_HOST", text, sizeof text);
    bound_socket_bare_host(host, v->host);
    if (strcmp(v->host, "0.0.0.0") == 0) (void)strcpy(v->host, "127.0.0.1");
    if (strcmp(v->host, "::") == 0) (void)strcpy(v->host, "::1");
    (void)snprintf(v->address, sizeof v->address, strchr(v->host, ':') ? "[%s]:%s" : "%s:%s", v->host,
                   v->port);
}

static enum result read_settings(struct verification *v, struct why *why)
{
    char element[XML_NAMES_TEXT_MAX];
    enum result res = ask_config(&v->ask, PROGRAM_COLLECTOR, &v->collector, why);
    if (res != RES_OK) return res;
    (void)setting(v, "PORT", v->port, sizeof v->port);
    (void)setting(v, "SPOOL_PATH", v->spool_path, sizeof v->spool_path);
    (void)marked_event_element(setting(v, "EVENT_ELEMENT", element, sizeof element), v->element);
    choose_host(v);
    return RES_OK;
}

/* ---- looking ---- */

/* A collector that has just been started listens before its spool is there. */
static bool is_being_made(const char *spool_path)
{
    struct why ignored = {0};
    bool is_held = false;
    return spool_is_missing(spool_path) &&
           lockfile_is_held(spool_path, "collector", &is_held, &ignored) == RES_OK && is_held;
}

static enum result open_watch(struct verification *v, struct why *why)
{
    uint32_t random;
    int64_t due = clock_monotonic_ms() + VERDICT_PATIENCE_MS;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) abort();
    (void)marked_event_mark(clock_now_ms(), random, v->mark);
    enum result res = watch_open(&v->watch, v->spool_path, v->mark, why);
    while (res == RES_RETRY && is_being_made(v->spool_path) && clock_monotonic_ms() < due) {
        watch_close(v->watch);
        why_clear(why);
        (void)poll(NULL, 0, LOOK_SOON_MS);
        res = watch_open(&v->watch, v->spool_path, v->mark, why);
    }
    if (res == RES_OK || *why->remedy) return res;
    return why_remedy(
        why, res,
        "start the collector (its service, its container, or `eventspool collector`), or give this "
        "command the SPOOL_PATH that it runs with");
}

static void look_at_flush(struct verification *v)
{
    struct verify_facts *facts = &v->facts;
    if (v->flush <= 0 || facts->flush_code >= 0) return;
    facts->flush_code = launch_poll(v->flush);
    if (facts->flush_code >= 0) ask_last_line(v->flush_output, facts->flush_text, sizeof facts->flush_text);
}

/* The connection first: what it has sent before it was closed is then in the spool, or never will be. */
static enum result look(struct verification *v, struct why *why)
{
    struct verify_facts *facts = &v->facts;
    bool is_closed = sender_is_closed(v->fd);
    enum result res = watch_look(v->watch, facts, why);
    if (res == RES_OK) moments_note(&v->moments, facts, is_closed);
    look_at_flush(v);
    if (*facts->last_error && !facts->is_shipped && !v->has_told_error) {
        v->has_told_error = true;
        screen_line("wait", sent_ms(v), "a try has failed: %s", facts->last_error);
    }
    return res;
}

static int pause_ms(const struct verification *v)
{
    bool is_soon = v->facts.event_id == 0 || v->facts.due_ms >= 0 || v->facts.waited_ms < VERDICT_PATIENCE_MS;
    return is_soon ? LOOK_SOON_MS : LOOK_LATE_MS;
}

/* Looks again and again until the facts are a verdict. A spool that cannot be read for a moment is looked at once more. */
static enum result wait_for(struct verification *v,
                            enum verdict (*judge)(const struct verify_facts *facts, struct why *why),
                            struct why *why)
{
    int64_t failing_since = 0;
    for (;;) {
        enum result res = look(v, why);
        enum verdict verdict = res == RES_OK ? judge(&v->facts, why) : VERDICT_WAIT;
        if (res == RES_OK) failing_since = 0;
        if (res == RES_RETRY && failing_since == 0) failing_since = clock_monotonic_ms();
        if (verdict != VERDICT_WAIT) return verdict == VERDICT_PASSED ? RES_OK : RES_BROKEN;
        if (res != RES_OK && (res != RES_RETRY || moments_since(failing_since) >= v->options.timeout_ms))
            return res;
        why_clear(why);
        (void)poll(NULL, 0, pause_ms(v)); /* a signal ends it early, which does no harm */
    }
}

/* ---- steps ---- */

static enum result send_event(struct verification *v, struct why *why)
{
    char element[XML_NAMES_TEXT_MAX], fields[4096];
    struct buf event = BUF_EMPTY;
    marked_event_build(setting(v, "EVENT_ELEMENT", element, sizeof element),
                       setting(v, "INDEX_FIELDS", fields, sizeof fields), v->mark, clock_now_ms(), &event);
    enum result res = sender_send(v->host, v->port, &event, &v->fd, why);
    buf_fini(&event);
    if (res != RES_OK) return res;
    moments_begin(&v->moments);
    screen_line("ok", 0, "the event is sent to %s as <%s>, marked %s", v->address, v->element, v->mark);
    return RES_OK;
}

static enum result find_row(struct verification *v, struct why *why)
{
    enum result res = wait_for(v, verdict_on_commit, why);
    if (res == RES_OK) screen_line("ok", sent_ms(v), "the spool has it: event %" PRId64, v->facts.event_id);
    return res;
}

static void say_when_due(const struct verification *v)
{
    char iso[CLOCK_ISO_SIZE];
    int64_t due_at = status_next_due_at(v->facts.status);
    int64_t wait_ms = due_at - clock_now_ms();
    if (v->facts.batch_id == 0 && wait_ms > VERDICT_PATIENCE_MS)
        screen_line("wait", sent_ms(v),
                    "it is due at %s, in %" PRId64 " s (ROTATION_INTERVAL); --flush does not wait",
                    clock_iso(due_at, iso), wait_ms / 1000);
}

/* Only an uploader that runs is asked, as far as this user may see: the command would do its work, and hide that it is dead. */
static enum result begin_shipping(struct verification *v, struct why *why)
{
    enum result res = wait_for(v, verdict_on_uploader, why);
    if (res != RES_OK) return res;
    if (v->options.is_flushed && !v->facts.is_shipped)
        return ask_flush(&v->ask, &v->flush, &v->flush_output, why);
    say_when_due(v);
    return RES_OK;
}

static enum result wait_for_batch(struct verification *v, struct why *why)
{
    const struct verify_facts *facts = &v->facts;
    enum result res = wait_for(v, verdict_on_batch, why);
    if (res == RES_OK)
        screen_line("ok", sent_ms(v), "batch %" PRId64 " holds it: events %" PRId64 " to %" PRId64,
                    facts->batch_id, facts->first_id, facts->last_id);
    return res;
}

static enum result wait_for_object(struct verification *v, struct why *why)
{
    const struct verify_facts *facts = &v->facts;
    enum result res = wait_for(v, verdict_on_object, why);
    if (res != RES_OK) return res;
    const char *but = facts->is_resolved   ? ", by a person's word"
                      : facts->is_verified ? ""
                                           : ", though it could not be compared";
    screen_line("ok", sent_ms(v), "the object is stored%s: %s", but, facts->key);
    return RES_OK;
}

/* What keeps from reading is no reason to doubt what the uploader has recorded; a person's word is not its record. */
static enum result read_back(struct verification *v, struct why *why)
{
    enum result res = ask_object(&v->ask, v->facts.batch_id, v->mark, why);
    if (res == RES_OK) screen_line("ok", sent_ms(v), "the object was read back and holds the event");
    if ((res != RES_RETRY && res != RES_REFUSE) || v->facts.is_resolved) return res;
    screen_line("note", sent_ms(v),
                "the object was not read back from here; the uploader has recorded that it is stored");
    screen_more(why->text);
    screen_more(why->remedy);
    return RES_OK;
}

/* ---- the end ---- */

static int arrived(const struct verification *v)
{
    int64_t ms = v->facts.waited_ms;
    screen_problems(sent_ms(v), v->facts.status);
    print_line(stdout, "arrived: %" PRId64 ".%03" PRId64 " s after it was sent", ms / 1000, ms % 1000);
    return EX_OK;
}

static int not_arrived(const struct verification *v, enum result res, const struct why *why)
{
    bool is_sent = v->moments.sent != 0;
    screen_why("stop", is_sent ? sent_ms(v) : 0, why);
    if (!is_sent)
        print_line(stdout, "not arrived: nothing was sent");
    else if (v->facts.is_shipped)
        print_line(stdout,
                   "not arrived: event %" PRId64 " was recorded as stored, and its object does not show it",
                   v->facts.event_id);
    else if (v->facts.event_id > 0)
        print_line(stdout, "not arrived: event %" PRId64 " waits in the spool", v->facts.event_id);
    else
        print_line(stdout, "not arrived: it is not an event of the spool");
    return !is_sent && res == RES_REFUSE ? EX_CONFIG : EX_FAILED;
}

static void close_all(struct verification *v)
{
    if (v->fd >= 0) close(v->fd);
    if (v->flush > 0 && v->facts.flush_code < 0) launch_stop(v->flush);
    if (v->flush_output >= 0) close(v->flush_output);
    watch_close(v->watch);
    buf_fini(&v->collector);
}

int verify_run(const struct programs *programs, const struct settings_files *files, int argc, char **argv)
{
    struct verification v = {.ask = {programs, files},
                             .collector = BUF_EMPTY,
                             .fd = -1,
                             .flush_output = -1,
                             .facts = {.address = v.address, .element = v.element, .flush_code = -1}};
    struct why why = {0};
    if (!verify_options_parse(argc, argv, &v.options)) return EX_USAGE;
    v.facts.timeout_ms = v.options.timeout_ms;
    v.facts.is_flushed = v.options.is_flushed;

    enum result res = read_settings(&v, &why);
    if (res == RES_OK) res = open_watch(&v, &why);
    if (res == RES_OK) res = send_event(&v, &why);
    if (res == RES_OK) res = find_row(&v, &why);
    if (res == RES_OK) res = begin_shipping(&v, &why);
    if (res == RES_OK) res = wait_for_batch(&v, &why);
    if (res == RES_OK) res = wait_for_object(&v, &why);
    if (res == RES_OK) res = read_back(&v, &why);
    int exit_code = res == RES_OK ? arrived(&v) : not_arrived(&v, res, &why);
    close_all(&v);
    return exit_code;
}
