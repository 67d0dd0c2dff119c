/* check_space -- a part of `collector check`: is there space for the spool, as `run` would find it? */
#ifndef COLLECTOR_COMMANDS_CHECK_SPACE_H
#define COLLECTOR_COMMANDS_CHECK_SPACE_H

#include "collector/settings.h"
#include "common/why.h"

/*
 * Measures, and hears the running collector if there is one. Changes nothing.
 *   RES_RETRY   nothing would be read, or is read: `why` has the cause and the remedy
 */
MUST_CHECK enum result check_space(const struct settings *settings, struct why *why);

#endif
