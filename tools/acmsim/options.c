/*
 * options -- the command line as a value.
 * Happy path: every option is a row of one table; the row gives the default, the parser, the range and the
 * line of --help.
 * What can fail: an unknown option, a value outside its range; the message names the option, the value and
 * what would be right.
 */
#include "tools/acmsim/options.h"

#include "tools/acmsim/feed.h"
#include "tools/acmsim/message.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind {
    KIND_TEXT,
    KIND_SENDER,
    KIND_ELEMENT,
    KIND_UINT,
    KIND_DURATION, /* milliseconds, written as in settings */
    KIND_FLAG,
    KIND_SEPARATOR,
    KIND_HOSTILE,
    KIND_FEED,
    KIND_HELP,
    KIND_VERSION
};

struct row {
    const char *name;
    const char *label; /* of the value in --help; NULL: takes none */
    enum kind kind;
    size_t offset;        /* of the field in struct options */
    const char *standard; /* the default as it would be typed; NULL: the field stays zero */
    uint64_t min, max;
    const char *meaning;
};

#define FIELD(f) offsetof(struct options, f)

enum { SENDER_MAX = 120, ELEMENT_MAX = 60 };

static const struct row rows[] = {
    {"host", "HOST", KIND_TEXT, FIELD(host), "127.0.0.1", 0, 0, "the receiver: a name, IPv4 or IPv6"},
    {"port", "N", KIND_UINT, FIELD(port), "8080", 1, 65535, "its TCP port"},
    {"count", "N", KIND_UINT, FIELD(count), "10", 0, UINT64_C(1) << 47,
     "events in total over all connections; 0: endless, until SIGINT or SIGTERM"},
    {"rate", "N", KIND_UINT, FIELD(rate), "0", 0, 100000000,
     "events per second in total; 0: as fast as possible"},
    {"interval", "DURATION", KIND_DURATION, FIELD(interval_ms), NULL, 0, 86400000,
     "instead of --rate: the time between two events, over all connections, as 500ms, 2s or 1m; the\n"
     "first one is sent at once"},
    {"connections", "N", KIND_UINT, FIELD(connections), "1", 1, 4096,
     "connections at once, one gateway on each; the events are split evenly"},
    {"seed", "N", KIND_UINT, FIELD(seed), "1", 0, UINT64_MAX, "same seed and options: same bytes"},
    {"declaration", NULL, KIND_FLAG, FIELD(is_declared), NULL, 0, 0, "an XML declaration before each event"},
    {"separator", "KIND", KIND_SEPARATOR, 0, "newline", 0, 0, "after each event: newline, none or nul"},
    {"size", "N", KIND_UINT, FIELD(size_bytes), NULL, 200, 16777216,
     "bytes of one event, about, without declaration and separator (default: natural, about 2200)"},
    {"hostile", "KIND", KIND_HOSTILE, 0, NULL, 0, 0,
     "malformed: about every 10th event is not well-formed; truncated: about every 10th ends in its\n"
     "middle and the next follows at once; split: every byte travels alone; may be repeated"},
    {"feed", "NAME", KIND_FEED, 0, NULL, 0, 0,
     "the stream of another kind of sender, over one connection; --feed list says which there are,\n"
     "which settings of the collector help, and what comes out"},
    {"sender", "NAME", KIND_SENDER, FIELD(sender), NULL, 0, 0,
     "the sender that each event names (default: its gateway)"},
    {"sender-element", "NAME", KIND_ELEMENT, FIELD(sender_element), "plasectrxGatewayDN", 0, 0,
     "the element that has it; one that the appliance does not send is added"},
    {"stdout", NULL, KIND_FLAG, FIELD(is_stdout), NULL, 0, 0,
     "write the stream of one connection to standard output instead"},
    {"ledger", "FILE", KIND_TEXT, FIELD(ledger), NULL, 0, 0,
     "write at the end a line per connection: its index, events and bytes handed to the kernel"},
    {"linger-ms", "N", KIND_UINT, FIELD(linger_ms), "0", 0, 86400000,
     "keep each connection open this long after its last byte"},
    {"wait", "SECONDS", KIND_UINT, FIELD(wait_s), "0", 0, 86400,
     "keep trying this long to connect, for a receiver that is still starting"},
    {"help", NULL, KIND_HELP, 0, NULL, 0, 0, "this text"},
    {"version", NULL, KIND_VERSION, 0, NULL, 0, 0, "the version"},
};

enum { ROWS = sizeof rows / sizeof rows[0], FIRST_VALUE = 1000 };

/* Digits only: strtoull alone would take blanks, signs and a minus that wraps around. */
static bool parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t sum = 0;

    if (digits == 0 || text[digits] != '\0') return false;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return min <= sum && sum <= max;
}

/* As a setting would be written: plain seconds, or a number with a unit. */
static bool parse_duration(const char *text, uint64_t max_ms, uint64_t *value_ms)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char digits[24];
    size_t length = strspn(text, "0123456789");
    uint64_t number = 0;

    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!parse_uint(digits, 0, max_ms, &number)) return false;
    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcasecmp(text + length, units[i].suffix) != 0) continue;
        *value_ms = number * units[i].factor; /* number <= max_ms: no overflow */
        return *value_ms <= max_ms;
    }
    return false;
}

/* What needs no escaping in XML, and fits the place. */
static bool is_sender(const char *text)
{
    return text[0] != '\0' && strlen(text) <= SENDER_MAX && strpbrk(text, "<&>\r\n\t") == NULL;
}

/* A plain name, with or without a prefix; not that of the ids. */
static bool is_element(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    const char *colon = strchr(text, ':');
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-:");

    if (text[0] == '\0' || strchr(letters, text[0]) == NULL || text[length] != '\0') return false;
    if (colon != NULL &&
        (colon[1] == '\0' || strchr(letters, colon[1]) == NULL || strchr(colon + 1, ':') != NULL))
        return false;
    return length <= ELEMENT_MAX && strcmp(text, "cn") != 0;
}

static bool parse_separator(const char *text, enum separator *value)
{
    static const char *const names[] = {"newline", "none", "nul"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *value = (enum separator)i;
            return true;
        }
    }
    return false;
}

static bool parse_hostile(const char *text, unsigned *set)
{
    static const char *const names[] = {"malformed", "truncated", "split"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *set |= 1u << i;
            return true;
        }
    }
    return false;
}

static bool parse_feed(const char *text, const struct feed **feed)
{
    *feed = feed_find(text);
    return *feed != NULL;
}

/* What would be right for this row, as the end of a message. */
static void describe_right(const struct row *row, char *text, size_t size)
{
    switch (row->kind) {
    case KIND_UINT:
        snprintf(text, size, "a whole number from %" PRIu64 " to %" PRIu64, row->min, row->max);
        break;
    case KIND_DURATION:
        snprintf(text, size, "seconds, or a number with ms, s, m, h or d, from 0 to %" PRIu64 "d",
                 row->max / 86400000);
        break;
    case KIND_SENDER:
        snprintf(text, size, "a text of at most %d bytes, without <, > and &", SENDER_MAX);
        break;
    case KIND_ELEMENT:
        snprintf(text, size, "an element's name of at most %d bytes, other than cn", ELEMENT_MAX);
        break;
    case KIND_SEPARATOR: snprintf(text, size, "newline, none or nul"); break;
    case KIND_HOSTILE: snprintf(text, size, "malformed, truncated or split"); break;
    case KIND_FEED: snprintf(text, size, "a name that --feed list shows"); break;
    default: snprintf(text, size, "a text that is not empty"); break;
    }
}

/* Put one value where its row says; false when the value does not fit the row. */
static bool store(struct options *o, const struct row *row, const char *text)
{
    void *field = (char *)o + row->offset;

    switch (row->kind) {
    case KIND_TEXT: *(const char **)field = text; return text[0] != '\0';
    case KIND_SENDER: *(const char **)field = text; return is_sender(text);
    case KIND_ELEMENT: *(const char **)field = text; return is_element(text);
    case KIND_UINT: return parse_uint(text, row->min, row->max, field);
    case KIND_DURATION: return parse_duration(text, row->max, field);
    case KIND_FLAG: *(bool *)field = true; return true;
    case KIND_SEPARATOR: return parse_separator(text, &o->separator);
    case KIND_HOSTILE: return parse_hostile(text, &o->hostile);
    case KIND_FEED: return parse_feed(text, &o->feed);
    default: return true;
    }
}

static void print_help(void)
{
    printf(
        "Usage: acmsim [OPTION]...\n"
        "Plays an Avigilon ACM appliance that pushes XML events by TCP, for trials and for load, or\n"
        "with --feed another kind of sender.\n"
        "The field cn of each event is 16 hex digits: 4 for the connection, counted from 0, and 12 for the\n"
        "event on that connection, counted from 1.\n\n");
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        char head[32];
        const char *line = row->meaning;
        size_t length = strcspn(line, "\n");

        snprintf(head, sizeof head, "--%s %s", row->name, row->label ? row->label : "");
        printf("  %-20s %.*s", head, (int)length, line);
        for (line += length; *line != '\0'; line += length) {
            line++;
            length = strcspn(line, "\n");
            printf("\n  %-20s %.*s", "", (int)length, line);
        }
        if (row->standard != NULL) printf(" (default %s)", row->standard);
        putchar('\n');
    }
    printf("\nExit codes: 0 all sent, or stopped by a signal; 1 a connection failed; 64 wrong usage.\n");
}

/* Does this option ask for a text instead of a run? Then print it. */
static bool print_answer(const struct row *row, const char *text)
{
    if (row->kind == KIND_HELP)
        print_help();
    else if (row->kind == KIND_VERSION)
        printf("acmsim %s\n", ACMSIM_VERSION);
    else if (row->kind == KIND_FEED && strcmp(text, "list") == 0)
        feed_print_list(stdout);
    else
        return false;
    return true;
}

static enum options_verdict wrong_value(const struct row *row, const char *text)
{
    char right[128];

    describe_right(row, right, sizeof right);
    if (text == NULL)
        message("--%s: has no value; right would be %s", row->name, right);
    else
        message("--%s: \"%s\" is wrong; right would be %s", row->name, text, right);
    return OPTIONS_WRONG;
}

/* getopt found a word that is no option of ours, or an option without its value. */
static enum options_verdict wrong_word(int answer, const char *word)
{
    if (answer == ':') return wrong_value(&rows[optopt - FIRST_VALUE], NULL);
    if (optopt >= FIRST_VALUE)
        message("%s: has a value; right would be --%s alone", word, rows[optopt - FIRST_VALUE].name);
    else
        message("%s: is no option; right would be one of those that --help lists", word);
    return OPTIONS_WRONG;
}

static enum options_verdict wrong_with_feed(const char *option, const char *right)
{
    message("--%s: is wrong with --feed, which has events of its own; right would be %s", option, right);
    return OPTIONS_WRONG;
}

static enum options_verdict check_feed(const struct options *o)
{
    if (o->connections != 1) return wrong_with_feed("connections", "1");
    if (o->is_declared) return wrong_with_feed("declaration", "to leave it out");
    if (o->separator != SEPARATOR_NEWLINE) return wrong_with_feed("separator", "to leave it out");
    if (o->size_bytes != 0) return wrong_with_feed("size", "to leave it out");
    if (o->sender != NULL) return wrong_with_feed("sender", "to leave it out");
    if (o->hostile & (HOSTILE_MALFORMED | HOSTILE_TRUNCATED))
        return wrong_with_feed("hostile", "split, or to leave it out");
    if (o->count == 0 || o->count > FEED_EVENTS_MAX) {
        message("--count: \"%" PRIu64 "\" is wrong with --feed; right would be a whole number from 1 to %d",
                o->count, FEED_EVENTS_MAX);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static enum options_verdict check_together(const struct options *o)
{
    if (o->rate != 0 && o->interval_ms != 0) {
        message("--interval: is wrong with --rate, as each is the inverse of the other; right would be one "
                "of them");
        return OPTIONS_WRONG;
    }
    if (o->feed != NULL) return check_feed(o);
    if (o->is_stdout && o->connections != 1) {
        message("--connections: \"%" PRIu64
                "\" is wrong with --stdout, which writes one stream; right would be 1",
                o->connections);
        return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static void set_defaults(struct options *o)
{
    *o = (struct options){0};
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        if (row->standard != NULL) (void)store(o, row, row->standard);
    }
}

enum options_verdict options_load(struct options *o, int argc, char **argv)
{
    struct option longs[ROWS + 1] = {0};
    int answer = 0;

    set_defaults(o);
    for (int i = 0; i < ROWS; i++)
        longs[i] = (struct option){rows[i].name, rows[i].label ? required_argument : no_argument, NULL,
                                   FIRST_VALUE + i};
    opterr = 0;
    while ((answer = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
        if (answer < FIRST_VALUE) return wrong_word(answer, argv[optind - 1]);
        const struct row *row = &rows[answer - FIRST_VALUE];
        if (print_answer(row, optarg)) return OPTIONS_DONE;
        if (!store(o, row, optarg)) return wrong_value(row, optarg);
    }
    if (optind < argc) return wrong_word('?', argv[optind]);
    return check_together(o);
}
