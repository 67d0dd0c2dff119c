/* reject_privacy -- see reject_privacy.h. */
#include "uploader/commands/reject_privacy.h"

#include <stdio.h>
#include <string.h>

#include "common/control_client.h"
#include "common/lockfile.h"
#include "common/print.h"
#include "uploader/ship/handlers.h"
#include "uploader/spool/rejects.h"

#define PATIENCE_MS 5000 /* the uploader looks for questions twice a second */

/* Whatever is not the one answer that allows it forbids it. */
static enum result ask_uploader(struct spool_out *spool, const struct settings *settings, bool *withholds,
                                struct why *why)
{
    struct signals signals = {.fd = -1}; /* nothing is written yet: a signal ends the process as usual */
    struct buf answer = BUF_EMPTY;
    struct control_call call = {.spool_path = settings->spool_path,
                                .program = "uploader",
                                .action = HANDLERS_PRIVACY,
                                .argument = "",
                                .signals = &signals,
                                .answer = &answer,
                                .patience_ms = PATIENCE_MS};
    enum result res = control_client_run(spool_out_db(spool), &call, why);
    buf_append_char(&answer, '\0');
    *withholds = strcmp(answer.data, HANDLERS_SHOWN) != 0;
    buf_fini(&answer);
    return res == RES_OK ? res : why_wrap(why, res, "ask whether payloads may be shown");
}

static void explain(bool is_running)
{
    static const char left_out[] = "uploader: the payloads are left out, and nothing of them is quoted";
    if (is_running)
        print_line(stderr, "%s: so the running uploader's settings want it (DROP_FIELDS, REJECTS_PAYLOAD)",
                   left_out);
    else
        print_line(stderr,
                   "%s: the last uploader withheld them, or dropped fields; REJECTS_PAYLOAD=true shows them",
                   left_out);
}

enum result reject_privacy_ask(struct spool_out *spool, const struct settings *settings, bool *omits_payload,
                               struct why *why)
{
    bool is_running = false;
    bool withholds = false;
    *omits_payload = true;
    enum result res = lockfile_is_held(settings->spool_path, "uploader", &is_running, why);
    if (res == RES_OK && is_running)
        res = ask_uploader(spool, settings, &withholds, why);
    else if (res == RES_OK && settings->rejects_payload != REJECTS_PAYLOAD_TRUE)
        res = spool_rejects_were_withheld(spool, &withholds, why);
    if (res != RES_OK) return res;
    *omits_payload = withholds || settings_omits_payload(settings);
    if (withholds && !settings_omits_payload(settings)) explain(is_running);
    return RES_OK;
}
