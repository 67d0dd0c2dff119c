"""The index of the write-ahead log (`spool.db-shm`) is deleted under running programs: no two programs use one log with an
index each, the collector says so, and nothing that was committed is lost."""
import contextlib
import re
import signal
import sqlite3

from support.ledger import assert_each_event_in_one_object
from support.tap import main
from support.waiting import wait_for

MORE = 300  # events that come after the first


def index(site):
    return site.spool.with_name("spool.db-shm")


def restarts(site, committed, *programs):
    """Each stops, whatever it says; then both start, and what was committed is there, and shipped."""
    for program in programs:
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGTERM)
        program.process.wait(30)
    site.collector()
    site.uploader()
    site.send_events(MORE)
    site.wait_for_events(committed + MORE)
    site.wait_until_shipped()
    assert site.value("SELECT last_event_id FROM _intake") == committed + MORE
    assert site.value("PRAGMA integrity_check") == "ok"
    assert_each_event_in_one_object(site.object_bytes(), site.uids())


def test_a_deleted_index_under_load_is_rescued_and_nobody_makes_another(site):
    collector, uploader = site.collector(), site.uploader()
    sim = site.acmsim("--count", 0, "--rate", 300)
    site.wait_for_events(500)
    index(site).unlink()
    collector.wait_for_log("problem=wal_lost")
    assert "saved into the spool's file" in collector.log
    uploader.stop()
    uploader = site.uploader()
    uploader.wait_for_log("waiting for the collector")
    assert "spool.db-shm was deleted while in use, and the collector keeps others out" in uploader.log
    assert index(site).stat().st_size == 0, "nobody has made an index"
    sim.kill()
    collector.stop(1)  # what waits in the socket is not read any more
    committed = int(re.search(r'"stopped" events=(\d+)', collector.log)[1])
    restarts(site, committed, uploader)


def test_another_programs_index_and_rows_are_left_alone(site):
    """It deletes, opens, writes and checkpoints before either program can notice."""
    collector, uploader = site.collector(), site.uploader(ROTATION_INTERVAL="1h")
    site.send_events(1000)
    site.wait_for_events(1000)
    for program in (collector, uploader):
        program.process.send_signal(signal.SIGSTOP)
    index(site).unlink()
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("CREATE TABLE other (text)")
        for _ in range(50):
            db.execute("INSERT INTO other VALUES (?)", ("x" * 100000,))
        db.execute("PRAGMA wal_checkpoint")
        db.execute("INSERT INTO other VALUES (?)", ("x" * 100000,))
    for program in (collector, uploader):
        program.process.send_signal(signal.SIGCONT)
    with contextlib.suppress(OSError):
        site.send(b"<EVENT><cn>late</cn></EVENT>")
    collector.wait_for_log("problem=wal_lost")
    assert "spool.db-shm was replaced while in use" in collector.log
    assert uploader.process.wait(30) == 1
    assert "spool.db-shm was replaced while in use" in uploader.log
    restarts(site, 1000, collector)
    assert site.value("SELECT count(*) FROM other") == 51


def test_an_uploader_ends_when_a_new_collector_has_made_another_index(site):
    collector, uploader = site.collector(), site.uploader()
    site.send_events(1000)
    site.wait_until_shipped()
    collector.stop()
    index(site).unlink()
    collector = site.collector()
    wait_for("the uploader to end", lambda: uploader.process.poll() is not None)
    assert "spool.db-shm was replaced while in use" in uploader.log
    uploader = site.uploader()
    site.send_events(1000)
    site.wait_for_events(2000)
    restarts(site, 2000, uploader, collector)


if __name__ == "__main__":
    main(globals())
