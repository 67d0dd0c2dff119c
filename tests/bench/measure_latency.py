"""measure_latency -- from an event's last byte sent to its row readable, while the uploader ships and purges."""
import contextlib
import time

import proc
from installation import MIB, fresh_installation
from prober import Prober, percentiles

AT_1000 = "at 1,000 events/s"
FULL = "at full speed"
NAMES = (AT_1000, FULL)
COLUMNS = (("p50 ms", "p50_ms", 2), ("p99 ms", "p99_ms", 2), ("max ms", "max_ms", 2), ("probes", "count", 0),
           ("events/s", "rate", 0), ("shipped/s", "shipped", 0), ("peak WAL MiB", "wal_mib", 1),
           ("peak MiB", "peak_mib", 1))

SECONDS = 6
GAP = 0.01  # between two probes
SETTLE = 1  # the load runs, the uploader ships, nothing is measured yet
UPLOADER = {"MAX_FILE_SIZE": "1M", "RETENTION": "1s"}
SHIPPED = "SELECT coalesce(max(last_id), 0) FROM _batch WHERE kind = 'events' AND shipped_at IS NOT NULL"


def measure(results, options):
    del options
    for name, rate in ((AT_1000, 1000), (FULL, 0)):
        with fresh_installation() as site:
            site.uploader(**UPLOADER)
            measure_under_load(results, site, name, rate)


def measure_under_load(results, site, name, rate):
    with contextlib.closing(Prober(site)) as prober, site.under_load(rate):
        time.sleep(SETTLE)
        rows, shipped, since = site.rows(), site.first_row(SHIPPED)[0], time.monotonic()
        found = prober.run(SECONDS, GAP)
        seconds = time.monotonic() - since
        results.add(name, **percentiles(found), rate=(site.rows() - rows) / seconds,
                    shipped=(site.first_row(SHIPPED)[0] - shipped) / seconds, wal_mib=site.wal_peak / MIB,
                    peak_mib=proc.status_mib(site.pid, "VmHWM"))
