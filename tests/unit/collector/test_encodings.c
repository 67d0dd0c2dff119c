/* test_encodings -- which encodings DEFAULT_ENCODING may name, and the messages about the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/encodings.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void utf8_single_byte_encodings_and_euc_are_accepted(void **state)
{
    static const char *const names[] = {
        "UTF-8",        "utf-8",        "UTF8",         "ISO-8859-1",   "iso-8859-1",   "ISO-8859-2",
        "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",   "ISO-8859-9",   "ISO-8859-15",
        "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255",
        "windows-1256", "windows-1257", "windows-1258", "CP1252",       "IBM437",       "IBM850",
        "IBM852",       "IBM866",       "KOI8-R",       "KOI8-U",       "MACINTOSH",    "TIS-620",
        "US-ASCII",     "EUC-JP",       "euc-jp",       "EUC-KR",       "EUC-CN",       "EUC-TW",
        "GB2312",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct why why = {0};
        if (encodings_check_default(names[i], &why) != RES_OK) fail_msg("%s", why.text);
    }
}

static void other_encodings_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *name;
        const char *reason;
    } rows[] = {
        {"UTF-16", "do not stand for themselves"},
        {"UTF-16LE", "do not stand for themselves"},
        {"utf-16be", "do not stand for themselves"},
        {"UTF-32", "do not stand for themselves"},
        {"UCS-2", "do not stand for themselves"},
        {"UTF-7", "do not stand for themselves"},
        {"IBM037", "do not stand for themselves"},
        {"IBM500", "do not stand for themselves"},
        {"ISO-2022-JP", "do not stand for themselves"},
        {"ISO-2022-KR", "do not stand for themselves"},
        {"ISO-2022-CN", "do not stand for themselves"},
        {"Shift_JIS", "do not stand for themselves"},
        {"windows-31j", "can be a part of another character"},
        {"GBK", "can be a part of another character"},
        {"GB18030", "can be a part of another character"},
        {"Big5", "can be a part of another character"},
        {"BIG5-HKSCS", "can be a part of another character"},
        {"CP949", "can be a part of another character"},
        {"ISO_6937", "can be a part of another character"},
        {"klingon", "is not known"},
        {"ANSI", "is not known"},
        {"", "not the name of an encoding"},
        {"1252", "not the name of an encoding"},
        {"ISO-8859-1//TRANSLIT", "not the name of an encoding"},
        {"windows 1252", "not the name of an encoding"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = {0};
        enum result res = encodings_check_default(rows[i].name, &why);
        if (res != RES_REFUSE || strncmp(why.text, "DEFAULT_ENCODING=", 17) != 0 ||
            strncmp(why.text + 17, rows[i].name, strlen(rows[i].name)) != 0 ||
            !strstr(why.text, rows[i].reason) || !strstr(why.text, "e.g. windows-1252"))
            fail_msg("%s: %d, %s", rows[i].name, (int)res, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_single_byte_encodings_and_euc_are_accepted),
        cmocka_unit_test(other_encodings_are_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
