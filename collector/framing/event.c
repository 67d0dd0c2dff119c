/* event -- see event.h. */
#include "collector/framing/event.h"

#include <assert.h>

const char *reject_reason_name(enum reject_reason reason)
{
    static const char *const names[REJECT_REASON_COUNT] = {
        [REJECT_MALFORMED] = "malformed",
        [REJECT_OVERSIZE] = "oversize",
        [REJECT_DOCTYPE] = "doctype",
        [REJECT_ENCODING] = "encoding",
        [REJECT_CUT_OFF] = "cut_off",
        [REJECT_STRAY_BYTES] = "stray_bytes",
        [REJECT_LOOKS_LIKE_HTTP] = "looks_like_http",
        [REJECT_LOOKS_LIKE_TLS] = "looks_like_tls",
        [REJECT_TOO_DEEP] = "too_deep",
        [REJECT_UNKNOWN_ELEMENT] = "unknown_element",
    };
    assert(reason < REJECT_REASON_COUNT);
    return names[reason];
}
