/*
 * run -- the uploader's subcommands: the service itself, and the questions about it. Each returns the exit code.
 */
#ifndef UPLOADER_RUN_H
#define UPLOADER_RUN_H

struct command_line; /* common/command.h */

int run_service(const struct command_line *line);
int run_flush(const struct command_line *line);
int run_status(const struct command_line *line);
int run_reship(const struct command_line *line);
int run_rejects_list(const struct command_line *line);
int run_rejects_show(const struct command_line *line);
int run_rejects_export(const struct command_line *line);
int run_rejects_dismiss(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_config(const struct command_line *line);

#endif
