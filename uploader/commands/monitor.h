/*
 * monitor -- the uploader's own health and metrics at UPLOADER_STATUS_PORT, whether the collector runs or not. They are
 * served by a thread of their own, from what the owner's thread has posted.
 */
#ifndef UPLOADER_COMMANDS_MONITOR_H
#define UPLOADER_COMMANDS_MONITOR_H

#include "common/problems.h"
#include "common/status/status.h"
#include "uploader/settings.h"

struct monitor;

/*
 * `settings` and `problems` are borrowed until monitor_close(). `*monitor` stays NULL where there is no port; all functions accept that.
 *   RES_BROKEN   the thread cannot be started
 */
MUST_CHECK enum result monitor_open(struct monitor **monitor, const struct settings *settings,
                                    struct problems *problems, struct why *why);
void monitor_close(struct monitor *monitor);

/* ---- the owner's thread ---- */

/* Its loop turns. To be called every few seconds at least. */
void monitor_turn(struct monitor *monitor);

/* What was gathered of the whole installation, to be called every few seconds; copied. */
void monitor_post(struct monitor *monitor, const struct status *status);

#endif
