/* stamp -- UTC seconds as the 14 digits YYYYMMDDHHMMSS. */
#ifndef ACMSIM_STAMP_H
#define ACMSIM_STAMP_H

#include <stdint.h>

/* Write 14 digits, no terminator; `seconds` since 1970, from then up to the year 9999. */
void stamp_write(char *at, int64_t seconds);

#endif
