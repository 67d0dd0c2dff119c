/*
 * test_reference_aws -- each row of docs/reference-aws.md: a variable or a key has the effect that the document says.
 *
 * Run from the repository's root. An effect is a difference in the settings, in where we connect, or in the keys that are
 * found or the reason why there are none; or that a value of no meaning is refused by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uploader/credentials/credentials.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/scratch.h"
#include "uploader/commands/options.h"

#define DOCUMENT   "docs/reference-aws.md"
#define SPANS_MAX  6
#define SNAPSHOT   40000
#define MEANING_NO "?!" /* of no meaning to anybody */

enum table { VARIABLES, KEYS_OF_PROFILE, KEYS_OF_SERVICES, TABLE_COUNT };

struct entry {
    enum table table;
    char *parent; /* NULL: not nested */
    char *name, *value, *effect;
    char *others[SPANS_MAX]; /* what else must be set */
};

struct world {
    struct scratch *scratch;
    struct signals signals;
    struct why why;
    enum result res;
    char shown[SNAPSHOT];
};

/* ---- the document ---- */

/* Takes the texts in backquotes out of a cell, in place. */
static size_t take_spans(char *cell, char *spans[SPANS_MAX])
{
    size_t count = 0;
    for (char *from = strchr(cell, '`'); from && count < SPANS_MAX; from = strchr(from, '`')) {
        char *end = strchr(from + 1, '`');
        assert_non_null(end);
        *end = '\0';
        spans[count++] = from + 1;
        from = end + 1;
    }
    return count;
}

/* False: it is no row of a table. */
static bool parse_row(char *line, struct entry *row)
{
    char *names[SPANS_MAX];
    char *values[SPANS_MAX] = {NULL};
    char *rest = line;
    if (strncmp(line, "| `", 3) != 0) return false;
    (void)strsep(&rest, "|");
    size_t count = take_spans(strsep(&rest, "|"), names);
    assert_in_range(count, 1, 2);
    size_t value_count = take_spans(strsep(&rest, "|"), values);
    assert_in_range(value_count, 1, SPANS_MAX - 1);
    *row = (struct entry){.table = row->table,
                          .parent = count == 2 ? names[0] : NULL,
                          .name = names[count - 1],
                          .value = values[0]};
    for (size_t i = 1; i < value_count; i++) row->others[i - 1] = values[i];
    row->effect = strsep(&rest, "|");
    return true;
}

/* ---- the files and the environment ---- */

static void append_key(struct buf *text, const char *parent, const char *name, const char *value)
{
    if (!value) return;
    if (parent) buf_append_format(text, "%s =\n  %s = %s\n", parent, name, value);
    if (!parent) buf_append_format(text, "%s = %s\n", name, value);
}

/* Writes the files with this value of the row's; NULL: without it. */
static void write_files(const struct world *w, const struct entry *row, const char *value)
{
    struct buf text = BUF_EMPTY;
    char path[200];
    buf_append_text(&text, "[default]\n");
    if (row->table == KEYS_OF_SERVICES) buf_append_text(&text, "services = own\n");
    for (size_t i = 0; row->others[i] && row->table != VARIABLES; i++)
        buf_append_format(&text, "%s\n", row->others[i]);
    if (row->table == KEYS_OF_PROFILE) append_key(&text, row->parent, row->name, value);
    buf_append_text(&text, "[profile other]\naws_access_key_id = OTHER\naws_secret_access_key = s\n");
    buf_append_text(&text,
                    "region = eu-west-3\n[services own]\nec2 =\n  endpoint_url = http://127.0.0.1:4\n");
    if (row->table == KEYS_OF_SERVICES) append_key(&text, row->parent, row->name, value);
    (void)snprintf(path, sizeof path, "%s/config", w->scratch->dir);
    scratch_write(path, text.data, text.len);
    buf_fini(&text);
    (void)setenv("AWS_CONFIG_FILE", path, 1);
    (void)snprintf(path, sizeof path, "%s/credentials", w->scratch->dir);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
}

static void set_variables(const struct entry *row, const char *value)
{
    for (size_t i = 0; row->others[i]; i++) {
        char *equals = strchr(row->others[i], '=');
        assert_non_null(equals);
        *equals = '\0';
        (void)setenv(row->others[i], equals + 1, 1);
        *equals = '=';
    }
    if (value) (void)setenv(row->name, value, 1);
}

/* ---- what comes of it ---- */

static void show_connection(const struct connection *c, FILE *out)
{
    (void)fprintf(out, "%s|%s|%s|%s|%s|%d%d%d%d%d|", c->region, c->s3_endpoint, c->sts_endpoint,
                  c->imds_endpoint, c->ca_bundle, c->uses_fips, c->uses_dualstack, c->uses_dualstack_sts,
                  c->uses_global_sts, (int)c->addressing);
}

/* Asks for keys, but calls no server except ports of this machine on which nobody listens. */
static void show_keys(struct world *w, const struct settings *settings, const struct connection *connection,
                      FILE *out)
{
    static const struct http_limits limits = {.connect_ms = 10000, .stall_s = 30, .answer_ms = 60000};
    struct credentials_options options = options_for_credentials(settings);
    struct lockfile lock = LOCKFILE_NONE;
    struct credentials *chain = NULL;
    struct keys keys = KEYS_NONE;
    if (!options.imds.is_disabled || options.container.relative_uri) return;
    w->res = credentials_open(&chain, &options, connection, &w->signals, &lock, limits, &w->why);
    assert_int_equal(w->res, RES_OK);
    w->res = credentials_get(chain, 0, &keys, &w->why);
    (void)fprintf(out, "%s|%s|%s", keys.access_key_id, keys.session_token ? keys.session_token : "",
                  w->why.text);
    keys_wipe(&keys);
    credentials_close(chain);
}

static void load(struct world *w, const struct entry *row, const char *value)
{
    struct settings settings = {0};
    struct connection connection = {.uses_fips = false};
    const char *form = getenv("CMOCKA_MESSAGE_OUTPUT"); /* how cmocka reports at the end */
    char *kept = form ? strdup(form) : NULL;
    (void)clearenv();
    if (kept) (void)setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
    free(kept);
    (void)setenv("AWS_EC2_METADATA_DISABLED",
                 strcmp(row->name, "AWS_EC2_METADATA_DISABLED") == 0 ? "" : "true", 1);
    bool has_role = strcmp(row->name, "role_arn") == 0;
    for (size_t i = 0; row->others[i]; i++) has_role = has_role || strstr(row->others[i], "role_arn");
    if (has_role) (void)setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1", 1);
    write_files(w, row, value);
    if (row->table == VARIABLES) set_variables(row, value);
    memset(w->shown, 0, sizeof w->shown);
    why_clear(&w->why);
    FILE *out = fmemopen(w->shown, sizeof w->shown, "w");
    assert_non_null(out);
    w->res = settings_load(&settings, environ, &w->why);
    settings_print(&settings, out);
    struct connection_options options = options_for_connection(&settings);
    if (w->res == RES_OK) w->res = connection_load(&connection, &options, &w->why);
    show_connection(&connection, out);
    if (w->res == RES_OK) show_keys(w, &settings, &connection, out);
    assert_int_equal(fclose(out), 0);
    settings_free(&settings);
}

static bool is_refused(const struct world *w, const struct entry *row)
{
    return w->res == RES_REFUSE && (strstr(w->why.text, row->name) || strstr(w->why.remedy, row->name));
}

/* Returns what is wrong; NULL: nothing. */
static const char *check_row(struct world *w, const struct entry *row)
{
    static char without[SNAPSHOT];
    load(w, row, NULL);
    memcpy(without, w->shown, sizeof without);
    load(w, row, row->value);
    bool has_effect = memcmp(without, w->shown, sizeof without) != 0;
    if (strcmp(row->effect, " refused ") == 0) return is_refused(w, row) ? NULL : "is not refused by name";
    if (strcmp(row->effect, " none ") == 0) {
        load(w, row, MEANING_NO);
        return has_effect || memcmp(without, w->shown, sizeof without) != 0 ? "has an effect" : NULL;
    }
    if (strcmp(row->effect, " supported ") != 0) return "has no known effect in the document";
    if (strstr(w->why.text, "not supported")) return "is refused";
    if (has_effect) return NULL;
    load(w, row, MEANING_NO);
    return is_refused(w, row) ? NULL : "has no effect";
}

static void each_row_has_the_effect_that_the_document_says(void **state)
{
    static struct world w;
    static const int expected[TABLE_COUNT] = {70, 80, 5};
    int counts[TABLE_COUNT] = {0};
    char line[1000];
    struct entry row = {.table = VARIABLES};
    int wrong = 0;
    (void)state;
    w.scratch = scratch_new();
    assert_int_equal(signals_open(&w.signals, &w.why), RES_OK);
    FILE *document = fopen(DOCUMENT, "re");
    assert_non_null(document);
    while (fgets(line, sizeof line, document)) {
        if (strcmp(line, "## Keys of a profile\n") == 0) row.table = KEYS_OF_PROFILE;
        if (strcmp(line, "## Keys of a services section\n") == 0) row.table = KEYS_OF_SERVICES;
        if (!parse_row(line, &row)) continue;
        counts[row.table]++;
        const char *fault = check_row(&w, &row);
        if (!fault) continue;
        wrong++;
        print_message("%s%s%s %s: %s\n", row.parent ? row.parent : "", row.parent ? " " : "", row.name, fault,
                      w.why.text);
    }
    assert_int_equal(fclose(document), 0);
    assert_int_equal(wrong, 0);
    for (size_t i = 0; i < TABLE_COUNT; i++) assert_true(counts[i] >= expected[i]);
    signals_close(&w.signals);
    scratch_free(w.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_row_has_the_effect_that_the_document_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
