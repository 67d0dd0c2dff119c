/*
 * healthcheck -- the subcommand of both programs: does the running one live, and with `--strict`, has it no problem?
 */
#ifndef COMMON_HEALTHCHECK_H
#define COMMON_HEALTHCHECK_H

#include <stdbool.h>

#include "common/command.h"

/* The only argument is `--strict`; false: something else stands there, which has been said. */
bool healthcheck_parse(const struct command_line *line, bool *is_strict);

/* The exit code; on stderr what is wrong. Needs no room on the disk, and not the spool itself. */
int healthcheck_run(const char *spool_path, const char *program, bool is_strict);

#endif
