/* test_wrappers -- open elements: what is found, what is forgotten, and which declarations hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/framing/wrappers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/chance.h"

static struct slice text_slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static struct open_element *open_named(struct wrappers *wrappers, const char *name, const char *declarations)
{
    return wrappers_open(wrappers, text_slice(name), text_slice(declarations));
}

static void assert_name(struct wrappers *wrappers, size_t index, const char *name)
{
    struct slice shown = wrappers_name(wrappers, wrappers_at(wrappers, index));
    assert_int_equal(shown.len, strlen(name));
    assert_memory_equal(shown.data, name, shown.len);
}

static void elements_are_found_from_the_innermost_on(void **state)
{
    static const char *const names[] = {"a", "b", "a", "soap:Body", "ab"};
    struct wrappers wrappers = {0};
    (void)state;
    assert_null(wrappers_innermost(&wrappers));
    assert_int_equal(wrappers_find(&wrappers, text_slice("a")), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct open_element *element = open_named(&wrappers, names[i], "");
        assert_ptr_equal(element, wrappers_innermost(&wrappers));
        assert_ptr_equal(element, wrappers_at(&wrappers, i));
        assert_true(element->is_bare && !element->is_wrapper && !element->has_event && !element->is_ignored);
        assert_int_equal(wrappers.count, i + 1);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_name(&wrappers, i, names[i]);
    assert_int_equal(wrappers_find(&wrappers, text_slice("a")), 2);
    assert_int_equal(wrappers_find(&wrappers, text_slice("b")), 1);
    assert_int_equal(wrappers_find(&wrappers, text_slice("ab")), 4);
    assert_int_equal(wrappers_find(&wrappers, text_slice("soap:Body")), 3);
    assert_int_equal(wrappers_find(&wrappers, text_slice("c")), 5);
    assert_int_equal(wrappers_find(&wrappers, text_slice("")), 5);
    wrappers_fini(&wrappers);
}

static void closing_an_element_closes_all_in_it(void **state)
{
    struct wrappers wrappers = {0};
    (void)state;
    open_named(&wrappers, "a", " xmlns:a='1'");
    open_named(&wrappers, "b", " xmlns:b='2'");
    open_named(&wrappers, "c", " xmlns:c='3'");
    open_named(&wrappers, "d", "");
    assert_string_equal(wrappers_declarations(&wrappers), " xmlns:a='1' xmlns:b='2' xmlns:c='3'");
    wrappers_close(&wrappers, 1);
    assert_int_equal(wrappers.count, 1);
    assert_name(&wrappers, 0, "a");
    assert_int_equal(wrappers_find(&wrappers, text_slice("c")), 1);
    assert_string_equal(wrappers_declarations(&wrappers), " xmlns:a='1'");
    open_named(&wrappers, "e", " xmlns:a='5'");
    assert_name(&wrappers, 1, "e");
    assert_string_equal(wrappers_declarations(&wrappers), " xmlns:a='1' xmlns:a='5'");
    wrappers_close(&wrappers, 0);
    assert_int_equal(wrappers.count, 0);
    assert_string_equal(wrappers_declarations(&wrappers), "");
    open_named(&wrappers, "f", "");
    assert_string_equal(wrappers_declarations(&wrappers), "");
    wrappers_fini(&wrappers);
}

static void declarations_are_collected_once_for_each_change(void **state)
{
    struct wrappers wrappers = {0};
    (void)state;
    assert_string_equal(wrappers_declarations(&wrappers), "");
    open_named(&wrappers, "a", " xmlns:a='1'");
    const char *declarations = wrappers_declarations(&wrappers);
    assert_ptr_equal(wrappers_declarations(&wrappers), declarations);
    assert_true(wrappers.is_fresh);
    open_named(&wrappers, "", " xmlns:b='2'"); /* as a retry opens what it knows */
    assert_false(wrappers.is_fresh);
    assert_string_equal(wrappers_declarations(&wrappers), " xmlns:a='1' xmlns:b='2'");
    wrappers_fini(&wrappers);
}

static void the_outermost_of_too_many_is_forgotten(void **state)
{
    struct wrappers wrappers = {0};
    char name[20];
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "n%zu", i);
        open_named(&wrappers, name, "")->at = i;
        assert_int_equal(wrappers.count, i < WRAPPERS_MAX ? i + 1 : WRAPPERS_MAX);
        size_t first = i < WRAPPERS_MAX ? 0 : i + 1 - WRAPPERS_MAX;
        for (size_t k = 0; k < wrappers.count; k++) {
            (void)snprintf(name, sizeof name, "n%zu", first + k);
            assert_name(&wrappers, k, name);
            assert_int_equal(wrappers_at(&wrappers, k)->at, first + k);
            assert_int_equal(wrappers_find(&wrappers, text_slice(name)), k);
        }
        (void)snprintf(name, sizeof name, "n%zu", first - 1);
        assert_int_equal(wrappers_find(&wrappers, text_slice(name)), wrappers.count);
    }
    wrappers_close(&wrappers, WRAPPERS_MAX / 2);
    assert_int_equal(wrappers.count, WRAPPERS_MAX / 2);
    assert_name(&wrappers, WRAPPERS_MAX / 2 - 1, "n967");
    open_named(&wrappers, "last", "");
    assert_name(&wrappers, WRAPPERS_MAX / 2, "last");
    wrappers_fini(&wrappers);
}

/* ` xmlns:x='...'` of so many bytes. */
static struct slice long_declaration(char *text, size_t len)
{
    memset(text, 'u', len);
    memcpy(text, " xmlns:x='", 10);
    text[len - 1] = '\'';
    return (struct slice){text, len};
}

static void the_outermost_is_forgotten_when_there_is_too_much_text(void **state)
{
    char text[WRAPPERS_TEXT_MAX];
    struct wrappers wrappers = {0};
    (void)state;
    open_named(&wrappers, "a", "");
    wrappers_open(&wrappers, text_slice("bb"), long_declaration(text, WRAPPERS_TEXT_MAX / 2));
    wrappers_open(&wrappers, text_slice("c"), long_declaration(text, WRAPPERS_TEXT_MAX / 2 - 4));
    assert_int_equal(wrappers.count, 3);
    assert_int_equal(strlen(wrappers_declarations(&wrappers)), WRAPPERS_TEXT_MAX - 4);
    open_named(&wrappers, "d", "");
    assert_int_equal(wrappers.count, 3); /* without `a`, all fit */
    assert_name(&wrappers, 0, "bb");
    open_named(&wrappers, "e", "");
    open_named(&wrappers, "f", "");
    assert_int_equal(wrappers.count, 4);
    assert_name(&wrappers, 0, "c");
    assert_int_equal(strlen(wrappers_declarations(&wrappers)), WRAPPERS_TEXT_MAX / 2 - 4);
    wrappers_fini(&wrappers);
}

static void declarations_that_are_too_long_are_cut_to_nothing(void **state)
{
    char text[WRAPPERS_TEXT_MAX];
    struct wrappers wrappers = {0};
    (void)state;
    open_named(&wrappers, "a", " xmlns:a='1'");
    wrappers_open(&wrappers, text_slice("b"), long_declaration(text, WRAPPERS_TEXT_MAX));
    assert_int_equal(wrappers.count, 2);
    assert_int_equal(wrappers_at(&wrappers, 1)->declared_len, 0);
    assert_string_equal(wrappers_declarations(&wrappers), " xmlns:a='1'");
    wrappers_open(&wrappers, text_slice("c"), long_declaration(text, WRAPPERS_TEXT_MAX - 1));
    assert_int_equal(wrappers.count, 1);
    assert_int_equal(strlen(wrappers_declarations(&wrappers)), WRAPPERS_TEXT_MAX - 1);
    wrappers_fini(&wrappers);
}

static void nothing_is_held_when_all_are_closed(void **state)
{
    char text[WRAPPERS_TEXT_MAX];
    struct wrappers wrappers = {0};
    (void)state;
    assert_int_equal(wrappers_held_bytes(&wrappers), 0);
    wrappers_open(&wrappers, text_slice("a"), long_declaration(text, 10000));
    (void)wrappers_declarations(&wrappers);
    assert_true(wrappers_held_bytes(&wrappers) >= 20000);
    wrappers_close(&wrappers, 0);
    assert_int_equal(wrappers_held_bytes(&wrappers), 0);
    wrappers_fini(&wrappers);
}

/* ---- against a plain list ---- */

struct listed {
    char name[40];
    char declarations[1500];
};

/* Opens one in both; the list forgets as the header says. */
static size_t open_random(struct wrappers *wrappers, struct chance *chance, struct listed *list, size_t count)
{
    struct listed new = {0};
    size_t total = 0;
    memset(new.name, 'a' + (int)chance_below(chance, 3), 1 + chance_below(chance, sizeof new.name - 1));
    memset(new.declarations, 'u',
           chance_below(chance, 4) ? chance_below(chance, 20) : chance_below(chance, 1499));
    for (size_t i = 0; i < count; i++) total += strlen(list[i].name) + strlen(list[i].declarations);
    total += strlen(new.name) + strlen(new.declarations);
    size_t forgotten = count == WRAPPERS_MAX;
    if (forgotten) total -= strlen(list[0].name) + strlen(list[0].declarations);
    for (; total > WRAPPERS_TEXT_MAX; forgotten++)
        total -= strlen(list[forgotten].name) + strlen(list[forgotten].declarations);
    count -= forgotten;
    memmove(list, list + forgotten, count * sizeof *list);
    list[count] = new;
    open_named(wrappers, new.name, new.declarations);
    return count + 1;
}

static void check_list(struct wrappers *wrappers, const struct listed *list, size_t count)
{
    char all[WRAPPERS_TEXT_MAX + 1] = "";
    size_t len = 0;
    assert_int_equal(wrappers->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_name(wrappers, i, list[i].name);
        len += (size_t)snprintf(all + len, sizeof all - len, "%s", list[i].declarations);
        size_t last = i;
        for (size_t k = i + 1; k < count; k++)
            if (strcmp(list[k].name, list[i].name) == 0) last = k;
        assert_int_equal(wrappers_find(wrappers, text_slice(list[i].name)), last);
    }
    assert_string_equal(wrappers_declarations(wrappers), all);
    /* At most half of the text is forgotten, a buffer doubles, and the declarations are a copy. */
    assert_true(wrappers_held_bytes(wrappers) <= 6 * WRAPPERS_TEXT_MAX);
}

static void random_elements_are_those_of_a_plain_list(void **state)
{
    struct chance chance = chance_begin();
    static struct listed list[WRAPPERS_MAX + 1];
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct wrappers wrappers = {0};
        size_t count = 0;
        size_t rare = 2 + chance_below(&chance, 40);
        for (int i = 0; i < 400; i++) {
            if (count > 0 && chance_below(&chance, rare) == 0) {
                count = chance_below(&chance, count);
                wrappers_close(&wrappers, count);
            } else {
                count = open_random(&wrappers, &chance, list, count);
            }
            check_list(&wrappers, list, count);
        }
        wrappers_fini(&wrappers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_found_from_the_innermost_on),
        cmocka_unit_test(closing_an_element_closes_all_in_it),
        cmocka_unit_test(declarations_are_collected_once_for_each_change),
        cmocka_unit_test(the_outermost_of_too_many_is_forgotten),
        cmocka_unit_test(the_outermost_is_forgotten_when_there_is_too_much_text),
        cmocka_unit_test(declarations_that_are_too_long_are_cut_to_nothing),
        cmocka_unit_test(nothing_is_held_when_all_are_closed),
        cmocka_unit_test(random_elements_are_those_of_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
