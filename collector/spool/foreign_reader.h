/*
 * foreign_reader -- raises and ends the problem of that name: who keeps the write-ahead log from beginning again, since
 * when, and how long the log has grown. The writer's thread only.
 */
#ifndef COLLECTOR_SPOOL_FOREIGN_READER_H
#define COLLECTOR_SPOOL_FOREIGN_READER_H

#include "collector/spool/log_readers.h"
#include "collector/spool/wal_policy.h"
#include "common/problems.h"

struct foreign_reader;

/* Borrows both until foreign_reader_free(). Never fails. */
struct foreign_reader *foreign_reader_new(struct problems *problems, const char *spool_path);
void foreign_reader_free(struct foreign_reader *reader); /* accepts NULL */

/* Follows the policy's report: cheap while there is nothing to say, else a look at the processes each second. */
void foreign_reader_update(struct foreign_reader *reader, const struct wal_readers_report *report,
                           int64_t now_ms);

/* The problem's text; `since_at` is wall time. Pure but for the names of the processes. */
void foreign_reader_write(char message[PROBLEM_TEXT_SIZE], const struct wal_readers_report *report,
                          const struct log_readers *who, int64_t since_at);

#endif
