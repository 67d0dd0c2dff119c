/*
 * policy_state -- what the files of the policy share: what an alert's code and history ask for, and the list of alerts.
 */
#ifndef UPLOADER_ALERT_POLICY_STATE_H
#define UPLOADER_ALERT_POLICY_STATE_H

#include "uploader/alert/policy.h"

#define ALERT_HOUR_MS 3600000LL

bool alert_is_critical(const struct alert *alert);
bool alert_is_of(const struct alert *alert, const struct problem *problem);

/* Is its problem there, as far as is known, whether people were told of it or not? */
bool alert_is_active(const struct alert *alert);

/* For how long the problem has to last before people are told. */
int64_t alert_after_ms(const struct alert *alert);

/* For how long it has to be away to be over. */
int64_t alert_quiet_ms(const struct alert *alert);

/* From the begin, or the last reminder, to the next one. */
int64_t alert_reminder_ms(int64_t reminders);

void alert_move(struct alert *alert, enum alert_stage stage);

/* Its end was taken, or is given up. */
void alert_close(struct alert *alert, struct alert_now now);

/* One of the begins that may be sent is used. */
void alert_policy_charge(struct alert_policy *policy, struct alert_now now);
void alert_policy_refill(struct alert_policy *policy, struct alert_now now);

/* A new alert with an id of its own; NULL: there is no place. */
struct alert *alert_policy_add(struct alert_policy *policy, const struct problem *problem);

bool alert_policy_has_id(const struct alert_policy *policy, const char *id);

#endif
