/* event_names -- EVENT_ELEMENT=EVENT, as most tests have it; and the set of no names. */
#ifndef TESTS_SUPPORT_EVENT_NAMES_H
#define TESTS_SUPPORT_EVENT_NAMES_H

#include "common/xml/names.h"

static const struct xml_names event_names = {
    .list = {{.text = "EVENT", .len = 5}},
    .count = 1,
    .may_begin = {['E'] = true},
};

static const struct xml_names no_names = {.count = 0};

#endif
