/*
 * fields -- the 42 elements of an ACM event, in the order of the wire.
 * Happy path: a table made from the same list as the enum. What can fail: nothing.
 */
#include "tools/acmsim/fields.h"

const char *field_name(enum field field)
{
#define FIELD_NAME(id, element) element,
    static const char *const names[FIELD_COUNT] = {ACM_FIELDS(FIELD_NAME)};
#undef FIELD_NAME

    return names[field];
}
