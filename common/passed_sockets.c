/* passed_sockets -- see passed_sockets.h. First the variables, then which socket is which, then each socket by itself. */
#include "common/passed_sockets.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/config.h"
#include "common/positive.h"

#define NAME_SIZE 256 /* a name has at most 255 characters: systemd.socket(5) */

static const char *const names[PASSED_COUNT] = {[PASSED_EVENTS] = "events", [PASSED_STATUS] = "status"};

static const char units_remedy[] =
    "in the socket units, give the one for PORT FileDescriptorName=events, the one "
    "for STATUS_PORT FileDescriptorName=status, and each a single ListenStream=";
static const char kind_remedy[] =
    "in the socket unit, use ListenStream= with a port, or an address and a port, and Accept=no";

const char *passed_sockets_name(enum passed_socket socket)
{
    return names[socket];
}

/* ---- the variables ---- */

static enum result refuse_variable(const char *name, const char *value, const char *expected, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "start the program with a service manager that sets it, or remove it");
    return why_set(why, RES_REFUSE, "%s=%s is not %s", name, value, expected);
}

/* `*is_for_us`: this process is meant. */
static enum result read_pid(char *const *env, int64_t pid, bool *is_for_us, struct why *why)
{
    const char *value = config_env(env, "LISTEN_PID");
    *is_for_us = false;
    if (!value) return RES_OK;
    int64_t meant = positive_parse(value);
    if (meant == 0) return refuse_variable("LISTEN_PID", value, "the number of a process", why);
    *is_for_us = meant == pid;
    return RES_OK;
}

static enum result read_count(char *const *env, int *count, struct why *why)
{
    const char *value = config_env(env, "LISTEN_FDS");
    *count = 0;
    if (!value || strcmp(value, "0") == 0) return RES_OK;
    int64_t number = positive_parse(value);
    if (number == 0) return refuse_variable("LISTEN_FDS", value, "a number of descriptors", why);
    if (number > PASSED_COUNT) {
        (void)why_remedy(why, RES_REFUSE, "%s", units_remedy);
        return why_set(why, RES_REFUSE, "LISTEN_FDS=%s: the service manager passes more than %d sockets",
                       value, PASSED_COUNT);
    }
    *count = (int)number;
    return RES_OK;
}

/* ---- which is which ---- */

struct given {
    char name[NAME_SIZE];
    int meaning; /* an enum passed_socket; -1: none by its name */
};

static int meaning_of(const char *name)
{
    for (int i = 0; i < PASSED_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

/* LISTEN_FDNAMES has one name for each socket; it may be missing, and then no socket has one. */
static enum result read_names(char *const *env, struct given given[PASSED_COUNT], int count, struct why *why)
{
    const char *value = config_env(env, "LISTEN_FDNAMES");
    const char *rest = value;
    if (!value || count == 0) return RES_OK;
    for (int i = 0; i < count; i++) {
        size_t len = strcspn(rest, ":");
        bool is_last = i == count - 1;
        if (len >= NAME_SIZE || (rest[len] == '\0') != is_last)
            return refuse_variable("LISTEN_FDNAMES", value, "one name for each socket of LISTEN_FDS", why);
        memcpy(given[i].name, rest, len);
        given[i].meaning = meaning_of(given[i].name);
        rest += len + !is_last;
    }
    return RES_OK;
}

/* Sockets without a name that means something count by their order. */
static enum result find_meanings(struct given given[PASSED_COUNT], int count, struct why *why)
{
    bool is_named = false;
    bool is_twice = count == 2 && given[0].meaning == given[1].meaning;
    for (int i = 0; i < count; i++) is_named = is_named || given[i].meaning >= 0;
    if (!is_named) {
        for (int i = 0; i < count; i++) given[i].meaning = i;
        return RES_OK;
    }
    (void)why_remedy(why, RES_REFUSE, "%s", units_remedy);
    if (is_twice)
        return why_set(why, RES_REFUSE, "the service manager passes two sockets of the name `%s`",
                       given[0].name);
    for (int i = 0; i < count; i++)
        if (given[i].meaning < 0)
            return why_set(why, RES_REFUSE,
                           "the service manager passes a socket of the name `%s`, which means nothing here",
                           given[i].name);
    why_clear(why);
    return RES_OK;
}

/* ---- each socket ---- */

static bool has_option(int fd, int option, int expected)
{
    int value = -1;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == expected;
}

/* What keeps senders from being accepted here; NULL: nothing. */
static const char *find_fault(int fd)
{
    if (fcntl(fd, F_GETFD) < 0) return "is not open";
    if (!has_option(fd, SO_TYPE, SOCK_STREAM)) return "is no stream socket";
    if (!has_option(fd, SO_PROTOCOL, IPPROTO_TCP)) return "is no TCP socket";
    if (!has_option(fd, SO_ACCEPTCONN, 1)) return "does not listen";
    return NULL;
}

static enum result check_socket(int fd, const char *name, struct why *why)
{
    const char *fault = find_fault(fd);
    if (fault) {
        (void)why_remedy(why, RES_REFUSE, "%s", kind_remedy);
        return why_set(why, RES_REFUSE, "descriptor %d, passed by the service manager for `%s`, %s", fd, name,
                       fault);
    }
    int flags = fcntl(fd, F_GETFL); /* these are the service manager's as well */
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return why_set(why, RES_REFUSE, "descriptor %d, passed by the service manager, cannot be set up: %s",
                       fd, strerror(errno));
    return RES_OK;
}

enum result passed_sockets_find(struct passed_sockets *sockets, char *const *env, int64_t pid, int first_fd,
                                struct why *why)
{
    struct given given[PASSED_COUNT] = {{.meaning = -1}, {.meaning = -1}};
    bool is_for_us = false;
    int count = 0;
    for (int i = 0; i < PASSED_COUNT; i++) sockets->fds[i] = -1;
    enum result res = read_pid(env, pid, &is_for_us, why);
    if (res != RES_OK || !is_for_us) return res;
    res = read_count(env, &count, why);
    if (res == RES_OK) res = read_names(env, given, count, why);
    if (res == RES_OK) res = find_meanings(given, count, why);
    for (int i = 0; i < count && res == RES_OK; i++) {
        assert(given[i].meaning >= 0);
        res = check_socket(first_fd + i, names[given[i].meaning], why);
        if (res == RES_OK) sockets->fds[given[i].meaning] = first_fd + i;
    }
    return res;
}
