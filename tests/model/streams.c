/* streams -- see streams.h. The items are in builder.h. */
#include "tests/model/streams.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/model/builder.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct name_list {
    const char *setting;
    const char *ignored_setting;
    const char *const *names; /* elements that the setting means */
    const char *const *ignored;
} name_lists[] = {
    {"EVENT", "", (const char *const[]){"EVENT", NULL}, (const char *const[]){NULL}},
    {"EVENT", "HB", (const char *const[]){"EVENT", NULL}, (const char *const[]){"HB", NULL}},
    {"EVENT, Alarm", "", (const char *const[]){"EVENT", "Alarm", NULL}, (const char *const[]){NULL}},
    {"acm:EVENT", "*:Ping", (const char *const[]){"acm:EVENT", NULL}, (const char *const[]){"s:Ping", NULL}},
    {"*:Event", "", (const char *const[]){"Event", "a:Event", "log4j:Event", NULL},
     (const char *const[]){NULL}},
    {"EVENT,b:Event,*:Msg", "HB", (const char *const[]){"EVENT", "b:Event", "Msg", "x:Msg", NULL},
     (const char *const[]){"HB", NULL}},
};

static const size_t ceilings[] = {64, 300, 4096, 1 << 20, 1 << 20};

/* An item stands here as often as its weight. */
static item *const items[] = {
    put_event,          put_event,          put_event,      put_event,           put_plain_event,
    put_plain_event,    put_oversize_event, put_separators, put_separators,      put_separators,
    put_declaration,    put_declaration,    put_comment,    put_comment,         put_wrapped_event,
    put_wrapped_event,  put_end_tag,        put_end_tag,    put_end_tag,         put_empty_element,
    put_ignored,        put_stray,          put_stray,      put_unknown_element, put_unknown_element,
    put_cut_off,        put_cut_off,        put_doctype,    put_unclosed,        put_hostile,
    put_hiding_comment, put_utf16,          put_multibyte,  put_opening_mark,    put_deep_wrappers,
};

static item *const openings[STREAM_OPENINGS] = {NULL,    put_opening_mark, put_http,
                                                put_tls, put_proxy_text,   put_proxy_binary};

static uint64_t draw(struct chance *chance)
{
    return chance_below(chance, SIZE_MAX) | 1; /* never 0, where xorshift stays */
}

struct stream_plan stream_plan(struct chance *chance)
{
    struct stream_plan plan = {.names = chance_below(chance, COUNT(name_lists)),
                               .max_message = ceilings[chance_below(chance, COUNT(ceilings))],
                               .seed = draw(chance)};
    if (chance_below(chance, 8) == 0) plan.opening = (unsigned)chance_below(chance, STREAM_OPENINGS);
    plan.count = 1 + chance_below(chance, STREAM_ITEMS_MAX);
    for (size_t i = 0; i < plan.count; i++)
        plan.items[i] = (struct stream_item){(unsigned)chance_below(chance, COUNT(items)), draw(chance)};
    return plan;
}

static void parse_names(const char *text, struct xml_names *names)
{
    struct why why = {0};
    enum result res = xml_names_parse("EVENT_ELEMENT", text, names, &why);
    assert(res == RES_OK);
}

void stream_build(struct stream *stream, const struct stream_plan *plan)
{
    const struct name_list *list = &name_lists[plan->names];
    *stream = (struct stream){.max_message = plan->max_message, .text = BUF_EMPTY};
    parse_names(list->setting, &stream->events);
    parse_names(list->ignored_setting, &stream->ignored);
    struct builder builder = {.stream = stream,
                              .names = list->names,
                              .ignored = list->ignored,
                              .chance = {plan->seed},
                              .knows_wrappers = true,
                              .declared = "",
                              .is_clean = true};
    if (openings[plan->opening]) openings[plan->opening](&builder);
    for (size_t i = 0; i < plan->count; i++) {
        builder.chance.state = plan->items[i].seed;
        for (int warm = 0; warm < 3; warm++) (void)pick(&builder, 2);
        items[plan->items[i].kind](&builder);
    }
}

void stream_fini(struct stream *stream)
{
    buf_fini(&stream->text);
    free(stream->parts);
    stream->parts = NULL;
}

static void print_text(const char *data, size_t len)
{
    for (size_t i = 0; i < len && i < 400; i++) {
        char c = data[i];
        if (c == '\\')
            (void)fputs("\\\\", stderr);
        else
            (void)fprintf(stderr, c >= ' ' && c <= '~' ? "%c" : "\\x%02x", (unsigned char)c);
    }
    (void)fputs(len > 400 ? "...\n" : "\n", stderr);
}

void stream_print(const struct stream *stream)
{
    static const char *const fates[] = {"separator",  "EVENT", "REJECT", "REJECT of its own",
                                        "in rejects", "loose", "unknown"};
    (void)fprintf(stderr, "stream of %zu bytes, max_message %zu, EVENT_ELEMENT", stream->text.len,
                  stream->max_message);
    for (size_t i = 0; i < stream->events.count; i++)
        (void)fprintf(stderr, " %s%s", stream->events.list[i].has_any_prefix ? "*:" : "",
                      stream->events.list[i].text);
    (void)fputc('\n', stderr);
    for (size_t i = 0; i < stream->count; i++) {
        const struct stream_part *part = &stream->parts[i];
        (void)fprintf(stderr, "  %6zu +%zu %s, %s%s%s: ", part->at, part->len, part->what, fates[part->fate],
                      part->encoding ? ", encoding " : "", part->encoding ? part->encoding : "");
        print_text(stream->text.data + part->at, part->len);
    }
}
