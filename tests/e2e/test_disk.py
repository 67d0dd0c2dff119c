"""A disk that is full, a spool at its ceiling, a disk that fails: reading stops, nothing is lost or doubled, the log and
`uploader status` tell the truth, and all goes on without help."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time

from support.disk import MIB, SMALL, fill, with_small_disk
from support.environment import BIN, IS_SANITIZED, clean_environment, size
from support.ledger import assert_each_event_in_one_object
from support.tap import main, skip, tests_of
from support.waiting import wait_for

EVENTS = 40000
FEW_EVENTS = 8000  # 17 MB, which fit into the reserve even if the kernel holds all of them for the collector
ROUNDS = 5
LOCK_SECONDS = size("TEST_LOCK_SECONDS", 6, 6)  # 30 for a campaign
CEILING = {**SMALL, "SPOOL_MAX_SIZE": "48M"}


def start_on_small_disk(site):
    """Its port is open before its spool and its reserve are in place: only then may others take what is left."""
    collector = site.collector(**SMALL)
    site.wait_for_spool()
    reserve = site.spool.with_name("spool.db-reserve")
    wait_for("the reserve", lambda: reserve.exists() and reserve.stat().st_blocks > 0)
    return collector


def status(site):
    """{word: what follows it} of the screen; problems are a list of those of the collector."""
    text = site.command("uploader", "status", DESTINATION_DIR=site.objects).stdout
    lines = dict(line.split(None, 1) for line in text.splitlines() if line)
    problems = re.findall(r"^problem +([a-z_]+) for ", text, re.MULTILINE)
    return {**lines, "problems": [code for code in problems if code != "uploader_absent"]}  # most tests need none


def wait_for_problem(site, code):
    wait_for(f"the status to tell of {code}", lambda: code in status(site)["problems"])


def count(site):
    return site.value("SELECT last_event_id FROM _intake")


def wait_until_nothing_is_read(site):
    """What was read before is committed, and for a whole second no event more. Returns how many there are."""
    last = (count(site), time.monotonic())

    def is_still():
        nonlocal last
        if count(site) != last[0] or "commit_failing" in status(site)["problems"]:
            last = (count(site), time.monotonic())
        return time.monotonic() - last[1] > 1
    wait_for("reading to stop", is_still)
    return last[0]


def numbers(site):
    """Of acmsim's events, in the order of their ids."""
    return [int(uid[4:], 16) for uid in site.uids()]


def assert_all_there(site, events):
    """Each numbered event once, in the order in which it was sent."""
    assert numbers(site) == list(range(1, events + 1)), (count(site), events)
    assert site.value("PRAGMA integrity_check") == "ok"


def wait_for_reading(collector, times, since):
    """Reading goes on within 2 s of `since` (longer with a sanitizer)."""
    wait_for("reading to go on", lambda: collector.log.count('"the disk has free space again: reading goes on"') >= times)
    took = time.monotonic() - since
    assert took < (10 if IS_SANITIZED else 2), took


# ---- no room


@with_small_disk
def test_a_full_disk_stops_reading_and_loses_or_doubles_nothing(site, place):
    collector = start_on_small_disk(site)
    sim = site.acmsim("--count", EVENTS, "--rate", 4000)
    for turn in range(1, ROUNDS + 1):
        wait_for("some events", lambda: count(site) > turn * EVENTS // 10)
        ballast = fill(place, 0)  # to the last byte
        wait_for_problem(site, "paused_disk")
        assert collector.log.count("problem=paused_disk why=") == turn
        assert sim.poll() is None, "the sender is held back"
        kept = wait_until_nothing_is_read(site)
        assert site.command("collector", "healthcheck").returncode == 0, "a full disk is no reason for a restart"
        strict = site.command("collector", "healthcheck", "--strict")
        assert strict.returncode == 1 and "paused_disk: less than SPOOL_MIN_FREE" in strict.stderr, strict.stderr
        assert count(site) == kept, "nothing is read while there is no space"
        ballast.unlink()
        wait_for_reading(collector, turn, time.monotonic())
        assert status(site)["problems"] == []
        assert site.command("collector", "healthcheck", "--strict").returncode == 0
    sim.communicate(timeout=120)
    assert sim.returncode == 0
    site.wait_for_events(EVENTS)
    assert_all_there(site, EVENTS)
    collector.stop()


@with_small_disk
def test_a_stop_on_a_full_disk_commits_from_the_reserve(site, place):
    collector = start_on_small_disk(site)
    reserve = site.spool.with_name("spool.db-reserve")
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        # The log's file, emptied, has no room for the next commit, and something waits in memory when the disk is full.
        wait_for("an empty log", lambda: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0))
        db.execute("BEGIN IMMEDIATE")
        assert site.spool.with_name("spool.db-wal").stat().st_size == 0 and reserve.stat().st_blocks > 0
        sim = site.acmsim("--count", FEW_EVENTS)
        collector.wait_for_log("cannot commit: reading stops until a commit succeeds")
        fill(place, 0)
    collector.wait_for_log("commits succeed again")
    assert reserve.stat().st_blocks == 0, "it took the reserve to commit"
    collector.stop()
    sim.communicate(timeout=60)
    kept = count(site)
    assert 0 < kept <= FEW_EVENTS
    assert_all_there(site, kept)


@with_small_disk
def test_a_start_on_a_full_disk_waits_for_space_and_says_so(site, place):
    ballast = fill(place, 4 * MIB)
    done = site.command("collector", "check", PORT=site.port, **SMALL)
    assert done.returncode == 1 and "SPOOL_MIN_FREE is 8 MiB" in done.stdout, done.stdout
    collector = site.collector(**SMALL)
    collector.wait_for_log("problem=paused_disk")
    sim = site.acmsim("--count", 100)
    assert site.command("collector", "healthcheck").returncode == 0
    wait_for_problem(site, "paused_disk")
    assert count(site) == 0
    ballast.unlink()
    wait_for_reading(collector, 1, time.monotonic())
    assert sim.wait(60) == 0
    site.wait_for_events(100)
    collector.stop()


@with_small_disk
def test_low_space_is_reported_before_reading_stops(site, place):
    collector = start_on_small_disk(site)
    ballast = fill(place, 12 * MIB)
    site.send_events(10)
    collector.wait_for_log("problem=disk_low")
    assert status(site)["problems"] == ["disk_low"]
    site.send_events(10)
    site.wait_for_events(20)
    ballast.unlink()
    site.send_events(1)
    collector.wait_for_log('"the disk has space again"')
    assert status(site)["problems"] == []
    collector.stop()


@with_small_disk
def test_shipped_events_are_purged_early_when_space_is_short(site, place):
    """At zero bytes free the uploader can still mark and purge, and that makes the room."""
    collector = start_on_small_disk(site)
    site.send_events(30000)
    site.wait_for_events(30000)
    uploader = site.uploader(RETENTION="7d")
    site.wait_until_shipped(60)
    assert site.value("SELECT count(*) FROM _event") == 30000
    fill(place, 0)
    wait_for_problem(site, "paused_disk")
    collector.wait_for_log('"the disk has free space again: reading goes on"')
    assert site.value("SELECT count(*) FROM _event") < 30000, "shipped events were purged, as many as it took"
    site.send_events(100)
    site.wait_for_events(30100)
    uploader.stop()
    collector.stop()


@with_small_disk
def test_a_spool_at_its_ceiling_takes_no_more_until_events_ship(site, place):
    collector = site.collector(**CEILING)
    sim = site.acmsim("--count", EVENTS)
    collector.wait_for_log("problem=paused_ceiling")
    wait_for_problem(site, "paused_ceiling")
    kept = count(site)
    assert 0 < kept < EVENTS and sim.poll() is None
    uploader = site.uploader(ROTATION_INTERVAL="1h", RETENTION="7d")  # it is asked to ship at once all the same
    sim.communicate(timeout=120)
    assert sim.returncode == 0
    site.wait_for_events(EVENTS)
    assert "is below SPOOL_MAX_SIZE again" in collector.log
    site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert_each_event_in_one_object(site.object_bytes(), [f"{n:016x}" for n in range(1, EVENTS + 1)])
    wait_for("the end of the problem", lambda: status(site)["problems"] == [])
    uploader.stop()
    collector.stop()


def test_a_ceiling_that_everything_shipped_would_fit_under_pauses_nothing(site):
    """Rows that are shipped, and the log, make way before the ceiling is reached."""
    collector, uploader = site.collector(SPOOL_MAX_SIZE="32M"), site.uploader(RETENTION="7d")
    sim = site.acmsim("--count", 0, "--rate", 1500, "--connections", 4)
    site.wait_for_events(20000)  # 44 MB
    assert site.value("SELECT count(*) FROM _event") < 20000, "shipped events were purged"
    sim.kill()
    assert "paused_ceiling" not in collector.log, collector.log
    uploader.stop()
    collector.stop()


def test_a_directory_in_the_reserves_place_is_named_by_check_and_run(site):
    reserve = site.spool.with_name("spool.db-reserve")
    reserve.mkdir(parents=True)
    done = site.command("collector", "check", PORT=site.port, **SMALL)
    assert done.returncode == 1, done.stdout
    assert f"the reserve cannot be made: a directory lies in its place: {reserve}\n        move it away" in done.stdout, done.stdout
    collector = site.collector(**SMALL)
    collector.wait_for_log("problem=paused_disk")
    assert f"a directory lies in its place: {reserve}\" remedy=\"move it away or remove it" in collector.log, collector.log
    reserve.rmdir()
    wait_for_reading(collector, 1, time.monotonic())
    collector.stop()


# ---- a spool that cannot be written


def test_a_lock_that_another_process_holds_is_waited_out(site):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        sim = site.acmsim("--count", EVENTS)
        collector.wait_for_log("problem=commit_failing")
        wait_for_problem(site, "commit_failing")
        time.sleep(LOCK_SECONDS)  # what is tested is that so long a hold does no harm
        assert sim.poll() is None and collector.process.poll() is None
        db.execute("ROLLBACK")
    collector.wait_for_log("commits succeed again")
    sim.communicate(timeout=120)
    site.wait_for_events(EVENTS + 10)
    assert site.value("SELECT count(DISTINCT uid) FROM events") == EVENTS
    assert status(site)["problems"] == []
    collector.stop()


def test_a_disk_that_becomes_read_only_is_waited_out(site):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    # No file system can be remounted while it is written to; after an error it makes itself so. Then each write fails:
    fault = inject(site, collector, "pwrite64:error=EROFS:when=1..12")
    sim = site.acmsim("--count", 2000)
    collector.wait_for_log("problem=commit_failing")
    collector.wait_for_log("commits succeed again")
    assert sim.wait(60) == 0
    site.wait_for_events(2010)
    assert fault() > 0
    collector.stop()


def inject(site, program, what):
    """Lets system calls of the running program fail. The function that comes back ends it, and tells how many have."""
    trace = site.directory / f"strace{len(site.others)}.log"
    calls = what.split(":")[0]
    process = site.owns(subprocess.Popen(["strace", "-f", "-p", str(program.process.pid), "-o", trace, "-e",
                                          f"trace={calls}", "-e", f"inject={what}"], stderr=subprocess.PIPE, text=True))
    line = process.stderr.readline()
    assert "attached" in line, line

    def end():
        process.terminate()
        process.wait()
        return trace.read_text(errors="replace").count("(INJECTED)")
    return end


def check_injected(site, what, text="problem=commit_failing"):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    fault = inject(site, collector, what)
    sim = site.acmsim("--count", 2000)
    assert sim.wait(60) == 0
    site.wait_for_events(2010)
    assert fault() > 0, "the fault has fired"
    assert text in collector.log, collector.log
    collector.stop()
    assert numbers(site) == [*range(1, 11), *range(1, 2001)]
    assert site.value("PRAGMA integrity_check") == "ok"


INJECTED = tests_of(check_injected, {
    "a_write_that_fails_is_repeated": ("pwrite64:error=EIO:when=3..8",),
    "a_write_without_space_is_repeated_from_the_reserve": ("pwrite64:error=ENOSPC:when=3", "the reserve is given up"),
    "writes_that_keep_failing_without_space_are_waited_out": ("pwrite64:error=ENOSPC:when=3..40",),
    "a_failed_sync_is_repeated": ("fdatasync:error=EIO:when=1..4",),
    "a_sync_without_space_is_repeated": ("fdatasync:error=ENOSPC:when=1..4",),
    "a_write_above_a_quota_is_repeated_from_the_reserve": ("pwrite64:error=EDQUOT:when=3", "the reserve is given up"),
    "a_sync_above_a_quota_is_repeated_from_the_reserve": ("fdatasync:error=EDQUOT:when=1", "the reserve is given up"),
})


@with_small_disk
def test_check_measures_the_disk_that_a_linked_spool_lies_on(site, place):
    collector = start_on_small_disk(site)
    collector.stop()
    link = site.directory / "link.db"
    link.symlink_to(site.spool)
    settings = {**SMALL, "SPOOL_PATH": link, "PORT": site.port}
    assert site.command("collector", "check", **settings).returncode == 0
    fill(place, 4 * MIB)
    done = site.command("collector", "check", **settings)
    assert done.returncode == 1 and f"are free in {place}\n" in done.stdout, done.stdout


def test_a_disk_without_inodes_is_named_by_check_and_run(site):
    place = site.directory / "var"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=250m,nr_inodes=9", "tmpfs", place], check=True)
    try:
        for n in range(7):
            (place / f"other{n}").touch()
        done = site.command("collector", "check", PORT=site.port, **SMALL)
        assert done.returncode == 1 and "inodes are left for 1\n" in done.stdout and "`df -i`" in done.stdout, done.stdout
        collector = site.collector(**SMALL)
        collector.wait_for_log("waiting to start")
        assert "no inodes are left for another file" in collector.log and "`df -i`" in collector.log, collector.log
        for n in range(3):
            (place / f"other{n}").unlink()
        collector.wait_for_log("problem=paused_disk")  # the reserve is the file that has no place
        assert "the reserve cannot be made" in collector.log, collector.log
        (place / "other3").unlink()
        wait_for_reading(collector, 1, time.monotonic())
        collector.stop()
    finally:
        for program in site.running:
            if program.process.poll() is None:
                program.kill()
        subprocess.run(["umount", place], check=True)


def test_a_limit_on_the_size_of_files_is_named_and_loses_nothing(site):
    collector = site.start("collector", under=("prlimit", f"--fsize={20 * MIB}:unlimited"), PORT=site.port,
                           BIND_HOST="127.0.0.1", **SMALL)
    wait_for("the collector to listen", site.accepts)
    sim = site.acmsim("--count", EVENTS)
    collector.wait_for_log("problem=commit_failing")
    assert "a file is as large as the limit of this process allows" in collector.log, collector.log
    assert "raise the limit on the size of files" in collector.log, collector.log
    assert collector.process.poll() is None and sim.poll() is None
    subprocess.run(["prlimit", "--pid", str(collector.process.pid), "--fsize=unlimited"], check=True)
    collector.wait_for_log("commits succeed again")
    assert sim.wait(60) == 0
    site.wait_for_events(EVENTS)
    assert_all_there(site, EVENTS)
    collector.stop()


def test_a_kill_after_a_failed_sync_doubles_nothing(site):
    """What the failed commit left in the log is seen by the next process as committed: it has not been acknowledged."""
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    fault = inject(site, collector, "fdatasync:error=EIO:when=1+")
    site.acmsim("--count", 500)
    collector.wait_for_log("problem=commit_failing")
    collector.kill()
    assert fault() > 0
    collector = site.collector()
    kept = count(site)
    assert 10 <= kept <= 510
    site.send_events(5)
    site.wait_for_events(kept + 5)
    assert site.value("SELECT count(*) = max(id) FROM events") == 1
    assert site.value("PRAGMA integrity_check") == "ok"
    collector.stop()


# ---- files that people should not touch


def test_a_deleted_log_is_rescued_and_reading_stops(site):
    collector = site.collector()
    site.send_events(1000)
    site.wait_for_events(1000)
    wal = site.spool.with_name("spool.db-wal")
    wal.unlink()
    collector.wait_for_log("was deleted")
    assert status_problem(site) == ["wal_lost"]
    assert not wal.exists()
    collector.stop()
    collector = site.collector()
    assert count(site) == 1000
    assert_all_there(site, 1000)
    site.send_events(1)
    site.wait_for_events(1001)
    collector.stop()


def test_a_log_that_is_deleted_under_load_costs_nothing(site):
    collector = site.collector()
    sim = site.acmsim("--count", 0)
    wait_for("some events", lambda: count(site) > 5000)
    site.spool.with_name("spool.db-wal").unlink()
    collector.wait_for_log("was deleted")
    collector.stop(1)  # what waits in the socket is not read any more
    sim.kill()
    assert re.search(r'"bytes that had arrived before the stop were not read" bytes=[1-9]', collector.log), collector.log
    stopped = re.search(r'"stopped" events=(\d+)', collector.log)
    assert_all_there(site, int(stopped[1]))


def test_a_spool_that_is_moved_away_and_back_goes_on(site):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    away = site.spool.with_name("away.db")
    site.spool.rename(away)
    sim = site.acmsim("--count", 50)
    collector.wait_for_log("problem=spool_replaced")
    away.rename(site.spool)
    collector.wait_for_log("the spool is back in its place")
    assert sim.wait(60) == 0
    site.wait_for_events(60)
    assert site.value("SELECT count(*) FROM events") == 60
    collector.stop()


def test_a_spool_that_is_moved_away_is_noticed_while_nothing_comes(site):
    collector = site.collector()
    site.send_events(10)
    site.wait_for_events(10)
    away = site.spool.with_name("away.db")
    site.spool.rename(away)
    collector.wait_for_log("problem=spool_replaced")
    assert site.command("collector", "healthcheck", "--strict").returncode == 1
    away.rename(site.spool)
    collector.wait_for_log("the spool is back in its place")
    site.send_events(10)
    site.wait_for_events(20)
    collector.stop()


def status_problem(site):
    """What the collector publishes, without opening the spool."""
    text = site.spool.with_name("spool.db-collector.lock").read_text()
    return re.findall(r"^([a-z_]+)\t\d+\t", text, re.MULTILINE)


# ---- a schema, a reader, rejects, a place


def test_a_newer_schema_ends_the_uploader_and_stops_the_reading_before_an_event_is_lost(site):
    collector, uploader = site.collector(), site.uploader()
    site.send_events(10)
    site.wait_for_events(10)
    site.wait_until_shipped()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute("PRAGMA user_version = 900")
    wait_for("the uploader to end", lambda: uploader.process.poll() is not None)
    assert uploader.process.returncode == 75 and "upgrade this program" in uploader.log, uploader.log
    collector.wait_for_log("problem=schema_too_new")
    assert "upgrade this program" in collector.log
    sim = site.acmsim("--count", 5)
    assert sim.wait(60) == 0
    assert site.command("collector", "healthcheck").returncode == 0, "it waits for its upgrade"
    assert site.command("collector", "healthcheck", "--strict").returncode == 1
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        assert db.execute("SELECT last_event_id FROM _intake").fetchone() == (10,), "nothing was written"
        db.execute(f"PRAGMA user_version = {version}")  # the newer program was taken away again
    collector.wait_for_log("the spool's schema can be used again")
    site.wait_for_events(15)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 900")
    wait_for("the problem", lambda: collector.log.count("problem=schema_too_new why=") == 2)
    collector.stop()
    assert site.start("collector", PORT=site.port).process.wait(60) == 75, "it does not start on such a spool"


def test_a_foreign_reader_is_reported_and_the_log_shrinks_after_it(site):
    collector = site.collector()
    wal = site.spool.with_name("spool.db-wal")
    site.send_events(100)
    site.wait_for_events(100)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM _event").fetchone()
        site.send_events(EVENTS)
        site.wait_for_events(EVENTS + 100)
        assert wal.stat().st_size > 64 * MIB
        wait_for_problem(site, "foreign_reader")
        db.execute("COMMIT")
    collector.wait_for_log("the write-ahead log can begin again")
    wait_for("the log to fall back though nothing comes any more", lambda: wal.stat().st_size < 64 * MIB)
    assert status(site)["problems"] == []
    collector.stop()


def test_a_log_that_a_reader_holds_counts_against_the_ceiling(site):
    collector = site.collector(SPOOL_MAX_SIZE="64M")
    site.send_events(100)
    site.wait_for_events(100)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM _event").fetchone()
        sim = site.acmsim("--count", EVENTS)
        collector.wait_for_log("problem=paused_ceiling")
        assert count(site) * 2200 < 64 * MIB, "the events alone are less"
        wait_for_problem(site, "foreign_reader")
        assert status(site)["problems"] == ["paused_ceiling", "foreign_reader"]
        db.execute("COMMIT")
    collector.wait_for_log("the write-ahead log can begin again")
    uploader = site.uploader(ROTATION_INTERVAL="1h")
    sim.communicate(timeout=120)
    site.wait_for_events(EVENTS + 100)
    uploader.stop()
    collector.stop()


def test_the_log_stays_short_at_full_load_beside_the_uploader(site):
    collector, uploader = site.collector(), site.uploader()
    wal = site.spool.with_name("spool.db-wal")
    sim = site.acmsim("--count", size("TEST_WAL_EVENTS", 200000, 30000), "--connections", 8)
    longest = 0
    while sim.poll() is None:
        longest = max(longest, wal.stat().st_size)
        time.sleep(0.01)
    print(f"# the log's file was {longest / MIB:.1f} MiB at most")
    assert 0 < longest <= 64 * MIB
    uploader.stop()
    collector.stop()


def test_garbage_does_not_crowd_out_events(site):
    collector = site.collector(REJECTS_MAX_SIZE="1M")
    garbage = b"<EVENT>" + b"<x>" * 20000 + b"</EVENT>"
    site.send(garbage * 40)
    wait_for("the rejects", lambda: site.value("SELECT sum(bytes) FROM rejects") == 40 * len(garbage))
    *whole, (detail, kept, true_length, truncated) = site.query(
        "SELECT detail, length(payload), bytes, truncated FROM rejects ORDER BY id")
    assert {row[1:] for row in whole} == {(len(garbage), len(garbage), 0)} and 12 <= len(whole) <= 17
    assert (kept, true_length, truncated) == (4096, (40 - len(whole)) * len(garbage), 1)
    assert re.search(f"; above REJECTS_MAX_SIZE this row stands for {40 - len(whole)} rejects, only the first 4096 bytes"
                     " of the first one are kept, SHA-256 of all their bytes [0-9a-f]{64}$", detail), detail
    wait_for("both problems", lambda: {*status(site)["problems"]} == {"rejects_capped", "rejects_arriving"})
    site.send_events(10)
    site.wait_for_events(10)
    uploader = site.uploader()
    wait_for("the rejects to be shipped", lambda: "rejects_capped" not in status(site)["problems"])
    site.send(garbage)
    wait_for("the reject", lambda: site.value("SELECT sum(bytes) FROM rejects") == 41 * len(garbage))
    assert site.query("SELECT length(payload), truncated FROM rejects ORDER BY id DESC LIMIT 1") == [(len(garbage), 0)]
    uploader.stop()
    collector.stop()


def test_garbage_leaves_half_of_a_small_ceiling_to_events(site):
    small = {"SPOOL_MAX_SIZE": "32M", "REJECTS_MAX_SIZE": "256M"}
    done = site.command("collector", "check", PORT=site.port, SPOOL_MIN_FREE="64M", **small)
    assert done.returncode == 0 and "note    unshipped rejects may take half of SPOOL_MAX_SIZE, 16 MiB" in done.stdout, done
    collector, uploader = site.collector(**small), site.uploader(REJECTS_PREFIX="none")
    assert "unshipped rejects may take half of SPOOL_MAX_SIZE" in collector.log
    for _ in range(50):
        site.send(b"<EVENT>&" + b"x" * 900000 + b"</EVENT>")
    site.send_events(10)
    site.wait_for_events(10)
    site.wait_until_shipped()
    wait_for("both problems", lambda: {*status(site)["problems"]} == {"rejects_capped", "rejects_arriving"})
    uploader.stop()
    collector.stop()


@with_small_disk
def test_check_tells_of_the_ceiling_as_the_running_collector_does(site, place):
    collector = site.collector(**CEILING)
    sim = site.acmsim("--count", EVENTS)
    collector.wait_for_log("problem=paused_ceiling")
    done = site.command("collector", "check", PORT=site.port, **CEILING)
    assert done.returncode == 1 and re.search("problem there is space for the spool: .*SPOOL_MAX_SIZE", done.stdout), done.stdout
    sim.kill()
    collector.stop()
    done = site.command("collector", "check", PORT=site.port, **{**CEILING, "SPOOL_MAX_SIZE": "32M"})
    assert done.returncode == 1 and "and SPOOL_MAX_SIZE is 32 MiB\n        see that the uploader" in done.stdout, done.stdout


def test_a_network_file_system_is_refused(site):
    """A statfs(2) whose answer is NFS's, or that of a Windows drive in WSL2 (9P): strace puts it there."""
    trace = site.directory / "strace.log"
    for arguments, name, magic in (["run"], "NFS", "69690000"), (["check"], "NFS", "69690000"), (["run"], "9P", "97190201"), \
            (["check"], "9P", "97190201"):
        done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=statfs", "-e",
                               f"inject=statfs:poke_exit=@arg2={magic}00000000", BIN / "collector", *arguments],
                              env={**clean_environment(), "SPOOL_PATH": str(site.spool), "PORT": str(site.port)},
                              capture_output=True, text=True, timeout=60, cwd=site.directory)
        assert "(INJECTED" in trace.read_text()
        assert f"network file system ({name})" in done.stdout + done.stderr, done
        assert done.returncode == (78 if arguments == ["run"] else 1)
    assert not site.spool.exists()


def test_the_collector_works_where_no_space_can_be_reserved_and_says_so(site):
    trace = site.directory / "strace.log"
    log = open(site.directory / "collector.log", "wb")
    process = site.owns(subprocess.Popen(
        ["strace", "-f", "-o", trace, "-e", "trace=fallocate", "-e", "inject=fallocate:error=EOPNOTSUPP",
         BIN / "collector"], env={**clean_environment(), "SPOOL_PATH": str(site.spool), "PORT": str(site.port)},
        stderr=log, cwd=site.directory, start_new_session=True), with_group=True)
    wait_for("the collector to listen", site.accepts)
    site.send_events(10)
    site.wait_for_events(10)
    assert b"no space can be reserved" in (site.directory / "collector.log").read_bytes()
    assert "(INJECTED" in trace.read_text()
    os.kill(int(site.spool.with_name("spool.db-collector.lock").read_text().split()[0]), signal.SIGTERM)
    assert process.wait(60) == 0


@with_small_disk
def test_a_spool_in_memory_is_warned_of(site, place):
    collector = start_on_small_disk(site)
    assert collector.log.count("lies on tmpfs") == 1
    collector.stop()


TESTS = {**globals(), **INJECTED}
UNDER_STRACE = {"test_a_network_file_system_is_refused",
                "test_the_collector_works_where_no_space_can_be_reserved_and_says_so"}
if os.geteuid() != 0:
    skip(TESTS, "needs root")
elif IS_SANITIZED:
    skip(UNDER_STRACE, "LeakSanitizer does not work under ptrace")
    main({name: test for name, test in TESTS.items() if name not in UNDER_STRACE})
else:
    main(TESTS)
