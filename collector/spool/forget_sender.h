/*
 * forget_sender -- deletes what the spool knows of a sender: its row for each address. Its events are not touched, and when
 * it sends again it is a new sender.
 */
#ifndef COLLECTOR_SPOOL_FORGET_SENDER_H
#define COLLECTOR_SPOOL_FORGET_SENDER_H

#include "common/db.h"

#define FORGET_SENDER_NONE "-" /* what people call the sender of events that name none */

/*
 * Forgets the sender of this name, or else the one whose name is shown as this text (common/printable.h), since that is what
 * a person sees and can type. `*addresses` is how many it had. In one transaction; it may be repeated.
 *   RES_REFUSE   there is no such sender
 * Other errors are those of common/db.h.
 */
MUST_CHECK enum result forget_sender(struct db *db, const char *name, int64_t *addresses, struct why *why);

#endif
