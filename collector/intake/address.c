/* address -- see address.h. */
#include "collector/intake/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define NETWORK_BYTES 8 /* of an IPv6 address */

/* Without its scope, which stands behind a percent sign. False: it is not of this family. */
static bool parse(int family, const char *address, void *bytes)
{
    char text[INET6_ADDRSTRLEN] = "";
    size_t len = strcspn(address, "%");
    if (len < sizeof text) memcpy(text, address, len);
    return inet_pton(family, text, bytes) == 1;
}

struct address_key address_key(const char *address)
{
    struct address_key key = {{0}};
    struct in6_addr ipv6;
    struct in_addr ipv4;
    if (parse(AF_INET, address, &ipv4)) {
        memset(key.bytes + 10, 0xff, 2); /* ::ffff:a.b.c.d */
        memcpy(key.bytes + 12, &ipv4, sizeof ipv4);
    } else if (parse(AF_INET6, address, &ipv6)) {
        memcpy(key.bytes, &ipv6, IN6_IS_ADDR_V4MAPPED(&ipv6) ? sizeof ipv6 : NETWORK_BYTES);
    } else {
        memcpy(key.bytes, address, strnlen(address, sizeof key.bytes));
    }
    return key;
}

bool address_keys_are_equal(const struct address_key *a, const struct address_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool address_network(const char *address, char text[ADDRESS_NETWORK_SIZE])
{
    struct in6_addr ipv6;
    char network[INET6_ADDRSTRLEN];
    if (!parse(AF_INET6, address, &ipv6) || IN6_IS_ADDR_V4MAPPED(&ipv6)) return false;
    memset(ipv6.s6_addr + NETWORK_BYTES, 0, sizeof ipv6 - NETWORK_BYTES);
    if (!inet_ntop(AF_INET6, &ipv6, network, sizeof network)) return false;
    (void)snprintf(text, ADDRESS_NETWORK_SIZE, "%s/64", network);
    return true;
}
