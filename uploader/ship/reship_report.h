/*
 * reship_report -- the results of an order to send batches again: counted, and described for a person.
 */
#ifndef UPLOADER_SHIP_RESHIP_REPORT_H
#define UPLOADER_SHIP_RESHIP_REPORT_H

#include "common/why.h"
#include "uploader/ship/reship_order.h"

/* All zero at the start. */
struct reship_report {
    bool is_found;            /* at least one requested batch exists */
    bool has_ended;           /* nothing is left to do */
    int64_t checked, present; /* batches; their objects are there */
    int64_t sent, events;     /* batches sent again, or in a dry run to be sent; the events in them */
    int64_t on_their_way;     /* copies that are not shipped yet */
    int64_t changed;          /* rendered to other bytes than before */
    int64_t unshipped;        /* not shipped for the first time yet */
    int64_t problems;         /* batches that cannot be sent again */
    struct buf problem_texts; /* of the first few */
    struct why trouble;       /* why it has ended early */
};

void reship_report_fini(struct reship_report *report);

/* Counts, keeps and logs that this batch cannot be sent again. */
void reship_report_problem(struct reship_report *report, int64_t batch_id, const char *text);

/* Was everything done that was requested? To be called once has_ended is true. */
bool reship_report_is_complete(const struct reship_report *report, const struct reship_order *order);

/* Appends one line for a person, fit for a terminal. */
void reship_report_describe(const struct reship_report *report, const struct reship_order *order,
                            struct buf *out);

#endif
