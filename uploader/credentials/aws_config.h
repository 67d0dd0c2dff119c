/*
 * aws_config -- the shared files of all AWS tools, `config` and `credentials`: sections with named values.
 *
 * The syntax follows AWS's "Shared config and credentials files" and the AWS CLI's parser:
 * - `[default]`, `[profile name]` and `[services name]` in config, `[profile's name]` in credentials; blanks inside the
 *   brackets and quotes around a name are dropped. Other sections ([sso-session x]) are passed over.
 * - `name = value` (or `name: value`); names in any letter case. A later value wins over an earlier one, and the
 *   credentials file over the config file.
 * - A line that is indented deeper than its property's line continues that value. Below a property without a value
 *   (`s3 =`) it is a nested `name = value`; a later `s3 =` replaces all that is nested below an earlier one. LF or CRLF;
 *   a byte order mark is skipped.
 * - A line that begins with # or ; is a comment, and so is the rest of a line from a blank and # or ; on.
 */
#ifndef UPLOADER_CREDENTIALS_AWS_CONFIG_H
#define UPLOADER_CREDENTIALS_AWS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/why.h"

#define AWS_CONFIG_FILE_MAX   (1 << 20) /* bytes of one file */
#define AWS_CONFIG_VALUES_MAX 16384     /* of both files together; a section counts as one */

enum aws_config_kind { AWS_CONFIG, AWS_CREDENTIALS };

enum aws_section { AWS_PROFILE, AWS_SERVICES, AWS_OTHER };

struct aws_property; /* one value of one section */

/* A value, borrowed. */
struct aws_value {
    const char *parent; /* NULL: not nested */
    const char *name, *value;
};

struct aws_config {
    struct aws_property *list; /* owned */
    size_t count, capacity;
};

/*
 * Adds the values in the text; call it for the config file first. `config` starts as {0} and needs aws_config_fini() in
 * any case.
 *   RES_REFUSE   a line is not understood, or is one value too many: `why` gives its number, never its text
 */
MUST_CHECK enum result aws_config_parse(struct aws_config *config, enum aws_config_kind kind,
                                        const struct buf *text, struct why *why);

/* The same for a file; a missing file is fine, as for every AWS tool. RES_RETRY: it cannot be read. */
MUST_CHECK enum result aws_config_read(struct aws_config *config, enum aws_config_kind kind, const char *path,
                                       struct why *why);

/* Wipes and frees. */
void aws_config_fini(struct aws_config *config);

bool aws_config_has(const struct aws_config *config, enum aws_section kind, const char *section);

/*
 * The name of a section of the config file that was meant as this profile, and that no AWS tool takes for it, as
 * `[x]` and `[Profile x]` for `[profile x]`; NULL: there is none. Borrowed.
 */
const char *aws_config_find_mistaken(const struct aws_config *config, const char *profile);

/* The value, trimmed; NULL if it is absent or empty. Borrowed. `name` in small letters. */
const char *aws_config_get(const struct aws_config *config, const char *profile, const char *name);
/* The same of a nested one. */
const char *aws_config_get_nested(const struct aws_config *config, enum aws_section kind, const char *section,
                                  const char *parent, const char *name);

/* Goes through a section's values that count, none of them empty; `*at` starts as 0. False: there is no further one. */
bool aws_config_next(const struct aws_config *config, enum aws_section kind, const char *section, size_t *at,
                     struct aws_value *value);

#endif
