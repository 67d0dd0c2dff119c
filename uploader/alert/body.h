/*
 * body -- a message to ALERT_URL as JSON. Pure.
 *
 * `text` is what a chat shows: whose message it is, the verdict on all events, the problem, and what to do. Slack reads it
 * alone, and takes & < > for its own markup, so these three are written as &amp; &lt; &gt; there, as Slack asks for. The
 * other members are for programs, and have every text as it is: `event`, `id`, `code`, `severity`, `remedy`, `node`, and
 * besides `program`, `message`, `since`, `verdict`. A reminder has those of its worst problem, and in `alerts` those of
 * each. No text holds personal data, as those of a problem hold none.
 */
#ifndef UPLOADER_ALERT_BODY_H
#define UPLOADER_ALERT_BODY_H

#include "common/buf.h"
#include "common/status/status.h"
#include "uploader/alert/policy.h"

#define ALERT_LISTED_MAX 8 /* problems of a reminder that its text names; all are in `alerts` */

/* Appends the document to `out`. `status` is as it was just judged; `node` names this installation. */
void alert_body(const struct alert_message *message, const char *node, const struct status *status,
                struct buf *out);

/* What `eventspool alert test` sends. */
void alert_body_test(const char *id, const char *node, struct buf *out);

#endif
