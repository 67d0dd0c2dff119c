/*
 * index_fields -- INDEX_FIELDS: which child elements of an event fill the spool's columns. Pure.
 */
#ifndef COLLECTOR_FRAMING_INDEX_FIELDS_H
#define COLLECTOR_FRAMING_INDEX_FIELDS_H

#include "collector/framing/event.h"
#include "common/why.h"

#define INDEX_FIELDS_NAME_MAX 256 /* bytes of an element's name */
/* Bytes of the setting: enough for all columns, each with the longest name */
#define INDEX_FIELDS_TEXT_MAX 2048
#define INDEX_FIELDS_DEFAULT                                                                                 \
    "uid=cn, name=plasectrxEventname, time=plasectrxRecdateUTC, sender=plasectrxGatewayDN, "                 \
    "source_name=plasectrxSourcename"

/*
 * For each column the name of the child element that fills it, with the prefix that it has in the event, or with `*:`
 * for any prefix or none; "" if the column stays empty.
 */
struct index_fields {
    char elements[EVENT_FIELD_COUNT][INDEX_FIELDS_NAME_MAX + 1];
};

extern const struct index_fields index_fields_default; /* INDEX_FIELDS_DEFAULT, parsed */

/*
 * Reads `column=element` pairs, separated by commas, with white space anywhere between them. A column that is not named
 * stays empty; one element may fill several columns. A prefix is compared as it is written, whatever namespace it
 * stands for: `id` is a child without a prefix, `soap:id` one with this prefix, `*:id` one with any prefix or none.
 *   RES_REFUSE   the text is wrong: `why` names INDEX_FIELDS, the wrong part and a correct form
 */
MUST_CHECK enum result index_fields_parse(const char *text, struct index_fields *fields, struct why *why);

#endif
