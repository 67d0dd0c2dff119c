/*
 * config -- see config.h. The value of each row is trimmed and parsed by its kind; the first wrong value ends the
 * reading.
 */
#include "common/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/print.h"
#include "common/small_file.h"

#define SECRETS_DIR    "/run/secrets"
#define NO_LIMIT_BYTES (1LL << 40) /* an upper bound that nobody meets is not shown */
#define SHOWN_MAX      100         /* bytes of a value in a message */

struct unit {
    const char *suffix;
    int64_t factor;
};

static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};
static const struct unit size_units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const struct unit duration_units[] = {{"", 1000},     {"ms", 1},       {"s", 1000}, {"m", 60000},
                                             {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

static const struct {
    const struct unit *units;
    const char *what;
} numbers[] = {
    [SETTING_UINT] = {plain_units, "a whole number"},
    [SETTING_SIZE] = {size_units, "bytes, or a number with K, M or G"},
    [SETTING_DURATION] = {duration_units, "seconds, or a number with ms, s, m, h or d"},
};

const char *config_env(char *const *env, const char *name)
{
    size_t len = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, len) == 0 && (*env)[len] == '=') return *env + len + 1;
    return NULL;
}

/* A trimmed copy; NULL if nothing is left. */
static char *trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)*text)) text++, len--;
    while (len > 0 && isspace((unsigned char)text[len - 1])) len--;
    if (len == 0) return NULL;
    char *copy = strndup(text, len);
    if (!copy) abort();
    return copy;
}

/* The file's text, trimmed. A missing file is an error only if the user named it. */
static enum result read_secret_file(const char *name, const char *path, bool must_exist, char **text,
                                    struct why *why)
{
    struct buf content = BUF_EMPTY;
    if (!must_exist && access(path, F_OK) != 0 && errno == ENOENT) return RES_OK;
    enum result res = small_file_read(path, CONFIG_SECRET_MAX, &content, why);
    if (res == RES_OK && content.len > 0) *text = trimmed(content.data, content.len);
    if (content.data) explicit_bzero(content.data, content.len);
    buf_fini(&content);
    return res == RES_OK ? res : why_wrap(why, RES_REFUSE, "%s", name);
}

/* The value of NAME, trimmed, owned by the caller; NULL if it is not set. */
static char *read_env(char *const *env, const char *name)
{
    const char *value = config_env(env, name);
    return value ? trimmed(value, strlen(value)) : NULL;
}

/* The path that NAME_FILE names (true), else the path in the secrets directory (false). */
static bool find_secret_file(const char *name, char *const *env, char path[PATH_MAX])
{
    char name_file[128];
    (void)snprintf(name_file, sizeof name_file, "%s_FILE", name);
    char *named = read_env(env, name_file);
    bool is_named = named != NULL;
    int len = snprintf(path, PATH_MAX, "%s%s%s", is_named ? "" : SECRETS_DIR, is_named ? "" : "/",
                       is_named ? named : name);
    for (int i = (int)sizeof SECRETS_DIR; i < len && !is_named; i++)
        path[i] = (char)tolower((unsigned char)path[i]);
    free(named);
    return is_named;
}

bool config_secret_path(const char *name, char *const *env, char path[PATH_MAX])
{
    char *value = read_env(env, name);
    bool is_set = value != NULL;
    if (value) explicit_bzero(value, strlen(value));
    free(value);
    (void)find_secret_file(name, env, path);
    return !is_set;
}

enum result config_read_secret(const char *name, char *const *env, char **text, struct why *why)
{
    char shown[128];
    char path[PATH_MAX];
    *text = read_env(env, name);
    if (*text) return RES_OK;
    bool is_named = find_secret_file(name, env, path);
    (void)snprintf(shown, sizeof shown, "%s%s", name, is_named ? "_FILE" : "");
    return read_secret_file(shown, path, is_named, text, why);
}

/* Comments and quotes that people leave in a value by accident; the message says what to write instead. */
static enum result refuse_leftovers(const struct setting *row, const char *text, struct why *why)
{
    if (strchr(text, '#'))
        return why_set(why, RES_REFUSE, "%s=%s: a comment was left in the value; put it on a line of its own",
                       row->name, text);
    if (strchr(text, '"') || strchr(text, '\''))
        return why_set(why, RES_REFUSE, "%s=%s: quotes were left in the value; write it without them",
                       row->name, text);
    return RES_OK;
}

/* A bound as a person would write it: 1073741824 as 1G, 3600000 ms as 3600. */
static void number_text(enum setting_kind kind, int64_t value, char out[32])
{
    const char *unit = "";
    if (kind == SETTING_DURATION) {
        if (value % 1000)
            unit = "ms";
        else
            value /= 1000;
    }
    if (kind == SETTING_SIZE && value >= 1 << 30 && value % (1 << 30) == 0) {
        unit = "G";
        value >>= 30;
    } else if (kind == SETTING_SIZE && value >= 1 << 20 && value % (1 << 20) == 0) {
        unit = "M";
        value >>= 20;
    }
    (void)snprintf(out, 32, "%" PRId64 "%s", value, unit);
}

static enum result parse_number(const struct setting *row, const char *text, int64_t *out, struct why *why)
{
    char low[32];
    char high[32];
    char *end = NULL;
    int64_t factor = 0;

    enum result res = refuse_leftovers(row, text, why);
    if (res != RES_OK) return res;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    for (const struct unit *u = numbers[row->kind].units; u->suffix; u++)
        if (strcasecmp(end, u->suffix) == 0) factor = u->factor;
    bool is_number = isdigit((unsigned char)*text) && factor != 0;
    bool is_in_range = is_number && errno == 0 && value <= INT64_MAX / factor && value * factor >= row->min &&
                       value * factor <= row->max;
    if (is_in_range) {
        *out = value * factor;
        return RES_OK;
    }
    number_text(row->kind, row->min, low);
    number_text(row->kind, row->max, high);
    return why_set(why, RES_REFUSE, "%s=%s is %s: expected %s, from %s to %s", row->name, text,
                   is_number ? "out of range" : "not understood", numbers[row->kind].what, low, high);
}

const char *config_choice(const struct setting *row, int64_t index, size_t *len)
{
    const char *word = row->choices;
    for (; index > 0; index--) word += strcspn(word, "|") + 1;
    *len = strcspn(word, "|");
    return word;
}

/* The words of a CHOICE that can be written. */
static const char *without_unset(const char *choices)
{
    return *choices == '|' ? choices + 1 : choices;
}

/* The index of a word in `choices`; -1 if it is none of them. */
static int64_t find_choice(const char *choices, const char *text)
{
    int64_t index = 0;
    for (const char *word = choices;; index++) {
        size_t len = strcspn(word, "|");
        if (strlen(text) == len && strncasecmp(word, text, len) == 0) return index;
        if (!word[len]) return -1;
        word += len + 1;
    }
}

/*
 * What else people write for true and false, where these are choices; otherwise the text itself. The settings that AWS's
 * own tools read have only the words that those understand.
 */
static const char *true_or_false(const struct setting *row, const char *text)
{
    static const char *const others[][2] = {{"1", "true"},  {"yes", "true"}, {"on", "true"},
                                            {"0", "false"}, {"no", "false"}, {"off", "false"}};
    if (strncmp(row->name, "AWS_", 4) == 0) return text;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcasecmp(text, others[i][0]) == 0) return others[i][1];
    return text;
}

static enum result parse_choice(const struct setting *row, const char *text, int64_t *out, struct why *why)
{
    enum result res = refuse_leftovers(row, text, why);
    if (res != RES_OK) return res;
    int64_t index = find_choice(row->choices, text);
    if (index < 0) index = find_choice(row->choices, true_or_false(row, text));
    if (index >= 0) {
        *out = index;
        return RES_OK;
    }
    return why_set(why, RES_REFUSE, "%s=%s is not understood: expected one of %s", row->name, text,
                   without_unset(row->choices));
}

/* A URL with a user, whose password it may hold, or with a query. */
static bool may_hold_secret(const char *text)
{
    return strstr(text, "://") && strpbrk(text, "@?");
}

/* Secrets are not shown in messages, nor values that are too long to be read. */
static enum result check_text(const struct setting *row, const char *text, struct why *why)
{
    int64_t len = (int64_t)strlen(text);
    bool is_shown = row->kind == SETTING_TEXT && len <= SHOWN_MAX && !may_hold_secret(text);
    const char *equals = is_shown ? "=" : "";
    const char *shown = is_shown ? text : "";
    if (len > 1 && (*text == '"' || *text == '\'') && text[len - 1] == *text)
        return why_set(why, RES_REFUSE, "%s%s%s: quotes were left in the value; write it without them",
                       row->name, equals, shown);
    if (len >= row->min && len <= row->max) return RES_OK;
    return why_set(why, RES_REFUSE,
                   "%s%s%s is too %s: expected %" PRId64 " to %" PRId64 " bytes, not %" PRId64, row->name,
                   equals, shown, len < row->min ? "short" : "long", row->min, row->max, len);
}

/* Takes `text` over if the field is a text, frees it otherwise. */
static enum result store(const struct setting *row, char *text, void *settings, struct why *why)
{
    char *field = (char *)settings + row->offset;
    enum result res = RES_OK;

    switch (row->kind) {
    case SETTING_UINT:
    case SETTING_SIZE:
    case SETTING_DURATION: res = parse_number(row, text, (int64_t *)(void *)field, why); break;
    case SETTING_CHOICE: res = parse_choice(row, text, (int64_t *)(void *)field, why); break;
    case SETTING_TEXT:
    case SETTING_SECRET: *(char **)(void *)field = text; return check_text(row, text, why);
    case SETTING_GROUP: break; /* config_load() skips it */
    }
    free(text);
    return res;
}

enum result config_load(const struct setting *rows, char *const *env, void *settings, struct why *why)
{
    enum result res = RES_OK;
    for (const struct setting *row = rows; row->name && res == RES_OK; row++) {
        char *text = NULL;
        if (row->kind == SETTING_GROUP) continue;
        if (row->kind == SETTING_SECRET)
            res = config_read_secret(row->name, env, &text, why);
        else
            text = read_env(env, row->name);
        if (!text && row->fallback) text = trimmed(row->fallback, strlen(row->fallback));
        if (res == RES_OK && text)
            res = store(row, text, settings, why);
        else
            free(text);
    }
    return res;
}

static bool is_text(const struct setting *row)
{
    return row->kind == SETTING_TEXT || row->kind == SETTING_SECRET;
}

void config_free(const struct setting *rows, void *settings)
{
    for (const struct setting *row = rows; row->name; row++) {
        if (!is_text(row)) continue;
        char **field = (char **)(void *)((char *)settings + row->offset);
        if (*field && row->kind == SETTING_SECRET) explicit_bzero(*field, strlen(*field));
        free(*field);
        *field = NULL;
    }
}

static void print_value(const struct setting *row, const void *settings, FILE *out)
{
    const char *field = (const char *)settings + row->offset;
    if (is_text(row)) {
        const char *text = *(char *const *)(const void *)field;
        if (row->kind == SETTING_SECRET && text) text = "********";
        print_line(out, "%s=%s", row->name, text ? text : "");
        return;
    }
    int64_t value = *(const int64_t *)(const void *)field;
    if (row->kind == SETTING_CHOICE) {
        size_t len = 0;
        const char *word = config_choice(row, value, &len);
        print_line(out, "%s=%.*s", row->name, (int)len, word);
        return;
    }
    char text[32];
    number_text(row->kind, value, text);
    print_line(out, "%s=%s", row->name, text);
}

void config_print(const struct setting *rows, const void *settings, FILE *out)
{
    for (const struct setting *row = rows; row->name; row++)
        if (row->kind != SETTING_GROUP) print_value(row, settings, out);
}

void config_help(const struct setting *rows, FILE *out)
{
    for (const struct setting *row = rows; row->name; row++) {
        if (row->kind == SETTING_GROUP)
            (void)fprintf(out, "\n%s\n", row->name);
        else
            (void)fprintf(out, "  %-22s %-14s %s\n", row->name, row->fallback ? row->fallback : "-",
                          row->meaning);
    }
}

/* A bound with the largest unit that leaves it whole: 604800000 ms as 7d. */
static void print_bound(const struct setting *row, int64_t value, FILE *out)
{
    const struct unit *largest = NULL;
    for (const struct unit *u = numbers[row->kind].units; u->suffix; u++)
        if (value % u->factor == 0 && (!largest || u->factor >= largest->factor)) largest = u;
    assert(largest); /* each kind has a unit of 1 */
    (void)fprintf(out, "%" PRId64 "%s", value / largest->factor, value == 0 ? "" : largest->suffix);
}

static void print_values(const struct setting *row, FILE *out)
{
    switch (row->kind) {
    case SETTING_UINT:
    case SETTING_SIZE:
    case SETTING_DURATION:
        print_bound(row, row->min, out);
        if (row->kind == SETTING_SIZE && row->max >= NO_LIMIT_BYTES) {
            (void)fputs(" or more", out);
            break;
        }
        (void)fputs(" to ", out);
        print_bound(row, row->max, out);
        break;
    case SETTING_CHOICE:
        for (const char *c = without_unset(row->choices); *c; c++)
            (void)fprintf(out, *c == '|' ? ", " : "%c", *c);
        break;
    case SETTING_TEXT: (void)fputs("text", out); break;
    case SETTING_SECRET: (void)fputs("secret", out); break;
    case SETTING_GROUP: break;
    }
}

void config_list(const struct setting *rows, FILE *out)
{
    const char *group = "";
    for (const struct setting *row = rows; row->name; row++) {
        if (row->kind == SETTING_GROUP) {
            group = row->name;
            continue;
        }
        (void)fprintf(out, "%s\t%s\t", group, row->name);
        print_values(row, out);
        (void)fprintf(out, "\t%s\t%s\n", row->fallback ? row->fallback : "", row->meaning);
    }
}
