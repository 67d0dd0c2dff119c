/*
 * control -- runs a request for a subcommand. If a collector runs, it serves the request, which reaches it through the
 * spool. If none runs, this process takes the collector's lock and serves the request itself, without accepting
 * senders.
 */
#ifndef COLLECTOR_COMMANDS_CONTROL_H
#define COLLECTOR_COMMANDS_CONTROL_H

struct settings;

/* Requests `action` (collector/spool/handlers.h), shows the progress and the result, and returns the exit code. */
int control_collector(const struct settings *settings, const char *action, const char *argument);

#endif
