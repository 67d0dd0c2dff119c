/*
 * control -- runs a request for a subcommand. If an uploader runs, it serves the request, which reaches it through the
 * spool. If none runs, this process takes the uploader's lock and serves the request itself.
 */
#ifndef UPLOADER_COMMANDS_CONTROL_H
#define UPLOADER_COMMANDS_CONTROL_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/settings.h"
#include "uploader/spool/spool.h"

/* What the work needs besides the spool. It matters only if this process does the work. */
enum control_needs {
    CONTROL_NEEDS_SPOOL,
    CONTROL_NEEDS_STORE,
    CONTROL_NEEDS_SHIPPER, /* the shipper does part of the work */
};

struct control {
    const struct settings *settings;
    struct signals signals;
    struct spool_out *spool;
    struct lockfile lock;      /* held if no uploader runs */
    struct store *store;       /* opened if this process holds the lock and needs it; else NULL */
    struct shipper *shipper;   /* likewise */
    struct handlers *handlers; /* set if this process holds the lock; else NULL */
};

/*
 * Opens the spool, and takes the uploader's lock if no uploader runs. control_close() is due whatever the result.
 *   RES_RETRY    there is no spool yet, or it is a copy that the collector has not named
 *   RES_REFUSE   the settings cannot work
 */
MUST_CHECK enum result control_open(struct control *control, const struct settings *settings,
                                    enum control_needs needs, struct why *why);

/*
 * Runs a request (uploader/ship/handlers.h): shows its progress and its result. The errors are those of
 * control_client_run().
 */
MUST_CHECK enum result control_run(struct control *control, const char *action, const char *argument,
                                   struct why *why);

void control_close(struct control *control);

/*
 * The exit code for the result of control_run(). If the request has failed, prints the uploader's explanation on
 * stderr.
 */
int control_exit(enum result res, const struct why *why);

/* All of the above, for a subcommand that consists of one request. Returns the exit code. */
int control_uploader(const struct settings *settings, enum control_needs needs, const char *action,
                     const char *argument);

#endif
