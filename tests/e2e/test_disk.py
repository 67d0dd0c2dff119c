"""A full disk stops the reading, never the keeping; it ends without help when there is room again."""
import os
import subprocess

from harness import main, skip, wait_for

MIB = 1 << 20
EVENTS = 40000


def with_small_disk(test):
    """The site's spool on a tmpfs of 250 MiB, of which a ballast takes 200. Mounting needs root."""
    def run(site):
        place = site.directory / "var"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=250m", "tmpfs", place], check=True)
        try:
            ballast = place / "ballast"
            with open(ballast, "wb") as f:
                os.posix_fallocate(f.fileno(), 0, 200 * MIB)
            test(site, ballast)
        finally:
            for program in site.running:
                if program.process.poll() is None:
                    program.kill()
            subprocess.run(["umount", place], check=True)
    return run


@with_small_disk
def test_a_full_disk_stops_the_reading_and_nothing_is_lost_or_doubled(site, ballast):
    collector = site.collector()
    sim = site.acmsim("--count", EVENTS)
    collector.wait_for_log("cannot commit; reading stops until it works")
    assert sim.poll() is None, "the sender is held back"
    kept = site.value("SELECT count(*) FROM events")
    assert 0 < kept < EVENTS
    ballast.unlink()
    collector.wait_for_log("commits work again")
    sim.communicate(timeout=60)
    assert sim.returncode == 0
    site.wait_for_events(EVENTS)
    uids = [int(u[4:], 16) for (u,) in site.query("SELECT uid FROM events ORDER BY id")]
    assert uids == list(range(1, EVENTS + 1))
    assert site.value("PRAGMA integrity_check") == "ok"
    collector.stop()


@with_small_disk
def test_a_stop_while_the_disk_is_full_gives_up_after_a_while_and_says_what_is_lost(site, ballast):
    collector = site.collector()
    sim = site.acmsim("--count", EVENTS)
    collector.wait_for_log("cannot commit; reading stops until it works")
    collector.stop(expected=1)
    assert "could not be committed" in collector.log
    sim.communicate(timeout=60)
    ballast.unlink()
    site.collector()
    count = site.value("SELECT count(*) FROM events")
    assert 0 < count < EVENTS and site.value("SELECT max(id) FROM events") == count
    assert site.value("PRAGMA integrity_check") == "ok"
    wait_for("the next event", lambda: site.send_events(1) and site.value("SELECT last_event_id FROM _intake") > count)


if os.geteuid() != 0:
    skip(dict(globals()), "needs root")
else:
    main(dict(globals()))
