/* run -- see run.h. This file has the service and the small subcommands; the others have files of their own. */
#include "uploader/commands/run.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/healthcheck.h"
#include "common/lockfile.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/spool.h"
#include "common/status/gather.h"
#include "common/status/witness.h"
#include "uploader/commands/monitor.h"
#include "uploader/commands/options.h"
#include "uploader/ship/handlers.h"
#include "uploader/ship/shipper.h"
#include "uploader/ship/stall.h"
#include "uploader/spool/rejects.h"

#define SPOOL_WAIT_MS       500 /* between two checks whether the collector has created the spool */
#define SPOOL_BUSY_PAUSE_MS 1000
#define KEPT_BYTES          (8 << 20) /* of freed memory: the pages of the spool come and go with each read */

enum result run_open_spool(struct spool_out **spool, const char *path, bool is_command, bool *will_come,
                           struct why *why)
{
    why_clear(why);
    enum result res = (is_command ? spool_out_open_for_command : spool_out_open)(spool, path, why);
    *will_come = res == RES_RETRY && !*why->remedy; /* a remedy: this program is too old for the spool */
    if (res != RES_OK) return res;
    res = spool_out_refuse_copy(*spool, path, why);
    *will_come = res == RES_RETRY;
    if (res == RES_OK) return res;
    spool_out_close(*spool);
    *spool = NULL;
    return res;
}

/* Takes the lock, unless the file cannot be a spool: nothing is created beside such a file. */
static enum result take_lock(struct lockfile *lock, const char *spool_path, struct why *why)
{
    enum result res = spool_check_access(spool_path, why);
    return res == RES_OK ? lockfile_take(lock, spool_path, "uploader", why) : res;
}

/* The service does what it is for, as far as it can now. */
static void tell_manager(struct service_manager *manager, const char *status, bool is_alive)
{
    service_manager_status(manager, "%s", status);
    service_manager_ready(manager);
    service_manager_beat(manager, is_alive);
}

/* Of a wait between two turns: not longer than the watchdog takes to become impatient. */
static int within_beat(const struct service_manager *manager, int wait_ms)
{
    int64_t beat_ms = service_manager_beat_ms(manager);
    return beat_ms > 0 && beat_ms < wait_ms ? (int)beat_ms : wait_ms;
}

/*
 * Every few seconds: checks that the spool is still in its place and of a schema we know.
 */
static enum result check_place(struct spool_out *spool, const char *path, bool *is_too_new, struct why *why)
{
    bool is_same = false;
    enum result res = spool_out_check_schema(spool, path, is_too_new, why);
    if (res != RES_OK) return res;
    res = spool_out_check_file(spool, path, &is_same, why);
    if (res == RES_RETRY || is_same) return res; /* a spool that cannot be read now is not a replaced one */
    (void)why_remedy(why, RES_BROKEN, "start the uploader again");
    return why_set(why, RES_BROKEN, "the spool %s was deleted or replaced while in use", path);
}

/* Ships, and does a part of what commands request. */
static enum result take_turn(struct shipper *shipper, struct handlers *handlers, int *wait_ms,
                             struct why *why)
{
    enum result res = shipper_turn(shipper, wait_ms, why);
    shipper_begin_call(shipper, "doing what a command requests");
    int poll_ms = handlers_poll(handlers);
    shipper_end_call(shipper);
    if (poll_ms < *wait_ms) *wait_ms = poll_ms;
    return res;
}

/* What nobody can publish: the collector's absence, and what follows from the spool. */
static const enum problem_code witnessed[] = {PROBLEM_COLLECTOR_ABSENT, PROBLEM_BACKLOG_OLD};

/* What the service works with. */
struct service {
    const struct settings *settings;
    struct service_manager *manager;
    int64_t born_at; /* wall clock */
    struct signals signals;
    struct lockfile lock;
    struct lockfile request_lock; /* requests show life with it: at the start alone, see find_keys() */
    struct spool_out *spool;
    struct store *store;
    struct problems *problems;
    struct monitor *monitor;
    struct witness *witness;
    struct status *status; /* gathered last */
    struct shipper *shipper;
    struct handlers *handlers;
    struct notifier *notifier;   /* NULL: nobody is to be told */
    struct publisher *publisher; /* likewise */
    bool has_recorded_privacy;
    bool is_stalled; /* a thread, when it was checked last: then there is no sign of life */
};

/* Waits for the collector to create the spool; s->spool stays NULL if a stop was requested meanwhile. */
static enum result await_spool(struct service *s, struct why *why)
{
    const char *path = s->settings->spool_path;
    bool has_logged = false;
    bool will_come = false;
    do {
        bool is_there = access(path, F_OK) == 0;
        enum result res = RES_OK;
        if (is_there && s->lock.fd < 0) res = take_lock(&s->lock, path, why);
        if (res != RES_OK) return res;
        res = run_open_spool(&s->spool, path, false, &will_come, why);
        if (!will_come) return res;
        if (!has_logged) log_info("waiting for the collector", "why=%s", LOG_QUOTE(why->text));
        has_logged = true;
        problems_raise(s->problems, PROBLEM_STARTING, why->text,
                       "wait; if it stays so, start the collector: it makes the spool");
        lockfile_beat(&s->lock);
        problems_refresh(s->problems);
        tell_manager(s->manager, "waiting for the collector's spool", true);
        monitor_turn(s->monitor);
    } while (!signals_wait(&s->signals, within_beat(s->manager, SPOOL_WAIT_MS)));
    return RES_OK;
}

static enum result record_privacy(struct service *s, struct why *why)
{
    if (s->has_recorded_privacy) return RES_OK;
    enum result res = spool_rejects_record_privacy(s->spool, settings_omits_payload(s->settings), why);
    s->has_recorded_privacy = res == RES_OK;
    return res;
}

static void check_clock(struct service *s)
{
    char message[PROBLEM_TEXT_SIZE];
    int64_t ahead_ms = 0;
    if (!store_clock_is_wrong(s->store, &ahead_ms)) {
        problems_end(s->problems, PROBLEM_CLOCK_WRONG);
        return;
    }
    (void)snprintf(message, sizeof message, "this machine's clock is %" PRId64 " s %s the store's",
                   (int64_t)llabs(ahead_ms) / 1000, ahead_ms > 0 ? "behind" : "ahead of");
    problems_raise(
        s->problems, PROBLEM_CLOCK_WRONG, message,
        "set this machine's clock, best by NTP: the times and the names of the objects come from it");
}

/* How the whole installation is: what others see of it, and whether the collector is there. */
static void look_around(struct service *s)
{
    struct why why = {0};
    if (status_gather(s->status, spool_out_db(s->spool), s->settings->spool_path, &why) != RES_OK)
        log_debug("the status cannot be gathered now", "why=%s", LOG_QUOTE(why.text));
    witness_update(s->witness, s->status);
    monitor_post(s->monitor, s->status);
}

/* What has to be done every few seconds; and before each turn. */
static enum result prepare_turn(struct service *s, int64_t *beat_at, bool *is_too_new, struct why *why)
{
    enum result res = RES_OK;
    monitor_turn(s->monitor);
    if (clock_monotonic_ms() >= *beat_at) {
        s->is_stalled = !stall_check(s->shipper, s->problems);
        if (!s->is_stalled) lockfile_beat(&s->lock);
        res = check_place(s->spool, s->settings->spool_path, is_too_new, why);
        check_clock(s);
        problems_refresh(s->problems);
        look_around(s);
        *beat_at = clock_monotonic_ms() + LOCKFILE_BEAT_MS;
    }
    if (res == RES_OK) res = lockfile_keep(&s->lock, why);
    if (res == RES_OK) res = db_check_log(spool_out_db(s->spool), why); /* before what it has is read */
    return res == RES_OK ? record_privacy(s, why) : res;
}

static enum result ship_until_stopped(struct service *s, struct why *why)
{
    int64_t beat_at = 0;
    int wait_ms = 0;
    bool has_logged = false;
    bool is_too_new = false;
    while (!shipper_wait(s->shipper, within_beat(s->manager, wait_ms))) {
        why_clear(why);
        tell_manager(s->manager, has_logged ? "the spool cannot be used now" : "shipping", !s->is_stalled);
        shipper_begin_call(s->shipper, "looking after the spool's files");
        enum result res = prepare_turn(s, &beat_at, &is_too_new, why);
        if (res == RES_OK) res = take_turn(s->shipper, s->handlers, &wait_ms, why);
        if (is_too_new || (res != RES_OK && res != RES_RETRY)) return res;
        shipper_end_call(s->shipper);
        if (res == RES_RETRY) {
            if (!has_logged) log_warn("the spool cannot be used now", "why=%s", LOG_QUOTE(why->text));
            wait_ms = SPOOL_BUSY_PAUSE_MS;
        } else if (has_logged) {
            log_info("the spool can be used again", NULL);
        }
        has_logged = res == RES_RETRY;
    }
    return RES_OK;
}

/* Takes the lock before keys are asked for, which may last a minute. Where there is no spool yet, await_spool() takes it. */
static enum result show_life(struct service *s, struct why *why)
{
    const char *path = s->settings->spool_path;
    enum result res = RES_OK;
    if (access(path, F_OK) == 0) res = take_lock(&s->lock, path, why);
    problems_raise(s->problems, PROBLEM_STARTING, "the keys of the store are being asked for",
                   "wait: this takes a minute or two at most");
    return res;
}

/*
 * Are there keys at the start? Trouble that may pass does not end the service: the first try, of an upload or of the
 * proof, shows whether it lasts, and ends the problem if it does not. Requests show life meanwhile; later, when many threads
 * make them, only the thread that owns the spool does.
 */
static enum result find_keys(struct service *s, struct why *why)
{
    char source[STORE_SOURCE_SIZE];
    s->request_lock = s->lock;
    enum result res = store_prepare(s->store, source, why);
    s->request_lock = LOCKFILE_NONE;
    if (res != RES_RETRY) return res;
    if (signals_stop_requested(&s->signals)) return RES_OK;
    const char *remedy = *why->remedy ? why->remedy : "none needed: waiting";
    log_warn("no credentials now; uploads will be tried all the same", "why=%s remedy=%s",
             LOG_QUOTE(why->text), LOG_QUOTE(remedy));
    problems_raise(s->problems, PROBLEM_CREDENTIALS, why->text, remedy);
    why_clear(why);
    return RES_OK;
}

/* The threads that tell people of problems. */
static enum result start_telling(struct service *s, struct why *why)
{
    struct notifier_options notifier = options_for_notifier(s->settings);
    struct publisher_options publisher = options_for_publisher(s->settings);
    enum result res = notifier_open(&s->notifier, &notifier, &s->signals, why);
    return res == RES_OK ? publisher_open(&s->publisher, &publisher, s->store, &s->signals, why) : res;
}

static enum result start_shipping(struct service *s, struct why *why)
{
    struct shipper_options options = options_for_shipper(s->settings);
    struct handlers_options handlers = options_for_handlers(s->settings);
    handlers.born_at = s->born_at;
    options.is_service = true;
    log_info("shipping", "destination=%s prefix=%s", LOG_QUOTE(store_destination(s->store)),
             LOG_QUOTE(s->settings->prefix));
    if (store_is_trial(s->store))
        log_warn("trial mode: objects are files in DESTINATION_DIR; set BUCKET_NAME to ship to S3", NULL);
    enum result res = shipper_open(&s->shipper, &options, s->spool, s->store, &s->signals, s->problems, why);
    if (res == RES_OK) s->handlers = handlers_new(s->spool, s->shipper, &handlers);
    problems_end(s->problems, PROBLEM_STARTING);
    problems_refresh(s->problems);
    return res;
}

int run_service(const struct command_line *line)
{
    struct service s = {.settings = line->settings,
                        .signals = {.fd = -1},
                        .born_at = clock_now_ms(),
                        .lock = LOCKFILE_NONE,
                        .request_lock = LOCKFILE_NONE};
    struct store_options store = options_for_store(s.settings, PATIENCE_SERVICE);
    struct why why = {0};
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);

    enum result res = service_manager_open(&s.manager, &why);
    if (res == RES_OK) res = settings_check_destination(s.settings, &why);
    if (res == RES_OK) service_manager_log_untaken(s.manager);
    if (res == RES_OK) res = signals_open(&s.signals, &why);
    s.problems = problems_open(&s.lock, "uploader");
    s.witness = witness_new(witnessed, sizeof witnessed / sizeof *witnessed);
    s.status = calloc(1, sizeof *s.status);
    if (!s.status) abort();
    if (res == RES_OK) res = monitor_open(&s.monitor, s.settings, s.problems, &why);
    if (res == RES_OK) res = store_open(&s.store, &store, &s.signals, &s.request_lock, &why);
    if (res == RES_OK) res = show_life(&s, &why);
    if (res == RES_OK) res = find_keys(&s, &why);
    if (res == RES_OK) res = await_spool(&s, &why);
    if (res == RES_OK && s.spool) res = start_shipping(&s, &why);
    if (res == RES_OK && s.spool) res = start_telling(&s, &why);
    if (res == RES_OK && s.spool) res = ship_until_stopped(&s, &why);

    problems_raise(s.problems, PROBLEM_STOPPING, "the uploader ends: running uploads are waited for",
                   "wait: this takes 10 seconds at most");
    service_manager_status(s.manager, "stopping: running uploads are given up to 10 seconds");
    service_manager_stopping(s.manager);
    handlers_free(s.handlers);
    shipper_close(s.shipper); /* waits for running uploads */
    notifier_close(s.notifier);
    publisher_close(s.publisher);
    monitor_close(s.monitor);
    witness_free(s.witness);
    free(s.status);
    problems_close(s.problems);
    if (res == RES_OK) log_info("stopped", NULL);
    spool_out_close(s.spool);
    store_close(s.store);
    lockfile_release(&s.lock);
    signals_close(&s.signals);
    service_manager_close(s.manager);
    return command_exit(res, &why);
}

int run_config(const struct command_line *line)
{
    settings_print(line->settings, stdout);
    return EX_OK;
}

int run_healthcheck(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    bool is_strict = false;
    if (!healthcheck_parse(line, &is_strict)) return EX_USAGE;
    return healthcheck_run(settings->spool_path, "uploader", is_strict);
}
