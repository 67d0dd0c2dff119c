"""disk -- a small disk of a test's own, and another program that takes what is free on it."""
import errno
import os
import subprocess

MIB = 1 << 20
SMALL = {"SPOOL_MIN_FREE": "8M", "INTAKE_MEMORY": "16M"}  # for a small disk; the reserve takes 28 MiB of it


def with_small_disk(test):
    """The site's spool on a tmpfs of 250 MiB. Mounting needs root."""
    def run(site):
        place = site.directory / "var"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=250m", "tmpfs", place], check=True)
        try:
            test(site, place)
        finally:
            for program in site.running:
                if program.process.poll() is None:
                    program.kill()
            subprocess.run(["umount", place], check=True)
    return run


def free_bytes(place):
    fs = os.statvfs(place)
    return fs.f_bavail * fs.f_frsize


def fill(place, leave):
    """Another process's file: takes all that is free now but `leave` bytes, or to the last byte what others let it have."""
    step = 16 * MIB
    with open(place / "ballast", "ab") as f:
        wanted = free_bytes(place) - leave
        while step >= 4096 and (length := os.fstat(f.fileno()).st_size) < wanted:
            try:
                os.posix_fallocate(f.fileno(), length, min(step, wanted - length))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
                step //= 2
    return place / "ballast"
