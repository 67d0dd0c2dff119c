/*
 * screen -- a status on one screen for a person: the verdict first, then what is wrong and what to do, then the figures, in
 * the order in which events go.
 */
#ifndef COMMON_STATUS_SCREEN_H
#define COMMON_STATUS_SCREEN_H

#include <stdio.h>

#include "common/status/status.h"

/* Lines that would reach the last of so many columns are broken at blanks; 0: none is broken, for programs that read. */
void status_print(FILE *out, const struct status *status, size_t columns);

#endif
