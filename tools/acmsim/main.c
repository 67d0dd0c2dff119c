/*
 * acmsim -- plays an Avigilon ACM appliance that pushes XML events by TCP, for trials and for load.
 * Happy path: read the command line, render the template events, connect, send, say what was sent.
 * What can fail: wrong usage (exit 64); a connection, the name lookup, the ledger or the standard output (exit 1, what
 * was sent is reported all the same).
 */
#include "tools/acmsim/message.h"
#include "tools/acmsim/options.h"
#include "tools/acmsim/report.h"
#include "tools/acmsim/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A closed stdout or stderr would be the number of the first connection, and our report would be sent to the receiver. */
static bool keep_standard_numbers(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return false;
    return true;
}

/* Opened before anything is sent: a ledger that cannot be written is found out early. */
static bool open_ledger(const struct options *o, FILE **ledger)
{
    *ledger = NULL;
    if (o->ledger == NULL) return true;
    *ledger = fopen(o->ledger, "we");
    if (*ledger == NULL) message("--ledger: \"%s\" cannot be written: %s", o->ledger, strerror(errno));
    return *ledger != NULL;
}

static bool report(const struct run *run, FILE *ledger)
{
    bool is_ok = report_line(run->options->is_stdout ? stderr : stdout, run);

    if (ledger != NULL && !report_ledger(ledger, run)) {
        message("--ledger: \"%s\" cannot be written: %s", run->options->ledger, strerror(errno));
        is_ok = false;
    }
    return is_ok;
}

/* The last word: whatever was printed has to have arrived. */
static int end(bool is_ok)
{
    errno = 0;
    bool has_failed = fflush(stdout) != 0;
    int error = errno;
    if (!has_failed && !ferror(stdout)) return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
    message("cannot write all of the standard output: %s",
            has_failed ? strerror(error) : "an earlier write has failed");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options;
    struct run run;
    FILE *ledger = NULL;
    bool is_ok = false;

    if (!keep_standard_numbers()) return EXIT_FAILURE;
    enum options_verdict verdict = options_load(&options, argc, argv);
    if (verdict != OPTIONS_RUN) return verdict == OPTIONS_DONE ? end(true) : EXIT_USAGE;
    if (!open_ledger(&options, &ledger)) return EXIT_FAILURE;
    if (run_open(&run, &options)) {
        is_ok = run_all(&run);
        is_ok &= report(&run, ledger);
    }
    run_close(&run);
    if (ledger != NULL) fclose(ledger);
    return end(is_ok);
}
