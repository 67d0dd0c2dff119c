/*
 * service_manager -- see service_manager.h.
 *
 * What is to be said is kept as a set of pending words and sent as one datagram, so that one that the service manager had
 * no room for loses nothing.
 */
#include "common/service_manager.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "common/positive.h"

#define EXTEND_US "30000000" /* as long as the start is given each time */

enum word {
    WORD_READY = 1 << 0,
    WORD_STOPPING = 1 << 1,
    WORD_EXTEND = 1 << 2,
    WORD_ALIVE = 1 << 3,
    WORD_STATUS = 1 << 4,
};

static const struct {
    enum word word;
    const char *line; /* NULL: it has text of its own */
} lines[] = {
    {WORD_READY, "READY=1\n"},
    {WORD_STOPPING, "STOPPING=1\n"},
    {WORD_EXTEND, "EXTEND_TIMEOUT_USEC=" EXTEND_US "\n"},
    {WORD_ALIVE, "WATCHDOG=1\n"},
};

struct service_manager {
    struct passed_sockets sockets;
    int fd; /* for messages; -1: there is nobody to tell */
    struct sockaddr_un address;
    socklen_t address_len;
    int64_t beat_ms;  /* 0: no watchdog */
    int64_t beat_due; /* monotonic ms */
    unsigned said;    /* words that are said once */
    unsigned pending;
    bool has_failed; /* and that was logged */
    char status[SERVICE_MANAGER_STATUS_SIZE];
};

static const char *const variables[] = {
    "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES", "LISTEN_PIDFDID",
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
};

/* ---- opening ---- */

static enum result refuse(const char *name, const char *value, const char *expected, struct why *why)
{
    (void)why_remedy(why, RES_REFUSE, "start the program with a service manager that sets it, or remove it");
    return why_set(why, RES_REFUSE, "%s=%s is not %s", name, value, expected);
}

/* A path, or with `@` a name in the kernel's abstract namespace, which has no byte at its end. */
static enum result open_messages(struct service_manager *m, char *const *env, struct why *why)
{
    static const char expected[] = "an absolute path or @ and a name, of at most 107 characters";
    const char *value = config_env(env, "NOTIFY_SOCKET");
    if (!value) return RES_OK;
    size_t len = strlen(value);
    if (len < 2 || len >= sizeof m->address.sun_path || (*value != '/' && *value != '@'))
        return refuse("NOTIFY_SOCKET", value, expected, why);
    m->address.sun_family = AF_UNIX;
    memcpy(m->address.sun_path, value, len + 1);
    bool is_abstract = *value == '@';
    if (is_abstract) *m->address.sun_path = '\0';
    m->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !is_abstract);
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return m->fd >= 0 ? RES_OK : why_set(why, RES_RETRY, "a socket for NOTIFY_SOCKET: %s", strerror(errno));
}

/* WATCHDOG_PID, where it is set, says which process is meant. */
static enum result open_watchdog(struct service_manager *m, char *const *env, int64_t pid, struct why *why)
{
    const char *meant = config_env(env, "WATCHDOG_PID");
    const char *value = config_env(env, "WATCHDOG_USEC");
    if (meant && positive_parse(meant) == 0)
        return refuse("WATCHDOG_PID", meant, "the number of a process", why);
    if (!value || (meant && positive_parse(meant) != pid)) return RES_OK;
    int64_t period_us = positive_parse(value);
    if (period_us == 0) return refuse("WATCHDOG_USEC", value, "a number of microseconds", why);
    m->beat_ms = period_us / 4000 > 0 ? period_us / 4000 : 1;
    return RES_OK;
}

enum result service_manager_open(struct service_manager **out, struct why *why)
{
    struct service_manager *m = calloc(1, sizeof *m);
    int64_t pid = getpid();
    if (!m) abort();
    *out = m;
    m->fd = -1;
    enum result res = passed_sockets_find(&m->sockets, environ, pid, PASSED_SOCKETS_FIRST_FD, why);
    if (res == RES_OK) res = open_watchdog(m, environ, pid, why);
    if (res == RES_OK) res = open_messages(m, environ, why);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) (void)unsetenv(variables[i]);
    return res;
}

void service_manager_close(struct service_manager *m)
{
    if (!m) return;
    for (int i = 0; i < PASSED_COUNT; i++)
        if (m->sockets.fds[i] >= 0) close(m->sockets.fds[i]);
    if (m->fd >= 0) close(m->fd);
    free(m);
}

/* ---- sockets ---- */

int service_manager_take(struct service_manager *m, enum passed_socket socket)
{
    int fd = m->sockets.fds[socket];
    m->sockets.fds[socket] = -1;
    return fd;
}

void service_manager_log_untaken(const struct service_manager *m)
{
    for (int i = 0; i < PASSED_COUNT; i++)
        if (m->sockets.fds[i] >= 0)
            log_warn("a socket of the service manager is not used", "name=%s remedy=%s",
                     passed_sockets_name((enum passed_socket)i),
                     LOG_QUOTE("leave it out of the service's socket units"));
}

/* ---- messages ---- */

static void log_failure(struct service_manager *m, int error)
{
    if (!m->has_failed && error != EAGAIN)
        log_warn("the service manager cannot be told what the program does", "why=%s remedy=%s",
                 LOG_QUOTE(strerror(error)), LOG_QUOTE("check NOTIFY_SOCKET"));
    m->has_failed = m->has_failed || error != EAGAIN;
}

static void send_pending(struct service_manager *m)
{
    struct buf text = BUF_EMPTY;
    if (m->fd < 0 || m->pending == 0) return;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (m->pending & lines[i].word) buf_append_format(&text, "%s", lines[i].line);
    if (m->pending & WORD_STATUS) buf_append_format(&text, "STATUS=%s\n", m->status);
    ssize_t sent = sendto(m->fd, text.data, text.len, MSG_NOSIGNAL, (const struct sockaddr *)&m->address,
                          m->address_len);
    if (sent < 0) {
        log_failure(m, errno);
    } else {
        m->pending = 0;
        m->has_failed = false;
    }
    buf_fini(&text);
}

static void say_once(struct service_manager *m, enum word word)
{
    if (m->said & word) return;
    m->said |= word;
    m->pending |= word;
    send_pending(m);
}

int64_t service_manager_beat_ms(const struct service_manager *m)
{
    return m->beat_ms;
}

void service_manager_beat(struct service_manager *m, bool is_alive)
{
    int64_t now = clock_monotonic_ms();
    if (is_alive && m->beat_ms > 0 && now >= m->beat_due) {
        m->beat_due = now + m->beat_ms / 2; /* a timer may come a moment early */
        m->pending |= WORD_ALIVE;
    }
    if (!is_alive) m->pending &= ~(unsigned)WORD_ALIVE;
    send_pending(m);
}

void service_manager_ready(struct service_manager *m)
{
    m->pending &= ~(unsigned)WORD_EXTEND;
    say_once(m, WORD_READY);
}

void service_manager_extend_start(struct service_manager *m)
{
    if (m->said & (WORD_READY | WORD_STOPPING)) return;
    m->pending |= WORD_EXTEND;
    send_pending(m);
}

void service_manager_stopping(struct service_manager *m)
{
    say_once(m, WORD_STOPPING);
}

void service_manager_status(struct service_manager *m, const char *format, ...)
{
    char status[SERVICE_MANAGER_STATUS_SIZE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(status, sizeof status, format, args);
    va_end(args);
    if (len < 0 || strcmp(status, m->status) == 0) return;
    memcpy(m->status, status, sizeof status);
    m->pending |= WORD_STATUS;
    send_pending(m);
}
