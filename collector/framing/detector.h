/*
 * detector -- in which encoding a place between events is to be read. Pure.
 *
 * It is decided anew at each place: by a byte order mark; else by the bytes themselves, if they are UTF-16; else by the
 * declaration in force, which is the last XML declaration on the connection.
 */
#ifndef COLLECTOR_FRAMING_DETECTOR_H
#define COLLECTOR_FRAMING_DETECTOR_H

#include "collector/framing/coding.h"
#include "collector/framing/window.h"

#define DETECTOR_ENCODING_MAX 40 /* bytes of an encoding's name with its terminator; a longer one is cut */

struct detector {
    char declared[DETECTOR_ENCODING_MAX];
    bool is_bom_fresh;  /* a UTF-8 byte order mark was the last thing but white space */
    enum coding coding; /* of bytes that are not UTF-16 */
    enum coding wide;   /* of the last markup, if that was UTF-16; else CODING_ASCII */
    uint64_t text_at;   /* behind the last markup */
};

enum detected {
    DETECTED_TEXT,      /* text, or a separator of one byte */
    DETECTED_MARKUP,    /* `<` */
    DETECTED_BOM,       /* a byte order mark of `len` bytes */
    DETECTED_UNDECIDED, /* more bytes are needed */
};

/* Sets the encoding of a stream that is read from its middle on. */
void detector_set(struct detector *detector, const char *encoding);

/*
 * What stands at `at`; the unit there is `c`. `len` is of a byte order mark. For markup `*coding` says how it is to be
 * read. With `is_final` there will be no more bytes.
 */
enum detected detector_check(struct detector *detector, const struct window *window, uint64_t at, char c,
                             bool is_final, enum coding *coding, size_t *len);

/* An XML declaration, shown as units, has been read. */
void detector_declare(struct detector *detector, const char *declaration, size_t len);

/*
 * The encoding of what is read in `coding`, by its name: "" none is declared. A constant or borrowed from `detector`.
 */
const char *detector_encoding(const struct detector *detector, enum coding coding);

#endif
