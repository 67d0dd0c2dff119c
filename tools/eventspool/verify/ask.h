/*
 * ask -- what `verify` lets the programs do: show their settings, flush, fetch an object. Each runs with the settings of
 * its own service, and for root as the service's user: what root could reach says nothing of the services.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_ASK_H
#define TOOLS_EVENTSPOOL_VERIFY_ASK_H

#include <sys/types.h>

#include "tools/eventspool/programs.h"
#include "tools/eventspool/settings_files.h"

struct ask {
    const struct programs *programs;
    const struct settings_files *files;
};

/*
 * Appends what `config` of the program prints; ask_setting() finds values in it.
 *   RES_REFUSE   a setting is wrong, which the program has explained on stderr
 *   RES_RETRY, RES_BROKEN   it cannot be run
 */
MUST_CHECK enum result ask_config(const struct ask *ask, enum program_id program, struct buf *text,
                                  struct why *why);

/* The value of a setting, at most `size` - 1 bytes of it; "" if it is not set. Returns `value`. */
const char *ask_setting(const struct buf *text, const char *name, char *value, size_t size);

/*
 * Starts `flush`; launch_poll() or launch_stop() is due. What it prints goes to `*output`, a file without a name; close() it.
 *   RES_RETRY   it could not be started
 */
MUST_CHECK enum result ask_flush(const struct ask *ask, pid_t *child, int *output, struct why *why);

/*
 * Does the object of the batch hold the mark? It is read back by `batches fetch`.
 *   RES_RETRY, RES_REFUSE   it cannot be read from here, now or with these settings: `why` says why
 *   RES_BROKEN              it is not there, or is another one, or does not hold the mark
 */
MUST_CHECK enum result ask_object(const struct ask *ask, int64_t batch_id, const char *mark, struct why *why);

/* Copies the last line that was printed into `output`, at most `size` - 1 bytes; "" if there is none. */
void ask_last_line(int output, char *line, size_t size);

#endif
