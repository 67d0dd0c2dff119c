"""measure_commit -- how long the disk takes for each commit: the fdatasync of the write-ahead log, as strace times it.

The tracer stops the collector at this one call only, so the load goes on nearly as fast; its time is in the figures.
"""
import contextlib
import re
import shutil

from installation import Installation, fresh_directory
from prober import Prober, percentiles

ALONE = "fdatasync of one event's commit"
FULL = "fdatasync of a commit at full speed, 8 connections"
NAMES = (ALONE, FULL)
COLUMNS = (("p50 ms", "p50_ms", 2), ("p99 ms", "p99_ms", 2), ("max ms", "max_ms", 2), ("commits", "count", 0))
SECONDS = 3


def measure(results, options):
    if not shutil.which("strace"):
        results.note("commits", "not measured: strace is not installed")
        return
    for name, load in ((ALONE, probe_alone), (FULL, lambda site: site.load(options.events, 8))):
        with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
            results.add(name, **percentiles(traced(site, load)))


def probe_alone(site):
    with contextlib.closing(Prober(site)) as prober:
        prober.run(SECONDS, 0.01)


def traced(site, load):
    """Milliseconds of each sync of the WAL while `load` runs, ascending."""
    site.start_collector("strace", "-ff", "--seccomp-bpf", "-qq", "-y", "-T", "-e", "trace=fdatasync", "-o",
                         site.directory / "trace")
    before = len(syncs(site))
    load(site)
    return sorted(syncs(site)[before:])


def syncs(site):
    """Of the writing thread, in order; each thread has a file of its own, so that no line is cut in two."""
    return [float(seconds) * 1000 for path in site.directory.glob("trace.*")
            for seconds in re.findall(r"fdatasync\(\d+<[^>]*-wal>\).*<([\d.]+)>", path.read_text())]
