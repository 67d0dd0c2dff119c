/*
 * server_time -- the time that a server says it is. Pure.
 *
 * Requests are signed for that time if our clock seems to be wrong, so a time that no clock shows is not believed.
 */
#ifndef UPLOADER_HTTP_SERVER_TIME_H
#define UPLOADER_HTTP_SERVER_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* The years 2000 to 2199: however our own clock is set, it is less than 300 years from there. */
#define SERVER_TIME_FIRST_S INT64_C(946684800)
#define SERVER_TIME_LAST_S  INT64_C(7258118399)

/* Reads the value of a Date header (RFC 9110, 6.6.1). False: there is none, or it is not between the two. */
bool server_time_read(const char *date, int64_t *at_s) __attribute__((warn_unused_result));

#endif
