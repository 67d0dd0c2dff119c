/* options -- the command line as a value. */
#ifndef ACMSIM_OPTIONS_H
#define ACMSIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct feed;

#define ACMSIM_VERSION "0.1.0"
#define EXIT_USAGE     64

enum separator { SEPARATOR_NEWLINE, SEPARATOR_NONE, SEPARATOR_NUL };

enum hostile {
    HOSTILE_MALFORMED = 1u << 0, /* about every 10th event is not well-formed */
    HOSTILE_TRUNCATED = 1u << 1, /* about every 10th event ends in its middle */
    HOSTILE_SPLIT = 1u << 2,     /* every byte travels alone */
};

struct options {
    const char *host;           /* borrowed from argv, as all texts here */
    const char *ledger;         /* NULL: none */
    const struct feed *feed;    /* NULL: the appliance */
    const char *sender;         /* that each event names; NULL: the gateway's own */
    const char *sender_element; /* where it names it */
    uint64_t port;
    uint64_t count;       /* events over all connections; 0: endless */
    uint64_t rate;        /* events per second over all connections; 0: as fast as possible */
    uint64_t interval_ms; /* instead of a rate: between two events over all connections; 0: none */
    uint64_t connections;
    uint64_t seed;
    uint64_t size_bytes; /* of one event; 0: natural */
    uint64_t linger_ms;
    uint64_t wait_s;
    unsigned hostile; /* enum hostile, or-ed */
    enum separator separator;
    bool is_declared; /* an XML declaration before each event */
    bool is_stdout;   /* the one stream goes to standard output */
};

enum options_verdict {
    OPTIONS_RUN,   /* go */
    OPTIONS_DONE,  /* --help, --version or --feed list was answered */
    OPTIONS_WRONG, /* said on standard error what is wrong: exit EXIT_USAGE */
};

/* Fill `options` from the command line. */
enum options_verdict options_load(struct options *options, int argc, char **argv);

#endif
