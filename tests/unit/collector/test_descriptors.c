/* test_descriptors -- the limit of open files and how many senders fit it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/net/descriptors.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/net/listener.h"
#include "collector/net/newcomers.h"

#define SENDERS 100
#define NEEDED  (SENDERS + DESCRIPTORS_OWN)
#define WAITING (NEWCOMERS_MAX + LISTENER_BACKLOG)

static void the_limit_is_raised_as_far_as_the_system_allows(void **state)
{
    static const struct {
        rlim_t soft, hard, raised;
        enum result res;
        int64_t places; /* of SENDERS */
    } rows[] = {
        {70, NEEDED + 2 * WAITING, NEEDED + WAITING, RES_OK, SENDERS},
        {NEEDED, NEEDED + 1, NEEDED + 1, RES_OK, SENDERS}, /* those that wait at a stop may not fit */
        {NEEDED + 2 * WAITING, NEEDED + 2 * WAITING, NEEDED + 2 * WAITING, RES_OK, SENDERS},
        {70, NEEDED - 1, NEEDED - 1, RES_REFUSE, SENDERS - 1},
        {70, 84, 84, RES_REFUSE, 20},
        {20, 20, 20, RES_REFUSE, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t child = fork(); /* a hard limit cannot be raised again */
        if (child == 0) {
            struct rlimit limit = {rows[i].soft, rows[i].hard};
            struct why why = {0};
            bool is_right = setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
                            descriptors_allow(SENDERS, &why) == rows[i].res &&
                            getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == rows[i].raised &&
                            descriptors_places(SENDERS) == rows[i].places &&
                            (rows[i].res == RES_OK || strstr(why.text, "needs 164 open files"));
            _exit(is_right ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0) fail_msg("row %zu", i);
    }
}

static void a_limit_that_leaves_too_few_is_found_before_anything_is_opened(void **state)
{
    static const struct {
        rlim_t limit; /* with the three standard ones in use */
        bool has_status;
        enum result res;
    } rows[] = {
        {3, false, RES_RETRY},
        {8, true, RES_RETRY},
        {3 + DESCRIPTORS_LEAST - 1, false, RES_RETRY},
        {3 + DESCRIPTORS_LEAST, false, RES_OK},
        {3 + DESCRIPTORS_LEAST + DESCRIPTORS_STATUS - 1, true, RES_RETRY},
        {3 + DESCRIPTORS_LEAST + DESCRIPTORS_STATUS, true, RES_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct rlimit limit = {rows[i].limit, rows[i].limit};
            struct why why = {0};
            for (int fd = 3; fd < 64; fd++) close(fd); /* the test's own */
            bool is_right = setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
                            descriptors_check(rows[i].has_status, &why) == rows[i].res &&
                            (rows[i].res == RES_OK || strstr(why.remedy, "raise the limit of open files")) &&
                            open("/", O_RDONLY) == (rows[i].limit > 3 ? 3 : -1); /* all closed again */
            _exit(is_right ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0) fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_raised_as_far_as_the_system_allows),
        cmocka_unit_test(a_limit_that_leaves_too_few_is_found_before_anything_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
