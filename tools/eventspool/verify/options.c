/* options -- see options.h. */
#include "tools/eventspool/verify/options.h"

#include <getopt.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/command.h"
#include "common/print.h"

#define TIMEOUT_TEXT "60s"

const struct command_detail verify_details[] = {
    {"verify", "--flush", "lets the uploader ship it now, and does not wait until it is due"},
    {"verify", "--host ADDRESS", "where to send it (127.0.0.1, or what BIND_HOST says)"},
    {"verify", "--timeout DURATION", "how long it may take once it is due (" TIMEOUT_TEXT ")"},
    {"verify", "0", "it has arrived in its object"},
    {"verify", "1", "it has not: the line that begins with `stop` says where, why, and what to do"},
    {NULL, NULL, NULL},
};

/* A duration as settings have it: config.h has the one reader of them. False: it is none, or not from 1 s to a day. */
static bool parse_duration(const char *text, int64_t *ms)
{
    static const struct setting rows[] = {
        {"--timeout", SETTING_DURATION, 0, NULL, 1000, 86400000, NULL, NULL}, SETTING_END};
    struct buf row = BUF_EMPTY;
    struct why why = {0};
    buf_append_format(&row, "--timeout=%s", text);
    buf_append_char(&row, '\0');
    char *const env[] = {row.data, NULL};
    enum result res = config_load(rows, env, ms, &why);
    buf_fini(&row);
    if (res != RES_OK) print_line(stderr, "eventspool verify: %s", why.text);
    return res == RES_OK;
}

static bool explain(const char *argument)
{
    print_line(stderr, "eventspool verify: '%s' is not understood, or lacks its value", argument);
    print_line(stderr, "usage: eventspool verify " VERIFY_ARGUMENTS);
    return false;
}

/* Puts one option where it belongs; `value` is that behind it. */
static bool store(struct verify_options *options, int letter, const char *value)
{
    if (letter == 'f') options->is_flushed = true;
    if (letter == 'h') options->host = value;
    return letter != 't' || parse_duration(value, &options->timeout_ms);
}

bool verify_options_parse(int argc, char **argv, struct verify_options *options)
{
    static const struct option longs[] = {{"flush", no_argument, NULL, 'f'},
                                          {"host", required_argument, NULL, 'h'},
                                          {"timeout", required_argument, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
    int letter = 0;
    *options = (struct verify_options){.is_flushed = false};
    if (!parse_duration(TIMEOUT_TEXT, &options->timeout_ms)) return false;
    opterr = 0;
    optind = 1;
    while ((letter = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
        if (letter == '?' || letter == ':' || (optarg && !*optarg)) return explain(argv[optind - 1]);
        if (!store(options, letter, optarg)) return false;
    }
    return optind == argc || explain(argv[optind]);
}
