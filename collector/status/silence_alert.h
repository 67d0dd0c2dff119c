/*
 * silence_alert -- which senders are silent that used to send? Pure.
 *
 * A sender is known once it has sent at least 100 events, on two different days (UTC). It is silent when nothing has come
 * from it for SILENCE_ALERT, of which only the time counts since the collector has been listening without a long
 * interruption (collector/gate/listening.h). After 30 days nobody asks for it any more. A name is one sender, whatever
 * addresses it uses; events that name no sender count for their address. SPOOL_TEST_SENDER is never silent.
 */
#ifndef COLLECTOR_STATUS_SILENCE_ALERT_H
#define COLLECTOR_STATUS_SILENCE_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "collector/gate/listening.h"
#include "common/problem.h"

#define SILENCE_ALERT_EVENTS    100
#define SILENCE_ALERT_DAYS      2
#define SILENCE_ALERT_FORGET_MS (30 * INT64_C(86400000))
#define SILENCE_ALERT_NAMED     3  /* so many are named, those that have been silent for longest */
#define SILENCE_ALERT_NAME_SIZE 64 /* of a name that is shown; a longer one is cut */

struct silence_rule {
    int64_t silence_ms; /* SILENCE_ALERT; more than 0 */
    struct listening_span listening;
    int64_t now; /* ms since 1970 */
};

/* A row of the table of senders. */
struct silence_row {
    const char *sender, *source; /* borrowed for the call */
    int64_t last_received_at;    /* ms since 1970 */
    int64_t day, days, events;
};

struct silent_sender {
    char name[SILENCE_ALERT_NAME_SIZE]; /* printable */
    int64_t last_at;
};

struct silence_alert {
    struct silence_rule rule;
    size_t count; /* of silent senders */
    struct silent_sender longest[SILENCE_ALERT_NAMED];

    /* the sender whose rows are being added */
    char sender[300], source[64];
    int64_t last_at, events, days, first_day, last_day;
};

/* Begin; add all rows, sorted by sender and source; end. Then `count` and `longest` are valid. */
void silence_alert_begin(struct silence_alert *alert, const struct silence_rule *rule);
void silence_alert_add(struct silence_alert *alert, const struct silence_row *row);
void silence_alert_end(struct silence_alert *alert);

/* The problem's message, if somebody is silent. */
void silence_alert_write(const struct silence_alert *alert, char message[PROBLEM_TEXT_SIZE]);

#endif
