/*
 * bare_file_system -- plays a file system that knows less: BARE_FILE_SYSTEM names what is missing, as vfat and NFS lack it
 * (tests/support/bare_file_system.h).
 */
#include "tests/support/bare_file_system.h"

#include <stdlib.h>
#include <string.h>

__attribute__((constructor)) static void read_environment(void)
{
    const char *name = getenv("BARE_FILE_SYSTEM");
    bool is_vfat = name && strcmp(name, "vfat") == 0;
    bool is_nfs = name && strcmp(name, "nfs") == 0;
    bare.has_no_nameless = is_vfat || is_nfs;
    bare.has_no_links = is_vfat;
    bare.has_no_blocks_ahead = is_vfat || is_nfs;
    bare.has_no_flags = is_nfs;
}
