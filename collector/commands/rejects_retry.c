/* rejects_retry -- `collector rejects retry [ID...]`: validates rejects again; those that pass become events. */
#include <stdio.h>

#include "collector/commands/control.h"
#include "collector/commands/run.h"
#include "collector/spool/handlers.h"
#include "common/buf.h"
#include "common/command.h"
#include "common/positive.h"
#include "common/print.h"

int run_rejects_retry(const struct command_line *line)
{
    struct buf ids = BUF_EMPTY;
    for (int i = 1; i < line->argc; i++) {
        if (positive_parse(line->argv[i]) == 0) {
            print_line(stderr,
                       "eventspool rejects retry [ID...]: '%s' is not the id of a reject; the view "
                       "`rejects` lists the ids",
                       line->argv[i]);
            buf_fini(&ids);
            return EX_USAGE;
        }
        buf_append_format(&ids, "%s%s", i > 1 ? " " : "", line->argv[i]);
    }
    buf_append_char(&ids, '\0');
    int exit_code = control_collector(line->settings, HANDLERS_RETRY, ids.data);
    buf_fini(&ids);
    return exit_code;
}
