/* test_file_system -- which file systems the spool may lie on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collector/spool/file_system.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void each_file_system_is_recognised_by_its_magic_number(void **state)
{
    static const struct {
        unsigned long type;
        const char *name;
        enum file_system_kind kind;
    } rows[] = {
        {0x6969, "NFS", FILE_SYSTEM_NETWORK},          {0xFF534D42, "CIFS", FILE_SYSTEM_NETWORK},
        {0xFE534D42, "SMB2", FILE_SYSTEM_NETWORK},     {0x517B, "SMB", FILE_SYSTEM_NETWORK},
        {0x00C36400, "Ceph", FILE_SYSTEM_NETWORK},     {0x5346414F, "AFS", FILE_SYSTEM_NETWORK},
        {0x01021997, "9P", FILE_SYSTEM_NETWORK},       {0x0BD00BD0, "Lustre", FILE_SYSTEM_NETWORK},
        {0x65735546, "FUSE", FILE_SYSTEM_DOUBTFUL}, /* GlusterFS, sshfs, and local ones too */
        {0x01021994, "tmpfs", FILE_SYSTEM_VOLATILE},   {0x858458F6, "ramfs", FILE_SYSTEM_VOLATILE},
        {0x794C7630, "overlay", FILE_SYSTEM_VOLATILE}, {0xEF53, NULL, FILE_SYSTEM_LOCAL}, /* ext4 */
        {0x58465342, NULL, FILE_SYSTEM_LOCAL},                                            /* XFS */
        {0x9123683E, NULL, FILE_SYSTEM_LOCAL},                                            /* Btrfs */
        {0x2FC12FC1, NULL, FILE_SYSTEM_LOCAL},                                            /* ZFS */
        {0xF2F52010, NULL, FILE_SYSTEM_LOCAL},                                            /* F2FS */
        {0x12345678, NULL, FILE_SYSTEM_LOCAL},                                            /* unheard of */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = "";
        assert_int_equal(file_system_kind(rows[i].type, &name), rows[i].kind);
        if (rows[i].name)
            assert_string_equal(name, rows[i].name);
        else
            assert_null(name);
    }
}

static void a_missing_spool_is_checked_by_its_directory(void **state)
{
    struct why why = {0};
    struct why doubts = {0};
    (void)state;
    assert_int_equal(file_system_check("/proc/self/spool.db", &doubts, &why),
                     RES_OK); /* procfs: unheard of */
    assert_string_equal(doubts.text, "");
}

static void tmpfs_is_accepted_with_a_warning_and_a_remedy(void **state)
{
    struct why why = {0};
    struct why doubts = {0};
    (void)state;
    assert_int_equal(file_system_check("/dev/shm/spool.db", &doubts, &why), RES_OK);
    if (!*doubts.text) skip(); /* a machine whose /dev/shm is no tmpfs */
    assert_non_null(strstr(doubts.text, "tmpfs"));
    assert_true(*doubts.remedy);
}

static void a_missing_directory_is_checked_by_the_nearest_one_that_is_there(void **state)
{
    struct why why = {0};
    struct why there = {0};
    struct why missing = {0};
    (void)state;
    assert_int_equal(file_system_check("/dev/shm/spool.db", &there, &why), RES_OK);
    assert_int_equal(file_system_check("/dev/shm/nowhere/at/all/spool.db", &missing, &why), RES_OK);
    assert_string_equal(missing.text, there.text);
    assert_string_equal(missing.remedy, there.remedy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_system_is_recognised_by_its_magic_number),
        cmocka_unit_test(a_missing_spool_is_checked_by_its_directory),
        cmocka_unit_test(tmpfs_is_accepted_with_a_warning_and_a_remedy),
        cmocka_unit_test(a_missing_directory_is_checked_by_the_nearest_one_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
