/*
 * config -- settings from a table: read from the environment, checked, printed, explained.
 *
 * Each program has one struct of settings and one table of rows that say where each value lives in it. Parsing, range
 * checks, `config`, `--help` and what `make settings` writes (docs/settings.md, .env.example, the environment in
 * docker-compose.yml, the files in deploy/etc) all come from the same rows. White space around a value is removed; an
 * empty value counts as not set.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/why.h"

#define CONFIG_SECRET_MAX                                                                                    \
    65600 /* bytes of a file that holds a secret: a session token of 64 KB, and line ends */

enum setting_kind {
    SETTING_UINT,     /* int64_t; a whole number */
    SETTING_SIZE,     /* int64_t, bytes; `10485760`, `64K`, `10M`, `1G` */
    SETTING_DURATION, /* int64_t, milliseconds; plain seconds, or `ms` `s` `m` `h` `d` */
    SETTING_CHOICE,   /* int64_t, the index of the word in `choices` */
    SETTING_TEXT,     /* char *, owned by the struct, NULL when not set; min and max are its length */
    SETTING_SECRET, /* as TEXT; also from NAME_FILE or <secrets directory>/<lower-case name>; never printed */
    SETTING_GROUP,  /* no setting: `name` is the heading of the rows that follow */
};

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;        /* of the field in the program's struct */
    const char *fallback; /* the default as a user would write it; NULL: none */
    int64_t min, max;     /* in the unit of the kind; unused by CHOICE */
    const char *choices;  /* CHOICE only: "xml|json|ndjson"; "|false|true": 0 is not set */
    const char *meaning;  /* one sentence for people */
};

#define SETTING_GROUP_ROW(heading)                                                                           \
    {                                                                                                        \
        heading, SETTING_GROUP, 0, NULL, 0, 0, NULL, NULL                                                    \
    }

#define SETTING_END                                                                                          \
    {                                                                                                        \
        NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL, NULL                                                        \
    }

/*
 * Fills the struct at `settings` (zeroed by the caller) from `env` (NAME=value texts, NULL at the end).
 *   RES_REFUSE   a value is wrong: `why` names the setting, the value and what is expected; exit 78
 * config_free() is due in either case.
 */
MUST_CHECK enum result config_load(const struct setting *rows, char *const *env, void *settings,
                                   struct why *why);
void config_free(const struct setting *rows, void *settings);

/* The value of `name` in `env`, or NULL. Borrowed, not trimmed. */
const char *config_env(char *const *env, const char *name);

/*
 * Reads the secret NAME anew: from NAME, from the file that NAME_FILE names, or from the secrets directory. `*text` is
 * trimmed, NULL if the secret is not set, and owned by the caller, who must wipe it.
 *   RES_REFUSE   the file that NAME_FILE names cannot be read, or a file is longer than CONFIG_SECRET_MAX
 */
MUST_CHECK enum result config_read_secret(const char *name, char *const *env, char **text, struct why *why);

/* The file that config_read_secret() reads; it need not exist. False if NAME itself is set: then no file is read. */
bool config_secret_path(const char *name, char *const *env, char path[PATH_MAX]);

/* Prints the effective configuration, one NAME=value per line, which can be read back; secrets are masked. */
void config_print(const struct setting *rows, const void *settings, FILE *out);

/* Prints the rows for `--help`, under the headings of their groups: name, default, meaning. */
void config_help(const struct setting *rows, FILE *out);

/*
 * Prints the rows for `--settings`, one per line, with tabs between the fields: group, name, values, default, meaning.
 */
void config_list(const struct setting *rows, FILE *out);

/* The word for the value of a CHOICE field, borrowed from `choices`, of `*len` bytes without a terminator. */
const char *config_choice(const struct setting *row, int64_t index, size_t *len);

#endif
