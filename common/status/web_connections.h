/*
 * web_connections -- the connections of the status server: how many there are at once, and for how long each.
 *
 * libevent's HTTP server knows neither limit. It asks here for each connection's bufferevent; a second reference to that
 * shows whether the server has freed it. A connection beyond a limit is shut down, which the server takes for a peer that
 * has left. For the server's thread alone.
 */
#ifndef COMMON_STATUS_WEB_CONNECTIONS_H
#define COMMON_STATUS_WEB_CONNECTIONS_H

#include <stddef.h>

#define WEB_CONNECTIONS_MAX 32
#define WEB_CONNECTION_MS   15000 /* from its beginning to its end: each serves one request */

struct bufferevent;
struct event_base;
struct web_connections;

/* Never fails: out of memory aborts. */
struct web_connections *web_connections_new(struct event_base *base);
void web_connections_free(struct web_connections *connections); /* accepts NULL; after evhttp_free() */

/*
 * evhttp's callback for a new connection (evhttp_set_bevcb()); `context` is the connections. Where there are
 * WEB_CONNECTIONS_MAX already, the oldest is shut down.
 */
struct bufferevent *web_connections_add(struct event_base *base, void *context);

/* How many are open; at most WEB_CONNECTIONS_MAX, but for those that were shut down and are not freed yet. */
size_t web_connections_count(struct web_connections *connections);

#endif
