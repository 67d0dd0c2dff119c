"""measure_outage -- the end of a long outage: how the collector fares with the backlog alone, and while it is drained."""
import contextlib
import pathlib
import shutil
import time

import measure_uploader
from installation import Installation, fresh_directory
from prober import Prober, percentiles

QUIET = "1,000 events/s beside a backlog"
DRAINED = "beside its drain to another disk than the spool's"
BESIDE = "beside its drain to the spool's disk"
ALONE = "its drain to the spool's disk, and nothing comes"
NAMES = (QUIET, DRAINED, BESIDE, ALONE)
ELSEWHERE = pathlib.Path("/dev/shm/eventspool-bench")  # a store is another machine: its disk is not ours
COLUMNS = (("p50 ms", "p50_ms", 2), ("p99 ms", "p99_ms", 2), ("max ms", "max_ms", 2), ("full speed events/s", "rate", 0),
           ("shipped/s", "shipped", 0), ("shipped/s then", "full_shipped", 0))
SECONDS = 6
GAP = 0.01
RATE = 1000  # events/s that come meanwhile
SHIPPED = "SELECT coalesce(sum(events), 0) FROM _batch WHERE shipped_at IS NOT NULL"


def measure(results, options):
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector()
        site.stop_collector()
        measure_uploader.fill(site.spool, options.uploader_backlog)
        for _ in range(options.rounds):
            measure_collector(results, options, site, QUIET)
            for name, objects, measure_one in ((DRAINED, ELSEWHERE, measure_collector),
                                               (BESIDE, site.directory / "objects", measure_collector),
                                               (ALONE, site.directory / "objects", measure_drain)):
                measure_uploader.reset(site.spool)
                with measure_uploader.uploader(site, DESTINATION_DIR=objects, LOG_LEVEL="warn"):
                    measure_one(results, options, site, name)
                shutil.rmtree(objects, ignore_errors=True)


def measure_drain(results, options, site, name):
    """The collector runs, and nobody sends."""
    del options
    site.start_collector()
    shipped = site.first_row(SHIPPED)[0]
    time.sleep(SECONDS)
    results.add(name, shipped=(site.first_row(SHIPPED)[0] - shipped) / SECONDS)
    site.stop_collector()


def measure_collector(results, options, site, name):
    site.start_collector()
    shipped = site.first_row(SHIPPED)[0]
    with contextlib.closing(Prober(site)) as prober, site.under_load(RATE):
        found = prober.run(SECONDS, GAP)
    shipped = (site.first_row(SHIPPED)[0] - shipped) / SECONDS
    before = site.first_row(SHIPPED)[0]
    seconds = site.load(options.events, 8)
    results.add(name, **percentiles(found), rate=options.events / seconds, shipped=shipped,
                full_shipped=(site.first_row(SHIPPED)[0] - before) / seconds)
    site.stop_collector()
