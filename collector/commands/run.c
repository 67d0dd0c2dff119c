/* run -- see run.h: the service, and the small subcommands. */
#include "collector/commands/run.h"

#include <malloc.h>

#include "collector/commands/service.h"
#include "collector/net/descriptors.h"
#include "collector/spool/reject_cap.h"
#include "common/clock.h"
#include "common/command.h"
#include "common/healthcheck.h"
#include "common/log.h"

#define LARGE_BYTES (256 << 10) /* larger blocks of memory go back to the system when they are freed, */
#define KEPT_BYTES  (8 << 20)   /* and smaller ones from so much on: the pages of a transaction come and go */

struct framer_options run_framer_options(const struct settings *s, struct plain_event *plain)
{
    return (struct framer_options){&s->event_names, &s->ignored_names, (size_t)s->max_message_bytes, plain};
}

struct handlers_options run_handlers_options(const struct settings *s)
{
    return (struct handlers_options){
        .spool_path = s->spool_path,
        .retry = {run_framer_options(s, NULL), s->validator},
        .born_at = clock_now_ms(),
    };
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

static void allow_descriptors(int64_t connections)
{
    struct why why = {0};
    if (descriptors_allow(connections, &why) != RES_OK)
        log_warn("the limit of open files allows fewer senders than MAX_CONNECTIONS", "why=%s remedy=%s",
                 LOG_QUOTE(why.text), LOG_QUOTE(why.remedy));
}

int run_service(const struct command_line *line)
{
    struct collector c = {.settings = line->settings, .signals = {.fd = -1}, .lock = LOCKFILE_NONE, .fd = -1};
    struct why why = {0};

    /*
     * Freed memory of large events goes back to the system at once. By default malloc keeps it: up to 12 MiB were seen.
     */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    allow_descriptors(c.settings->max_connections);
    enum result res = service_open(&c, &why);
    if (res == RES_OK) res = server_run(c.server, &c.drained, &why); /* until a stop is requested */
    if (res == RES_RETRY && c.signals.stop_pending) res = RES_OK;    /* a stop while the start was waiting */
    res = service_close(&c, res, &why);
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
