/*
 * run -- the collector's subcommands: the service itself, and the commands for people. Each returns the exit code.
 */
#ifndef COLLECTOR_COMMANDS_RUN_H
#define COLLECTOR_COMMANDS_RUN_H

#include "collector/settings.h"
#include "collector/spool/append.h"
#include "common/lockfile.h"
#include "common/signals.h"

struct command_line; /* common/command.h */
struct handlers;     /* collector/spool/handlers.h */

int run_service(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_tail(const struct command_line *line);
int run_rejects_retry(const struct command_line *line);
int run_new_identity(const struct command_line *line);
int run_config(const struct command_line *line);

/*
 * Opens the spool for a process that holds the collector's lock, and waits until wal_settle() succeeds, renewing
 * the sign of life meanwhile. spool_in_close() of `*spool` is due in either case.
 *   RES_RETRY   a stop was requested meanwhile, or the spool cannot be opened now
 * Other errors are those of spool_in_open() (collector/spool/append.h).
 */
MUST_CHECK enum result run_open_spool(struct spool_in **spool, const struct settings *settings,
                                      struct signals *signals, const struct lockfile *lock, struct why *why);

/*
 * The handlers of commands' requests, with these settings. Borrows `spool` and `settings` until handlers_free(), which
 * is the caller's to call. Never fails.
 */
struct handlers *run_new_handlers(struct spool_in *spool, const struct settings *settings);

#endif
