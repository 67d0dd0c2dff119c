"""The lock file is deleted under a running program: it is put back, and two programs of a kind never go on side by side."""
import signal

from support.ports import reserve_port
from support.tap import main
from support.waiting import wait_for

REJECT = b"<EVENT>&</EVENT>"
BACK = "the lock file was deleted or replaced while in use: it is back in its place"


def lock(site, name):
    return site.spool.with_name(f"spool.db-{name}.lock")


def test_deleted_lock_files_are_put_back_and_their_owners_are_seen(site):
    programs = {"collector": site.collector(), "uploader": site.uploader()}
    site.send(REJECT)
    for name, program in programs.items():
        lock(site, name).unlink()
        program.wait_for_log(BACK)
        assert site.command(name, "healthcheck", DESTINATION_DIR=site.objects).returncode == 0
        second = site.start(name, PORT=1, BIND_HOST="127.0.0.1", DESTINATION_DIR=site.objects)
        assert second.process.wait(30) == 75 and "already works on" in second.log, second.log
    retry = site.command("collector", "rejects", "retry")
    assert retry.returncode == 0, retry.stderr
    assert "spool" not in retry.stderr, "the running collector serves the command"
    for program in reversed(programs.values()):
        program.stop()


def test_a_collector_that_has_lost_its_lock_to_another_reads_nothing_until_that_ends(site):
    first = site.collector()
    first.process.send_signal(signal.SIGSTOP)
    lock(site, "collector").unlink()
    other_port = site.port
    site.port = reserve_port()
    second = site.collector()
    second_port, site.port = site.port, other_port
    first.process.send_signal(signal.SIGCONT)
    first.wait_for_log("problem=spool_replaced")
    assert f"another collector (process {second.process.pid}) holds it" in first.log
    sim = site.acmsim("--count", 10)
    site.port = second_port
    site.send_events(20)
    site.wait_for_events(20)
    assert site.value("SELECT last_event_id FROM _intake") == 20, "the first reads nothing"
    second.stop()
    first.wait_for_log(BACK)
    site.wait_for_events(30)
    assert sim.wait(30) == 0
    first.stop()
    assert site.value("PRAGMA integrity_check") == "ok"


def test_an_uploader_that_has_lost_its_lock_to_another_ends(site):
    site.collector()
    first = site.uploader()
    first.process.send_signal(signal.SIGSTOP)
    lock(site, "uploader").unlink()
    second = site.uploader()
    first.process.send_signal(signal.SIGCONT)
    wait_for("the first uploader to end", lambda: first.process.poll() is not None)
    assert f"another uploader (process {second.process.pid}) holds it" in first.log
    site.send_events(10)
    site.wait_until_shipped()
    second.stop()


if __name__ == "__main__":
    main(globals())
