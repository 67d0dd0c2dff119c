/*
 * segments -- feeds a stream to a framer, cut into segments in some way, and keeps copies of the frames; the samples.
 *
 * Each segment lies in a block of memory of its own, freed before the next one comes: a sanitizer sees a framer that
 * looks at a byte too many or too late. A mistake of the test itself aborts.
 */
#ifndef TESTS_SUPPORT_SEGMENTS_H
#define TESTS_SUPPORT_SEGMENTS_H

#include "collector/framing/framer.h"
#include "tests/support/chance.h"

/* Initializes a struct slice; the literal may hold NUL. */
#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }

#define CUTS_MAX 16

/* The lengths of a stream's segments; after the last one they begin anew. */
struct cuts {
    size_t lengths[CUTS_MAX]; /* the last one not 0 */
    size_t count;             /* 1 to CUTS_MAX */
};

#define WHOLE             ((struct cuts){{SIZE_MAX}, 1})
#define EACH_OF(length)   ((struct cuts){{length}, 1})
#define IN_TWO_AT(length) ((struct cuts){{length, SIZE_MAX}, 2})

struct cuts random_cuts(struct chance *chance, size_t longest);

#define FRAMES_HELD_EXTRA (64 << 10) /* bytes that a framer may hold besides twice its ceiling */

struct frames {
    struct frame *list; /* owned, as are its data and texts */
    size_t count;
    size_t most_held_bytes; /* by the framer, ever */
};

struct frames *frames_new(void);
void frames_free(struct frames *frames);
void frames_add(struct frames *frames, const struct frame *frame); /* copies it */

/* One segment, some time without one, the end: each adds the frames that the framer then has. */
void frames_feed(struct frames *frames, struct framer *framer, struct slice bytes, int64_t now_ms);
void frames_tick(struct frames *frames, struct framer *framer, int64_t now_ms);
void frames_end(struct frames *frames, struct framer *framer);

/* Every frame of `stream`, those after its end included; no time passes. */
struct frames *frames_read(const struct framer_options *options, struct slice stream, struct cuts cuts);

/* Byte for byte; the texts where both have one. */
bool frames_equal(const struct frames *a, const struct frames *b);

/* Does the stream give these frames? If not, stderr gets the frames that it did give. */
bool frames_come(const struct frames *expected, const struct framer_options *options, struct slice stream,
                 struct cuts cuts);

/*
 * Is each byte of the stream in one frame or in a separator? Then the frames stand in it in their order, with nothing
 * but separators before, between and after them (account.h). And is each what a frame may be: cut at the ceiling, no
 * more held than that allows? A slow check that shares no code with the framer.
 */
bool frames_account_for(const struct frames *frames, const struct framer_options *options,
                        struct slice stream);

/* For a test that is about to fail: a line on stderr for the bytes, for each frame. */
void bytes_print(const char *title, struct slice bytes);
void frames_print(const char *title, const struct frames *frames);

#define SAMPLES_MAX 32

struct sample {
    char name[64];
    char *data; /* owned */
    size_t len;
    size_t events;  /* as the manifest says */
    bool is_broken; /* its event is not well-formed */
};

/* Reads what tests/data/samples/MANIFEST.tsv names: run from the repository's root. The number of samples. */
size_t samples_load(struct sample samples[SAMPLES_MAX]);
void samples_free(struct sample *samples, size_t count);

#endif
