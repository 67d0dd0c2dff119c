/* alert -- `eventspool alert test`: sends one message to ALERT_URL, and shows what was answered. No alert depends on it. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command.h"
#include "common/print.h"
#include "common/signals.h"
#include "common/spool.h"
#include "uploader/alert/body.h"
#include "uploader/alert/receiver.h"
#include "uploader/commands/run.h"
#include "uploader/settings.h"

/* The spool has the node's name; before there is one, the host's has to do. */
static void find_node(const char *spool_path, char node[SPOOL_NODE_MAX + 1])
{
    struct spool_identity identity = {.node = ""};
    struct why ignored = {0};
    struct db *db = NULL;
    if (!spool_is_missing(spool_path) && spool_open(&db, spool_path, &ignored) == RES_OK &&
        spool_load_identity(db, &identity, &ignored) != RES_OK)
        identity.node[0] = '\0';
    db_close(db);
    (void)snprintf(node, SPOOL_NODE_MAX + 1, "%s", identity.node);
    if (!*node && gethostname(node, SPOOL_NODE_MAX) != 0) (void)snprintf(node, SPOOL_NODE_MAX + 1, "?");
    node[SPOOL_NODE_MAX] = '\0';
}

static bool try_it(struct receiver *receiver, const struct settings *settings)
{
    char node[SPOOL_NODE_MAX + 1];
    char id[ALERT_ID_SIZE];
    struct buf json = BUF_EMPTY;
    struct receiver_answer answer;
    struct why why = {0};
    find_node(settings->spool_path, node);
    (void)snprintf(id, sizeof id, "test-%" PRId64, clock_now_ms());
    alert_body_test(id, node, &json);
    bool is_taken = receiver_call(receiver, &json, &answer, &why) == ALERT_TAKEN;
    buf_fini(&json);
    if (is_taken)
        print_line(stdout, "ALERT_URL: %s has taken the test: HTTP %ld %s", receiver_site(receiver),
                   answer.status, answer.text);
    if (is_taken) return true;
    print_line(stderr, "ALERT_URL: %s has not taken the test: %s%s%s", receiver_site(receiver), why.text,
               *answer.text ? " " : "", answer.text);
    print_line(stderr, "    %s", why.remedy);
    return false;
}

int run_alert_test(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    struct signals signals = {.fd = -1};
    struct receiver *receiver = NULL;
    struct why why = {0};
    bool is_taken = false;
    if (!settings->alert_url) {
        print_line(
            stderr,
            "eventspool alert test: ALERT_URL is not set: set it, or ALERT_URL_FILE, to the URL that the "
            "service shows");
        return EX_CONFIG;
    }
    enum result res = signals_open(&signals, &why);
    if (res == RES_OK) res = receiver_open(&receiver, "ALERT_URL", settings->alert_url, &signals, &why);
    if (res == RES_OK) is_taken = try_it(receiver, settings);
    receiver_close(receiver);
    signals_close(&signals);
    return res == RES_OK ? is_taken ? EX_OK : EX_FAILED : command_exit(res, &why);
}
