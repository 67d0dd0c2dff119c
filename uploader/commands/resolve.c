/*
 * resolve -- `uploader resolve`: a person's word on a batch that cannot go on by itself. It first shows what the spool
 * and, where it can be asked, the store say about the batch, then asks, then has it done.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/positive.h"
#include "common/print.h"
#include "uploader/commands/control.h"
#include "uploader/commands/run.h"
#include "uploader/ship/handlers.h"
#include "uploader/ship/resolve.h"

static int explain(const char *problem, const char *value)
{
    print_line(stderr, "eventspool resolve: %s%s", problem, value);
    print_lines(
        stderr,
        "usage: eventspool resolve --batch ID --as shipped|reseal|abandoned [--note TEXT] [--yes]\n"
        "shipped: its object is in the store; reseal: seal its rows anew; abandoned: give its rows up.\n"
        "`eventspool batches list --open` lists the batches that are not shipped.\n");
    return EX_USAGE;
}

/* A note is one line of text; returns whether it can be kept. */
static bool take_note(const char *text, struct resolve_request *request)
{
    size_t len = strlen(text);
    if (len > RESOLVE_NOTE_MAX || !resolve_is_line(text)) return false;
    memcpy(request->note, text, len + 1);
    return true;
}

/* Takes one option with its value. Returns EX_OK, or explains what is wrong. */
static int take_option(const char *option, const char *value, struct resolve_request *request, bool *has_word)
{
    if (strcmp(option, "--batch") == 0) {
        request->batch_id = positive_parse(value);
        return request->batch_id > 0 ? EX_OK : explain("not the id of a batch: ", value);
    }
    if (strcmp(option, "--as") == 0) {
        *has_word = resolve_word_of(value, &request->word);
        return *has_word ? EX_OK : explain("no way to resolve a batch: ", value);
    }
    if (strcmp(option, "--note") != 0) return explain("not understood: ", option);
    return take_note(value, request) ? EX_OK
                                     : explain("a note is one line of text, of at most 1000 bytes", "");
}

static int read_arguments(const struct command_line *line, struct resolve_request *request, bool *is_sure)
{
    bool has_word = false;
    int exit_code = EX_OK;
    for (int i = 1; i < line->argc && exit_code == EX_OK; i++) {
        const char *value = line->argv[i + 1];
        if (strcmp(line->argv[i], "--yes") == 0) {
            *is_sure = true;
        } else if (!value) {
            return explain("a value is missing after, or not understood: ", line->argv[i]);
        } else {
            exit_code = take_option(line->argv[i], value, request, &has_word);
            i++;
        }
    }
    if (exit_code != EX_OK) return exit_code;
    if (request->batch_id == 0) return explain("which batch? --batch is missing", "");
    return has_word ? EX_OK : explain("what is to become of it? --as is missing", "");
}

/*
 * Who asks: the user of this process, and behind sudo the one who called it. The number comes before what the environment
 * says, so that a long text cannot push it out.
 */
static void name_person(char by[RESOLVE_BY_MAX + 1])
{
    const struct passwd *user = getpwuid(getuid());
    const char *behind = getenv("SUDO_USER");
    (void)snprintf(by, RESOLVE_BY_MAX + 1, "%.60s (uid %u)%s%s", user ? user->pw_name : "unknown",
                   (unsigned)getuid(), behind ? " for " : "", behind ? behind : "");
    for (char *p = by; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f) *p = '?';
}

/* True: the person has typed yes. */
static bool is_confirmed(void)
{
    char answer[16] = "";
    (void)fputs("Do it? Type yes: ", stdout);
    (void)fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0;
}

static enum result request(struct control *control, const struct resolve_request *request, struct why *why)
{
    struct buf argument = BUF_EMPTY;
    resolve_request_write(request, &argument);
    buf_append_char(&argument, '\0');
    enum result res = control_run(control, HANDLERS_RESOLVE, argument.data, why);
    buf_fini(&argument);
    return res;
}

int run_resolve(const struct command_line *line)
{
    struct control control;
    struct resolve_request asked = {.only_looks = true};
    struct why why = {0};
    bool is_sure = false;

    int exit_code = read_arguments(line, &asked, &is_sure);
    if (exit_code != EX_OK) return exit_code;
    name_person(asked.by);
    enum result res = control_open(&control, line->settings, CONTROL_NEEDS_STORE, &why);
    if (res == RES_OK) res = request(&control, &asked, &why);
    bool is_wanted = res == RES_OK && (is_sure || is_confirmed());
    asked.only_looks = false;
    if (is_wanted) res = request(&control, &asked, &why);
    control_close(&control);
    if (res != RES_OK || is_wanted) return control_exit(res, &why);
    print_line(stderr, "uploader: nothing was done");
    return EX_FAILED;
}
