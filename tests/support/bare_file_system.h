/*
 * bare_file_system -- plays a file system that knows less than this machine's. Include it once in a program or a library:
 * its functions stand before those of the C library.
 */
#ifndef TESTS_SUPPORT_BARE_FILE_SYSTEM_H
#define TESTS_SUPPORT_BARE_FILE_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* What is not known. */
static struct bare {
    bool has_no_nameless;     /* O_TMPFILE: vfat, NFS, some of FUSE */
    bool has_no_flags;        /* of renameat2(2): NFS, some of FUSE */
    bool has_no_links;        /* vfat */
    bool has_no_blocks_ahead; /* fallocate(2): vfat, NFS before 4.2 */
    bool has_no_direct;       /* O_DIRECT: some of FUSE */
    bool has_larger_blocks;   /* than 4 KB: then O_DIRECT can be set, and writes fail */
    int step_error;           /* of sync_file_range(2); 0: none */
    off_t longest_step;       /* of sync_file_range(2), or a write(2) with O_DIRECT, as it was seen */
    int direct_writes;        /* as were seen */
} bare;

int open(const char *path, int flags, ...);

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (bare.has_no_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    if (bare.has_no_blocks_ahead) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

int sync_file_range(int fd, off_t offset, off_t len, unsigned flags)
{
    if (len > bare.longest_step) bare.longest_step = len;
    if (bare.step_error != 0) {
        errno = bare.step_error;
        return -1;
    }
    return (int)syscall(SYS_sync_file_range, fd, offset, len, flags);
}

int fcntl(int fd, int what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    if (bare.has_no_direct && what == F_SETFL && (argument & O_DIRECT)) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, what, argument);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    long flags = syscall(SYS_fcntl, fd, F_GETFL, 0);
    bool is_direct = flags >= 0 && (flags & O_DIRECT);
    if (is_direct && bare.has_larger_blocks) {
        errno = EINVAL;
        return -1;
    }
    if (is_direct && (off_t)len > bare.longest_step) bare.longest_step = (off_t)len;
    bare.direct_writes += is_direct;
    return syscall(SYS_write, fd, bytes, len);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    if (bare.has_no_links) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (bare.has_no_flags && flags != 0) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

#endif
