/* test_programs -- where the programs are looked for, and the tables that they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/programs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void make_directory(const struct scratch *scratch, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", scratch->dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_program(const struct scratch *scratch, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", scratch->dir, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    close(fd);
}

/* Of a command at <scratch>/bin/eventspool. */
static enum result find(const struct scratch *scratch, struct programs *programs)
{
    char self[PATH_MAX];
    struct why why = {0};
    (void)snprintf(self, sizeof self, "%s/bin/eventspool", scratch->dir);
    *programs = (struct programs){.is_installed = false};
    return programs_find_beside(programs, self, &why);
}

static void the_programs_in_libexec_come_before_those_beside_the_command(void **state)
{
    struct programs *programs = calloc(1, sizeof *programs);
    struct scratch *scratch = scratch_new();
    char path[PATH_MAX];
    (void)state;
    make_directory(scratch, "bin");
    assert_int_equal(find(scratch, programs), RES_BROKEN);
    make_program(scratch, "bin/collector", 0644); /* none that can be run */
    assert_int_equal(find(scratch, programs), RES_BROKEN);
    make_program(scratch, "bin/uploader", 0755);
    assert_int_equal(find(scratch, programs), RES_OK);
    assert_false(programs->is_installed);
    assert_true(programs->tables[PROGRAM_COLLECTOR].path[0] == '\0');
    assert_true(programs->tables[PROGRAM_UPLOADER].path[0] == '/');
    assert_false(programs_path(programs, "acmsim", path));

    make_directory(scratch, "libexec");
    make_directory(scratch, "libexec/eventspool");
    assert_int_equal(find(scratch, programs), RES_OK);
    assert_false(programs->is_installed);
    make_program(scratch, "libexec/eventspool/collector", 0755);
    assert_int_equal(find(scratch, programs), RES_OK);
    assert_true(programs->is_installed);
    assert_non_null(strstr(programs->tables[PROGRAM_COLLECTOR].path, "/libexec/eventspool/collector"));
    assert_true(programs->tables[PROGRAM_UPLOADER].path[0] == '\0');
    scratch_free(scratch);
    free(programs);
}

static void a_printed_table_is_read_back_and_anything_else_is_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_table;
    } rows[] = {
        {"command\trun\t\tthe service\ncommand\ttail\t[-n N]\tfollows\ndetail\ttail\t-n N\thow many\n", true},
        {"", false},
        {"detail\ttail\t-n N\thow many\n", false},
        {"command\trun\tthe service\n", false},
        {"command\trun\t\tthe service\tmore\n", false},
        {"collector: unknown subcommand '--commands'\n", false},
        {"other\trun\t\tthe service\n", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct programs *programs = calloc(1, sizeof *programs);
        struct program_table *table = &programs->tables[0];
        buf_append_text(&table->text, rows[i].text);
        assert_int_equal(programs_parse_table(table), rows[i].is_table);
        if (rows[i].is_table) {
            assert_string_equal(table->commands[0].name, "run");
            assert_null(table->commands[0].arguments);
            assert_string_equal(table->commands[1].arguments, "[-n N]");
            assert_null(table->commands[2].name);
            assert_string_equal(table->details[0].what, "-n N");
            assert_null(table->details[1].what);
        }
        programs_fini(programs);
        free(programs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_programs_in_libexec_come_before_those_beside_the_command),
        cmocka_unit_test(a_printed_table_is_read_back_and_anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
