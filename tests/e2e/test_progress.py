"""How far long work has come: a line on a terminal that is written over, and elsewhere lines in the log."""
import contextlib
import datetime
import re
import signal
import sqlite3
import subprocess
import threading
import time

from support.environment import BIN, clean_environment, size
from support.tap import main
from support.terminal import Terminal
from support.waiting import wait_for
from s3_stub import ALWAYS, Step, giving_stub, held, honest, late

EVENTS = size("PROGRESS_EVENTS", 100_000, 10_000)
SMALL = {"MAX_FILE_SIZE": "5000", "ROTATION_INTERVAL": "7d"}
LINE = r"flush: ([\d,]+) of ([\d,]+) events shipped(?:, (?:[\d,.]+/(?:s|min)))?(?:, ([\dhdmins ]+) left)?"
ONLY_OURS = re.compile(r"\x1b(?!\[K)")  # nothing that changes a terminal's state


def with_events(count):
    def begin(site):
        site.collector()
        site.send_events(count)
        site.wait_for_events(count)
    return begin


with_stub = giving_stub(with_events(200))


def environment(site, **settings):
    return {**clean_environment(), **{name: str(value) for name, value in site.settings(**settings).items()}}


def on_terminal(site, *arguments, columns=100, term="xterm", program="uploader", streams=(), **settings):
    return Terminal(site, [BIN / program, *arguments], {**environment(site, **settings), "TERM": term}, columns=columns,
                    **dict(streams))


def figures(text):
    """(done, total) of each time that the line was written."""
    return [tuple(int(number.replace(",", "")) for number in found[:2]) for found in re.findall("\r" + LINE, text)]


def test_a_flush_shows_growing_figures_in_one_line_and_takes_it_away(site):
    with_events(EVENTS)(site)
    for beside in (False, True):
        settings = {"MAX_FILE_SIZE": "100000", "ROTATION_INTERVAL": "7d", "DESTINATION_DIR": site.objects}
        if beside:
            site.send_events(EVENTS)
            site.wait_for_events(2 * EVENTS)
            site.uploader(**settings)
        terminal = on_terminal(site, "flush", **settings)
        assert terminal.wait_for_end() == 0, terminal.text
        seen = figures(terminal.text)
        totals = {total for _, total in seen}  # a running uploader may have begun before
        assert len(totals) == 1 and (beside or totals == {EVENTS}) and seen == sorted(seen), seen
        assert len(set(seen)) >= (3 if EVENTS >= 100_000 else 1), seen
        screen = terminal.screen()
        assert screen[-2:] == ["all shipped", ""] and "flush:" not in "\n".join(screen), screen[-5:]
        assert not any(line.endswith("to ship") for line in screen), "the line stands for those of standard output"
        assert beside or any("batch shipped" in line for line in screen), "the log stands above the line"
        assert not ONLY_OURS.search(terminal.text)


def slowly(stub, seconds):
    stub.set_script(Step("PUT", late(seconds, honest), times=ALWAYS))
    return stub.settings(**SMALL, UPLOAD_CONCURRENCY="1")


@with_stub
def test_the_rate_and_the_time_left_are_shown_and_standard_output_is_as_without_a_terminal(site, stub):
    settings = slowly(stub, 0.5)
    site.uploader(**settings)
    terminal = on_terminal(site, "flush", streams={"stdout": subprocess.PIPE}.items(), **settings)
    found = terminal.wait_for("\r" + LINE.replace(")?(?:, ([", ")(?:, (["))
    assert found[3], found
    stub.set_script()
    lines = terminal.process.stdout.read().decode().splitlines()
    assert terminal.wait_for_end() == 0
    assert lines[-1] == "all shipped" and lines[:-1] and all(re.fullmatch(r"\d+ to ship", line) for line in lines[:-1]), lines


@with_stub
def test_the_line_keeps_within_the_terminal_whose_size_changes(site, stub):
    settings = slowly(stub, 0.5)
    terminal = on_terminal(site, "flush", columns=25, LOG_LEVEL="error", **settings)
    terminal.wait_for(r"\rflush: [^\r]*\x1b\[K")
    narrow = len(terminal.text)
    assert max(map(len, terminal.screen())) <= 24, terminal.screen()
    terminal.resize(100)
    wait_for("a longer line", lambda: "events shipped" in terminal.text[narrow:])
    stub.set_script()
    assert terminal.wait_for_end() == 0


def assert_logged_every_ten_seconds(lines):
    logged = [line for line in lines if '"the work goes on"' in line]
    assert len(logged) >= 2, lines
    for line in logged:
        assert re.search(r'what=flush unit="events shipped" done=\d+ total=200 per_s=[\d.]+', line), line
    times = [datetime.datetime.fromisoformat(line.split()[0]) for line in logged]
    steps = [(later - earlier).total_seconds() for earlier, later in zip(times, times[1:])]
    assert all(step > 9 for step in steps), steps


@with_stub
def test_without_a_terminal_the_log_has_a_line_every_ten_seconds(site, stub):
    settings = slowly(stub, 1)
    site.uploader(**settings)
    err_path = site.directory / "flush.err"
    with open(err_path, "w") as err:
        command = site.owns(subprocess.Popen([BIN / "uploader", "flush"], cwd=site.directory, text=True,
                                             env={**environment(site, **settings), "TERM": "xterm"},
                                             stdout=subprocess.PIPE, stderr=err))
    since = time.monotonic()
    wait_for("two lines", lambda: err_path.read_text().count("the work goes on") >= 2)
    assert time.monotonic() - since > 18
    stub.set_script()
    out = command.communicate(timeout=300)[0]
    assert command.returncode == 0 and out.splitlines()[-1] == "all shipped" and "\x1b" not in out + err_path.read_text(), out
    assert_logged_every_ten_seconds(err_path.read_text().splitlines())


@with_stub
def test_a_dumb_terminal_is_no_terminal(site, stub):
    settings = slowly(stub, 1)
    dumb = on_terminal(site, "flush", term="dumb", **settings)
    dumb.wait_for("(?s)the work goes on.*the work goes on")
    stub.set_script()
    assert dumb.wait_for_end() == 0 and "\x1b" not in dumb.text, dumb.text
    assert_logged_every_ten_seconds(dumb.text.splitlines())


@with_stub
def test_short_work_logs_no_progress(site, stub):
    done = site.command("uploader", "flush", **stub.settings(**SMALL))
    assert done.returncode == 0 and "the work goes on" not in done.stderr, done


@with_stub
def test_a_command_that_is_stopped_leaves_a_clean_terminal(site, stub):
    settings = slowly(stub, 0.5)
    uploader = site.uploader(**settings)
    for beside in (True, False):
        if not beside:
            uploader.kill()
        for stop in (lambda terminal: terminal.type(b"\x03"), lambda terminal: terminal.process.send_signal(signal.SIGTERM)):
            terminal = on_terminal(site, "flush", LOG_LEVEL="error", **settings)
            terminal.wait_for("\r" + LINE)
            since = time.monotonic()
            stop(terminal)
            assert terminal.wait_for_end() == 1, terminal.text
            assert time.monotonic() - since < 10, "half a second on a machine that is not busy"
            screen = terminal.screen()
            assert screen[-2].startswith("uploader: not all is shipped: stopped before") and screen[-1] == "", screen
            assert "flush:" not in "\n".join(screen), screen


@with_stub
def test_a_command_that_is_killed_leaves_no_more_than_its_line(site, stub):
    settings = slowly(stub, 0.5)
    terminal = on_terminal(site, "flush", LOG_LEVEL="error", **settings)
    terminal.wait_for("\r" + LINE)
    terminal.process.kill()
    terminal.wait_for_end()
    assert not ONLY_OURS.search(terminal.text) and terminal.screen()[-1].startswith("flush: "), terminal.screen()


@with_stub
def test_a_reship_shows_how_many_batches_are_checked(site, stub):
    settings = stub.settings(**SMALL)
    assert site.command("uploader", "flush", **settings).returncode == 0
    batches = site.value("SELECT count(*) FROM batches")
    gate = threading.Event()
    stub.set_script(Step("HEAD", honest, times=3), Step("HEAD", held(gate, honest), times=ALWAYS))
    terminal = on_terminal(site, "reship", "--since", "2020-01-01", LOG_LEVEL="error", **settings)
    terminal.wait_for(f"\rreship: 3 of {batches} batches checked")
    asked = site.command("uploader", "status", **settings).stdout
    assert f"(3 of {batches} batches checked)" in asked, asked
    gate.set()
    assert terminal.wait_for_end() == 0, terminal.text
    screen = terminal.screen()
    assert screen[-2].startswith(f"batches checked: {batches}; ") and "reship:" not in "\n".join(screen), screen


def test_a_retry_shows_how_many_rejects_were_looked_at(site):
    collector = site.collector()
    site.wait_for_spool()
    collector.stop()
    count = 20_000
    site.change("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                "INSERT INTO _reject (id, received_at, total_bytes, row_bytes, bytes, source, reason, detail, encoding, namespaces, payload) "
                "SELECT i, 1, 10 * i, 100, 10, '192.0.2.1', 'malformed', 'x', '', '', CAST('<EVENT></b' AS BLOB) FROM n" % count)
    site.change(f"UPDATE _intake SET last_reject_id = {count}, reject_bytes = {10 * count}")
    terminal = on_terminal(site, "rejects", "retry", program="collector", LOG_LEVEL="error")
    assert terminal.wait_for_end() == 0, terminal.text
    assert re.search(r"\rretry: [\d,]+ of 20,000 rejects looked at", terminal.text), terminal.text
    assert terminal.screen()[-2].startswith(f"rejects validated again: {count}"), terminal.screen()


def test_a_long_log_that_a_crash_has_left_is_settled_in_sight(site):
    collector = site.collector()
    site.wait_for_spool()
    assert "write-ahead log" not in collector.log
    collector.kill()
    with contextlib.closing(sqlite3.connect(site.spool)) as other:  # it stays open, so that the log stays long
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("CREATE TABLE _filling (bytes)")
        other.execute("INSERT INTO _filling VALUES (zeroblob(70000000))")
        other.execute("DROP TABLE _filling")
        other.commit()
        log_bytes = site.spool.with_name("spool.db-wal").stat().st_size
        assert log_bytes > 64 << 20
        collector = site.collector()
        collector.wait_for_log('"the long write-ahead log is settled" took_ms=')
    lines = [line for line in collector.log.splitlines() if "write-ahead log" in line]
    assert len(lines) == 2 and f"goes into the spool's file first\" bytes={log_bytes}" in lines[0], lines


if __name__ == "__main__":
    main(globals(), at_once=3)
