"""measure_reader -- a foreign reader holds a snapshot under load: how far the write-ahead log grows and falls."""
import contextlib
import sqlite3
import time

from installation import MIB, fresh_installation

NAME = "reader"
RATE = 5000
AFTER_SECONDS = 10


def measure(results, options):
    with fresh_installation() as site, site.under_load(RATE):
        time.sleep(1)
        before = site.wal_bytes()
        with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT last_event_id FROM _intake").fetchall()
            time.sleep(options.hold_seconds)
            held = site.wal_bytes()
        time.sleep(AFTER_SECONDS)
        results.add(NAME, before_mib=before / MIB, held_mib=held / MIB, after_mib=site.wal_bytes() / MIB)
        lines = [line for line in site.log().splitlines() if "reader" in line]
        results.note("the log on the foreign reader", "; ".join(lines) or "nothing")
