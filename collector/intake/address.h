/*
 * address -- what counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address, as one host may have
 * all that begin with these. Pure.
 */
#ifndef COLLECTOR_INTAKE_ADDRESS_H
#define COLLECTOR_INTAKE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_NETWORK_SIZE 64 /* of a network as text, with its terminator */

struct address_key {
    uint8_t bytes[16];
};

/* From a numeric address. Any other text is a key of its own, as far as its first 16 bytes tell it from others. */
struct address_key address_key(const char *address);

bool address_keys_are_equal(const struct address_key *a, const struct address_key *b);

/* Puts the network that shares the key of an IPv6 address into `text`, as 2001:db8::/64. False for any other address. */
bool address_network(const char *address, char text[ADDRESS_NETWORK_SIZE]);

#endif
