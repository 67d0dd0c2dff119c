/* report -- what was sent: one line for people and scripts, and the ledger. */
#ifndef ACMSIM_REPORT_H
#define ACMSIM_REPORT_H

#include "tools/acmsim/run.h"

#include <stdio.h>

/* "sent events=... events_per_second=..."; false when the line could not be written. */
bool report_line(FILE *to, const struct run *run);

/* One line per connection: its index, the events and the bytes that the kernel took whole. */
bool report_ledger(FILE *to, const struct run *run);

#endif
