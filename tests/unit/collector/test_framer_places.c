/* test_framer_places -- in which encoding each place of a stream is read, and that cut-off events show the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/framer.h"
#include "tests/support/framing_fixture.h"

#define SMALL 64 /* a ceiling that small streams reach */
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

#define LATIN   "<?xml version='1.0' encoding='ISO-8859-1'?>"
#define NONE    "<?xml version='1.0'?>"
#define UTF16   "<?xml version='1.0' encoding='UTF-16'?>"
#define IN_SJIS "<?xml version='1.0' encoding='Shift_JIS'?>"
#define IN_JP   "<?xml version='1.0' encoding='ISO-2022-JP'?>"
#define BOM     "\xEF\xBB\xBF"
#define LE_BOM  "\xFF\xFE"
#define BE_BOM  "\xFE\xFF"
#define LE      "UTF-16LE"
#define BE      "UTF-16BE"

#define NOISE(text) REJECT_IN(NULL, STRAY_BYTES, text) /* text without markup shows no encoding */

static const struct rules small_rules = {"EVENT", "", SMALL};

/* ---- eight-bit encodings ---- */

static void the_declaration_in_force_decides(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {X, SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), EVENT_IN("ISO-8859-1", "<EVENT>\xE9</EVENT>")},
        {SKIP("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), EVENT_IN("UTF-8", "<EVENT/>")},
        {SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), SKIP(NONE), X},
        {SKIP(LATIN "<?xml-stylesheet encoding='a'?>"), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {STRAY("a"), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {SKIP("<?xml encoding='" FIFTY "'?>"), EVENT_IN(TEN TEN TEN "012345678", "<EVENT/>")},
        {SKIP(LATIN), REJECT_IN("ISO-8859-1", STRAY_BYTES, "\xE9"), EVENT_IN("ISO-8859-1", "<EVENT/>")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_byte_order_mark_counts_more_than_the_declaration(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP(BOM LATIN), EVENT_IN("UTF-8", "<EVENT/>")},
        {SKIP(BOM "\n" LATIN), EVENT_IN("UTF-8", "<EVENT/>")},
        {SKIP(BOM), EVENT_IN("UTF-8", "<EVENT/>"), SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>")},
        {SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), SKIP(BOM), EVENT_IN("UTF-8", "<EVENT/>")},
        {SKIP(BOM), REJECT_IN("UTF-8", UNKNOWN_ELEMENT, "<a>"), SKIP(LATIN),
         EVENT_IN("ISO-8859-1", "<EVENT/>")},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

static void a_declaration_of_utf16_over_bytes_counts_as_none(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP(UTF16), EVENT_IN("", "<EVENT>\xC3\xA9</EVENT>")},
        {SKIP(LATIN), EVENT_IN("ISO-8859-1", "<EVENT/>"), SKIP(UTF16), X},
        {SKIP("<?xml version='1.0' encoding='ucs-2'?>"), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* In Shift_JIS a byte that looks like markup may be the second one of a character; in ISO-2022-JP any may be. */
static void multibyte_encodings_are_decoded_before_they_are_framed(void **state)
{
    static const struct part streams[][PARTS_MAX] = {
        {SKIP(IN_SJIS), EVENT_IN("Shift_JIS", "<EVENT a='\x83<\x83>\x83\"'>\x83</EVENT</EVENT>")},
        {SKIP(IN_JP), EVENT_IN("ISO-2022-JP", "<EVENT>\x1B$B<EVENT></EVENT>\x1B(B</EVENT>"),
         EVENT_IN("ISO-2022-JP", "<EVENT/>")},
        {SKIP(IN_JP), REJECT_IN("ISO-2022-JP", CUT_OFF, "<EVENT>\x1B$B<E\n"),
         EVENT_IN("ISO-2022-JP", "<EVENT/>")}, /* a line end resets a shift */
        {SKIP(IN_JP), REJECT_IN("ISO-2022-JP", CUT_OFF, "<EVENT>\x1B$B<E"), SKIP(NONE), X},
    };
    (void)state;
    CHECK(&plain_rules, streams);
}

/* ---- UTF-16 ---- */

/* ASCII as UTF-16; a part that names none of the two stays as it is. Byte order marks are written as bytes. */
struct place {
    enum { AS_IT_IS, WIDE_LE, WIDE_BE } form;
    struct part part;
};

static void append_wide(struct buf *out, const struct place *place)
{
    for (size_t i = 0; i < place->part.text.len; i++) {
        if (place->form == WIDE_BE) buf_append_char(out, '\0');
        buf_append_char(out, place->part.text.data[i]);
        if (place->form == WIDE_LE) buf_append_char(out, '\0');
    }
}

static void check_places(const struct rules *rules, const struct place *places)
{
    struct part parts[PARTS_MAX] = {0};
    struct buf texts[PARTS_MAX] = {0};
    for (size_t i = 0; i < PARTS_MAX && places[i].part.kind != NO_PART; i++) {
        parts[i] = places[i].part;
        if (places[i].form == AS_IT_IS) continue;
        append_wide(&texts[i], &places[i]);
        parts[i].text = (struct slice){texts[i].data, texts[i].len};
        if (parts[i].encoding && !*parts[i].encoding) parts[i].encoding = places[i].form == WIDE_LE ? LE : BE;
    }
    check_stream(rules, parts);
    for (size_t i = 0; i < PARTS_MAX; i++) buf_fini(&texts[i]);
}

#define CHECK_PLACES(rules, streams)                                                                         \
    for (size_t row = 0; row < COUNT(streams); row++) check_places(rules, (streams)[row])

static void utf16_is_recognised_by_its_mark_and_by_its_bytes(void **state)
{
    static const struct place streams[][PARTS_MAX] = {
        {{AS_IT_IS, SKIP(LE_BOM)}, {WIDE_LE, X}, {WIDE_LE, SKIP("\r\n")}, {WIDE_LE, X}},
        {{AS_IT_IS, SKIP(BE_BOM)}, {WIDE_BE, X}, {WIDE_BE, SKIP("\r\n")}, {WIDE_BE, X}},
        {{WIDE_LE, X}, {WIDE_LE, SKIP("\n")}, {WIDE_LE, X}},
        {{WIDE_BE, X}, {WIDE_BE, SKIP("\n")}, {WIDE_BE, X}},
        {{WIDE_LE, SKIP(UTF16 "\n<a>")}, {WIDE_LE, X}, {WIDE_LE, SKIP("</a>")}},
        {{WIDE_BE, SKIP(UTF16 "\n<a>")}, {WIDE_BE, X}, {WIDE_BE, SKIP("</a>")}},
        {{AS_IT_IS, SKIP(LE_BOM)}, {WIDE_LE, SKIP(LATIN)}, {WIDE_LE, X}},
        {{AS_IT_IS, X}, {AS_IT_IS, SKIP("\n")}, {WIDE_LE, X}, {AS_IT_IS, X}, {WIDE_BE, X}, {WIDE_LE, X}},
        {{AS_IT_IS, X}, {AS_IT_IS, SKIP(BE_BOM)}, {WIDE_BE, X}, {AS_IT_IS, SKIP(LE_BOM)}, {WIDE_LE, X}},
        {{WIDE_LE, SKIP("<!-- a --><?p?>")}, {WIDE_LE, X}},
        {{AS_IT_IS, STRAY("<?p ")}, {WIDE_LE, X}}, /* the sender changes to UTF-16 */
        {{AS_IT_IS, STRAY("<a b='")}, {WIDE_BE, X}},
        {{AS_IT_IS, REJECT(DOCTYPE, "<!DOCTYPE a [")}, {WIDE_LE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT><?p ")}, {WIDE_LE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT><a b='")}, {WIDE_BE, X}},
        {{WIDE_LE, STRAY("<a ")}, {AS_IT_IS, X}}, /* the sender changes to bytes in the middle of a tag */
        {{WIDE_BE, SKIP("<!-- a --><?p?>")}, {WIDE_BE, X}},
        {{WIDE_BE, EVENT("<EVENT><!-- <EVENT> --></EVENT>")}},
        {{WIDE_LE, EVENT("<EVENT><![CDATA[ <EVENT> ]]></EVENT>")}},
        {{WIDE_LE, REJECT(DOCTYPE, "<!DOCTYPE a [<!-- <EVENT> -->]><EVENT/>")}},
        {{WIDE_LE, REJECT(DOCTYPE, "<EVENT><!DOCTYPE a [<!-- <EVENT> -->]></EVENT>")}},
    };
    (void)state;
    CHECK_PLACES(&plain_rules, streams);
}

static void gaps_of_utf16_keep_whole_characters(void **state)
{
    static const struct place streams[][PARTS_MAX] = {
        {{WIDE_LE, X}, {WIDE_LE, NOISE("noise")}, {WIDE_LE, X}},
        {{WIDE_BE, X}, {WIDE_BE, NOISE("noise")}, {WIDE_BE, X}},
        {{WIDE_BE, X}, {WIDE_BE, SKIP(" ")}, {WIDE_BE, NOISE("a b")}, {WIDE_BE, SKIP(" ")}, {WIDE_BE, X}},
        {{WIDE_LE, X}, {WIDE_LE, NOISE("a b")}, {WIDE_LE, X}},
        {{WIDE_BE, X}, {AS_IT_IS, NOISE("x")}, {WIDE_BE, X}},
        {{WIDE_BE, X}, {AS_IT_IS, NOISE("x\xE9y")}, {AS_IT_IS, X}},
        {{WIDE_LE, X}, {WIDE_LE, REJECT(UNKNOWN_ELEMENT, "<a>1</a>")}, {WIDE_LE, X}},
        {{WIDE_BE, X}, {WIDE_BE, REJECT(UNKNOWN_ELEMENT, "<a>1</a>")}, {WIDE_BE, X}},
        {{WIDE_LE, X}, {AS_IT_IS, NOISE("x")}, {WIDE_LE, X}}, /* an odd position */
    };
    static const struct place full[][PARTS_MAX] = {
        {{AS_IT_IS, STRAY(FIFTY "0123456789012")}, {WIDE_LE, X}}, /* the limit is in the middle of a `<` */
    };
    (void)state;
    CHECK_PLACES(&plain_rules, streams);
    CHECK_PLACES(&small_rules, full);
}

static void a_cut_off_event_shows_the_next_one_in_another_encoding(void **state)
{
    static const struct place streams[][PARTS_MAX] = {
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_LE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_BE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_LE, SKIP(UTF16 "\n")}, {WIDE_LE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_BE, SKIP(UTF16 "\n")}, {WIDE_BE, X}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_LE, SKIP(UTF16)}, {WIDE_LE, X}},
        {{WIDE_LE, REJECT(CUT_OFF, "<EVENT>12")}, {AS_IT_IS, X}},
        {{WIDE_BE, REJECT(CUT_OFF, "<EVENT>12")}, {AS_IT_IS, X}},
        {{WIDE_LE, REJECT(CUT_OFF, "<EVENT>12")},
         {AS_IT_IS, SKIP(LATIN)},
         {AS_IT_IS, EVENT_IN("ISO-8859-1", "<EVENT/>")}},
        {{WIDE_LE, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_LE, X}},
        {{WIDE_BE, REJECT(CUT_OFF, "<EVENT>12")}, {WIDE_BE, SKIP(NONE)}, {WIDE_BE, X}},
        {{AS_IT_IS, REJECT_IN(LE, CUT_OFF,
                              "<\0E\0V\0E\0N\0T\0>\0"
                              "1")},
         {WIDE_LE, X}}, /* at an odd byte */
        {{AS_IT_IS, REJECT_IN(BE, CUT_OFF, "\0<\0E\0V\0E\0N\0T\0>\0")}, {WIDE_BE, X}},
        {{WIDE_LE, REJECT(CUT_OFF, "<EVENT>12")}, {AS_IT_IS, EVENT("<EVENT>ab</EVENT>")}, {WIDE_LE, X}},
        {{WIDE_LE, EVENT("<EVENT>a < b</EVENT>")}, {WIDE_LE, X}},
        {{AS_IT_IS, EVENT("<EVENT><\0a\0>\0<\0</EVENT>")}, {AS_IT_IS, X}},
        {{AS_IT_IS, EVENT("<EVENT>\0<\0a\0></EVENT>")}, {AS_IT_IS, X}},
    };
    static const struct place too_long[][PARTS_MAX] = {
        {{WIDE_LE, REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY)}, {WIDE_LE, X}},
        {{WIDE_BE, REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY)}, {WIDE_BE, SKIP(NONE)}, {WIDE_BE, X}},
        {{WIDE_BE, REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY "</EVENT>")}, {WIDE_BE, X}},
        {{WIDE_LE, REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY)}, {AS_IT_IS, X}},
        {{WIDE_BE, REJECT(OVERSIZE, "<EVENT>" FIFTY FIFTY)}, {AS_IT_IS, X}},
    };
    (void)state;
    CHECK_PLACES(&plain_rules, streams);
    CHECK_PLACES(&small_rules, too_long);
}

static void an_unfinished_start_of_utf16_stays_in_its_event(void **state)
{
    static const struct place streams[][PARTS_MAX] = {
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>1<")}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>1<\0E\0V\0")}},
        {{AS_IT_IS, REJECT(CUT_OFF, "<EVENT>1\0<\0E\0V")}},
        {{AS_IT_IS, EVENT("<EVENT>1<\0E\0V\0</EVENT>")}},
    };
    static const struct place at_the_ceiling[][PARTS_MAX] = {
        {{AS_IT_IS, REJECT(OVERSIZE, "<EVENT>" FIFTY "12<\0E\0V\0E\0N\0T\0>\0" TEN "</EVENT>")},
         {AS_IT_IS, X}},
    };
    (void)state;
    CHECK_PLACES(&plain_rules, streams);
    CHECK_PLACES(&small_rules, at_the_ceiling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_declaration_in_force_decides),
        cmocka_unit_test(a_byte_order_mark_counts_more_than_the_declaration),
        cmocka_unit_test(a_declaration_of_utf16_over_bytes_counts_as_none),
        cmocka_unit_test(multibyte_encodings_are_decoded_before_they_are_framed),
        cmocka_unit_test(utf16_is_recognised_by_its_mark_and_by_its_bytes),
        cmocka_unit_test(gaps_of_utf16_keep_whole_characters),
        cmocka_unit_test(a_cut_off_event_shows_the_next_one_in_another_encoding),
        cmocka_unit_test(an_unfinished_start_of_utf16_stays_in_its_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
