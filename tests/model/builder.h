/*
 * builder -- a stream while it is put together: what a framer must know at this place, as the contract says.
 */
#ifndef TESTS_MODEL_BUILDER_H
#define TESTS_MODEL_BUILDER_H

#include "tests/model/streams.h"

#define WRAPPERS_MAX 64 /* open at once; of more the outermost is forgotten */

#define REASON(name) (1U << REJECT_##name)
#define ANY_REASON   (~0U)
/* Parts of one gap may be one reject, which has one reason. */
#define GAP_REASONS (REASON(STRAY_BYTES) | REASON(UNKNOWN_ELEMENT) | REASON(DOCTYPE) | REASON(ENCODING))

enum { CLOSES_COMMENT = 1, CLOSES_CDATA = 2 };

struct builder {
    struct stream *stream;
    const char *const *names;   /* of events, NULL behind the last */
    const char *const *ignored; /* likewise */
    struct chance chance;
    enum { EIGHT_BIT, LITTLE_ENDIAN_UTF16, BIG_ENDIAN_UTF16 } units;
    size_t part_at; /* the part that is being written */

    struct wrapper {
        const char *name;
        bool has_held_event; /* directly */
    } wrappers[WRAPPERS_MAX];
    size_t depth;
    bool knows_wrappers;

    const char *declared; /* encoding in force; NULL: not known */
    bool has_mark;        /* a byte order mark stands before the next event */
    bool is_multibyte;    /* no byte above 0x7F may be put in at random */

    unsigned open;      /* constructs that were opened and not closed: CLOSES_ bits */
    size_t opened_part; /* the first of them is in this part */
    bool is_lost;       /* nothing is known up to the next event in these units: */
    int lost_units;
    bool is_clean; /* separators, and rejects of their own, since the last event */
    size_t gap_at; /* behind the last event */
};

bool flip(struct builder *builder, size_t one_in);
size_t pick(struct builder *builder, size_t limit);
const char *pick_name(struct builder *builder);

/* In the units of this place. Text is ASCII, but in eight-bit units. */
void put(struct builder *builder, const char *text);
void put_bytes(struct builder *builder, const char *bytes, size_t len);
void put_filler(struct builder *builder,
                size_t len); /* letters, digits, blanks; begins and ends with a letter */

/* The bytes since the last part are a part of this fate; the part, to be completed. */
struct stream_part *end_part(struct builder *builder, const char *what, enum fate fate);
void open_construct(struct builder *builder, unsigned closes); /* in the part that ended last */
void lose_track(struct builder *builder);                      /* with the part that ended last */
bool fits(const struct builder *builder); /* what was put since the last part is within the ceiling */

void push_wrapper(struct builder *builder, const char *name);
bool pop_wrapper(struct builder *builder, const char *name); /* false: none of that name is open */

/* The items, by file. */
typedef void item(struct builder *builder);
item put_event, put_plain_event, put_oversize_event; /* good_items.c */
item put_separators, put_declaration, put_comment, put_wrapped_event, put_deep_wrappers, put_end_tag,
    put_empty_element, put_ignored;
item put_stray, put_unknown_element, put_cut_off, put_doctype, put_unclosed, put_hostile,
    put_hiding_comment;                          /* bad_items.c */
item put_utf16, put_multibyte, put_opening_mark; /* encoding_items.c */
item put_http, put_tls, put_proxy_text, put_proxy_binary;

#endif
