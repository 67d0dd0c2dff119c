/*
 * allow -- see allow.h. Every address is held in 16 bytes, IPv4 as ::ffff:a.b.c.d, so that one comparison serves
 * both families.
 */
#include "collector/net/allow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define ADDRESS_SIZE 16
#define MAPPED_BITS  96 /* of ::ffff:0:0/96, where the IPv4 addresses lie */
#define ENTRY_MAX    64 /* characters; the longest correct entry has 49 */
#define SEPARATORS   ", \t\r\n\v\f"

struct range {
    uint8_t address[ADDRESS_SIZE];
    unsigned bits; /* the length of the prefix */
};

struct allow {
    bool is_everybody;
    size_t count;
    struct range ranges[];
};

/* ---- addresses ---- */

static void map_ipv4(const void *ipv4, uint8_t address[ADDRESS_SIZE])
{
    static const uint8_t mapped[ADDRESS_SIZE] = {[10] = 0xFF, [11] = 0xFF};
    memcpy(address, mapped, ADDRESS_SIZE);
    memcpy(address + MAPPED_BITS / 8, ipv4, sizeof(struct in_addr));
}

static bool is_mapped_ipv4(const uint8_t address[ADDRESS_SIZE])
{
    uint8_t mapped[ADDRESS_SIZE];
    map_ipv4(address + MAPPED_BITS / 8, mapped);
    return memcmp(mapped, address, ADDRESS_SIZE) == 0;
}

static bool read_address(const char *text, uint8_t address[ADDRESS_SIZE], bool *is_ipv4)
{
    struct in_addr ipv4;
    *is_ipv4 = inet_pton(AF_INET, text, &ipv4) == 1;
    if (*is_ipv4) map_ipv4(&ipv4, address);
    return *is_ipv4 || inet_pton(AF_INET6, text, address) == 1;
}

static void clear_after(uint8_t address[ADDRESS_SIZE], unsigned bits)
{
    if (bits % 8) address[bits / 8] &= (uint8_t)(0xFF << (8 - bits % 8));
    for (unsigned i = (bits + 7) / 8; i < ADDRESS_SIZE; i++) address[i] = 0;
}

static void write_address(const uint8_t address[ADDRESS_SIZE], bool is_ipv4, char text[INET6_ADDRSTRLEN])
{
    const uint8_t *first = is_ipv4 ? address + MAPPED_BITS / 8 : address;
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, first, text, INET6_ADDRSTRLEN);
}

/* ---- reading the list ---- */

static enum result refuse_host_bits(const char *entry, const uint8_t masked[ADDRESS_SIZE], bool is_ipv4,
                                    const char *prefix, struct why *why)
{
    char text[INET6_ADDRSTRLEN];
    write_address(masked, is_ipv4, text);
    return why_set(
        why, RES_REFUSE,
        "ALLOW_FROM: %s has bits set beyond its prefix: write %s/%s for the range, or %.*s for the single"
        " address",
        entry, text, prefix, (int)strcspn(entry, "/"), entry);
}

/* `prefix` is what follows the slash, NULL if there is none. */
static enum result read_bits(const char *entry, const char *prefix, bool is_ipv4, unsigned *bits,
                             struct why *why)
{
    unsigned max = is_ipv4 ? 32 : 128;
    unsigned long value = max;
    if (prefix) {
        size_t len = strspn(prefix, "0123456789");
        value = len > 0 && len <= 3 && !prefix[len] ? strtoul(prefix, NULL, 10) : max + 1;
    }
    if (value > max)
        return why_set(
            why, RES_REFUSE,
            "ALLOW_FROM: the prefix of %s is not from /0 to /%u: expected e.g. 10.0.0.0/8 or fd00::/8", entry,
            max);
    *bits = (unsigned)value + (is_ipv4 ? MAPPED_BITS : 0);
    return RES_OK;
}

static enum result read_range(const char *entry, struct range *range, struct why *why)
{
    char address[ENTRY_MAX + 1];
    uint8_t masked[ADDRESS_SIZE];
    bool is_ipv4 = false;
    size_t len = strcspn(entry, "/");
    const char *prefix = entry[len] ? entry + len + 1 : NULL;

    memcpy(address, entry, len);
    address[len] = '\0';
    if (!read_address(address, range->address, &is_ipv4))
        return why_set(
            why, RES_REFUSE,
            "ALLOW_FROM: %s is not a numeric address: expected e.g. 10.1.2.3, 192.168.0.0/16, fd00::/8,"
            " or all",
            entry);
    enum result res = read_bits(entry, prefix, is_ipv4, &range->bits, why);
    if (res != RES_OK) return res;
    memcpy(masked, range->address, ADDRESS_SIZE);
    clear_after(masked, range->bits);
    if (memcmp(masked, range->address, ADDRESS_SIZE) != 0)
        return refuse_host_bits(entry, masked, is_ipv4, prefix, why);
    return RES_OK;
}

static enum result add_entry(struct allow *allow, const char *text, size_t len, struct why *why)
{
    char entry[ENTRY_MAX + 1];
    /* An entry that does not fit is cut: it is too long to be correct in any case. */
    (void)snprintf(entry, sizeof entry, "%.*s", (int)len, text);
    if (strcasecmp(entry, "all") == 0) {
        allow->is_everybody = true;
        return RES_OK;
    }
    enum result res = read_range(entry, &allow->ranges[allow->count], why);
    allow->count += res == RES_OK;
    return res;
}

enum result allow_parse(struct allow **out, const char *text, struct why *why)
{
    size_t max = strlen(text) / 2 + 1; /* each entry but the last takes two characters with its separator */
    struct allow *allow = calloc(1, sizeof *allow + max * sizeof *allow->ranges);
    enum result res = RES_OK;
    if (!allow) abort();
    while (*(text += strspn(text, SEPARATORS)) && res == RES_OK) {
        size_t len = strcspn(text, SEPARATORS);
        res = add_entry(allow, text, len, why);
        text += len;
    }
    if (res == RES_OK && allow->count == 0 && !allow->is_everybody)
        res =
            why_set(why, RES_REFUSE,
                    "ALLOW_FROM lists no address: expected e.g. 10.1.2.3, 192.168.0.0/16, fd00::/8, or all");
    if (res != RES_OK) {
        allow_free(allow);
        allow = NULL;
    }
    *out = allow;
    return res;
}

void allow_free(struct allow *allow)
{
    free(allow);
}

/* ---- checking an address ---- */

static bool range_has(const struct range *range, const uint8_t address[ADDRESS_SIZE])
{
    uint8_t masked[ADDRESS_SIZE];
    if (is_mapped_ipv4(address) && range->bits < MAPPED_BITS) return false; /* an IPv6 range */
    memcpy(masked, address, ADDRESS_SIZE);
    clear_after(masked, range->bits);
    return memcmp(masked, range->address, ADDRESS_SIZE) == 0;
}

bool allow_has(const struct allow *allow, const struct sockaddr *address)
{
    uint8_t bytes[ADDRESS_SIZE];
    if (allow->is_everybody) return true;
    if (address->sa_family == AF_INET)
        map_ipv4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, bytes);
    else if (address->sa_family == AF_INET6)
        memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ADDRESS_SIZE);
    else
        return false;
    for (size_t i = 0; i < allow->count; i++)
        if (range_has(&allow->ranges[i], bytes)) return true;
    return false;
}
