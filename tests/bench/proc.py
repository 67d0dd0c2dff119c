"""proc -- what the kernel says of a running process: CPU, memory, bytes sent to the disk, wake-ups."""
import collections
import os
import pathlib
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")


def read(pid, name):
    return pathlib.Path(f"/proc/{pid}/{name}").read_text()


def ticks(stat):
    """User and system time of a `stat` file, in seconds."""
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_seconds(pid):
    """User and system time of all threads, finer than the ticks of `stat`: the process's own clock (clock_getcpuclockid)."""
    return time.clock_gettime(~pid << 3 | 2)


def thread_seconds(pid):
    """CPU seconds of each living thread by its id: the main thread first, then in the order of their start."""
    return {path.name: ticks(path.joinpath("stat").read_text()) for path in threads(pid)}


def threads(pid):
    return sorted(pathlib.Path(f"/proc/{pid}/task").iterdir(), key=lambda path: int(path.name))


def busy_seconds():
    """Seconds that all the machine's processors together were not idle, waiting for the disk not counted as busy."""
    fields = [int(f) for f in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def status_mib(pid, key):
    """VmHWM: peak resident memory; RssAnon: resident memory that no file backs."""
    return int(re.search(rf"{key}:\s+(\d+) kB", read(pid, "status"))[1]) / 1024


def written_bytes(pid):
    """Bytes that the process made dirty for the disk (write_bytes of io): whole pages, each sync starts anew."""
    return int(re.search(r"^write_bytes: (\d+)", read(pid, "io"), re.MULTILINE)[1])


def disk_written(path):
    """Bytes written until now to the disk on which `path` lies, by all that use it, what waits in memory included; None where
    the system does not count them (no block device). What processes made dirty (written_bytes) is more where the kernel's
    cache has large pieces: it counts each of them as a whole, up to 64 KB, and writes the blocks of it that have changed."""
    device = os.stat(path).st_dev
    counts = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    if not counts.exists():
        return None
    os.sync()
    return int(counts.read_text().split()[6]) * 512


def wake_ups(pid):
    """How often each thread went to sleep by itself, and so was woken, since it began."""
    return collections.Counter({path.name: int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)",
                                                         path.joinpath("status").read_text(), re.MULTILINE)[1])
                                for path in threads(pid)})
