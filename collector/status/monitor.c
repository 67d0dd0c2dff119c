/* monitor -- see monitor.h. */
#include "collector/status/monitor.h"

#include <stdlib.h>

#include "collector/status/board.h"
#include "collector/status/routes.h"
#include "common/status/page.h"
#include "common/status/web.h"

struct monitor {
    struct routes routes;
    struct board *board;
    struct web *web;
};

static enum result start_server(struct monitor *m, const struct monitor_parts *parts, struct why *why)
{
    char csp[PAGE_CSP_SIZE];
    struct web_options options = {
        .host = parts->host,
        .port = parts->port,
        .port_name = "STATUS_PORT",
        .listening_fd = parts->listening_fd,
        .allowed_hosts = parts->allowed_hosts,
        .csp = page_csp(csp),
        .routes = routes_of_collector,
        .node = routes_node,
        .context = &m->routes,
    };
    return web_start(&m->web, &options, why);
}

enum result monitor_open(struct monitor **out, const struct monitor_parts *parts, struct why *why)
{
    *out = NULL;
    if (parts->port == 0 && parts->listening_fd < 0) return RES_OK;
    struct monitor *m = calloc(1, sizeof *m);
    if (!m) abort();
    *out = m;
    m->board = board_new();
    m->routes.spool_path = parts->spool_path;
    m->routes.board = m->board;
    m->routes.gate = parts->gate;
    m->routes.problems = parts->problems;
    m->routes.commits = parts->commits;
    return start_server(m, parts, why);
}

void monitor_close(struct monitor *m, bool is_hanging)
{
    if (!m) return;
    web_stop(m->web);
    if (!is_hanging) board_free(m->board);
    free(m);
}

struct board *monitor_board(struct monitor *m)
{
    return m ? m->board : NULL;
}

bool monitor_post_loop(struct monitor *m, bool has_opened, int64_t connections,
                       const struct live_source *sources, size_t source_count)
{
    if (!m) return false;
    board_post_loop(m->board, has_opened, connections, sources, source_count);
    return board_is_asked(m->board);
}

void monitor_post_threads(struct monitor *m, bool are_alive, const char *stalled)
{
    if (m) board_post_threads(m->board, are_alive, stalled);
}
