/* client_options -- what all connected senders need to know (clients.h). */
#ifndef COLLECTOR_NET_CLIENT_OPTIONS_H
#define COLLECTOR_NET_CLIENT_OPTIONS_H

#include "collector/framing/frame.h"
#include "collector/gate/gate.h"
#include "common/problems.h"

struct clients_options {
    const struct gate *gate;       /* borrowed: while it is closed, nothing is read, but at a stop */
    struct framer_options framing; /* what it points to is borrowed */
    size_t memory_bytes;       /* INTAKE_MEMORY: connections, unfinished events, and what is in the intake */
    struct problems *problems; /* borrowed; `intake_full` is raised here; NULL: nowhere */
};

#endif
