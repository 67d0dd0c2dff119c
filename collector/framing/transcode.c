/*
 * transcode -- see transcode.h. Feeds libxml2's converters slice by slice; a character that is cut by a slice's end
 * waits for the next slice.
 */
#include "collector/framing/transcode.h"

#include <ctype.h>
#include <libxml/encoding.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

#define SLICE         ((size_t)64 << 10)
#define UTF8_PER_BYTE 4   /* space to begin with; libxml2 makes more if it needs it */
#define UTF8_LEAST    256 /* and at least so much, for what a few bytes may become */
#define CUT_MAX       64 /* bytes that may wait for the next slice: no encoding has longer characters or escapes */

bool transcode_is_utf8(const char *encoding)
{
    return !*encoding || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UTF8") == 0;
}

/* Other text must not reach a log, nor iconv, which accepts options in a name. */
bool transcode_is_name(const char *encoding)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return isalpha((unsigned char)*encoding) && encoding[strspn(encoding, allowed)] == '\0';
}

/* libxml2 would print the bytes that cannot be decoded to stderr. */
static void ignore_error(void *context, xmlErrorPtr error)
{
    (void)context, (void)error;
}

/* Converts the bytes of `in` as far as possible; the rest stays there. */
static void decode(xmlCharEncodingHandlerPtr handler, xmlBufferPtr in, xmlBufferPtr out, size_t max,
                   struct buf *utf8)
{
    int before = 0;
    do {
        before = xmlBufferLength(in);
        (void)xmlCharEncInFunc(handler, out, in);
        buf_append(utf8, xmlBufferContent(out), (size_t)xmlBufferLength(out));
        xmlBufferEmpty(out);
    } while (xmlBufferLength(in) > 0 && xmlBufferLength(in) < before && utf8->len <= max);
}

static enum transcoded decode_all(xmlCharEncodingHandlerPtr handler, struct slice bytes, size_t max,
                                  struct buf *utf8)
{
    size_t slice_len = bytes.len < SLICE ? bytes.len : SLICE;
    xmlBufferPtr in = xmlBufferCreateSize(slice_len + CUT_MAX + 1);
    xmlBufferPtr out = xmlBufferCreateSize(slice_len * UTF8_PER_BYTE + UTF8_LEAST);
    enum transcoded res = TRANSCODED;
    if (!in || !out) abort();
    for (size_t at = 0, len = 0; at < bytes.len && res == TRANSCODED; at += len) {
        len = bytes.len - at < SLICE ? bytes.len - at : SLICE;
        if (xmlBufferAdd(in, (const xmlChar *)bytes.data + at, (int)len) != 0) abort();
        decode(handler, in, out, max, utf8);
        int undecoded = xmlBufferLength(in);
        if (utf8->len > max)
            res = TRANSCODE_TOO_LONG;
        else if (undecoded > CUT_MAX || (undecoded > 0 && at + len == bytes.len))
            res = TRANSCODE_NOT_IN_IT;
    }
    xmlBufferFree(in);
    xmlBufferFree(out);
    return res;
}

bool transcode_is_utf16(const char *encoding)
{
    return strcmp(encoding, "UTF-16LE") == 0 || strcmp(encoding, "UTF-16BE") == 0;
}

/*
 * The framer has read the bytes as ASCII. If conversion changes the root element's name, as for UTF-16 and EBCDIC,
 * the declaration is wrong. Bytes that are not ASCII may change.
 */
static bool begins_alike(struct slice bytes, const struct buf *utf8)
{
    size_t len = 0;
    while (len < bytes.len && (bytes.data[len] & 0x80) == 0 && !memchr(" \t\r\n/>", bytes.data[len], 6))
        len++;
    return len == 0 || (utf8->len >= len && memcmp(bytes.data, utf8->data, len) == 0);
}

enum transcoded transcode(struct slice bytes, const char *encoding, size_t max, struct buf *utf8)
{
    if (!transcode_is_name(encoding)) return TRANSCODE_NO_NAME;
    if (bytes.len == 0) return TRANSCODED;
    xmlSetStructuredErrorFunc(NULL, ignore_error);
    xmlCharEncodingHandlerPtr handler = xmlFindCharEncodingHandler(encoding);
    if (!handler) return TRANSCODE_UNKNOWN;
    enum transcoded res = decode_all(handler, bytes, max, utf8);
    (void)xmlCharEncCloseFunc(handler);
    if (res != TRANSCODED) return res;
    if (!transcode_is_utf16(encoding) && !begins_alike(bytes, utf8)) return TRANSCODE_NOT_IN_IT;
    /* libxml2 takes one half of a surrogate pair for a character. */
    return utf8_valid_len(utf8->data, utf8->len) == utf8->len ? TRANSCODED : TRANSCODE_NOT_IN_IT;
}
