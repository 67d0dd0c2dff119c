/*
 * env_systemd -- what a file of settings means to systemd, which reads the services' files by rules of its own
 * (systemd.exec(5), EnvironmentFile=), and where that differs from what it means to `eventspool` (env_file.h).
 *
 * The differences are: behind a value a `#` begins no comment; a dollar sign is one also where there are two; without
 * quotes a backslash protects the next character or joins two lines; in quotes other escapes are known, and several
 * parts in quotes make one value; a comment goes on in the next line if it ends with a backslash (before version 254);
 * `;` begins a comment, too; `export` and a byte order mark are part of the name. A file that is not UTF-8 is not read.
 * Pure.
 */
#ifndef TOOLS_EVENTSPOOL_ENV_SYSTEMD_H
#define TOOLS_EVENTSPOOL_ENV_SYSTEMD_H

#include "tools/eventspool/env_file.h"

/* Adds the settings of a file's text as systemd reads them. What it does not understand, it passes over. */
void env_systemd_parse(struct env *env, const char *text, size_t len);

/* What of a setting is different for systemd. */
enum env_difference {
    ENV_DIFFERENT_VALUE,
    ENV_NOT_SEEN, /* by systemd */
    ENV_NOT_OURS, /* systemd sees one where `eventspool` does not */
};

/*
 * Calls `tell` for each setting that is different, with the entry of the reading that has it. Names with a dot or a dash
 * are left out: they are no settings of ours, and systemd drops them.
 */
void env_systemd_compare(const struct env *ours, const struct env *systemds,
                         void (*tell)(void *context, enum env_difference what, const struct env_entry *entry),
                         void *context);

#endif
