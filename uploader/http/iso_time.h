/*
 * iso_time -- times as AWS writes them in XML and JSON: ISO 8601. Pure.
 */
#ifndef UPLOADER_HTTP_ISO_TIME_H
#define UPLOADER_HTTP_ISO_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * 2031-05-04T10:11:12Z as milliseconds since 1970; with a fraction of any length, and with +hh:mm or +hhmm instead of Z.
 * False: it is no such time. The year has four digits, so no time is more than 10,000 years away.
 */
bool iso_time_parse(const char *text, int64_t *at_ms) __attribute__((warn_unused_result));

#endif
