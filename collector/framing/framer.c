/*
 * framer -- see framer.h.
 *
 * A state machine over single bytes that may stop and go on between any two of them. What it has begun to look at is a
 * *piece* (piece.h): positions are counted from the piece's beginning, so they mean the same whatever the segments
 * were.
 *
 * A piece is one of: an unfinished event; a run of stray bytes, perhaps with markup after it that is not finished; a
 * DOCTYPE and what follows it up to its event; markup between events. It ends as one frame, or is skipped.
 *
 * Nothing here can fail: a hostile stream makes rejects, and memory has a ceiling.
 */
#include "collector/framing/framer.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/markup.h"
#include "collector/framing/piece.h"

#define DECLARATION_MAX 256 /* bytes of an XML declaration that are looked at */

enum state {
    ST_BETWEEN, /* outside of events: separators or stray bytes */
    ST_BOM,     /* some bytes of a byte order mark */
    ST_LT,      /* after '<' */
    ST_BANG,    /* after '<!': which construct is it? */
    ST_NAME,    /* in a tag's name, as long as it could be the event element's */
    ST_TAG,     /* in a tag, after its name */
    ST_QUOTE,   /* in a quoted attribute value */
    ST_END_TAG, /* in the event's end tag, after its name */
    ST_TEXT,    /* in an event, between markup */
    ST_COMMENT,
    ST_CDATA,
    ST_PI,
    ST_DOCTYPE,
    ST_PROBE, /* '<' where markup is out of place: is it the event's start tag? If not, back to `resume` */
};

struct framer {
    char opening[FRAMER_ELEMENT_MAX + 2]; /* "<EVENT" */
    const char *element;                  /* in it */
    size_t element_len;
    size_t max_message;

    enum state state;
    enum state resume; /* of ST_PROBE */
    bool in_event;
    bool in_start_tag; /* in_event: its start tag is not complete yet */
    bool has_too_many; /* in_event: attributes on one of its elements */
    bool is_end_tag;   /* ST_NAME */
    bool has_stray;    /* the piece begins with stray bytes */
    bool has_doctype;  /* the piece begins with a DOCTYPE, or the event holds one */
    bool in_doctype;   /* and that is not complete yet */
    bool in_subset;    /* DOCTYPE: between its brackets */
    char quote;        /* ST_QUOTE, ST_DOCTYPE: the quote that is open; 0: none */
    size_t match;      /* how much of a name or keyword has been seen */
    unsigned tail;     /* how much of a closing (or, in a DOCTYPE, comment-opening) delimiter has been seen */
    char keyword[8];   /* ST_BANG */
    uint64_t lt;       /* where in the piece the last '<' (or byte order mark) stands */
    uint64_t probe;    /* ST_PROBE: where its '<' stands */
    size_t values;     /* quoted values in this tag */

    struct piece piece;

    char pi[DECLARATION_MAX]; /* ST_PI: its beginning, wherever in a long piece it stands */
    size_t pi_len;
    char encoding[FRAMER_ENCODING_MAX];
};

struct framer *framer_new(const char *element, size_t max_message)
{
    struct framer *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->element_len = strlen(element);
    assert(f->element_len >= 1 && f->element_len <= FRAMER_ELEMENT_MAX);
    f->opening[0] = '<';
    memcpy(f->opening + 1, element, f->element_len);
    f->element = f->opening + 1;
    f->max_message = max_message;
    memcpy(f->pi, "<?", strlen("<?"));
    piece_init(&f->piece, max_message);
    return f;
}

void framer_free(struct framer *f)
{
    if (!f) return;
    piece_fini(&f->piece);
    free(f);
}

bool framer_is_unfinished(const struct framer *f)
{
    return f->piece.held_total > 0;
}

size_t framer_held_bytes(const struct framer *f)
{
    return f->piece.held.capacity;
}

/* ---- frames ---- */

/* Makes a frame of the piece's first `len` bytes. What follows is the caller's to forget or to keep. */
static void make_frame(struct framer *f, struct frame *frame, uint64_t len)
{
    struct slice bytes = piece_bytes(&f->piece, len);
    *frame = (struct frame){.data = bytes.data, .len = bytes.len, .true_len = len, .encoding = f->encoding};
}

static void make_reject(struct framer *f, struct frame *frame, uint64_t len, enum reject_reason reason,
                        const char *detail)
{
    make_frame(f, frame, len);
    frame->reason = reason;
    frame->detail = detail;
}

/* After a frame of the whole piece: nothing is left of it. */
static void drop_all(struct framer *f)
{
    piece_give_away(&f->piece);
    f->has_stray = f->has_doctype = f->in_doctype = false;
}

/* After a frame of the piece up to `lt`: the piece begins anew there, with `opening`. */
static void keep_from_lt(struct framer *f, const char *opening)
{
    piece_give_away_before(&f->piece, f->lt, opening);
    f->has_stray = f->has_doctype = f->in_doctype = false;
}

/* ---- what ends as a reject ---- */

static bool starts_with(struct slice bytes, const char *text)
{
    size_t len = strlen(text);
    return bytes.len >= len && memcmp(bytes.data, text, len) == 0;
}

/* A byte order mark, or '<' as a character of two bytes. Of either byte order: the NUL before it is a separator. */
static bool looks_like_utf16(struct slice bytes)
{
    return starts_with(bytes, "\xFF\xFE") || starts_with(bytes, "\xFE\xFF") ||
           (bytes.len >= 2 && bytes.data[0] == '<' && bytes.data[1] == '\0');
}

static bool looks_like_http(struct slice bytes)
{
    static const char *const methods[] = {"GET ",     "POST ",  "PUT ",    "HEAD ",  "OPTIONS ",
                                          "CONNECT ", "PATCH ", "DELETE ", "TRACE ", "PRI * "};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (starts_with(bytes, methods[i])) return true;
    return false;
}

static void reject_stray(struct framer *f, struct frame *frame, uint64_t len)
{
    make_reject(f, frame, len, REJECT_STRAY_BYTES, "these bytes stand between events and belong to none");
    struct slice bytes = {frame->data, frame->len};
    if (looks_like_utf16(bytes)) {
        frame->reason = REJECT_ENCODING;
        frame->detail =
            "this looks like UTF-16: the sender must use UTF-8 or a single-byte encoding that it declares";
    } else if (starts_with(bytes, "\x16\x03")) {
        frame->reason = REJECT_LOOKS_LIKE_TLS;
        frame->detail = "this looks like a TLS handshake: the sender must use plain TCP";
    } else if (looks_like_http(bytes)) {
        frame->reason = REJECT_LOOKS_LIKE_HTTP;
        frame->detail = "this looks like an HTTP request: the sender must use plain TCP";
    }
}

static void reject_doctype(struct framer *f, struct frame *frame, uint64_t len)
{
    make_reject(f, frame, len, REJECT_DOCTYPE, "a document type declaration (<!DOCTYPE) is not accepted");
}

static void reject_cut_off(struct framer *f, struct frame *frame, uint64_t len, const char *detail)
{
    make_reject(f, frame, len, REJECT_CUT_OFF, detail);
    if (len <= f->max_message) return;
    frame->reason = REJECT_OVERSIZE;
    frame->detail = "larger than MAX_MESSAGE_SIZE, and cut off; its beginning is kept";
}

/* ---- moves between states; each returns whether `frame` has been filled ---- */

/* The event's end has been read. */
static bool finish_event(struct framer *f, struct frame *frame)
{
    uint64_t len = piece_offset(&f->piece);
    if (f->has_doctype) {
        reject_doctype(f, frame, len);
    } else if (len > f->max_message) {
        make_reject(f, frame, len, REJECT_OVERSIZE, "larger than MAX_MESSAGE_SIZE; its beginning is kept");
    } else if (f->has_too_many) {
        make_reject(f, frame, len, REJECT_MALFORMED, "more than 256 attributes on one element");
    } else {
        make_frame(f, frame, len);
        frame->is_event = true;
    }
    drop_all(f);
    f->in_event = f->has_too_many = false;
    f->state = ST_BETWEEN;
    return true;
}

/* Takes what a DOCTYPE or stray bytes before the markup at `lt` have gathered as a reject. */
static bool reject_before_lt(struct framer *f, struct frame *frame)
{
    if (f->has_doctype)
        reject_doctype(f, frame, f->lt);
    else if (f->has_stray)
        reject_stray(f, frame, f->lt);
    else
        return false;
    return true;
}

/* The event's start tag has been read up to its name, which began at `lt`. */
static bool begin_event(struct framer *f, struct frame *frame)
{
    bool has_frame = true;
    if (f->in_event)
        reject_cut_off(f, frame, f->lt, "cut off: the next event began before this one's end tag");
    else if (f->in_doctype || f->has_stray)
        (void)reject_before_lt(f, frame);
    else
        has_frame = false; /* a complete DOCTYPE alone stays with its event */
    if (has_frame) keep_from_lt(f, f->opening);
    f->in_event = f->in_start_tag = true;
    f->has_too_many = false;
    f->state = ST_TAG;
    return has_frame;
}

/* Markup is not what it seemed: in an event the validator will tell, outside it is stray. */
static void not_markup(struct framer *f)
{
    f->state = f->in_event ? ST_TEXT : ST_BETWEEN;
    f->has_stray |= !f->in_event;
}

/* Markup between events is complete and allowed there: skip it, and report what stood before it. */
static bool skip_markup(struct framer *f, struct frame *frame)
{
    f->state = ST_BETWEEN;
    if (reject_before_lt(f, frame)) {
        drop_all(f);
        return true;
    }
    piece_forget(&f->piece);
    return false;
}

/* A comment or processing instruction is complete. Between a DOCTYPE and its event it stays in the piece. */
static bool finish_misc(struct framer *f, struct frame *frame)
{
    if (f->in_doctype)
        f->state = ST_DOCTYPE;
    else if (f->in_event)
        f->state = ST_TEXT;
    else if (f->has_doctype)
        f->state = ST_BETWEEN;
    else
        return skip_markup(f, frame);
    return false;
}

static bool finish_tag(struct framer *f, struct frame *frame, bool is_empty_element)
{
    if (f->in_event) {
        f->state = ST_TEXT;
        bool is_whole = f->in_start_tag && is_empty_element;
        f->in_start_tag = false;
        return is_whole && finish_event(f, frame);
    }
    struct slice bytes = piece_bytes(&f->piece, piece_offset(&f->piece));
    /* A tag that is too long to keep cannot be checked: it is stray. */
    bool is_kept = piece_offset(&f->piece) == bytes.len;
    if (is_kept && markup_is_tag(bytes.data + f->lt, bytes.len - (size_t)f->lt)) return skip_markup(f, frame);
    not_markup(f);
    return false;
}

static bool finish_pi(struct framer *f, struct frame *frame)
{
    if (!f->in_event) markup_read_declaration(f->pi, f->pi_len, f->encoding, sizeof f->encoding);
    return finish_misc(f, frame);
}

/* ---- one function per state: looks at bytes from `pos` on ---- */

static void note_lt(struct framer *f, enum state next)
{
    f->lt = piece_offset(&f->piece);
    f->match = 0;
    f->state = next;
    f->piece.pos++;
}

static void begin_probe(struct framer *f)
{
    f->probe = piece_offset(&f->piece);
    f->resume = f->state;
    f->match = 0;
    f->state = ST_PROBE;
    f->piece.pos++;
}

static bool is_separator(char c)
{
    return c == '\0' || markup_is_space(c);
}

static bool step_between(struct framer *f, struct frame *frame)
{
    char c = f->piece.data[f->piece.pos];
    if (c == '<') {
        note_lt(f, ST_LT);
    } else if (c == '\xEF') {
        note_lt(f, ST_BOM);
    } else if (is_separator(c)) {
        f->piece.pos++;
        if (!f->has_stray && !f->has_doctype) f->piece.start = f->piece.pos;
    } else if (f->has_doctype) {
        reject_doctype(f, frame, piece_offset(&f->piece));
        drop_all(f);
        return true;
    } else {
        f->has_stray = true;
        f->piece.pos++;
    }
    return false;
}

static bool step_bom(struct framer *f, struct frame *frame)
{
    static const char bom[] = "\xEF\xBB\xBF";
    (void)frame;
    if (f->match == 0) f->match = 1;
    if (f->piece.data[f->piece.pos] != bom[f->match]) {
        f->has_stray = true;
        f->state = ST_BETWEEN;
        return false;
    }
    f->piece.pos++;
    if (++f->match < 3) return false;
    f->state = ST_BETWEEN;
    if (!f->has_stray && !f->has_doctype) piece_forget(&f->piece);
    return false;
}

static bool step_lt(struct framer *f, struct frame *frame)
{
    char c = f->piece.data[f->piece.pos];
    (void)frame;
    f->tail = 0;
    f->values = 0;
    f->is_end_tag = c == '/';
    f->pi_len = strlen("<?");
    if (c == '!')
        f->state = ST_BANG;
    else if (c == '?')
        f->state = ST_PI;
    else if (c == '/' || markup_is_name_start(c))
        f->state = ST_NAME;
    else
        not_markup(f);
    if (c == '!' || c == '?' || c == '/') f->piece.pos++;
    return false;
}

/* `<!--` in a comment, `<![CDATA[` in an event, `<!DOCTYPE` outside of one; all else is no markup here. */
static bool step_bang(struct framer *f, struct frame *frame)
{
    static const char *const keywords[] = {"--", "[CDATA[", "DOCTYPE"};
    bool is_prefix = false;
    f->keyword[f->match++] = f->piece.data[f->piece.pos];
    for (size_t i = 0; i < 3; i++) is_prefix |= strncmp(keywords[i], f->keyword, f->match) == 0;
    if (!is_prefix) {
        if (f->in_event)
            f->state = ST_TAG;
        else
            not_markup(f);
        return false;
    }
    f->piece.pos++;
    if (f->keyword[0] == '-' && f->match == 2) f->state = ST_COMMENT;
    if (f->match < 7) return false;
    if (f->in_event) {
        f->state = f->keyword[0] == '[' ? ST_CDATA : ST_TAG;
        f->has_doctype |= f->keyword[0] == 'D';
        return false;
    }
    if (f->keyword[0] == '[') {
        not_markup(f);
        return false;
    }
    bool has_frame = f->has_stray && reject_before_lt(f, frame);
    if (has_frame) keep_from_lt(f, "<!DOCTYPE");
    f->has_doctype = f->in_doctype = true;
    f->in_subset = false;
    f->quote = 0;
    f->state = ST_DOCTYPE;
    return has_frame;
}

/* Is the name so far the event element's, whole? Moves on while it may become so; -1: it is another name. */
static int match_element(struct framer *f)
{
    for (; f->piece.pos < f->piece.len; f->piece.pos++) {
        char c = f->piece.data[f->piece.pos];
        if (f->match < f->element_len && c == f->element[f->match])
            f->match++;
        else
            return f->match == f->element_len && (markup_is_space(c) || c == '>' || c == '/') ? 1 : -1;
    }
    return 0;
}

static bool step_name(struct framer *f, struct frame *frame)
{
    int is_element = match_element(f);
    if (is_element < 0) f->state = ST_TAG;
    if (is_element <= 0) return false;
    if (!f->is_end_tag) return begin_event(f, frame);
    if (f->in_event)
        f->state = ST_END_TAG;
    else
        not_markup(f); /* the event element's end tag without its start */
    return false;
}

static bool step_probe(struct framer *f, struct frame *frame)
{
    int is_element = match_element(f);
    if (f->match > 0) f->tail = 0; /* "<E" begins no comment, and ends no instruction */
    if (is_element < 0) f->state = f->resume;
    if (is_element <= 0) return false;
    f->lt = f->probe;
    f->has_stray |=
        !f->in_event && !f->in_doctype; /* an instruction between events that was never finished */
    return begin_event(f, frame);
}

static bool is_mark_in_tag(char c)
{
    return c == '>' || c == '<' || c == '"' || c == '\'';
}

/*
 * How many of the eight bytes at `at` stand before the first one below '?'; 8: all do. All that matter in a tag are
 * below it, and of what a name may hold only digits, '-', '.' and ':'. Byte by byte, all framing of a plain event takes
 * a sixth more time and half as many instructions again.
 */
static size_t letters(const char *at)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word = 0;
    memcpy(&word, at, sizeof word);
    word = le64toh(word);
    word = (word - ones * '?') & ~word & ones * 0x80;
    return word ? (size_t)__builtin_ctzll(word) / 8 : 8;
}

/* The first byte that matters in a tag, one of < > " ' ; `end`: none does. */
static const char *find_in_tag(const char *at, const char *end)
{
    while (end - at >= 8) {
        size_t len = letters(at);
        at += len;
        if (len == 8) continue;
        if (is_mark_in_tag(*at)) return at;
        at++;
    }
    while (at < end && !is_mark_in_tag(*at)) at++;
    return at;
}

static bool step_tag(struct framer *f, struct frame *frame)
{
    const char *end = f->piece.data + f->piece.len;
    const char *at = find_in_tag(f->piece.data + f->piece.pos, end);
    f->piece.pos = (size_t)(at - f->piece.data);
    if (at == end) return false;
    char c = *at;
    if (c == '>') {
        bool is_empty_element = piece_byte_before(&f->piece) == '/';
        f->piece.pos++;
        return finish_tag(f, frame, is_empty_element);
    }
    if (c == '<') { /* never in a well-formed tag: this one was cut off */
        f->in_start_tag = false;
        if (f->in_event)
            note_lt(f, ST_LT);
        else
            not_markup(f);
        return false;
    }
    f->quote = c;
    f->state = ST_QUOTE;
    f->has_too_many |= f->in_event && ++f->values > FRAMER_VALUES_MAX;
    f->piece.pos++;
    return false;
}

static bool step_quote(struct framer *f, struct frame *frame)
{
    (void)frame;
    for (; f->piece.pos < f->piece.len; f->piece.pos++) {
        char c = f->piece.data[f->piece.pos];
        if (c == f->quote) {
            f->state = ST_TAG;
            f->piece.pos++;
            return false;
        }
        if (c == '<') {
            if (f->in_event)
                begin_probe(f);
            else
                not_markup(f);
            return false;
        }
    }
    return false;
}

static bool step_end_tag(struct framer *f, struct frame *frame)
{
    char c = f->piece.data[f->piece.pos];
    if (c == '<') {
        note_lt(f, ST_LT);
        return false;
    }
    f->piece.pos++;
    return c == '>' && finish_event(f, frame);
}

/*
 * Nearly all of a stream is text and tags like <name> and </name>: they are passed in this one loop, a shortcut for the
 * way by ST_LT, ST_NAME and ST_TAG back to ST_TEXT. It comes to the same, because
 *  - a name that does not begin like the event element's is another one, and leads to ST_TAG. Where it does begin so,
 *    is none, or is not here yet, the long way begins at the '<';
 *  - in ST_TAG the bytes of find_in_tag() alone matter. Where the tag does not simply end, the long way goes on there;
 *  - what a tag leaves behind on the long way, as `lt` and `match`, is set anew at the next '<' before it is looked at.
 */
static bool step_text(struct framer *f, struct frame *frame)
{
    struct piece *p = &f->piece;
    const char *end = p->data + p->len;
    const char *at = p->data + p->pos;
    (void)frame;
    for (;;) {
        const char *lt = memchr(at, '<', (size_t)(end - at));
        p->pos = lt ? (size_t)(lt - p->data) : p->len;
        if (!lt) return false;
        at = lt + 1;
        if (at < end && *at == '/') at++;
        if (at == end || *at == *f->element || !markup_is_name_start(*at)) {
            note_lt(f, ST_LT);
            return false;
        }
        at = find_in_tag(at, end);
        if (at == end || *at != '>') {
            note_lt(f, ST_TAG);
            f->values = 0;
            p->pos = (size_t)(at - p->data);
            return false;
        }
        at++;
    }
}

/* Moves past `mark mark >`; true when its end has been read. */
static bool skip_to_double(struct framer *f, char mark)
{
    while (f->piece.pos < f->piece.len) {
        if (f->tail == 0) {
            const char *found = memchr(f->piece.data + f->piece.pos, mark, f->piece.len - f->piece.pos);
            f->piece.pos = found ? (size_t)(found - f->piece.data) : f->piece.len;
            if (!found) return false;
        }
        char c = f->piece.data[f->piece.pos++];
        bool is_end = c == '>' && f->tail == 2;
        if (c != mark)
            f->tail = 0;
        else if (f->tail < 2)
            f->tail++;
        if (is_end) return true;
    }
    return false;
}

static bool step_comment(struct framer *f, struct frame *frame)
{
    return skip_to_double(f, '-') && finish_misc(f, frame);
}

static bool step_cdata(struct framer *f, struct frame *frame)
{
    (void)frame;
    if (skip_to_double(f, ']')) f->state = ST_TEXT;
    return false;
}

static bool step_pi(struct framer *f, struct frame *frame)
{
    while (f->piece.pos < f->piece.len) {
        char c = f->piece.data[f->piece.pos];
        if (c == '<') {
            f->tail = 0;
            begin_probe(f);
            return false;
        }
        f->piece.pos++;
        if (f->pi_len < sizeof f->pi) f->pi[f->pi_len++] = c;
        if (c == '>' && f->tail == 1) return finish_pi(f, frame);
        f->tail = c == '?';
    }
    return false;
}

/* Quotes and brackets hide '>'; comments hide quotes; nothing but a comment hides the event's start tag. */
static bool step_doctype(struct framer *f, struct frame *frame)
{
    static const char comment[] = "<!--";
    char c = f->piece.data[f->piece.pos];
    (void)frame;
    if (c == '<') {
        f->tail = !f->quote; /* a comment's beginning, but not in quotes */
        begin_probe(f);
        return false;
    }
    f->piece.pos++;
    f->tail = f->tail > 0 && c == comment[f->tail] ? f->tail + 1 : 0;
    if (f->quote) {
        if (c == f->quote) f->quote = 0;
    } else if (f->tail == 4) {
        f->tail = 0;
        f->state = ST_COMMENT;
    } else if (c == '"' || c == '\'') {
        f->quote = c;
    } else if (c == '[' || c == ']') {
        f->in_subset = c == '[';
    } else if (c == '>' && !f->in_subset) {
        f->in_doctype = false;
        f->state = ST_BETWEEN;
    }
    return false;
}

typedef bool step_function(struct framer *f, struct frame *frame);

static step_function *const steps[] = {
    [ST_BETWEEN] = step_between, [ST_BOM] = step_bom,         [ST_LT] = step_lt,
    [ST_BANG] = step_bang,       [ST_NAME] = step_name,       [ST_TAG] = step_tag,
    [ST_QUOTE] = step_quote,     [ST_END_TAG] = step_end_tag, [ST_TEXT] = step_text,
    [ST_COMMENT] = step_comment, [ST_CDATA] = step_cdata,     [ST_PI] = step_pi,
    [ST_DOCTYPE] = step_doctype, [ST_PROBE] = step_probe,
};

void framer_feed(struct framer *f, const char *data, size_t len)
{
    piece_feed(&f->piece, data, len);
}

bool framer_next(struct framer *f, struct frame *frame)
{
    piece_end_loan(&f->piece);
    while (f->piece.pos < f->piece.len)
        if (steps[f->state](f, frame)) return true;
    piece_hold_rest(&f->piece);
    return false;
}

bool framer_end(struct framer *f, struct frame *frame)
{
    piece_end_loan(&f->piece);
    uint64_t len = piece_offset(&f->piece);
    if (len == 0) return false;
    if (f->in_event)
        reject_cut_off(f, frame, len, "cut off: the connection ended before the event's end tag");
    else if (f->has_doctype)
        reject_doctype(f, frame, len);
    else if (f->has_stray)
        reject_stray(f, frame, len);
    else
        reject_cut_off(f, frame, len, "cut off: the connection ended inside a tag, comment or instruction");
    drop_all(f);
    f->in_event = false;
    f->state = ST_BETWEEN;
    return true;
}
