/*
 * publication -- the troubles as problems, which other processes and people see (common/problems.h). Each problem stands
 * for the scopes that troubles_code() calls so, of events and of rejects; events' words go first.
 */
#ifndef UPLOADER_SHIP_PUBLICATION_H
#define UPLOADER_SHIP_PUBLICATION_H

#include "common/problems.h"
#include "uploader/ship/troubles.h"

/*
 * Raises, renews and ends the four problems. `refused` is how many batches of each kind are set aside. `may_end` false:
 * nothing has been asked of the store yet, so what was raised at the start stays.
 */
void publication_update(struct problems *problems, struct troubles *troubles,
                        const int64_t refused[BATCH_KIND_COUNT], bool may_end);

#endif
