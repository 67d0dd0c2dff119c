/*
 * validator -- see validator.h.
 *
 * The happy path: a plain event is settled without libxml2. Else: transcode if an encoding other than UTF-8 was declared,
 * check that the bytes are UTF-8, parse once. Only an event that fails costs more: then the changes that the options
 * allow are tried, each followed by another parse.
 */
#include "collector/framing/validator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/framing/namespaces.h"
#include "collector/framing/parser.h"
#include "collector/framing/plain_event.h"
#include "collector/framing/replace.h"
#include "collector/framing/single_byte.h"
#include "collector/framing/transcode.h"
#include "common/buf.h"
#include "common/utf8.h"

#define UTF8_PER_BYTE 3   /* at most: a character of one byte lies in the basic plane */
#define SHOWN_MAX     200 /* bytes of a prefix that a detail shows */

struct validator {
    struct validator_options options;
    struct plain_event *plain; /* NULL: libxml2 judges all */
    struct parser *parser;
    struct single_byte *single_byte;
    struct buf changed; /* the event, once it is not the bytes received: each change is made in place */

    /* of the event that is being validated: */
    const struct validator_input *input;
    struct verdict *verdict;
    enum parsed parsed;
    const char *decoded_from; /* the encoding; NULL: it was UTF-8 */
    bool is_completed;        /* its prefixes are declared: places in it are not the event's */
    bool is_terminated;       /* a NUL stands behind that which is parsed next */
};

static size_t longest_of(const struct validator_options *options)
{
    bool is_less = options && options->longest_bytes > 0 && options->longest_bytes < TRANSCODE_MAX;
    return is_less ? options->longest_bytes : TRANSCODE_MAX;
}

struct validator *validator_new(const struct validator_options *options)
{
    struct validator *v = calloc(1, sizeof *v);
    if (!v) abort();
    if (options) v->options = *options;
    v->options.longest_bytes = longest_of(options);
    v->single_byte = single_byte_new();
    if (!v->options.fields) v->options.fields = &index_fields_default;
    v->parser = parser_new(v->options.fields);
    if (!v->options.is_libxml2_alone) v->plain = plain_event_new(v->options.fields);
    return v;
}

void validator_trim(struct validator *v)
{
    if (v->changed.capacity > PARSER_LARGE) buf_fini(&v->changed);
    parser_trim(v->parser);
}

void validator_free(struct validator *v)
{
    if (!v) return;
    plain_event_free(v->plain);
    parser_free(v->parser);
    single_byte_free(v->single_byte);
    buf_fini(&v->changed);
    free(v);
}

/* ---- failing ---- */

static void fail(struct validator *v, enum reject_reason reason, const char *detail)
{
    v->parsed = PARSED_NOT;
    v->verdict->reason = reason;
    (void)snprintf(v->verdict->detail, sizeof v->verdict->detail, "%s", detail);
}

/* The event as UTF-8, before any other change: it is decoded again, over what became of it since. */
static struct slice undo_changes(struct validator *v)
{
    struct slice bytes = {v->input->data, v->input->len};
    struct slice text;
    if (!v->decoded_from) return bytes;
    buf_clear(&v->changed);
    if (single_byte_decode(v->single_byte, bytes, v->decoded_from, v->options.longest_bytes, &v->changed,
                           &text))
        return text;
    buf_clear(&v->changed);
    return transcode(bytes, v->decoded_from, v->options.longest_bytes, &v->changed) == TRANSCODED
               ? (struct slice){v->changed.data, v->changed.len}
               : bytes;
}

/* `before` and `when` are shown around it. */
static void fail_too_long(struct validator *v, const char *before, const char *when)
{
    char detail[VALIDATOR_DETAIL_MAX];
    if (v->options.longest_bytes == TRANSCODE_MAX)
        (void)snprintf(detail, sizeof detail, "%smore than 10,000,000 bytes as UTF-8%s", before, when);
    else
        (void)snprintf(detail, sizeof detail,
                       "%smore than %zu bytes as UTF-8%s; a larger INTAKE_MEMORY allows more", before,
                       v->options.longest_bytes, when);
    fail(v, REJECT_OVERSIZE, detail);
}

/* Fails because of a place in what is parsed, which is over then; the detail has that place in the event as received. */
static void fail_at(struct validator *v, enum reject_reason reason, size_t line, size_t column,
                    const char *why)
{
    char detail[VALIDATOR_DETAIL_MAX];
    if (v->verdict->replaced > 0) column += replace_find_shift(undo_changes(v), line, column);
    (void)snprintf(detail, sizeof detail, "line %zu, column %zu: %s", line, column, why);
    fail(v, reason, detail);
}

/* Fails because of the byte at `at`. */
static void fail_at_byte(struct validator *v, enum reject_reason reason, struct slice text, size_t at,
                         const char *why)
{
    size_t line = 0;
    size_t column = 0;
    parser_find_position(text, at, &line, &column);
    fail_at(v, reason, line, column, why);
}

static void fail_parse(struct validator *v, const struct parser_error *error)
{
    char why[VALIDATOR_DETAIL_MAX];
    bool is_hinted = error->is_forbidden_character && !v->options.replaces_invalid;
    (void)snprintf(why, sizeof why, "%s%s%s", v->is_completed ? "once its prefixes are declared: " : "",
                   error->message, is_hinted ? "; INVALID_CHARACTERS=replace accepts such events" : "");
    if (v->is_completed || error->line == 0)
        fail(v, error->reason, why);
    else
        fail_at(v, error->reason, error->line, error->column, why);
}

/* ---- the encoding ---- */

/* What is declared may be any text: it is shown only if it can be a name. */
static void fail_transcoding(struct validator *v, enum transcoded res, const char *encoding, const char *form)
{
    char detail[VALIDATOR_DETAIL_MAX];
    switch (res) {
    case TRANSCODE_NO_NAME:
        fail(v, REJECT_ENCODING, "the XML declaration names an encoding that cannot be one");
        return;
    case TRANSCODE_TOO_LONG:
        (void)snprintf(detail, sizeof detail, "%s \"%s\": ", form, encoding);
        fail_too_long(v, detail, "");
        return;
    case TRANSCODE_UNKNOWN:
        (void)snprintf(detail, sizeof detail, "%s \"%s\": not known", form, encoding);
        break;
    case TRANSCODE_NOT_IN_IT:
        (void)snprintf(detail, sizeof detail, "%s \"%s\": the bytes are not in it", form, encoding);
        break;
    case TRANSCODED: break;
    }
    fail(v, REJECT_ENCODING, detail);
}

/* It is parsed in place. */
static struct slice terminate(struct validator *v)
{
    buf_append_char(&v->changed, '\0');
    v->changed.len--;
    v->is_terminated = true;
    return (struct slice){v->changed.data, v->changed.len};
}

static struct slice decode(struct validator *v, struct slice bytes, const char *encoding, const char *form)
{
    struct slice text;
    v->decoded_from = encoding;
    if (single_byte_decode(v->single_byte, bytes, encoding, v->options.longest_bytes, &v->changed, &text))
        return text.data == bytes.data ? text : terminate(v);
    buf_clear(&v->changed);
    enum transcoded res = transcode(bytes, encoding, v->options.longest_bytes, &v->changed);
    if (res == TRANSCODED) return terminate(v);
    fail_transcoding(v, res, encoding, form);
    return bytes;
}

/* The bytes are not UTF-8 from `at` on, although they should be. */
static struct slice decode_default(struct validator *v, struct slice bytes, size_t at, bool is_declared)
{
    const char *encoding = v->options.default_encoding;
    bool has_default = encoding && !transcode_is_utf8(encoding);
    if (!is_declared && has_default) return decode(v, bytes, encoding, "not UTF-8, and DEFAULT_ENCODING");
    fail_at_byte(v, REJECT_ENCODING, bytes, at,
                 is_declared ? "not UTF-8, although that is declared"
                             : "not UTF-8, and no other encoding is declared; DEFAULT_ENCODING can name it");
    return bytes;
}

/* The event as UTF-8: the bytes themselves, or transcoded. libxml2 alone lets overlong forms in CDATA sections pass. */
static struct slice to_utf8(struct validator *v, const struct validator_input *input)
{
    struct slice bytes = {input->data, input->len};
    if (bytes.len == 0) return bytes;
    if (transcode_is_utf16(input->encoding)) return decode(v, bytes, input->encoding, "encoding");
    if (!transcode_is_utf8(input->encoding)) return decode(v, bytes, input->encoding, "declared encoding");
    size_t at = utf8_valid_len(bytes.data, bytes.len);
    return at == bytes.len ? bytes : decode_default(v, bytes, at, *input->encoding);
}

/* ---- changes ---- */

/* Makes sure that `text` lies in the buffer for changes, with space for `room` bytes more. */
static void make_changeable(struct validator *v, struct slice text, size_t room)
{
    bool is_changed = text.data == v->changed.data && v->changed.len == text.len;
    if (!is_changed) buf_clear(&v->changed);
    buf_reserve(&v->changed, (is_changed ? 0 : text.len) + room + 1);
    if (!is_changed) buf_append(&v->changed, text.data, text.len);
}

static void parse(struct validator *v, struct slice text)
{
    struct parser_error error;
    v->parsed = parser_check(v->parser, text, v->is_terminated, &error);
    if (v->parsed == PARSED_NOT) fail_parse(v, &error);
}

/* The event did not parse: does it with its forbidden characters replaced? */
static struct slice replace(struct validator *v, struct slice text)
{
    size_t room = 0;
    size_t count = replace_count(text, &room);
    if (count == 0) return text;
    if (text.len + room > v->options.longest_bytes) {
        fail_too_long(v, "", " once characters are replaced");
        return text;
    }
    make_changeable(v, text, room);
    replace_characters(&v->changed, room);
    v->verdict->replaced = count;
    text = terminate(v);
    parse(v, text);
    return text;
}

static void fail_missing(struct validator *v, struct slice text, struct slice prefix)
{
    char why[VALIDATOR_DETAIL_MAX];
    size_t shown = utf8_valid_len(prefix.data, prefix.len < SHOWN_MAX ? prefix.len : SHOWN_MAX);
    (void)snprintf(why, sizeof why, "Namespace prefix %.*s is not declared; XML_NAMESPACES can declare it",
                   (int)shown, prefix.data);
    fail_at_byte(v, REJECT_MALFORMED, text, (size_t)(prefix.data - text.data), why);
}

static struct slice insert(struct validator *v, struct slice text, size_t at, struct slice added)
{
    make_changeable(v, text, added.len);
    char *place = v->changed.data + at;
    memmove(place + added.len, place, v->changed.len - at);
    memcpy(place, added.data, added.len);
    v->changed.len += added.len;
    return terminate(v);
}

/* The prefixes that are missing have got declarations: does the event parse with them? */
static struct slice parse_completed(struct validator *v, struct slice text, size_t at,
                                    struct slice declarations)
{
    v->is_completed = true;
    if (text.len + declarations.len > v->options.longest_bytes) {
        fail_too_long(v, "", " once its prefixes are declared");
        return text;
    }
    if (declarations.len > 0) text = insert(v, text, at, declarations);
    parse(v, text);
    if (v->parsed == PARSED_UNDECLARED) fail(v, REJECT_MALFORMED, "a namespace prefix cannot be declared");
    return text;
}

/*
 * The event is well-formed but for its prefixes: they get the declarations of its wrappers, and those of the setting.
 */
static struct slice complete(struct validator *v, struct slice text, const char *wrappers)
{
    const char *setting = v->options.namespaces ? v->options.namespaces : "";
    struct slice inner = {wrappers, strlen(wrappers)};
    struct slice outer = {setting, strlen(setting)};
    struct slice missing = {NULL, 0};
    struct buf declarations = BUF_EMPTY;
    size_t at = 0;
    if (namespaces_find_missing(text, inner, outer, &declarations, &at, &missing))
        text = parse_completed(v, text, at, (struct slice){declarations.data, declarations.len});
    else
        fail_missing(v, text, missing);
    buf_fini(&declarations);
    return text;
}

static struct slice change(struct validator *v, const struct validator_input *input, struct slice text)
{
    if (v->parsed == PARSED_NOT && v->verdict->reason == REJECT_MALFORMED && v->options.replaces_invalid)
        text = replace(v, text);
    if (v->parsed == PARSED_UNDECLARED) text = complete(v, text, input->namespaces);
    return text;
}

bool validator_give(struct validator *v, struct slice payload, struct buf *memory)
{
    if (!payload.data || payload.data != v->changed.data) return false;
    buf_trim(&v->changed);
    *memory = v->changed;
    v->changed = BUF_EMPTY;
    return true;
}

static bool has_text(const char *text)
{
    return text && *text;
}

/* What is parsed, and as much again for libxml2, besides the frame if it is changed. */
size_t validator_work_bytes(const struct validator_options *o, size_t len, const char *encoding,
                            const char *namespaces)
{
    bool has_default = o && has_text(o->default_encoding) && !transcode_is_utf8(o->default_encoding);
    bool may_grow = has_default || !transcode_is_utf8(encoding) || (o && o->replaces_invalid);
    bool may_complete = has_text(namespaces) || (o && has_text(o->namespaces));
    size_t longest = longest_of(o);
    size_t most = len < longest / UTF8_PER_BYTE ? len * UTF8_PER_BYTE : longest;
    size_t parsed = may_grow ? most : len;
    if (len <= PARSER_LARGE) return 0;
    return may_grow || may_complete ? 2 * parsed : parsed;
}

static bool settle_plain(struct validator *v, const struct validator_input *input, struct verdict *verdict)
{
    if (!v->plain || input->len == 0) return false;
    if (plain_event_read(v->plain, NULL, input->encoding, input->data, input->len) != input->len)
        return false;
    verdict->is_valid = true;
    verdict->payload = (struct slice){input->data, input->len};
    verdict->replaced = 0;
    memcpy(verdict->fields, plain_event_fields(v->plain), sizeof verdict->fields);
    return true;
}

static void judge(struct validator *v, const struct validator_input *input, struct verdict *verdict)
{
    v->input = input;
    v->verdict = verdict;
    v->parsed = PARSED;
    v->decoded_from = NULL;
    v->is_completed = false;
    v->is_terminated = input->is_terminated;
    verdict->replaced = 0;

    struct slice text = to_utf8(v, input);
    if (v->parsed == PARSED) parse(v, text);
    if (v->parsed != PARSED) text = change(v, input, text);

    verdict->is_valid = v->parsed == PARSED;
    verdict->payload = verdict->is_valid ? text : (struct slice){NULL, 0};
    for (int i = 0; i < EVENT_FIELD_COUNT; i++)
        verdict->fields[i] = parser_column(v->parser, (enum event_field)i);
}

void validator_check(struct validator *v, const struct validator_input *input, struct verdict *verdict)
{
    validator_trim(v);
    if (!settle_plain(v, input, verdict)) judge(v, input, verdict);
}
