/* test_marked_event -- the event that `verify` sends, for settings of every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/verify/marked_event.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MARK         "verify-20310504T101112-00c0ffee"
#define NOW_MS       1935655872345 /* 2031-05-04T10:11:12.345Z */
#define MARKED       "<eventspool-verify>" MARK "</eventspool-verify>"

static void a_mark_has_the_time_and_random_digits(void **state)
{
    char mark[MARKED_EVENT_MARK_SIZE];
    (void)state;
    assert_string_equal(marked_event_mark(NOW_MS, 0xc0ffee, mark), MARK);
}

static void each_setting_gives_an_event_that_it_takes(void **state)
{
    static const struct {
        const char *element, *fields, *event;
    } rows[] = {
        {"EVENT", "", "<EVENT>" MARKED "</EVENT>"},
        {" EVENT , Other", "uid=cn", "<EVENT><cn>" MARK "</cn>" MARKED "</EVENT>"},
        {"*:Event", "uid = *:cn ,\n sender=gate",
         "<Event><cn>" MARK "</cn><gate>cn=eventspool-test</gate>" MARKED "</Event>"},
        {"p:Event", "uid=p:cn,time=q:t",
         "<p:Event xmlns:p=\"urn:eventspool:verify\" xmlns:q=\"urn:eventspool:verify\"><p:cn>" MARK
         "</p:cn><q:t>20310504101112Z</q:t>" MARKED "</p:Event>"},
        /* one element for several columns: the sender counts before the rest */
        {"E", "uid=a,sender=a,name=a", "<E><a>cn=eventspool-test</a>" MARKED "</E>"},
        {"E", "name=n,source_name=n", "<E><n>eventspool verify</n>" MARKED "</E>"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf event = BUF_EMPTY;
        marked_event_build(rows[i].element, rows[i].fields, MARK, NOW_MS, &event);
        assert_int_equal(event.data[event.len - 1], '\n');
        event.data[event.len - 1] = '\0';
        assert_string_equal(event.data, rows[i].event);
        buf_fini(&event);
    }
}

static void the_longest_names_fit(void **state)
{
    char name[257], fields[300], element[MARKED_EVENT_ELEMENT_SIZE];
    struct buf event = BUF_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof name - 1; i++) name[i] = 'n';
    name[sizeof name - 1] = '\0';
    (void)snprintf(fields, sizeof fields, "source_name=%s", name);
    assert_string_equal(marked_event_element(name, element), name);
    marked_event_build(name, fields, MARK, NOW_MS, &event);
    buf_append_char(&event, '\0');
    assert_non_null(strstr(event.data, "n>eventspool verify</n"));
    buf_fini(&event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_has_the_time_and_random_digits),
        cmocka_unit_test(each_setting_gives_an_event_that_it_takes),
        cmocka_unit_test(the_longest_names_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
