/* reship_report -- see reship_report.h. */
#include "uploader/ship/reship_report.h"

#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/printable.h"
#include "common/utf8.h"

#define PROBLEM_LENGTH 150
#define TROUBLE_LENGTH 400
#define PROBLEMS_MAX   3 /* are described one by one; the others are counted */

void reship_report_fini(struct reship_report *r)
{
    buf_fini(&r->problem_texts);
}

/* The text may be a server's, so it is made printable, and cut. */
static void append_text(struct buf *out, const char *text, int most)
{
    printable_append_shown(out, text, (size_t)utf8_cut(text, most));
}

void reship_report_problem(struct reship_report *r, int64_t batch_id, const char *text)
{
    r->problems++;
    log_warn("a batch cannot be sent again", "batch=%" PRId64 " why=%s", batch_id, LOG_QUOTE(text));
    if (r->problems > PROBLEMS_MAX) return;
    buf_append_format(&r->problem_texts, "; batch %" PRId64 ": ", batch_id);
    append_text(&r->problem_texts, text, PROBLEM_LENGTH);
}

bool reship_report_is_complete(const struct reship_report *r, const struct reship_order *order)
{
    return (r->is_found || order->batch_id == 0) && r->problems == 0 && !*r->trouble.text;
}

static void append_what_was_done(const struct reship_report *r, const struct reship_order *order,
                                 struct buf *out)
{
    const char *would = order->is_dry_run ? "would be " : "";
    if (!order->has_new_keys) {
        buf_append_format(out, "batches checked: %" PRId64 "; their objects are there: %" PRId64, r->checked,
                          r->present);
        buf_append_format(out, "; %ssent again: %" PRId64 " (events: %" PRId64 ")", would, r->sent,
                          r->events);
    } else {
        buf_append_format(out, "batches that %s sent again under new keys: %" PRId64,
                          order->is_dry_run ? "would be" : "are", r->sent);
        buf_append_format(out, "; events that %s load twice: %" PRId64, order->is_dry_run ? "would" : "will",
                          r->events);
    }
    if (r->on_their_way > 0) buf_append_format(out, "; still to ship: %" PRId64, r->on_their_way);
    if (r->changed > 0)
        buf_append_format(out, "; with other bytes than before, as a library was upgraded: %" PRId64,
                          r->changed);
    if (r->unshipped > 0)
        buf_append_format(out, "; not shipped for the first time yet: %" PRId64, r->unshipped);
}

void reship_report_describe(const struct reship_report *r, const struct reship_order *order, struct buf *out)
{
    if (order->batch_id > 0 && r->has_ended && !r->is_found) {
        buf_append_format(out, "there is no batch %" PRId64 ": the view `batches` lists all batches",
                          order->batch_id);
        return;
    }
    append_what_was_done(r, order, out);
    if (r->problems > 0) {
        buf_append_format(out, "; not possible: %" PRId64, r->problems);
        buf_append(out, r->problem_texts.data, r->problem_texts.len);
    }
    if (r->problems > PROBLEMS_MAX) buf_append_text(out, "; and so on, as the log says");
    if (!*r->trouble.text) return;
    buf_append_text(out, "; ended by: ");
    append_text(out, r->trouble.text, TROUBLE_LENGTH);
    if (!*r->trouble.remedy) return;
    buf_append_text(out, "; ");
    append_text(out, r->trouble.remedy, TROUBLE_LENGTH);
}
