/*
 * ring -- the template events of all connections, one behind the other in one buffer.
 * Happy path: 250 templates, each from a random generator of its own. Their number is a multiple of 10, so
 * that exactly every 10th event is malformed and every 10th truncated, however often the ring goes round.
 * Large events get fewer templates: about 64 MB in all, or 20 events. A feed has a template for each event and
 * goes round once. What can fail: out of memory aborts.
 */
#include "tools/acmsim/ring.h"

#include "tools/acmsim/feed.h"
#include "tools/acmsim/message.h"

#include <stdlib.h>

enum { TEMPLATES_MOST = 250, TEMPLATES_LEAST = 20, HOSTILE_PERIOD = 10, MALFORMED_AT = 4, TRUNCATED_AT = 8 };

#define RING_BYTES ((uint64_t)64 << 20)

/* Below this the markup must be as short as it can be. */
#define COMPACT_BELOW_BYTES 600

/* Families of random generators. */
enum { PURPOSE_CONTENT = 1, PURPOSE_FORM = 2 };

static unsigned count_templates(uint64_t size_bytes)
{
    uint64_t fitting =
        size_bytes ? RING_BYTES / size_bytes / HOSTILE_PERIOD * HOSTILE_PERIOD : TEMPLATES_MOST;

    if (fitting < TEMPLATES_LEAST) return TEMPLATES_LEAST;
    return fitting < TEMPLATES_MOST ? (unsigned)fitting : TEMPLATES_MOST;
}

static struct layout draw_layout(const struct options *o, struct rng *rng)
{
    static const char *const line_ends[] = {"", "\n", "", "\n", "\r\n"};
    struct layout layout = {line_ends[rng_below(rng, sizeof line_ends / sizeof line_ends[0])], false};

    layout.is_self_closing = rng_one_in(rng, 4);
    if (o->size_bytes != 0 && o->size_bytes < COMPACT_BELOW_BYTES) layout = (struct layout){"", true};
    return layout;
}

static struct form make_form(const struct options *o, unsigned which)
{
    struct rng rng = rng_of(o->seed, PURPOSE_FORM, which);
    struct form form = {
        .layout = draw_layout(o, &rng),
        .declaration = o->is_declared ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" : "",
        .separator = o->separator == SEPARATOR_NEWLINE ? "\n" : "\0",
        .separator_bytes = o->separator != SEPARATOR_NONE,
        .size_bytes = (size_t)o->size_bytes,
        .sender = o->sender,
        .sender_element = o->sender_element,
    };

    if ((o->hostile & HOSTILE_MALFORMED) && which % HOSTILE_PERIOD == MALFORMED_AT)
        form.fault = (enum fault)(1 + which / HOSTILE_PERIOD % (FAULT_COUNT - 1));
    form.is_truncated = (o->hostile & HOSTILE_TRUNCATED) && which % HOSTILE_PERIOD == TRUNCATED_AT;
    return form;
}

/* A single connection with few events never comes to the later templates. */
static unsigned count_used(const struct options *o, unsigned count)
{
    return o->connections == 1 && o->count != 0 && o->count < count ? (unsigned)o->count : count;
}

static void render_feed(struct ring *ring, const struct options *o)
{
    for (unsigned i = 0; i < ring->count; i++) {
        struct template *t = &ring->templates[i];
        *t = (struct template){.begin = ring->bytes.length, .is_fixed = true};
        t->quality = feed_add_event(o->feed, o->seed, i + 1, &ring->bytes) ? EVENT_GOOD : EVENT_MALFORMED;
        t->end = ring->bytes.length;
    }
}

static void render_appliance(struct ring *ring, const struct options *o)
{
    for (unsigned i = 0; i < count_used(o, ring->count); i++) {
        struct rng rng = rng_of(o->seed, PURPOSE_CONTENT, i);
        struct form form = make_form(o, i);
        struct content content;

        content_draw(&content, &rng);
        render_event(&content, &form, &rng, &ring->bytes, &ring->templates[i]);
    }
}

void ring_init(struct ring *ring, const struct options *o)
{
    *ring = (struct ring){.count = o->feed != NULL ? (unsigned)o->count : count_templates(o->size_bytes)};
    ring->templates = calloc(ring->count, sizeof *ring->templates);
    if (ring->templates == NULL) {
        message("out of memory for %u template events", ring->count);
        abort();
    }
    if (o->feed != NULL)
        render_feed(ring, o);
    else
        render_appliance(ring, o);
}

void ring_fini(struct ring *ring)
{
    free(ring->templates);
    bytes_fini(&ring->bytes);
}
