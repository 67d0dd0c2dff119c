/*
 * run -- the uploader's subcommands. Each returns the exit code.
 */
#ifndef UPLOADER_COMMANDS_RUN_H
#define UPLOADER_COMMANDS_RUN_H

#include "common/command_table.h"
#include "uploader/spool/spool.h"

extern const struct command_detail uploader_details[]; /* arguments and exit codes, for --help */

int run_service(const struct command_line *line);
int run_flush(const struct command_line *line);
int run_status(const struct command_line *line);
int run_reship(const struct command_line *line);
int run_resolve(const struct command_line *line);
int run_batches_list(const struct command_line *line);
int run_batches_show(const struct command_line *line);
int run_batches_fetch(const struct command_line *line);
int run_rejects_list(const struct command_line *line);
int run_rejects_show(const struct command_line *line);
int run_rejects_export(const struct command_line *line);
int run_rejects_dismiss(const struct command_line *line);
int run_alert_test(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_config(const struct command_line *line);

/*
 * Opens the spool to ship from it: spool_out_open() and spool_out_refuse_copy(). `*will_come` is true if the call has
 * failed only because the collector has not created the spool or brought it up to date yet, or another program has locked it: then
 * the service waits. `is_command`: as for spool_open_for_command(). The caller owns `*spool`.
 */
MUST_CHECK enum result run_open_spool(struct spool_out **spool, const char *path, bool is_command,
                                      bool *will_come, struct why *why);

#endif
