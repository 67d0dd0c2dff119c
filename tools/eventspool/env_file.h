/*
 * env_file -- reads settings from files of NAME=value lines, and adds them to the environment.
 *
 * A file means what it means to docker compose: `#` begins a comment on a line of its own, behind a blank in a value
 * without quotes, and behind the closing quote; `export ` before a name, blanks around `=`, a byte order mark and CRLF are
 * ignored; no value is an empty one, and a name without `=` is the environment's own. In single quotes only \' is an
 * escape; in double quotes \n, \r, \t, \", \\ and \$ are; both may span lines. `$$` is a dollar sign where it is not in
 * single quotes.
 *
 * What compose does beyond that is refused, so that no file is half understood: replacing variables ($NAME, ${NAME}),
 * `NAME: value`, the escapes \a \b \c \f \v and \0; and what its versions disagree about: a `#` at the beginning of a value.
 */
#ifndef TOOLS_EVENTSPOOL_ENV_FILE_H
#define TOOLS_EVENTSPOOL_ENV_FILE_H

#include <stddef.h>

#include "common/buf.h"
#include "common/why.h"

#define ENV_FILE_MAX (1 << 20) /* bytes of a file */

struct env_entry {
    char *name, *value; /* owned */
    int line;           /* of its file, from 1 */
};

/* Settings, each name once: of several values of one name the last one counts. Zeroed at first. */
struct env {
    struct env_entry *entries; /* owned */
    size_t count;
};
void env_fini(struct env *env);

/* Adds one, or replaces that of the same name. Takes over `name`. */
void env_set(struct env *env, char *name, const struct buf *value, int line);

/*
 * Adds the settings of a file's text. `path` is for messages, which name the file, the line and perhaps the name: never
 * a value, as it may be a secret.
 *   RES_REFUSE   something cannot be understood; `env` has what stood before it
 */
MUST_CHECK enum result env_parse(struct env *env, const char *path, const char *text, size_t len,
                                 struct why *why);

/*
 * The same of a file.
 *   RES_RETRY    it is not there, or cannot be read
 *   RES_REFUSE   it cannot be understood, or is longer than ENV_FILE_MAX
 */
MUST_CHECK enum result env_read(struct env *env, const char *path, struct why *why);

/* Adds what is not set yet to this process's environment, which wins, also with an empty value. */
void env_apply(const struct env *env);

/* The same where the environment has no value, or one of white space alone, which counts as not set. */
void env_apply_defaults(const struct env *env);

#endif
