/*
 * flush -- `uploader flush`: ships everything up to the newest event that is in the spool now, and waits for it. Exit 0
 * only if all of it is shipped.
 */
#include <stdio.h>

#include "common/command.h"
#include "common/print.h"
#include "uploader/commands/control.h"
#include "uploader/commands/run.h"
#include "uploader/ship/flush.h"
#include "uploader/ship/handlers.h"

static enum result run(struct control *control, const struct flush_ids *ids, struct why *why)
{
    struct buf argument = BUF_EMPTY;
    flush_ids_write(ids, &argument);
    buf_append_char(&argument, '\0');
    enum result res = control_run(control, HANDLERS_FLUSH, argument.data, why);
    buf_fini(&argument);
    return res;
}

int run_flush(const struct command_line *line)
{
    struct control control;
    struct flush_ids ids;
    struct why why = {0};

    enum result res = control_open(&control, line->settings, CONTROL_NEEDS_SHIPPER, &why);
    if (res == RES_OK) res = spool_out_request_flush(control.spool, &ids, &why); /* due from now on */
    bool has_begun = res == RES_OK;
    if (res == RES_OK) res = run(&control, &ids, &why);
    control_close(&control);

    if (res != RES_RETRY || !has_begun) return control_exit(res, &why);
    print_line(stderr, "uploader: not all is shipped: %s", why.text);
    return EX_FAILED;
}
