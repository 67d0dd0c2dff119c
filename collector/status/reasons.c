/* reasons -- see reasons.h. */
#include "collector/status/reasons.h"

#include <string.h>

const struct reason reasons[REASONS_COUNT] = {
    [REASONS_UNKNOWN_ELEMENT] =
        {"unknown_element", "elements that EVENT_ELEMENT does not name",
         "name the element in EVENT_ELEMENT if it is an event, and in IGNORE_ELEMENTS if it "
         "carries nothing"},
    {"malformed", "events that are not well-formed XML",
     "set what the detail names (XML_NAMESPACES, INVALID_CHARACTERS), else have the sender corrected"},
    {"oversize", "events longer than MAX_MESSAGE_SIZE", "raise MAX_MESSAGE_SIZE"},
    {"doctype", "document type declarations, which no appliance sends", "find out who sends them"},
    {"encoding", "bytes that are not in the encoding that they should be in",
     "set DEFAULT_ENCODING, or have the sender's XML declaration corrected"},
    {"cut_off", "events that did not end",
     "look at the network and at restarts of the sender; if the detail says that one element stands inside "
     "another, "
     "name only the outer one in EVENT_ELEMENT"},
    {"stray_bytes", "text between the events", "look at the bytes and at who sends them"},
    {"looks_like_http", "HTTP, as of a health probe or a browser",
     "switch the sender or the probe to plain TCP"},
    {"looks_like_tls", "TLS", "switch TLS off at the sender: the port takes plain TCP"},
    {"too_deep", "elements nested more than 200 deep", "find out who sends them"},
};

size_t reasons_find(const char *name)
{
    size_t i = 0;
    while (i < REASONS_COUNT && strcmp(reasons[i].name, name) != 0) i++;
    return i;
}
