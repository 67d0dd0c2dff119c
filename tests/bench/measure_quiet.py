"""measure_quiet -- what an idle collector costs after a load, and what the slow traffic of a real site writes."""
import contextlib
import time

import proc
from support.waiting import wait_for
from installation import MIB, fresh_installation
from prober import Prober, percentiles

IDLE = "idle"
SINGLE = "one event at a time"
PURGE = "purge"
QUIET_SECONDS = 15
WATCH_SECONDS = 20
SINGLES_SECONDS = 20
SINGLES_GAP = 0.05


def measure_idle(results, options):
    with fresh_installation() as site:
        site.load(options.events, 8)
        time.sleep(QUIET_SECONDS)
        before = proc.wake_ups(site.pid)
        time.sleep(WATCH_SECONDS)
        woken = proc.wake_ups(site.pid) - before
        results.add(IDLE, anonymous_mib=proc.status_mib(site.pid, "RssAnon"),
                    resident_mib=proc.status_mib(site.pid, "VmRSS"), wake_ups=sum(woken.values()) / WATCH_SECONDS)


def measure_single(results, options):
    """Each event a commit of its own, as one event a second would be; it is sent when the one before is there."""
    del options
    with fresh_installation() as site, contextlib.closing(Prober(site)) as prober:
        written, commits = proc.written_bytes(site.pid), site.commits()
        found = prober.run(SINGLES_SECONDS, SINGLES_GAP)
        assert site.commits() - commits == len(found), "more than one event in a commit"
        written = proc.written_bytes(site.pid) - written + site.finish_checkpoint()
        results.add(SINGLE, disk_event=written / len(found), disk_payload=written / site.payload_bytes(),
                    **percentiles(found))


def measure_purge(results, options):
    """Ships all, then starts the uploader again with nothing to retain: what it writes then is purging."""
    with fresh_installation() as site:
        site.load(options.events // 4, 8)
        uploader = site.uploader()
        site.wait_until_shipped(600)
        uploader.stop()
        site.finish_checkpoint()
        payload, written = site.payload_bytes(), proc.written_bytes(site.pid)
        since = time.monotonic()
        uploader = site.uploader(RETENTION="0")
        wait_for("the purge", lambda: site.first_row("SELECT min(id) FROM _event")[0] is None, 600)
        seconds = time.monotonic() - since
        written = (proc.written_bytes(site.pid) - written + proc.written_bytes(uploader.process.pid) +
                   site.finish_checkpoint())
        results.add(PURGE, disk_payload=written / payload, rate=payload / MIB / seconds)
