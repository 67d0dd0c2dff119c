/*
 * healthcheck -- the subcommand of both programs that checks whether the running program is alive and, with `--strict`,
 * has no problem.
 */
#ifndef COMMON_HEALTHCHECK_H
#define COMMON_HEALTHCHECK_H

#include <stdbool.h>

#include "common/command.h"

/* Reads the only argument, `--strict`. False if there is another one, which has been explained on stderr. */
bool healthcheck_parse(const struct command_line *line, bool *is_strict);

/*
 * Returns the exit code, and prints all problems on stderr, also those for which it does not fail. It needs no disk space
 * and does not open the spool.
 */
int healthcheck_run(const char *spool_path, const char *program, bool is_strict);

#endif
