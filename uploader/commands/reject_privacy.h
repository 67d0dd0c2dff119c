/*
 * reject_privacy -- may this command write out the payloads of rejects?
 *
 * DROP_FIELDS and REJECTS_PAYLOAD are the uploader's settings, and the shell in which somebody types a command does not
 * have them. So the running uploader is asked; the stricter of its settings and the command's own counts. Where none runs,
 * the spool says whether the last one withheld something, unless the command's own settings say REJECTS_PAYLOAD=true.
 */
#ifndef UPLOADER_COMMANDS_REJECT_PRIVACY_H
#define UPLOADER_COMMANDS_REJECT_PRIVACY_H

#include "uploader/settings.h"
#include "uploader/spool/spool.h"

/*
 * `*omits_payload`: they may not. Says on stderr why, where the command's own settings do not.
 *   RES_RETRY    the running uploader does not answer
 *   RES_BROKEN   it does not understand the question
 */
MUST_CHECK enum result reject_privacy_ask(struct spool_out *spool, const struct settings *settings,
                                          bool *omits_payload, struct why *why);

#endif
