/*
 * run -- the collector's subcommands: the service itself, and the questions about it. Each returns the exit code.
 */
#ifndef COLLECTOR_RUN_H
#define COLLECTOR_RUN_H

struct command_line; /* common/command.h */

int run_service(const struct command_line *line);
int run_check(const struct command_line *line);
int run_healthcheck(const struct command_line *line);
int run_tail(const struct command_line *line);
int run_retry(const struct command_line *line);
int run_new_identity(const struct command_line *line);
int run_config(const struct command_line *line);

#endif
