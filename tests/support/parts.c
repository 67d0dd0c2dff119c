/* parts -- see parts.h. */
#include "tests/support/parts.h"

void parts_append(const struct part *parts, size_t max_message, struct buf *stream, struct frames *frames)
{
    for (size_t i = 0; i < PARTS_MAX && parts[i].kind != NO_PART; i++) {
        struct slice text = parts[i].text;
        size_t at = stream->len;
        buf_append(stream, text.data, text.len);
        if (parts[i].kind == SKIPPED) continue;
        struct frame frame = {.is_event = parts[i].kind == AN_EVENT,
                              .data = text.data,
                              .len = text.len < max_message ? text.len : max_message,
                              .at = at,
                              .true_len = text.len,
                              .encoding = parts[i].encoding,
                              .reason = parts[i].reason};
        frames_add(frames, &frame);
    }
}
