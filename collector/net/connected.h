/*
 * connected -- who is connected now, by address: for people and monitoring.
 */
#ifndef COLLECTOR_NET_CONNECTED_H
#define COLLECTOR_NET_CONNECTED_H

#include "collector/net/clients.h"
#include "common/status/live.h"

/*
 * Lists the addresses with the most events of their present connections, most first; returns how many. It takes time for
 * each connection. For the event loop's thread.
 */
size_t connected_list(const struct clients *clients, struct live_source sources[LIVE_SOURCES_MAX]);

#endif
