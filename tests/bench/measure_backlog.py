"""measure_backlog -- a spool with a large backlog beside an empty one, in turn: speed, latency, start, first answers.

The backlog is made of events of 200 bytes that the collector itself has received; nothing is shipped.
"""
import contextlib
import sqlite3
import time

from installation import Installation, fresh_directory
from prober import Prober, percentiles

EMPTY = "an empty spool"
FULL = "a spool with the backlog"
NAMES = (EMPTY, FULL)
COLUMNS = (("events/s", "rate", 0), ("p50 ms", "p50_ms", 2), ("p99 ms", "p99_ms", 2), ("max ms", "max_ms", 2),
           ("start ms", "start_ms", 1), ("backlog's first row ms", "backlog_ms", 2), ("summary ms", "summary_ms", 2),
           ("spool MiB", "spool_mib", 0))
SECONDS = 4
GAP = 0.01


def measure(results, options):
    """All its rounds; the backlog is made once."""
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as full:
        full.start_collector()
        seconds = full.load(options.backlog, 8, "--size", 200)
        full.stop_collector()
        results.note("the backlog", f"{options.backlog:,} events of 200 bytes, received at "
                                    f"{options.backlog / seconds:,.0f} events/s")
        for _ in range(options.rounds):
            with fresh_directory() as other, contextlib.closing(Installation(other)) as empty:
                empty.start_collector()  # makes the file: a first start is not what is compared
                empty.stop_collector()
                measure_spool(results, options, EMPTY, empty)
            measure_spool(results, options, FULL, full)


def measure_spool(results, options, name, site):
    start = site.start_collector()
    rows = site.rows()
    backlog_ms = timed_query(site, "SELECT * FROM backlog LIMIT 1")
    summary_ms = timed_query(site, "SELECT * FROM summary")
    with contextlib.closing(Prober(site)) as prober, site.under_load(1000):
        found = prober.run(SECONDS, GAP)
    seconds = site.load(options.events, 8)
    assert site.rows() > rows
    results.add(name, rate=options.events / seconds, **percentiles(found), start_ms=start * 1000,
                backlog_ms=backlog_ms, summary_ms=summary_ms, spool_mib=site.spool.stat().st_size / (1 << 20))
    site.stop_collector()


def timed_query(site, sql):
    """Milliseconds from opening the spool to the answer, by a connection that knows nothing yet."""
    since = time.monotonic()
    with contextlib.closing(sqlite3.connect(f"file:{site.spool}?mode=ro", uri=True)) as db:
        db.execute(sql).fetchall()
    return (time.monotonic() - since) * 1000
