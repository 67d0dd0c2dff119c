"""The wall clock is set while the uploader runs (faketime): what is kept, and what is due, goes by the time that passes."""
import time

from support.environment import faked_clock
from support.tap import main
from support.waiting import wait_for

RETENTION_SECONDS = 5
YEAR_NOW = time.gmtime().tm_year


class Clock:
    """A program's clock: so far from the machine's, as `+10y`."""

    def __init__(self, site):
        self.path = site.directory / "offset"
        self.set("+0")

    def set(self, offset):
        aside = self.path.with_suffix(".new")
        aside.write_text(offset + "\n")
        aside.rename(self.path)

    def uploader(self, site, **settings):
        return site.uploader(**settings, **faked_clock(self.path))


def ship(site):
    """Three events. Returns the year in which they were shipped, by the uploader's clock."""
    count = site.value("SELECT last_event_id FROM _intake") + 3
    site.send_events(3)
    site.wait_for_events(count)
    site.wait_until_shipped()
    return int(site.value("SELECT substr(shipped_at, 1, 4) FROM batches ORDER BY id DESC LIMIT 1"))


def rows(site):
    return site.value("SELECT count(*) FROM _event")


def test_a_clock_set_at_run_time_neither_hastens_nor_stalls_purging(site):
    site.collector()
    clock = Clock(site)
    clock.uploader(site, RETENTION=RETENTION_SECONDS)
    for offset, years in (("+10y", 10), ("-10y", -10)):
        since = time.monotonic()
        ship(site)
        clock.set(offset)
        assert abs(ship(site) - (YEAR_NOW + years)) <= 1, "it lives there"
        wait_for("the first purge", lambda: rows(site) < 6)
        assert time.monotonic() - since >= RETENTION_SECONDS, offset
        wait_for("the whole purge", lambda: rows(site) == 0)


def test_a_clock_set_between_runs_counts_for_a_day_at_most(site):
    site.collector()
    clock = Clock(site)
    for number, offset in enumerate(("+0", "+10y", "+30y", "-10y"), 1):
        clock.set(offset)
        uploader = clock.uploader(site, RETENTION="3d")
        ship(site)  # by then it has looked for what to purge, too
        assert rows(site) == 3 * number, offset
        uploader.stop()


main(dict(globals()))
