/* server_time -- see server_time.h. */
#include "uploader/http/server_time.h"

#include <curl/curl.h>

bool server_time_read(const char *date, int64_t *at_s)
{
    *at_s = (int64_t)curl_getdate(date, NULL); /* -1: it is no date */
    return *at_s >= SERVER_TIME_FIRST_S && *at_s <= SERVER_TIME_LAST_S;
}
