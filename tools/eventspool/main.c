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
#include "tools/eventspool/settings_files.h"

#define ENV_FILE "--env-file"

/* The command line, taken apart. */
struct invocation {
    char **files; /* of --env-file; owned */
    int file_count;
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

/* False if an option is wrong, which was explained. */
static bool take_options(struct invocation *in, int argc, char **argv)
{
    int i = 1;
    in->files = calloc((size_t)argc, sizeof *in->files);
    if (!in->files) abort();
    for (; i < argc && strncmp(argv[i], ENV_FILE, strlen(ENV_FILE)) == 0; i++) {
        char *file = argv[i] + strlen(ENV_FILE);
        if (*file == '=')
            file++;
        else if (!*file && i + 1 < argc)
            file = argv[++i];
        else
            file = NULL;
        if (!file || !*file) {
            print_line(stderr, "eventspool: '%s' is not understood; " ENV_FILE " FILE names a file", argv[i]);
            return false;
        }
        in->files[in->file_count++] = file;
    }
    in->argc = argc - i;
    in->argv = argv + i;
    return true;
}

static enum result read_settings(const struct invocation *in, const struct programs *programs,
                                 bool wants_uploader, struct settings_files *files, struct why *why)
{
    struct settings_source source = {in->files, in->file_count,
                                     programs->is_installed ? SETTINGS_DIRECTORY : NULL, wants_uploader};
    return settings_files_read(&source, files, why);
}

/* ---- by the name of a program ---- */

static int run_named(const struct invocation *in, const struct programs *programs)
{
    struct settings_files files = {{NULL, 0}, {NULL, 0}};
    struct why why = {0};
    char path[PATH_MAX];
    bool is_uploader = strcmp(in->argv[0], programs->tables[PROGRAM_UPLOADER].name) == 0;
    bool has_settings = is_uploader || strcmp(in->argv[0], programs->tables[PROGRAM_COLLECTOR].name) == 0;
    enum result res = RES_OK;
    if (!programs_path(programs, in->argv[0], path)) {
        print_line(stderr, "eventspool: there is no %s in %s", in->argv[0], programs->directory);
        return EX_FAILED;
    }
    if (has_settings || in->file_count > 0) res = read_settings(in, programs, is_uploader, &files, &why);
    struct launch launch = {path, in->argv, &files, is_uploader};
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

/* All of them run; the exit code is the first one that is not 0. */
static int run_owners(const struct invocation *in, const struct programs *programs,
                      const struct owners *owners, int words, const struct settings_files *files)
{
    int exit_code = EX_OK;
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        if (!owners->commands[i]) continue;
        struct launch launch = {programs->tables[i].path, arguments_for(in, owners, i, words), files,
                                i == PROGRAM_UPLOADER};
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
        if (strcmp(in->argv[i], ENV_FILE) != 0) continue;
        print_line(stderr,
                   "eventspool: " ENV_FILE " belongs before the subcommand: eventspool " ENV_FILE " FILE %s",
                   in->argv[0]);
        return true;
    }
    return false;
}

static int run_subcommand(const struct invocation *in, const struct programs *programs)
{
    struct settings_files files = {{NULL, 0}, {NULL, 0}};
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
    enum result res = read_settings(in, programs, owners.commands[PROGRAM_UPLOADER] != NULL, &files, &why);
    int exit_code = res == RES_OK ? run_owners(in, programs, &owners, words, &files) : explain(res, &why);
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
    struct invocation in = {NULL, 0, 0, NULL};
    if (!programs) abort();
    standard_fds_open();
    hide();
    int exit_code = take_options(&in, argc, argv) ? run(&in, programs) : EX_USAGE;
    programs_fini(programs);
    free(programs);
    free(in.files);
    return finish(exit_code);
}
