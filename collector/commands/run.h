/*
 * run -- the collector's subcommands: the service itself, and the commands for people. Each returns the exit code.
 */
#ifndef COLLECTOR_COMMANDS_RUN_H
#define COLLECTOR_COMMANDS_RUN_H

#include "collector/settings.h"
#include "collector/spool/handlers.h"
#include "common/command_table.h"

extern const struct command_detail collector_details[]; /* arguments and exit codes, for --help */

int run_service(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_tail(const struct command_line *line);
int run_rejects_retry(const struct command_line *line);
int run_senders_list(const struct command_line *line);
int run_senders_forget(const struct command_line *line);
int run_new_identity(const struct command_line *line);
int run_config(const struct command_line *line);

/* How the settings frame a stream, and what settles plain events in it (NULL: nothing does). Both are borrowed. */
struct framer_options run_framer_options(const struct settings *settings, struct plain_event *plain);

/* The options of the handlers of commands' requests, for a process that has just begun. They borrow `settings`. */
struct handlers_options run_handlers_options(const struct settings *settings);

/* Bytes that may have been read and not been committed: the reserve must be able to take them. */
int64_t run_in_flight_bytes(const struct settings *settings);

/* What unshipped rejects may take: REJECTS_MAX_SIZE, within what SPOOL_MAX_SIZE leaves them. */
int64_t run_rejects_cap(const struct settings *settings);

#endif
