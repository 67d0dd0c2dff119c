"""measure_shipping -- a longer load at full speed, the uploader shipping and purging beside it: how the log keeps."""
import proc
from installation import MIB, fresh_installation
from measure_latency import SHIPPED, UPLOADER

NAME = "collector, 8 connections, the uploader beside it"
LOADS = 5  # as many events as this many other loads: the log must have time to grow
COLUMNS = (("events/s", "rate", 0), ("shipped/s", "shipped", 0), ("CPU us/event", "cpu_us", 2),
           ("peak WAL MiB", "wal_mib", 1), ("peak MiB", "peak_mib", 1), ("commits", "commits", 0))


def measure(results, options):
    events = options.events * LOADS
    with fresh_installation() as site:
        site.uploader(**UPLOADER)
        cpu = proc.cpu_seconds(site.pid)
        seconds = site.load(events, 8)
        results.add(NAME, rate=events / seconds, shipped=site.first_row(SHIPPED)[0] / seconds, wal_mib=site.wal_peak / MIB,
                    cpu_us=(proc.cpu_seconds(site.pid) - cpu) / events * 1e6,
                    peak_mib=proc.status_mib(site.pid, "VmHWM"), commits=site.commits())
