/*
 * feed -- streams of other senders than the appliance, as they are seen on networks.
 * Happy path: find the feed's row, fill in its patterns for one event, and pack the result.
 * What can fail: nothing.
 */
#include "tools/acmsim/feed.h"

#include "tools/acmsim/feed_row.h"
#include "tools/acmsim/render.h"

#include <inttypes.h>
#include <string.h>

enum { PURPOSE_FEED = 4 }; /* a family of random generators */

const struct feed *feed_find(const char *name)
{
    for (size_t i = 0; i < feed_row_count; i++) {
        if (strcmp(feed_rows[i].name, name) == 0) return &feed_rows[i];
    }
    return NULL;
}

void feed_print_list(FILE *to)
{
    for (size_t i = 0; i < feed_row_count; i++) {
        const struct feed *feed = &feed_rows[i];
        fprintf(to, "%s\n  what it is: %s\n", feed->name, feed->meaning);
        if (feed->settings != NULL) fprintf(to, "  settings: %s\n", feed->settings);
        fprintf(to, "  what comes out: %s\n", feed->outcome);
    }
}

struct values {
    uint64_t number;
    const char *event, *door;
};

static void add_value(struct bytes *out, char which, const struct values *values)
{
    char number[ID_DIGITS + 8];

    switch (which) {
    case 'e': bytes_add_text(out, values->event); break;
    case 'd': bytes_add_text(out, values->door); break;
    default:
        snprintf(number, sizeof number, which == 'n' ? "%016" PRIx64 : "%" PRIu64, values->number);
        bytes_add_text(out, number);
    }
}

static void add_pattern(struct bytes *out, const char *pattern, const struct values *values)
{
    const char *place = NULL;

    if (pattern == NULL) return;
    while ((place = strchr(pattern, '{')) != NULL) {
        bool is_value = place[1] != '\0' && place[2] == '}';
        const char *end = place + (is_value ? strlen("{n}") : strlen("{"));
        bytes_add(out, pattern, (size_t)((is_value ? place : end) - pattern));
        if (is_value) add_value(out, place[1], values);
        pattern = end;
    }
    bytes_add_text(out, pattern);
}

static void add_head(struct bytes *out, const struct feed *feed)
{
    if (feed->head != NULL)
        bytes_add(out, feed->head, feed->head_bytes != 0 ? feed->head_bytes : strlen(feed->head));
}

static bool is_spoilt(const struct feed *feed, uint64_t number)
{
    if (feed->spoilt == NULL) return false;
    return feed->spoilt_every == 0 ? number == 1 : number % feed->spoilt_every == 0;
}

static const char *pattern_of(const struct feed *feed, uint64_t number)
{
    if (!is_spoilt(feed, number)) return feed->event;
    if (feed->spoilt2 == NULL || number / feed->spoilt_every % 2 == 1) return feed->spoilt;
    return feed->spoilt2;
}

bool feed_add_event(const struct feed *feed, uint64_t seed, uint64_t number, struct bytes *out)
{
    static const char *const events[] = {"Local grant", "Door forced open", "Door held open",
                                         "Input point in alarm"};
    static const char *const doors[] = {"Loading Dock North", "Gate 4 &lt;in&gt;", "R&amp;D Lab", "Lobby"};
    struct rng rng = rng_of(seed, PURPOSE_FEED, number);
    struct bytes one = {0};
    struct values values = {.number = number};

    values.event = events[rng_below(&rng, sizeof events / sizeof events[0])];
    values.door = doors[rng_below(&rng, sizeof doors / sizeof doors[0])];
    if (number == 1) add_head(out, feed);
    add_pattern(&one, feed->before, &values);
    add_pattern(&one, pattern_of(feed, number), &values);
    add_pattern(&one, feed->after, &values);
    if (feed->pack != NULL)
        feed->pack(out, &one, &rng);
    else
        bytes_add(out, one.data, one.length);
    bytes_fini(&one);
    return !is_spoilt(feed, number);
}
