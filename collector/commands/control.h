/*
 * control -- how a subcommand has the collector do something: the running collector, through the spool; or, where none
 * runs, this process, which is then a collector without senders for as long as it takes.
 */
#ifndef COLLECTOR_COMMANDS_CONTROL_H
#define COLLECTOR_COMMANDS_CONTROL_H

struct settings;

/* Requests `action` (collector/spool/handlers.h), shows the progress and the result, and returns the exit code. */
int control_collector(const struct settings *settings, const char *action, const char *argument);

#endif
