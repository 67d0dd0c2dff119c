/* healthcheck -- see healthcheck.h. */
#include "common/healthcheck.h"

#include <stdio.h>
#include <string.h>

#include "common/problems.h"

bool healthcheck_parse(const struct command_line *line, bool *is_strict)
{
    *is_strict = line->argc == 2 && strcmp(line->argv[1], "--strict") == 0;
    if (line->argc == 1 || *is_strict) return true;
    (void)fprintf(stderr, "healthcheck: '%s' is not understood; it takes --strict, or nothing\n",
                  line->argv[line->argc - 1]);
    return false;
}

int healthcheck_run(const char *spool_path, const char *program, bool is_strict)
{
    char buffer[LOCKFILE_TEXT_SIZE];
    struct why why = {0};
    struct problem problem;
    int exit_code = EX_OK;
    if (lockfile_check(spool_path, program, &why) != RES_OK) {
        (void)fprintf(stderr, "%s: %s\n", program, why.text);
        return EX_FAILED;
    }
    const char *text = lockfile_read(spool_path, program, buffer);
    while (is_strict && problems_parse(&text, &problem)) {
        if (problems_severity(problem.code) == PROBLEM_INFO) continue;
        (void)fprintf(stderr, "%s: %s: %s\n    %s\n", program, problem.code, problem.message, problem.remedy);
        exit_code = EX_FAILED;
    }
    return exit_code;
}
