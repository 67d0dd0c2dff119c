/*
 * control -- how a subcommand has the uploader do something: the running uploader, through the spool; or, where none
 * runs, this process, which is then an uploader for as long as it takes.
 */
#ifndef UPLOADER_COMMANDS_CONTROL_H
#define UPLOADER_COMMANDS_CONTROL_H

#include "common/lockfile.h"
#include "common/signals.h"
#include "uploader/settings.h"
#include "uploader/spool/spool.h"

/* What the work needs beside the spool. It matters only where this process does the work. */
enum control_needs {
    CONTROL_NEEDS_SPOOL,
    CONTROL_NEEDS_STORE,
    CONTROL_NEEDS_SHIPPER, /* the shipper does part of the work */
};

struct control {
    const struct settings *settings;
    struct signals signals;
    struct spool_out *spool;
    struct lockfile lock;      /* held where no uploader runs */
    struct store *store;       /* then, as far as it is needed; NULL else */
    struct shipper *shipper;   /* likewise */
    struct handlers *handlers; /* then; NULL else */
};

/*
 * Opens the spool, and becomes the uploader where none runs. Whatever it returns, control_close() is due.
 *   RES_RETRY    there is no spool yet, or it is a copy that the collector has not named
 *   RES_REFUSE   the settings cannot work
 */
MUST_CHECK enum result control_open(struct control *control, const struct settings *settings,
                                    enum control_needs needs, struct why *why);

/* Runs a request (uploader/ship/handlers.h): shows its progress and its result. As control_client_run(). */
MUST_CHECK enum result control_run(struct control *control, const char *action, const char *argument,
                                   struct why *why);

void control_close(struct control *control);

/* The exit code of a request that was run: what the uploader says of a failure goes to stderr as it is. */
int control_exit(enum result res, const struct why *why);

/* All of this, for a subcommand that is nothing but one request. Returns the exit code. */
int control_uploader(const struct settings *settings, enum control_needs needs, const char *action,
                     const char *argument);

#endif
