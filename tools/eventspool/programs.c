/* programs -- see programs.h. */
#include "tools/eventspool/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TABLE_MAX   (1 << 18) /* bytes of a table */
#define FIELD_COUNT 4

static const char *const names[PROGRAM_COUNT] = {"collector", "uploader"};
static const char *const users[PROGRAM_COUNT] = {PROGRAMS_COLLECTOR_USER, PROGRAMS_UPLOADER_USER};

/* ---- places ---- */

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool programs_path(const struct programs *programs, const char *name, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/%s", programs->directory, name);
    if (len > 0 && len < PATH_MAX && is_program(path)) return true;
    path[0] = '\0';
    return false;
}

/* Is one of the programs in this directory? */
static bool take_directory(struct programs *programs, const char *base, const char *below)
{
    bool is_any = false;
    int len = snprintf(programs->directory, PATH_MAX, "%s%s", base, below);
    if (len < 0 || len >= PATH_MAX) return false;
    for (int i = 0; i < PROGRAM_COUNT; i++)
        is_any |= programs_path(programs, names[i], programs->tables[i].path);
    return is_any;
}

enum result programs_find_beside(struct programs *programs, const char *self, struct why *why)
{
    char base[PATH_MAX];
    (void)snprintf(base, sizeof base, "%s", self);
    char *slash = strrchr(base, '/');
    if (!slash) return why_set(why, RES_BROKEN, "%s is no path of a program", self);
    *slash = '\0';
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        programs->tables[i].name = names[i];
        programs->tables[i].user = users[i];
    }
    programs->is_installed = take_directory(programs, base, "/../libexec/eventspool");
    if (programs->is_installed || take_directory(programs, base, "")) return RES_OK;
    (void)why_remedy(why, RES_BROKEN, "build them with `make`, or install them with `make install`");
    return why_set(why, RES_BROKEN, "neither collector nor uploader is in %s/../libexec/eventspool or in %s",
                   base, base);
}

enum result programs_find(struct programs *programs, struct why *why)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len < 0) return why_set(why, RES_BROKEN, "/proc/self/exe cannot be read: %s", strerror(errno));
    self[len] = '\0';
    return programs_find_beside(programs, self, why);
}

/* ---- tables ---- */

/* Splits a line at its tabs, in place. False if it has not just so many fields. */
static bool split(char *line, char *fields[FIELD_COUNT])
{
    int count = 0;
    for (char *at = line; at; count++) {
        char *tab = strchr(at, '\t');
        if (count == FIELD_COUNT) return false;
        fields[count] = at;
        if (tab) *tab = '\0';
        at = tab ? tab + 1 : NULL;
    }
    return count == FIELD_COUNT;
}

static size_t lines_of(const struct buf *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->len; i++) lines += text->data[i] == '\n';
    return lines;
}

bool programs_parse_table(struct program_table *table)
{
    size_t most = lines_of(&table->text) + 1;
    struct command *command = table->commands = calloc(most, sizeof *table->commands);
    struct command_detail *detail = table->details = calloc(most, sizeof *table->details);
    char *fields[FIELD_COUNT];
    char *rest = NULL;
    if (!command || !detail) abort();
    buf_append_char(&table->text, '\0');
    for (char *line = strtok_r(table->text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!split(line, fields)) return false;
        if (strcmp(fields[0], "command") == 0)
            *command++ = (struct command){fields[1], *fields[2] ? fields[2] : NULL, NULL, fields[3]};
        else if (strcmp(fields[0], "detail") == 0)
            *detail++ = (struct command_detail){fields[1], fields[2], fields[3]};
        else
            return false;
    }
    return command > table->commands;
}

/* In the child: the program's standard output goes to the pipe. */
__attribute__((noreturn)) static void exec_for_table(const struct program_table *table, int out)
{
    char option[] = "--commands";
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", table->path);
    char *argv[] = {path, option, NULL};
    if (dup2(out, STDOUT_FILENO) >= 0) (void)execv(path, argv);
    _exit(127);
}

static void read_all(int fd, struct buf *text)
{
    ssize_t n = 1;
    while (n != 0 && text->len < TABLE_MAX) {
        buf_reserve(text, 4096);
        n = read(fd, text->data + text->len, 4096);
        if (n < 0 && errno != EINTR) return;
        if (n > 0) text->len += (size_t)n;
    }
}

static enum result load_table(struct program_table *table, struct why *why)
{
    int ends[2];
    int status = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) return why_set(why, RES_BROKEN, "pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0) exec_for_table(table, ends[1]);
    close(ends[1]);
    if (child > 0) read_all(ends[0], &table->text);
    close(ends[0]);
    if (child < 0) return why_set(why, RES_BROKEN, "fork: %s", strerror(errno));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status == 0 && programs_parse_table(table)) return RES_OK;
    (void)why_remedy(why, RES_BROKEN, "`%s --commands` shows what is wrong; is it of this version?",
                     table->path);
    return why_set(why, RES_BROKEN, "%s does not say which subcommands it has", table->path);
}

enum result programs_load_tables(struct programs *programs, struct why *why)
{
    enum result res = RES_OK;
    for (int i = 0; i < PROGRAM_COUNT && res == RES_OK; i++)
        if (*programs->tables[i].path) res = load_table(&programs->tables[i], why);
    return res;
}

void programs_fini(struct programs *programs)
{
    for (int i = 0; i < PROGRAM_COUNT; i++) {
        buf_fini(&programs->tables[i].text);
        free(programs->tables[i].commands);
        free(programs->tables[i].details);
    }
}
