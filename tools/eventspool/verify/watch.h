/*
 * watch -- looks for the marked event in the spool, and for how far it is.
 */
#ifndef TOOLS_EVENTSPOOL_VERIFY_WATCH_H
#define TOOLS_EVENTSPOOL_VERIFY_WATCH_H

#include "tools/eventspool/verify/facts.h"

struct watch;

/*
 * Opens the spool and remembers its newest rows: the event is looked for behind them.
 *   RES_RETRY, RES_REFUSE, RES_BROKEN   as spool_open()
 */
MUST_CHECK enum result watch_open(struct watch **watch, const char *spool_path, const char *mark,
                                  struct why *why);
void watch_close(struct watch *watch); /* accepts NULL */

/*
 * Looks once: brings the facts about the event, its reject and its batch up to date, and the status, which is gathered
 * every half second, and when the event was found. The results are those of db.h.
 */
MUST_CHECK enum result watch_look(struct watch *watch, struct verify_facts *facts, struct why *why);

#endif
