"""measure_outage -- the end of a long outage: how the collector fares with the backlog alone, and while it is drained."""
import contextlib
import shutil

import measure_uploader
from installation import Installation, fresh_directory
from prober import Prober, percentiles

QUIET = "500 events/s beside a backlog"
DRAINED = "500 events/s beside its drain"
NAMES = (QUIET, DRAINED)
COLUMNS = (("p50 ms", "p50_ms", 2), ("p99 ms", "p99_ms", 2), ("max ms", "max_ms", 2), ("full speed events/s", "rate", 0),
           ("shipped/s", "shipped", 0))
SECONDS = 6
GAP = 0.01
SHIPPED = "SELECT coalesce(sum(events), 0) FROM _batch WHERE shipped_at IS NOT NULL"


def measure(results, options):
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector()
        site.stop_collector()
        measure_uploader.fill(site.spool, options.uploader_backlog)
        for _ in range(options.rounds):
            measure_collector(results, options, site, QUIET)
            measure_uploader.reset(site.spool)
            with measure_uploader.uploader(site, DESTINATION_DIR=site.directory / "objects", LOG_LEVEL="warn"):
                measure_collector(results, options, site, DRAINED)
            shutil.rmtree(site.directory / "objects", ignore_errors=True)


def measure_collector(results, options, site, name):
    site.start_collector()
    shipped = site.ask(SHIPPED)[0]
    with contextlib.closing(Prober(site)) as prober, site.under_load(500):
        found = prober.run(SECONDS, GAP)
    shipped = (site.ask(SHIPPED)[0] - shipped) / SECONDS
    seconds = site.load(options.events // 4, 8)
    results.add(name, **percentiles(found), rate=options.events // 4 / seconds, shipped=shipped)
    site.stop_collector()
