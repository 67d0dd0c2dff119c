/*
 * feed_pack -- what a protocol or an encoding makes of an event's bytes.
 * What can fail: nothing.
 */
#include "tools/acmsim/feed_pack.h"

#include "tools/acmsim/render.h"

#include <stdio.h>
#include <string.h>

/* The bytes of ISO-8859-1 are the numbers of its characters. */
static void add_utf16(struct bytes *out, const struct bytes *event, unsigned high_at)
{
    for (size_t i = 0; i < event->length; i++) {
        char unit[2] = {0};
        unit[1 - high_at] = event->data[i];
        bytes_add(out, unit, sizeof unit);
    }
}

void feed_pack_utf16le(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    (void)rng;
    add_utf16(out, event, 1);
}

void feed_pack_utf16be(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    (void)rng;
    add_utf16(out, event, 0);
}

/* The last header and the body that it counts. */
static void add_body(struct bytes *out, const struct bytes *event)
{
    char length[64];

    snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", event->length);
    bytes_add_text(out, length);
    bytes_add(out, event->data, event->length);
}

void feed_pack_part(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    (void)rng;
    bytes_add_text(out, "--boundary\r\nContent-Type: application/xml; charset=\"UTF-8\"\r\n");
    add_body(out, event);
    bytes_add_text(out, "\r\n");
}

#define POST "POST /events HTTP/1.1\r\nHost: collector:8080\r\nContent-Type: application/xml\r\n"

void feed_pack_post(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    (void)rng;
    bytes_add_text(out, POST);
    add_body(out, event);
}

static void add_chunk(struct bytes *out, const char *data, size_t length)
{
    char head[32];

    snprintf(head, sizeof head, "%zx\r\n", length);
    bytes_add_text(out, head);
    bytes_add(out, data, length);
    bytes_add_text(out, "\r\n");
}

/* The cut lies in the text of the event's first field. */
void feed_pack_chunked(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    size_t cut = strlen("<EVENT><cn>") + 1 + rng_below(rng, ID_DIGITS - 1);

    bytes_add_text(out, POST "Transfer-Encoding: chunked\r\n\r\n");
    add_chunk(out, event->data, cut);
    add_chunk(out, event->data + cut, event->length - cut);
    bytes_add_text(out, "0\r\n\r\n");
}

/* A record, a ClientHello of 508 bytes in it, its version and its 32 random bytes. */
void feed_pack_client_hello(struct bytes *out, const struct bytes *event, struct rng *rng)
{
    static const char start[] = {0x16, 3, 1, 2, 0, 1, 0, 1, (char)0xfc, 3, 3};

    (void)event;
    bytes_add(out, start, sizeof start);
    for (int i = 0; i < 32; i++) {
        char byte = (char)(0x80 + rng_below(rng, 0x80));
        bytes_add(out, &byte, 1);
    }
}
