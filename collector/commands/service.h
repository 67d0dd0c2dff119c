/*
 * service -- the collector as a service: its parts, their opening (service_open.c) and their closing (service_close.c).
 * Known to `run` alone.
 */
#ifndef COLLECTOR_COMMANDS_SERVICE_H
#define COLLECTOR_COMMANDS_SERVICE_H

#include "collector/intake/validators.h"
#include "collector/net/server.h"
#include "collector/settings.h"
#include "collector/spool/writer.h"
#include "collector/status/monitor.h"
#include "collector/status/watch.h"
#include "common/histogram.h"
#include "common/service_manager.h"

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
    struct plain_event *plain; /* of the receiving thread; NULL: VALIDATOR=libxml2 */
    struct server *server;
    struct drain_report drained;
    enum {
        SPOOL_UNTOUCHED, /* the next start has to do what this one should have done */
        SPOOL_CLEAN,     /* nothing in it is in doubt */
        SPOOL_IN_DOUBT, /* a commit failed to the end: the next start must settle what it has left in the log */
    } spool;
    int64_t stop_due; /* monotonic ms: when what is not committed is given up; 0: no stop was requested yet */
};

/*
 * Opens all parts, each of which may fail as its own header says; what is open then, service_close() closes.
 *   RES_RETRY    also if a stop was requested while it waited: signals.stop_pending
 */
MUST_CHECK enum result service_open(struct collector *collector, struct why *why);

/* Commits all that has been read, and closes. Returns `res`, or the result of the end if the run itself was successful. */
MUST_CHECK enum result service_close(struct collector *collector, enum result res, struct why *why);

#endif
