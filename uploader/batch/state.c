/* state -- see state.h. */
#include "uploader/batch/state.h"

#define TO(state)    (1u << (state))
#define FROM_OPEN_ON (TO(BATCH_SHIPPED) | TO(BATCH_SUPERSEDED) | TO(BATCH_ABANDONED))

static const struct {
    const char *name;
    unsigned next;
} states[] = {
    [BATCH_SEALED] = {"sealed", TO(BATCH_BLOCKED) | FROM_OPEN_ON},
    [BATCH_BLOCKED] = {"blocked", TO(BATCH_SEALED) | FROM_OPEN_ON},
    [BATCH_SHIPPED] = {"shipped", 0},
    [BATCH_SUPERSEDED] = {"superseded", 0},
    [BATCH_ABANDONED] = {"abandoned", TO(BATCH_SHIPPED) | TO(BATCH_SUPERSEDED)},
};

const char *batch_state_name(enum batch_state state)
{
    return states[state].name;
}

bool batch_state_is_open(enum batch_state state)
{
    return state == BATCH_SEALED || state == BATCH_BLOCKED;
}

bool batch_state_may_become(enum batch_state state, enum batch_state next)
{
    return (states[state].next & TO(next)) != 0;
}
