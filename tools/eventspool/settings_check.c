/* settings_check -- see settings_check.h. */
#include "tools/eventspool/settings_check.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/finding.h"
#include "common/names.h"
#include "common/small_file.h"
#include "common/utf8.h"
#include "tools/eventspool/env_file.h"
#include "tools/eventspool/env_systemd.h"
#include "tools/eventspool/programs.h"
#include "tools/eventspool/settings_files.h"

#define GROUPS_MAX 64

#define HIS_READ  04
#define HIS_WRITE 02

/* A file of settings while it is checked. */
struct checked {
    const char *path;
    const char *uploader_path; /* where secrets belong */
    bool is_private;           /* the uploader's own: with secrets */
    int problems;
};

static void problem(struct checked *file, int line, const char *name, const char *what, const char *remedy)
{
    finding_print(FINDING_PROBLEM, "%s, line %d: %s %s", file->path, line, name, what);
    finding_add("%s", remedy);
    file->problems++;
}

/* ---- secrets ---- */

/* https://user:password@proxy */
static bool has_login(const char *value)
{
    const char *authority = strstr(value, "://");
    if (!authority) return false;
    authority += 3;
    return memchr(authority, '@', strcspn(authority, "/?#")) != NULL;
}

static bool is_secret(const struct env_entry *entry)
{
    size_t i = 0;
    while (names_of_secrets[i] && strcmp(names_of_secrets[i], entry->name) != 0) i++;
    return *entry->value && (names_of_secrets[i] || has_login(entry->value));
}

static void check_secrets(struct checked *file, const struct env *env)
{
    char remedy[PATH_MAX + 100];
    (void)snprintf(remedy, sizeof remedy, "move the line to %s, which only root and the uploader can read",
                   file->uploader_path);
    for (size_t i = 0; i < env->count; i++)
        if (is_secret(&env->entries[i]))
            problem(file, env->entries[i].line, env->entries[i].name,
                    "holds a secret, and the collector reads this file", remedy);
}

/* ---- systemd ---- */

static void tell_difference(void *context, enum env_difference what, const struct env_entry *entry)
{
    static const struct {
        const char *what, *remedy;
    } texts[] = {
        [ENV_DIFFERENT_VALUE] =
            {"has another value for systemd than for `eventspool`",
             "write NAME=value, or NAME='value' where the value has a backslash or $; put a "
             "comment on a line of its own"},
        [ENV_NOT_SEEN] =
            {"is not seen by systemd",
             "begin the line with the name, without export; no backslash may end the comment above "
             "it, and no byte order mark begin the file"},
        [ENV_NOT_OURS] = {"is seen by systemd, and not by `eventspool`",
                          "end each line with \\n alone, and write NAME=value"},
    };
    problem(context, entry->line, entry->name, texts[what].what, texts[what].remedy);
}

static void compare_with_systemd(struct checked *file, const struct env *env, const struct buf *text)
{
    struct env systemds = {0};
    if (utf8_valid_len(text->data, text->len) == text->len) {
        env_systemd_parse(&systemds, text->data, text->len);
        env_systemd_compare(env, &systemds, tell_difference, file);
    } else {
        finding_print(FINDING_PROBLEM, "%s is not UTF-8: systemd does not read it", file->path);
        finding_add("save it as UTF-8");
        file->problems++;
    }
    env_fini(&systemds);
}

/* ---- rights ---- */

/* May the collector's user do this, by the file's owner, group and mode? */
static bool collector_may(const struct stat *st, mode_t what)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    const struct passwd *user = getpwnam(PROGRAMS_COLLECTOR_USER);
    if (!user) return false;
    if (user->pw_uid == st->st_uid) return (st->st_mode >> 6 & what) != 0;
    if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0) count = GROUPS_MAX;
    for (int i = 0; i < count; i++)
        if (groups[i] == st->st_gid) return (st->st_mode >> 3 & what) != 0;
    return (st->st_mode & what) != 0;
}

static void check_rights(struct checked *file)
{
    struct stat st;
    const char *who = NULL;
    if (stat(file->path, &st) != 0) return;
    if (st.st_mode & HIS_WRITE)
        who = "everybody can change it";
    else if (collector_may(&st, HIS_WRITE))
        who = "the collector's user, " PROGRAMS_COLLECTOR_USER ", can change it";
    else if (file->is_private && st.st_mode & HIS_READ)
        who = "everybody can read it";
    else if (file->is_private && collector_may(&st, HIS_READ))
        who = "the collector's user, " PROGRAMS_COLLECTOR_USER ", can read it";
    if (who) {
        file->problems++;
        finding_print(FINDING_PROBLEM, "%s has mode %04o: %s", file->path, st.st_mode & 07777U, who);
    } else if (st.st_mode & HIS_READ) {
        finding_print(FINDING_NOTE, "%s has mode %04o: everybody can read it", file->path,
                      st.st_mode & 07777U);
    } else {
        return;
    }
    finding_add("chown root:%s %s && chmod 640 %s",
                file->is_private ? PROGRAMS_UPLOADER_USER : PROGRAMS_COLLECTOR_USER, file->path, file->path);
}

/* ---- files ---- */

static void check_text(struct checked *file, const struct buf *text)
{
    struct env env = {0};
    struct why why = {0};
    if (env_parse(&env, file->path, text->data, text->len, &why) == RES_OK) {
        if (!file->is_private) check_secrets(file, &env);
        compare_with_systemd(file, &env, text);
    } else {
        finding_explain(FINDING_PROBLEM, "the settings cannot be understood", &why);
        file->problems++;
    }
    env_fini(&env);
}

static int check_file(struct checked *file)
{
    struct buf text = BUF_EMPTY;
    struct why ignored = {0};
    check_rights(file);
    bool is_read = small_file_read(file->path, ENV_FILE_MAX, &text, &ignored) == RES_OK;
    buf_append_char(&text, '\0'); /* so that there is one, of length 0 as well */
    text.len--;
    if (is_read) check_text(file, &text);
    if (is_read && file->problems == 0)
        finding_print(FINDING_OK, "%s means the same to systemd%s", file->path,
                      file->is_private ? ", and is hidden from the collector" : ", and has no secret");
    buf_fini(&text);
    return file->problems;
}

int settings_check(const char *directory)
{
    char shared[PATH_MAX];
    char uploader[PATH_MAX];
    (void)snprintf(shared, sizeof shared, "%s/" SETTINGS_SHARED_FILE, directory);
    (void)snprintf(uploader, sizeof uploader, "%s/" SETTINGS_UPLOADER_FILE, directory);
    int problems = check_file(&(struct checked){shared, uploader, false, 0});
    return problems + check_file(&(struct checked){uploader, uploader, true, 0});
}
