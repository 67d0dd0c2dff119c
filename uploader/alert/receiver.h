/*
 * receiver -- a web service of others that is called: ALERT_URL, HEARTBEAT_URL.
 *
 * Its URL is a secret: logs and messages show only the host. A redirect is a failure: who could answer in the service's
 * place must not lead messages elsewhere. Proxies are those of the environment; the authorities of the system are trusted,
 * whatever AWS_CA_BUNDLE says. A call takes 10 s at most, and ends within a second of a stop.
 *
 * When calls begin to fail, and when they work again, is logged.
 */
#ifndef UPLOADER_ALERT_RECEIVER_H
#define UPLOADER_ALERT_RECEIVER_H

#include "common/buf.h"
#include "common/signals.h"
#include "common/why.h"
#include "uploader/alert/policy.h"

#define RECEIVER_SITE_SIZE   300
#define RECEIVER_ANSWER_SIZE 200

struct receiver;

/*
 * `setting` names where the URL comes from; both and `signals` are borrowed.
 *   RES_BROKEN   libcurl does not start
 */
MUST_CHECK enum result receiver_open(struct receiver **receiver, const char *setting, const char *url,
                                     struct signals *signals, struct why *why);
void receiver_close(struct receiver *receiver); /* accepts NULL */

/* https://host: what people may see of the URL. */
const char *receiver_site(const struct receiver *receiver);

/* What was answered, for a person who tries it out. */
struct receiver_answer {
    long status;                     /* 0: none */
    char text[RECEIVER_ANSWER_SIZE]; /* the beginning of the body, printable, without parts of the URL */
};

/* One call: POST of `json`, or GET if it is NULL. Any 2xx is TAKEN; `why` explains the others. `answer` may be NULL. */
enum alert_outcome receiver_call(struct receiver *receiver, const struct buf *json,
                                 struct receiver_answer *answer, struct why *why);

#endif
