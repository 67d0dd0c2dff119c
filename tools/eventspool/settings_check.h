/*
 * settings_check -- what `eventspool check` says of the services' files of settings, before each program checks itself:
 * whether they can be understood and mean the same to systemd, no secret lies where the collector could read it, and
 * nobody else can change them.
 */
#ifndef TOOLS_EVENTSPOOL_SETTINGS_CHECK_H
#define TOOLS_EVENTSPOOL_SETTINGS_CHECK_H

/*
 * Prints the findings, which name files, lines and settings, never a value. Returns how many problems there are. A file
 * that is not there, or that this user may not read, is passed over but for what its mode and owner tell.
 */
int settings_check(const char *directory);

#endif
