/*
 * some_group -- groups as the receiving side passes them on: for tests of the collector.
 *
 * Event n of a test has the uid `n`, comes from sender `acm-<n % 3>`, and its payload is `<E>n</E>` with n in 100
 * digits.
 */
#ifndef TESTS_SUPPORT_SOME_GROUP_H
#define TESTS_SUPPORT_SOME_GROUP_H

#include <stdio.h>
#include <string.h>

#include "collector/intake/group.h"
#include "collector/spool/append.h"

static inline struct slice some_slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/* Events with the numbers `first`.. and rejects. */
static inline struct group *some_group(int first, int events, int rejects)
{
    struct group *group = group_new();
    for (int i = 0; i < events; i++) {
        char uid[16];
        char sender[16];
        char payload[128];
        (void)snprintf(uid, sizeof uid, "%d", first + i);
        (void)snprintf(sender, sizeof sender, "acm-%d", (first + i) % 3);
        (void)snprintf(payload, sizeof payload, "<E>%0100d</E>", first + i);
        struct event event = {
            .received_at = 1700000000000 + first + i,
            .source = some_slice("192.0.2.1"),
            .bytes = strlen(payload),
            .payload = group_copy(group, some_slice(payload)),
        };
        event.fields[EVENT_UID] = some_slice(uid);
        event.fields[EVENT_SENDER] = some_slice(sender);
        group_add_event(group, &event);
    }
    for (int i = 0; i < rejects; i++) {
        struct reject reject = {
            .received_at = 1700000000000 + first + i,
            .source = some_slice("192.0.2.2"),
            .reason = REJECT_MALFORMED,
            .detail = some_slice("line 1, column 2: not an event"),
            .bytes = strlen("<broken"),
            .payload = some_slice("<broken"),
        };
        group_add_reject(group, &reject);
    }
    return group;
}

/* As spool_append(), for a test that does not ask why it has failed. */
static inline enum result append_once(struct spool_in *in, struct group *group, struct why *why)
{
    struct append_outcome outcome;
    return spool_append(in, group, &outcome, why);
}

#endif
