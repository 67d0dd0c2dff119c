/* host -- see host.h. */
#include "common/status/host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS      ", \t"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

struct name {
    const char *text;
    size_t len;
};

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits <= 5 && !text[digits];
}

static bool is_address(int family, struct name name)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (name.len >= sizeof text) return false;
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.text);
    return inet_pton(family, text, address) == 1;
}

static bool is_same(struct name name, const char *other, size_t len)
{
    return name.len == len && len > 0 && strncasecmp(name.text, other, len) == 0;
}

static bool is_in_list(struct name name, const char *list)
{
    while (*list) {
        list += strspn(list, SEPARATORS);
        size_t len = strcspn(list, SEPARATORS);
        if (is_same(name, list, len)) return true;
        list += len;
    }
    return false;
}

bool host_is_allowed(const char *host, const char *node, const char *allowed)
{
    if (!host || strlen(host) > HOST_NAME_MAX_BYTES + 6) return false;
    if (*host == '[') {
        const char *end = strchr(host, ']');
        struct name address = {host + 1, end ? (size_t)(end - host - 1) : 0};
        return end && is_address(AF_INET6, address) && (!end[1] || (end[1] == ':' && is_port(end + 2)));
    }
    struct name name = {host, strcspn(host, ":")};
    if (host[name.len] == ':' && !is_port(host + name.len + 1)) return false;
    if (is_address(AF_INET, name)) return true;
    if (name.len > 1 && name.text[name.len - 1] == '.') name.len--;
    return is_same(name, "localhost", strlen("localhost")) || (node && is_same(name, node, strlen(node))) ||
           (allowed && is_in_list(name, allowed));
}

enum result host_check_list(const char *allowed, struct why *why)
{
    while (allowed && *allowed) {
        allowed += strspn(allowed, SEPARATORS);
        size_t len = strcspn(allowed, SEPARATORS);
        if (strspn(allowed, NAME_CHARACTERS) < len || len > HOST_NAME_MAX_BYTES)
            return why_set(why, RES_REFUSE,
                           "STATUS_ALLOWED_HOSTS: '%.*s' is no host name; expected names without a port, "
                           "separated by commas, e.g. collector,monitor.example.com",
                           (int)(len < 100 ? len : 100), allowed);
        allowed += len;
    }
    return RES_OK;
}
