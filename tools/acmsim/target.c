/*
 * target -- the receiver's addresses.
 * Happy path: one lookup gives one or more addresses; every connection tries them in order.
 * What can fail: the name does not resolve; with --wait that is tried again, as a container's name may appear
 * later than the container that asks for it.
 */
#include "tools/acmsim/target.h"

#include "tools/acmsim/clock.h"
#include "tools/acmsim/message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* An IPv6 address may come in brackets, as in a URL. */
static void strip_brackets(const char *host, char *plain, size_t size)
{
    size_t length = strlen(host);

    if (length > 2 && host[0] == '[' && host[length - 1] == ']')
        snprintf(plain, size, "%.*s", (int)(length - 2), host + 1);
    else
        snprintf(plain, size, "%s", host);
}

bool target_open(struct target *t, const char *host, unsigned port, int64_t deadline_ns, int signal_fd)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct pollfd stop = {.fd = signal_fd, .events = POLLIN};
    char plain[NI_MAXHOST];
    char service[16];
    int err = 0;

    *t = (struct target){.deadline_ns = deadline_ns};
    strip_brackets(host, plain, sizeof plain);
    snprintf(service, sizeof service, "%u", port);
    while ((err = getaddrinfo(plain, service, &hints, &t->addresses)) != 0) {
        if (clock_now_ns() >= deadline_ns) {
            message("--host: \"%s\": %s", host, err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
            return false;
        }
        if (poll(&stop, 1, TARGET_RETRY_MS) > 0) return false;
    }
    return true;
}

void target_close(struct target *t)
{
    if (t->addresses != NULL) freeaddrinfo(t->addresses);
    t->addresses = NULL;
}

const char *target_name(const struct addrinfo *a, char text[TARGET_NAME_SIZE])
{
    char host[64];
    char service[16];

    if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(text, TARGET_NAME_SIZE, "an address of the receiver");
    else
        snprintf(text, TARGET_NAME_SIZE, "%s port %s", host, service);
    return text;
}
