/*
 * run -- the collector's subcommands: the service itself, and the questions about it. Each returns the exit code.
 */
#ifndef COLLECTOR_COMMANDS_RUN_H
#define COLLECTOR_COMMANDS_RUN_H

#include "collector/settings.h"
#include "collector/spool/append.h"
#include "common/lockfile.h"
#include "common/signals.h"

struct command_line; /* common/command.h */
struct requests;     /* collector/spool/requests.h */

int run_service(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_tail(const struct command_line *line);
int run_retry(const struct command_line *line);
int run_new_identity(const struct command_line *line);
int run_config(const struct command_line *line);

/*
 * Where this process is the collector: opens the spool, and waits until it is settled, alive meanwhile. `*spool` is there
 * for spool_in_close() whatever comes of it. RES_RETRY: told to stop, or it cannot be opened now.
 */
MUST_CHECK enum result run_open_spool(struct spool_in **spool, const struct settings *settings,
                                      struct signals *signals, const struct lockfile *lock, struct why *why);

/* What this process does when a command asks the collector for it, with these settings. Borrows both; never fails. */
struct requests *run_new_requests(struct spool_in *spool, const struct settings *settings);

#endif
