/* reship -- `uploader reship`: reads the command line into an order, and requests it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/positive.h"
#include "common/print.h"
#include "uploader/commands/control.h"
#include "uploader/commands/run.h"
#include "uploader/ship/handlers.h"

static int explain(const char *problem, const char *value)
{
    print_line(stderr, "eventspool reship: %s%s", problem, value);
    print_lines(stderr,
                "usage: eventspool reship --batch ID | --since TIME [--until TIME] [--new-keys] [--dry-run]\n"
                "TIME is UTC, as 2025-07-29T16:15:00Z, or a day, which stands for its midnight: 2025-07-29.\n"
                "The batches sealed from --since on and before --until (now, if not said) are meant.\n");
    return EX_USAGE;
}

/* Reads 2025-07-29, 2025-07-29T16:15Z, with seconds, or with milliseconds, as the views show times. */
static bool read_time(const char *text, int64_t *at_ms)
{
    struct tm tm = {0};
    int ms = 0;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    int day = tm.tm_mday;
    if (rest && *rest) rest = strptime(rest, *rest == ' ' ? " %H:%M" : "T%H:%M", &tm);
    if (rest && *rest == ':') rest = strptime(rest, ":%S", &tm);
    if (!rest) return false;
    if (rest[0] == '.' && strspn(rest + 1, "0123456789") == 3) {
        ms = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
        rest += 4;
    }
    if (*rest == 'Z') rest++;
    time_t seconds = timegm(&tm);
    if (*rest || tm.tm_mday != day || seconds < 0) return false; /* there is no 31st of June */
    *at_ms = (int64_t)seconds * 1000 + ms;
    return true;
}

/* Returns EX_OK, or explains what is wrong and returns another exit code. */
static int read_order(const struct command_line *line, struct reship_order *order)
{
    *order = (struct reship_order){.since_at = -1, .until_at = -1};
    for (int i = 1; i < line->argc; i++) {
        const char *option = line->argv[i];
        const char *value = line->argv[i + 1];
        bool is_batch = strcmp(option, "--batch") == 0;
        bool is_since = strcmp(option, "--since") == 0;
        bool is_until = strcmp(option, "--until") == 0;
        if (strcmp(option, "--new-keys") == 0) {
            order->has_new_keys = true;
        } else if (strcmp(option, "--dry-run") == 0) {
            order->is_dry_run = true;
        } else if (is_batch || is_since || is_until) {
            if (!value) return explain("a value is missing after ", option);
            if (is_batch && order->batch_id > 0) return explain("one --batch at a time; not also ", value);
            if (is_batch && (order->batch_id = positive_parse(value)) == 0)
                return explain("not the id of a batch, which the view `batches` lists: ", value);
            if (!is_batch && !read_time(value, is_since ? &order->since_at : &order->until_at))
                return explain("no time: ", value);
            i++;
        } else {
            return explain("not understood: ", option);
        }
    }
    return EX_OK;
}

static int check_order(struct reship_order *order)
{
    if (order->batch_id > 0 && (order->since_at >= 0 || order->until_at >= 0))
        return explain("either --batch or a time", "");
    if (order->batch_id == 0 && order->since_at < 0)
        return explain("which batches? --batch or --since is missing", "");
    if (order->until_at < 0) order->until_at = clock_now_ms();
    if (order->batch_id == 0 && order->until_at <= order->since_at)
        return explain("--until must be later than --since, and --since not in the future", "");
    return EX_OK;
}

int run_reship(const struct command_line *line)
{
    struct reship_order order;
    struct buf argument = BUF_EMPTY;

    int exit_code = read_order(line, &order);
    if (exit_code == EX_OK) exit_code = check_order(&order);
    if (exit_code != EX_OK) return exit_code;
    reship_order_write(&order, &argument);
    buf_append_char(&argument, '\0');
    bool seals_copies = order.has_new_keys && !order.is_dry_run; /* which the shipper ships */
    exit_code = control_uploader(line->settings, seals_copies ? CONTROL_NEEDS_SHIPPER : CONTROL_NEEDS_STORE,
                                 HANDLERS_RESHIP, argument.data);
    buf_fini(&argument);
    return exit_code;
}
