/*
 * eventspool -- the command for people: finds the program that owns a subcommand, and runs it with the settings of the
 * services or of ./.env.
 * Happy path: read the options before the subcommand, ask the programs for their subcommands, read the files of settings,
 * become the program. What both programs have (check, healthcheck, config) is run by each, one after the other.
 * What can fail: wrong usage (exit 64), a file that cannot be understood (exit 78), no programs (exit 1).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/command.h"
#include "common/print.h"
#include "common/standard_fds.h"
#include "tools/eventspool/help.h"
#include "tools/eventspool/launch.h"
#include "tools/eventspool/programs.h"
#include "tools/eventspool/settings_check.h"
#include "tools/eventspool/settings_files.h"
#include "tools/eventspool/verify/verify.h"

/* A file of settings that was named, by an option before the subcommand. */
enum named_file { ENV_FILE, DEFAULTS, NAMED_FILES };
static const char *const named_files[NAMED_FILES] = {"--env-file", "--defaults"};

/* The command line, taken apart. */
struct invocation {
    char **files[NAMED_FILES]; /* in their order; owned */
    int file_count[NAMED_FILES];
    int argc; /* from the subcommand on */
    char **argv;
};

/* Who runs the subcommand: one of the programs, or both. */
struct owners {
    const struct command *commands[PROGRAM_COUNT]; /* NULL: it is not this program's */
    bool is_shared;
};

static int explain(enum result res, const struct why *why)
{
    print_line(stderr, "eventspool: %s", why->text);
    if (*why->remedy) print_line(stderr, "    %s", why->remedy);
    return res == RES_REFUSE ? EX_CONFIG : EX_FAILED;
}

/* Which option a word begins with; NAMED_FILES: none. */
static enum named_file find_option(const char *word)
{
    int option = 0;
    while (option < NAMED_FILES && strncmp(word, named_files[option], strlen(named_files[option])) != 0)
        option++;
    return (enum named_file)option;
}

/* False if an option is wrong, which was explained. */
static bool take_options(struct invocation *in, int argc, char **argv)
{
    int i = 1;
    for (int option = 0; option < NAMED_FILES; option++) {
        in->files[option] = calloc((size_t)argc, sizeof *in->files[option]);
        if (!in->files[option]) abort();
    }
    for (; i < argc; i++) {
        enum named_file option = find_option(argv[i]);
        if (option == NAMED_FILES) break;
        char *file = argv[i] + strlen(named_files[option]);
        if (*file == '=')
            file++;
        else if (!*file && i + 1 < argc)
            file = argv[++i];
        else
            file = NULL;
        if (!file || !*file) {
            print_line(stderr, "eventspool: '%s' is not understood; %s FILE names a file", argv[i],
                       named_files[option]);
            return false;
        }
        in->files[option][in->file_count[option]++] = file;
    }
    in->argc = argc - i;
    in->argv = argv + i;
    return true;
}

static enum result read_settings(const struct invocation *in, const struct programs *programs,
                                 bool wants_uploader, struct settings_files *files, struct why *why)
{
    struct settings_source source = {.files = in->files[ENV_FILE],
                                     .count = in->file_count[ENV_FILE],
                                     .defaults = in->files[DEFAULTS],
                                     .default_count = in->file_count[DEFAULTS],
                                     .directory = programs->is_installed ? SETTINGS_DIRECTORY : NULL,
                                     .wants_uploader = wants_uploader};
    return settings_files_read(&source, files, why);
}

/* ---- by the name of a program ---- */

static int run_named(const struct invocation *in, const struct programs *programs)
{
    struct settings_files files = {0};
    struct why why = {0};
    char path[PATH_MAX];
    bool is_uploader = strcmp(in->argv[0], programs->tables[PROGRAM_UPLOADER].name) == 0;
    bool has_settings = is_uploader || strcmp(in->argv[0], programs->tables[PROGRAM_COLLECTOR].name) == 0;
    enum result res = RES_OK;
    if (!programs_path(programs, in->argv[0], path)) {
        print_line(stderr, "eventspool: there is no %s in %s", in->argv[0], programs->directory);
        return EX_FAILED;
    }
    if (has_settings || in->file_count[ENV_FILE] + in->file_count[DEFAULTS] > 0)
        res = read_settings(in, programs, is_uploader, &files, &why);
    struct launch launch = {path, in->argv, &files, is_uploader, NULL};
    int exit_code = res == RES_OK ? launch_exec(&launch) : explain(res, &why);
    settings_files_fini(&files);
    return exit_code;
}

/* ---- by a subcommand ---- */

/* The words of the subcommand; 0 if there is none of this name. The service is run by its program's name. */
static int find_owners(const struct invocation *in, const struct programs *programs, struct owners *owners)
{
    int owner_words = 0;
    int count = 0;
    if (strcmp(in->argv[0], "run") == 0) return 0;
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        const struct command *commands = programs->tables[i].commands;
        int words = 0;
        owners->commands[i] = commands ? command_table_find(commands, in->argc, in->argv, &words) : NULL;
        if (!owners->commands[i]) continue;
        owner_words = words;
        count++;
    }
    owners->is_shared = count > 1;
    return owner_words;
}

/* As the program's own: its path, and all words. What both have may take arguments in one of them alone. */
static char **arguments_for(const struct invocation *in, const struct owners *owners, int program, int words)
{
    const struct command *other = owners->commands[1 - program];
    bool is_bare = other && other->arguments && !owners->commands[program]->arguments;
    int count = is_bare ? words : in->argc;
    char **argv = calloc((size_t)count + 2, sizeof *argv);
    if (!argv) abort();
    for (int i = 0; i < count; i++) argv[i + 1] = in->argv[i];
    return argv;
}

/* `check` of the services as they are installed: what they could do counts, not what root could. */
static bool is_service_check(const struct invocation *in, const struct programs *programs)
{
    return strcmp(in->argv[0], "check") == 0 && in->file_count[ENV_FILE] == 0 && programs->is_installed;
}

/* All of them run; the exit code is the first one that is not 0. */
static int run_owners(const struct invocation *in, const struct programs *programs,
                      const struct owners *owners, int words, const struct settings_files *files)
{
    int exit_code = EX_OK;
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        if (!owners->commands[i]) continue;
        struct launch launch = {programs->tables[i].path, arguments_for(in, owners, i, words), files,
                                i == PROGRAM_UPLOADER,
                                is_service_check(in, programs) ? programs->tables[i].user : NULL};
        int code = owners->is_shared ? launch_wait(&launch) : launch_exec(&launch);
        free(launch.argv);
        if (exit_code == EX_OK) exit_code = code;
    }
    return exit_code;
}

/* Is an option there that belongs before the subcommand? It was explained then. */
static bool is_misplaced(const struct invocation *in)
{
    for (int i = 1; i < in->argc; i++) {
        enum named_file option = find_option(in->argv[i]);
        if (option == NAMED_FILES || strcmp(in->argv[i], named_files[option]) != 0) continue;
        print_line(stderr, "eventspool: %s belongs before the subcommand: eventspool %s FILE %s",
                   named_files[option], named_files[option], in->argv[0]);
        return true;
    }
    return false;
}

/* What is wrong with the services' files, which no program sees. */
static int check_settings(const struct invocation *in, const struct programs *programs)
{
    if (!is_service_check(in, programs)) return 0;
    int problems = settings_check(SETTINGS_DIRECTORY);
    (void)fflush(stdout); /* before the programs write */
    return problems;
}

static int run_subcommand(const struct invocation *in, const struct programs *programs)
{
    struct settings_files files = {0};
    struct owners owners;
    struct why why = {0};
    if (command_table_wants_help(in->argc - 1, in->argv + 1) && help_subcommand(programs, in->argc, in->argv))
        return EX_OK;
    if (is_misplaced(in)) return EX_USAGE;
    int words = find_owners(in, programs, &owners);
    if (words == 0) {
        help_unknown(programs, in->argc, in->argv);
        return EX_USAGE;
    }
    int problems = check_settings(in, programs);
    enum result res = read_settings(in, programs, owners.commands[PROGRAM_UPLOADER] != NULL, &files, &why);
    int exit_code = EX_CONFIG; /* a file that cannot be understood was explained */
    if (res == RES_OK)
        exit_code = run_owners(in, programs, &owners, words, &files);
    else if (!problems)
        exit_code = explain(res, &why);
    settings_files_fini(&files);
    return problems ? EX_CONFIG : exit_code;
}

/* ---- from outside ---- */

static int run_verify(const struct invocation *in, const struct programs *programs)
{
    struct settings_files files = {0};
    struct why why = {0};
    if (command_table_wants_help(in->argc - 1, in->argv + 1))
        return help_subcommand(programs, 1, in->argv) ? EX_OK : EX_USAGE;
    if (is_misplaced(in)) return EX_USAGE;
    enum result res = read_settings(in, programs, true, &files, &why);
    int exit_code = res == RES_OK ? verify_run(programs, &files, in->argc, in->argv) : explain(res, &why);
    settings_files_fini(&files);
    return exit_code;
}

/* ---- the first word ---- */

static int help(const struct invocation *in, const struct programs *programs)
{
    if (in->argc < 2) {
        help_overview(programs, stdout);
        return EX_OK;
    }
    if (help_subcommand(programs, in->argc - 1, in->argv + 1)) return EX_OK;
    help_unknown(programs, in->argc - 1, in->argv + 1);
    return EX_USAGE;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words) != 0) words++;
    return *words != NULL;
}

static int run(const struct invocation *in, struct programs *programs)
{
    static const char *const executables[] = {"collector", "uploader", "acmsim", NULL};
    static const char *const helps[] = {"help", "--help", "-h", NULL};
    struct why why = {0};
    const char *word = in->argc > 0 ? in->argv[0] : "";
    if (strcmp(word, "--version") == 0) {
        print_line(stdout, "eventspool %s", EVENTSPOOL_VERSION);
        return EX_OK;
    }
    enum result res = programs_find(programs, &why);
    if (res == RES_OK && is_one_of(word, executables)) return run_named(in, programs);
    if (res == RES_OK) res = programs_load_tables(programs, &why);
    if (res != RES_OK) return explain(res, &why);
    if (is_one_of(word, helps)) return help(in, programs);
    if (strcmp(word, "--commands") == 0) {
        help_commands(programs);
        return EX_OK;
    }
    if (strcmp(word, "verify") == 0) return run_verify(in, programs);
    if (*word) return run_subcommand(in, programs);
    help_overview(programs, stderr);
    return EX_USAGE;
}

/* What was printed may be lost, as on a full disk: then 0 becomes 1. */
static int finish(int exit_code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code;
    print_line(stderr, "eventspool: cannot write all of the standard output: free space where it goes");
    return exit_code == EX_OK ? EX_FAILED : exit_code;
}

/* Only root may look into this process, as files of settings hold keys. */
static void hide(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0); /* cannot fail with this value */
}

int main(int argc, char **argv)
{
    struct programs *programs = calloc(1, sizeof *programs);
    struct invocation in = {0};
    if (!programs) abort();
    standard_fds_open();
    hide();
    int exit_code = take_options(&in, argc, argv) ? run(&in, programs) : EX_USAGE;
    programs_fini(programs);
    free(programs);
    for (int option = 0; option < NAMED_FILES; option++) free(in.files[option]);
    return finish(exit_code);
}
