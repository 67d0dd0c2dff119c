/* healthcheck -- see healthcheck.h. */
#include "common/healthcheck.h"

#include <stdio.h>
#include <string.h>

#include "common/print.h"
#include "common/problems.h"

bool healthcheck_parse(const struct command_line *line, bool *is_strict)
{
    *is_strict = line->argc == 2 && strcmp(line->argv[1], "--strict") == 0;
    if (line->argc == 1 || *is_strict) return true;
    print_line(stderr, "healthcheck: '%s' is not understood; it takes --strict, or nothing",
               line->argv[line->argc - 1]);
    return false;
}

/* What the program says of itself. Returns whether it is well. */
static bool print_problems(const char *spool_path, const char *program)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    struct problem problem;
    bool is_well = !lockfile_is_empty(spool_path, program);
    const char *text = lockfile_read(spool_path, program, buffer);
    if (!is_well) {
        print_line(stderr, "%s: its lock file is empty, for want of free space: its problems are not known",
                   program);
        print_line(stderr, "    free space on the disk of SPOOL_PATH");
    }
    while (problems_parse(&text, program, &problem)) {
        print_line(stderr, "%s: %s: %s", program, problem.code, problem.message);
        print_line(stderr, "    %s", problem.remedy);
        if (problem_severity(problem.code) != PROBLEM_INFO) is_well = false;
    }
    return is_well;
}

int healthcheck_run(const char *spool_path, const char *program, bool is_strict)
{
    struct why why = {0};
    if (lockfile_check(spool_path, program, &why) != RES_OK) {
        print_line(stderr, "%s: %s", program, why.text);
        return EX_FAILED;
    }
    return print_problems(spool_path, program) || !is_strict ? EX_OK : EX_FAILED;
}
