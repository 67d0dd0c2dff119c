/*
 * state -- what a framer holds, for the files of the framer alone: framer.c (feeding, time, the end), between.c and
 * elements.c (the rules between events), inside.c (the rules in an event), crossing.c (the next event is in another
 * encoding), gap.c (what is neither event nor separator).
 */
#ifndef COLLECTOR_FRAMING_STATE_H
#define COLLECTOR_FRAMING_STATE_H

#include "collector/framing/beginning.h"
#include "collector/framing/closings.h"
#include "collector/framing/detector.h"
#include "collector/framing/frame.h"
#include "collector/framing/marks.h"
#include "collector/framing/reader.h"
#include "collector/framing/wrappers.h"
#include "common/xml/chars.h"

#define WANTED_MIN    32   /* units to be viewed at first */
#define SEPARATOR_MAX 4096 /* bytes of a comment or instruction that is a separator */
#define CROSSINGS     2    /* other ways to read UTF-16 */
#define LOOK_BACK     1024 /* bytes before an event's start tag in which its declaration is searched */
#define DETAIL_MAX    700
#define SHOWN_MAX     80   /* bytes of a name that a detail shows */
#define BEYOND_MAX    8192 /* bytes behind the largest event in which a token may end */
#define NOWHERE       UINT64_MAX

/*
 *           a mark                        its end, or the next mark
 * BETWEEN ----------> INSIDE ------------------------------------------> BETWEEN, INSIDE
 *    |                   `--> OVERSIZE   MAX_MESSAGE_SIZE is reached       from both: the same
 *    `--> FOREIGN   the connection's beginning is not XML; to its end
 */
enum framer_state { FRAMER_BETWEEN, FRAMER_INSIDE, FRAMER_OVERSIZE, FRAMER_FOREIGN };

/* What a step of the framer has come to. */
enum step {
    STEP_ON,    /* go on: there may be more to do */
    STEP_FRAME, /* a frame is there */
    STEP_WAIT,  /* nothing is to be done before more bytes or time have come */
};

/* A comment or CDATA section whose end has not been found yet. */
struct hidden {
    bool is_open;
    bool is_reported;   /* a part of it has been reported already */
    bool is_in_doctype; /* a comment in a DOCTYPE that is not complete either */
    enum closing closing;
    uint64_t at;   /* its opening */
    uint64_t from; /* what it hides: behind its opening */
};

/* A construct that was given up. */
struct given_up {
    bool is_set;
    enum closing closing; /* the first one */
    size_t found;         /* events that begin behind it */
};

/* What stands between two events and is no separator. */
struct gap {
    bool is_open;
    uint64_t start;       /* of what is held: content, or a tag that may be a wrapper's */
    uint64_t first, last; /* content: from its first to behind its last byte; NOWHERE: none */
    int64_t since;        /* ms */
    bool has_doctype, has_element;
    bool ends_inside_markup; /* the connection ended so, and there was nothing before */
    uint64_t doctype_end;    /* NOWHERE: no complete DOCTYPE is the last of it */
    struct given_up given_up;
    uint64_t element_at;         /* of the outermost of the first elements in it */
    char element[SHOWN_MAX + 1]; /* its name, to be shown */
    char around[SHOWN_MAX + 1];  /* the name of an open element around it; "": none */
    char encoding[DETECTOR_ENCODING_MAX];
};

/* An event that has begun. */
struct unfinished {
    uint64_t at;
    uint64_t frame_at; /* before `at` if a DOCTYPE belongs to it */
    struct buf name;   /* as units */
    char encoding[DETECTOR_ENCODING_MAX];
    uint64_t tried_to; /* up to there it was there when it was read as a plain one; 0: it was not yet */
    bool has_doctype;
    bool has_too_many; /* attributes on one of its elements */
    struct given_up given_up;
};

struct framer {
    struct framer_options options;
    struct window window;
    struct reader reader;
    struct xml_lexer lexer;
    struct closings closings;
    struct marks marks;
    struct detector detector;
    struct wrappers wrappers;
    struct beginning beginning;

    enum framer_state state;
    uint64_t at;   /* the next byte to be read */
    size_t wanted; /* units to be viewed at once; more, where a token was not complete */
    struct hidden hidden;
    struct gap gap;
    struct unfinished event;
    uint64_t crossing_at; /* what begins there is searched for start tags in other ways (crossing.c), */
    uint64_t crossed[CROSSINGS]; /* and has been up to here */
    struct buf namespaces;       /* of the wrappers in which the gap's content begins */
    struct buf oversize;         /* FRAMER_OVERSIZE: what is kept of the event */

    int64_t now_ms, heard_ms; /* heard: when the last byte was received */
    uint64_t waits_at;        /* what begins there is not complete; */
    int64_t waits_since_ms;   /* it began to be received then */
    uint64_t behind_end;      /* what stands before it was there while something before it was waited for; */
    int64_t behind_ms;        /* that began to be received then, so this was received no earlier */
    bool is_ended;
    int64_t begun_ms;                           /* when the first byte was received */
    bool is_silence_reported, is_hold_reported; /* since the last byte */
    uint64_t ignored;
    char detail[DETAIL_MAX];
};

/* Bytes that are separators wherever they stand between events; a NUL may begin a `<` of UTF-16 as well. */
static inline bool is_separator(char c)
{
    return xml_is_space(c) || (c >= '\0' && c <= '\x04') || c == '\x0B' || c == '\x1C';
}

/* ---- framer.c ---- */

/* The only way from state to state. */
void framer_move(struct framer *f, enum framer_state next);

/* Bytes from `to` on are the next to be needed. */
void framer_drop(struct framer *f, uint64_t to);

/* Makes a frame of the bytes from `from` up to `to`. */
void framer_make(struct framer *f, struct frame *frame, uint64_t from, uint64_t to, const char *encoding);

/* The units from `at` on; `*is_all`: there are no more before `limit`. */
struct slice framer_view(struct framer *f, uint64_t limit, bool *is_all);

/* `len` units have been read. */
void framer_pass(struct framer *f, size_t len);

/* A token is not complete in what was viewed: the next view shows more. */
void framer_want_more(struct framer *f);

/* Bytes of `units` units, as they are read now. */
uint64_t framer_bytes(const struct framer *f, size_t units);

/*
 * All bytes before `limit` are there, and their units are clear: in some codings a few bytes more are needed for that,
 * and nothing may depend on whether they have come already.
 */
bool framer_is_full(const struct framer *f, uint64_t limit);

/* The token at `at` opens a comment or a CDATA section, or is a DOCTYPE in which a comment is open. */
void framer_hide(struct framer *f, const struct xml_token *token);

/* `token` is unfinished. True: what is there already may show more of it, so there is no need to wait for bytes. */
bool framer_reads_on(struct framer *f, const struct xml_token *token, bool is_all);

/* Searches the end of the hidden text before `limit`; true: it is closed, and `*end` is behind it. */
bool framer_find_closing(struct framer *f, uint64_t limit, uint64_t *end);

/* Gives up the hidden text: its opening is text, and reading goes on behind it. Events are counted before `limit`. */
void framer_give_up(struct framer *f, struct given_up *given_up, uint64_t limit);

/* When the byte at `at`, which is being read, was received; earlier, where it has stood behind what was given up. */
int64_t framer_received_ms(const struct framer *f, uint64_t at);

/* Appends to the detail what was given up, if something was. */
void framer_explain(struct framer *f, const struct given_up *given_up);

/* Copies a name that a detail shows. */
void framer_show(struct slice name, char shown[SHOWN_MAX + 1]);

/* ---- between.c ---- */

enum step between_step(struct framer *f, struct frame *frame);
enum step between_give_up(struct framer *f); /* the hidden text is no such thing: its opening is content */
/* The sender is silent, or what it has sent has been held for too long. */
enum step between_wait(struct framer *f, struct frame *frame, bool is_silent);
enum step between_end(struct framer *f, struct frame *frame); /* the stream has ended */

/* ---- elements.c ---- */

enum step elements_start(struct framer *f, struct frame *frame, struct slice tag,
                         const struct xml_token *token);
enum step elements_end(struct framer *f, struct frame *frame, struct slice tag,
                       const struct xml_token *token);

/* An event begins: all open elements are around it. */
void elements_hold_event(struct framer *f);

/* An XML declaration closes all. True: a frame is there, and the declaration is to be read again. */
bool elements_close_all(struct framer *f, struct frame *frame);

/* ---- inside.c ---- */

/*
 * The start tag of an event begins at `at`; its name is in `tag`. What stands before it from `frame_at` on belongs to
 * it.
 */
void inside_begin(struct framer *f, struct slice tag, const struct xml_token *token, uint64_t frame_at);
enum step inside_step(struct framer *f, struct frame *frame);
enum step inside_step_oversize(struct framer *f, struct frame *frame);
enum step inside_wait(struct framer *f, struct frame *frame, bool is_silent);
enum step inside_end(struct framer *f, struct frame *frame);

/* The unfinished event is reported as it is: a reject `cut_off` with this detail, or `oversize`. */
void inside_cut(struct framer *f, struct frame *frame, uint64_t end, const char *detail);

/* ---- crossing.c ---- */

enum crossing {
    CROSSING_NONE,
    CROSSING_UNDECIDED, /* more bytes are needed */
    CROSSING_FOUND,     /* the start tag of an event begins at `at`, which has been set to it, in `*coding` */
};

/* An unfinished event is read as bytes, and what stands at `at` is no markup: is it an event's start tag in UTF-16? */
enum crossing crossing_check(struct framer *f, uint64_t to, enum coding *coding);

/* What begins at `at` is searched from now on. */
void crossing_begin(struct framer *f);

/*
 * What is read as UTF-16 is searched before `to`: does an event's start tag stand in it, in bytes or displaced by one?
 * Then `at` goes to it, and it is in `*coding`.
 */
bool crossing_find(struct framer *f, uint64_t to, enum coding *coding);

/*
 * How far the search may go when this token is about to be taken: behind it, or to the end of what there is of it, if
 * all of that was viewed; but not into hidden text.
 */
uint64_t crossing_reach(const struct framer *f, const struct xml_token *token, bool is_all, uint64_t end);

/* The first byte that the search has to see again. */
uint64_t crossing_needs(const struct framer *f);

/* ---- gap.c ---- */

/* Why a gap can be reported. */
enum gap_end {
    GAP_EVENT,   /* an event begins */
    GAP_ELEMENT, /* its outermost element has ended */
    GAP_WAITED, /* it is large enough, has been held for long enough, or the stream has ended: tags of open elements are
                    content as well */
};

/* Something is held from `at` on. */
void gap_open(struct framer *f, uint64_t at);

/* The bytes are content. */
void gap_add(struct framer *f, uint64_t from, uint64_t to);

/* The next `len` units are content. */
void gap_pass(struct framer *f, size_t len);

/* An element that is content begins at `at`. */
void gap_note_element(struct framer *f, uint64_t at, struct slice name);

bool gap_has_content(const struct framer *f);

/* Nothing is held if there is no content, and no open element that may be a wrapper. */
void gap_settle(struct framer *f);

/* Is more held than tags without attributes, which may be wrappers' of events that are still to come? */
bool gap_is_worth_reporting(struct framer *f);

/*
 * The gap, which is open, can be reported: all elements that are open count as wrappers. True: the content is a reject;
 * false: there was none. Nothing before `at` is held any more.
 */
bool gap_close(struct framer *f, struct frame *frame, enum gap_end why);

#endif
