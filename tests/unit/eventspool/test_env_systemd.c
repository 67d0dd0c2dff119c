/*
 * test_env_systemd -- what a file of settings means to systemd, as systemd.exec(5) has it under EnvironmentFile=, and as
 * systemd's own reader, where that is installed in the version of Debian 12, reads files of every kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/eventspool/env_systemd.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/buf.h"
#include "tests/support/chance.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FILES        20000
#define PIECES_MAX   12

/* All settings as NAME=value, with | between them. Names that begin with `=` can be in no environment. */
static void join(const struct env *env, struct buf *out)
{
    for (size_t i = 0; i < env->count; i++)
        if (env->entries[i].name[0] != '=')
            buf_append_format(out, "%s%s=%s", out->len ? "|" : "", env->entries[i].name,
                              env->entries[i].value);
    buf_append_char(out, '\0');
}

static void lines_mean_what_they_mean_to_systemd(void **state)
{
    static const struct {
        const char *text, *settings;
    } rows[] = {
        {"", ""},
        {"A=1\nB = 2 \n\n# c\n; d\nno assignment\nC=3", "A=1|B=2|C=3"},
        {"A=1\r\nB=\"2\"\r\n", "A=1|B=2"},
        {"A=1 # no comment\nB=\"2\" # no comment\nC=#3", "A=1 # no comment|B=2# no comment|C=#3"},
        {"A=pa$$word\nB='pa$$word'\nC=\"pa$$word\"\nD=$E", "A=pa$$word|B=pa$$word|C=pa$$word|D=$E"},
        {"A=C:\\new\nB=a\\\\b\nC=a\\\nb\nD=a\\ \nE=\\ a", "A=C:new|B=a\\b|C=ab|D=a |E= a"},
        {"A='C:\\new'\nB='a\nb'\nC='a' 'b'\"c\" d\nD='a\\'b'", "A=C:\\new|B=a\nb|C=abcd|D=a\\b'"},
        {"A=\"\\n\\\"\\\\\\$\\`\\x\"\nB=\"a\\\nb\"", "A=\\n\"\\$`\\x|B=ab"},
        {"A=it's \"so\"", "A=it's \"so\""},
        {"A=\nB=''\nC=\"\"", "A=|B=|C="},
        {"# c\\\nA=1\nB=2", "B=2"},
        {"# c\\\\\nA=1", "A=1"},
        {"export A=1", "export A=1"},
        {"A=1\nA=2", "A=2"},
        {"A=\"1\nB=2", "A=1\nB=2"},
        {"A=1\rB=2", "A=1|B=2"},
        {"A=T\xc3\xbcr", "A=T\xc3\xbcr"},
        {"A=T\xfcr\nB=1", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct env env = {0};
        struct buf joined = BUF_EMPTY;
        env_systemd_parse(&env, rows[i].text, strlen(rows[i].text));
        join(&env, &joined);
        assert_string_equal(joined.data, rows[i].settings);
        buf_fini(&joined);
        env_fini(&env);
    }
}

static void note(void *context, enum env_difference what, const struct env_entry *entry)
{
    static const char *const words[] = {
        [ENV_DIFFERENT_VALUE] = "differs", [ENV_NOT_SEEN] = "not seen", [ENV_NOT_OURS] = "not ours"};
    buf_append_format(context, "%d %s %s|", entry->line, entry->name, words[what]);
}

static void what_is_different_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *differences;
    } rows[] = {
        {"", ""},
        {"# c\nA=1\nB='a $b # c'\n\nC=it's so\nD=\nE=\"x y\"\r\n", ""},
        {"A=1\nB=2 # two\nC=3\n", "2 B differs|"},
        {"A='1' # one\n", "1 A differs|"},
        {"A=pa$$word\nB=\"pa$$word\"\n", "1 A differs|2 B differs|"},
        {"A=C:\\new\n", "1 A differs|"},
        {"A=\"a\\nb\"\nB=\"a\\\"b\\\\c\\$d\\x\"\n", "1 A differs|"},
        {"A='Let\\'s go'\n", "1 A differs|"},
        {"# c\\\nA=1\nB=2\n", "2 A not seen|"},
        {"export A=1\nB=2\n", "1 A not seen|"},
        {"\xef\xbb\xbf"
         "A=1\nB=2\n",
         "1 A not seen|"},
        {"# one\rA=1\n", "1 A not ours|"},
        {"a.b=1\nc-d=1 # e\nPATH=/x # y\n", "3 PATH differs|"},
        {"A=1 # not any more\nA=2\n", ""},
        {"# a\n# b\nX='1\n2'\nA=1 # c\n", "5 A differs|"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct env ours = {0};
        struct env systemds = {0};
        struct why why = {0};
        struct buf told = BUF_EMPTY;
        assert_int_equal(env_parse(&ours, ".env", rows[i].text, strlen(rows[i].text), &why), RES_OK);
        env_systemd_parse(&systemds, rows[i].text, strlen(rows[i].text));
        env_systemd_compare(&ours, &systemds, note, &told);
        buf_append_char(&told, '\0');
        assert_string_equal(told.data, rows[i].differences);
        buf_fini(&told);
        env_fini(&ours);
        env_fini(&systemds);
    }
}

/* ---- systemd's own reader ---- */

typedef int load_env_file(FILE *file, const char *name, char ***list);

/* NULL where it is not installed, or is of another version, which may have other rules. */
static load_env_file *find_own_reader(void)
{
    glob_t found = {0};
    void *library = NULL;
    load_env_file *reader = NULL;
    if (glob("/usr/lib/*/systemd/libsystemd-shared-252.so", 0, NULL, &found) == 0)
        library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
    globfree(&found);
    if (library) *(void **)&reader = dlsym(library, "load_env_file");
    return reader;
}

static FILE *file_of(const struct buf *text)
{
    int fd = memfd_create("settings", 0);
    assert_true(fd >= 0 && write(fd, text->data, text->len) == (ssize_t)text->len &&
                lseek(fd, 0, SEEK_SET) == 0);
    FILE *file = fdopen(fd, "r");
    assert_non_null(file);
    return file;
}

static void write_file(struct chance *chance, struct buf *text)
{
    static const char *const pieces[] = {"A", "B=", "C=1", "\n",      "\n", "\r\n", " ",
                                         "#", ";",  "\\",  "'",       "\"", "$",    "$$",
                                         "`", "=",  "x",   "export ", "\t", "n",    "\r"};
    buf_clear(text);
    for (size_t left = chance_below(chance, PIECES_MAX) + 1; left > 0; left--)
        buf_append_text(text, pieces[chance_below(chance, COUNT(pieces))]);
}

static void systemds_own_reader_reads_the_same(void **state)
{
    load_env_file *own = find_own_reader();
    struct buf text = BUF_EMPTY;
    (void)state;
    if (!own) skip();
    struct chance chance = chance_begin();
    for (int i = 0; i < FILES; i++) {
        struct env env = {0};
        struct buf joined = BUF_EMPTY;
        struct buf expected = BUF_EMPTY;
        char **list = NULL;
        write_file(&chance, &text);
        FILE *file = file_of(&text);
        assert_true(own(file, NULL, &list) >= 0);
        (void)fclose(file);
        for (char **at = list; at && *at; at++) {
            if (**at != '=') buf_append_format(&expected, "%s%s", expected.len ? "|" : "", *at);
            free(*at);
        }
        free(list);
        buf_append_char(&expected, '\0');
        env_systemd_parse(&env, text.data, text.len);
        join(&env, &joined);
        if (strcmp(joined.data, expected.data) != 0)
            fail_msg("%.*s\nis read as %s\nand by systemd as %s", (int)text.len, text.data, joined.data,
                     expected.data);
        env_fini(&env);
        buf_fini(&joined);
        buf_fini(&expected);
    }
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_mean_what_they_mean_to_systemd),
        cmocka_unit_test(what_is_different_is_told_with_its_line),
        cmocka_unit_test(systemds_own_reader_reads_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
