/*
 * routes -- what the collector's status server answers at each path, from the board and from what may be asked at any time.
 * docs/reference-status.md describes each.
 */
#ifndef COLLECTOR_STATUS_ROUTES_H
#define COLLECTOR_STATUS_ROUTES_H

#include "collector/gate/gate.h"
#include "collector/status/board.h"
#include "common/histogram.h"
#include "common/problems.h"
#include "common/status/web.h"

#define ROUTES_STALE_MS 30000 /* figures that are older are a problem */

/* The context of all routes. For the server's thread alone, but for `board` and what is borrowed. */
struct routes {
    const char *spool_path; /* borrowed, as the next four */
    struct board *board;
    const struct gate *gate;
    struct problems *problems;
    const struct histogram *commits;
    struct board_loop loop; /* copies of the board's */
    struct board_facts facts;
    struct status_live live;
    char node[SPOOL_NODE_MAX + 1]; /* "": not known yet */
};

/* Up to one whose path is NULL. The context is a struct routes. */
extern const struct web_route routes_of_collector[];

/* The node's name for the check of `Host`; NULL: not known yet. */
const char *routes_node(void *context);

#endif
