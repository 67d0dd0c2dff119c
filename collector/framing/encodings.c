/*
 * encodings -- see encodings.h. The encoder itself is asked about each byte and about each pair of a high byte and one
 * of ASCII, which takes some milliseconds at the start.
 */
#include "collector/framing/encodings.h"

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "collector/framing/transcode.h"

#define DECODED_MAX 64
#define EXAMPLES    "expected UTF-8, a single-byte encoding or EUC, e.g. windows-1252, ISO-8859-1 or EUC-JP"

/* Decodes a whole text; the length of its UTF-8 goes to `utf8_len`. False: the encoding has no such text. */
static bool decode(iconv_t decoder, const char *bytes, size_t len, char utf8[DECODED_MAX], size_t *utf8_len)
{
    char copy[2];
    char *in = copy;
    char *out = utf8;
    size_t space = DECODED_MAX;
    const size_t failed = (size_t)-1;
    memcpy(copy, bytes, len);
    (void)iconv(decoder, NULL, NULL, NULL, NULL);
    if (iconv(decoder, &in, &len, &out, &space) == failed || len > 0) return false;
    if (iconv(decoder, NULL, NULL, &out, &space) == failed) return false; /* what it has held back */
    *utf8_len = DECODED_MAX - space;
    return true;
}

static bool contains_ascii(iconv_t decoder)
{
    char utf8[DECODED_MAX];
    size_t len = 0;
    for (int i = 0; i < 0x80; i++) {
        char byte = (char)i;
        if (!decode(decoder, &byte, 1, utf8, &len) || len != 1 || utf8[0] != byte) return false;
    }
    return true;
}

/* Can a byte of ASCII be the second one of a character? */
static bool hides_ascii(iconv_t decoder)
{
    char utf8[DECODED_MAX];
    size_t len = 0;
    for (int i = 0; i < 0x80 * 0x80; i++) {
        char pair[2] = {(char)(0x80 + i / 0x80), (char)(i % 0x80)};
        if (decode(decoder, pair, sizeof pair, utf8, &len) && (len < 2 || utf8[len - 1] != pair[1]))
            return true;
    }
    return false;
}

static enum result refuse(struct why *why, const char *name, const char *reason)
{
    return why_set(why, RES_REFUSE, "DEFAULT_ENCODING=%s: %s: " EXAMPLES, name, reason);
}

enum result encodings_check_default(const char *name, struct why *why)
{
    enum result res = RES_OK;
    if (!transcode_is_name(name)) return refuse(why, name, "this is not the name of an encoding");
    if (transcode_is_utf8(name)) return RES_OK;
    iconv_t decoder = iconv_open("UTF-8", name);
    if (decoder == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): as POSIX has it */
        return refuse(why, name, "this encoding is not known");
    if (!contains_ascii(decoder))
        res = refuse(why, name, "bytes of ASCII do not stand for themselves in this encoding");
    else if (hides_ascii(decoder))
        res = refuse(why, name, "a byte of ASCII can be a part of another character in this encoding");
    (void)iconv_close(decoder);
    return res;
}
