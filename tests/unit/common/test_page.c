/* test_page -- the page is put together so that its own policy allows it, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/status/page.h"

#include <string.h>

static size_t count(const char *part)
{
    size_t found = 0;
    for (const char *at = page_text; (at = strstr(at, part)); at++) found++;
    return found;
}

static void the_page_has_one_style_one_script_and_nothing_from_outside(void **state)
{
    (void)state;
    assert_int_equal(count("<style>"), 1);
    assert_int_equal(count("<style"), 1);
    assert_int_equal(count("<script>"), 1);
    assert_int_equal(count("<script"), 1);
    assert_int_equal(count(" style="), 0);
    assert_int_equal(count("http://") - count("http://www.w3.org/"), 0); /* names of SVG are no addresses */
    assert_int_equal(count("https://"), 0);
}

static void the_policy_forbids_all_but_the_two_by_their_hashes(void **state)
{
    char csp[PAGE_CSP_SIZE];
    (void)state;
    assert_non_null(strstr(page_csp(csp), "default-src 'none'; "));
    assert_non_null(strstr(csp, "style-src 'sha256-"));
    assert_non_null(strstr(csp, "script-src 'sha256-"));
    assert_non_null(strstr(csp, "frame-ancestors 'none'"));
    assert_null(strstr(csp, "unsafe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_has_one_style_one_script_and_nothing_from_outside),
        cmocka_unit_test(the_policy_forbids_all_but_the_two_by_their_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
