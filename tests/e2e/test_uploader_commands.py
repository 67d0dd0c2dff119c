"""The uploader's commands: flush, status, reship, rejects; each beside a running uploader and without one."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import stat
import subprocess

from support.environment import BIN, IS_SANITIZED, bare_file_system, clean_environment, size
from support.ledger import KEY, assert_keys_have_no_gap, uids_of_xml
from support.rgw import Rgw
from support.tap import main
from support.waiting import wait_for
from s3_stub import ALWAYS, Step, Stub, error, giving_stub, hang, honest, no_answer

HOSTILE = b"<EVENT>\x1b]0;owned\x07\x1b[2J \xe2\x80\xae \xc2\x9b1m \\ \xff\n second line\r</broken>"
FAR_AWAY = {"ROTATION_INTERVAL": "7d"}


def event(number, **more):
    extra = "".join(f"<{k}>{v}</{k}>" for k, v in more.items())
    return f"<EVENT><cn>{number:016x}</cn>{extra}</EVENT>\n".encode()


def send(site, *numbers):
    """These events become one batch, when they are flushed."""
    site.wait_for_spool()
    last = site.value("SELECT last_event_id FROM _intake")
    site.send(b"".join(event(number) for number in numbers))
    site.wait_for_events(last + len(numbers))


def run_command(site, *arguments, expected=0, **settings):
    """What the uploader's command prints: without an uploader it needs to know where objects go."""
    if "BUCKET_NAME" not in settings:
        settings = {"DESTINATION_DIR": site.objects, **settings}
    done = site.command("uploader", *arguments, **settings)
    is_status = arguments[0] == "status" and done.returncode in (0, 1, 2, 3)  # how things are, not whether it could tell
    assert is_status or done.returncode == expected, (arguments, done)
    return done.stdout if expected == 0 else done.stdout + done.stderr


def last_line(text):
    return text.splitlines()[-1]


def begun(site, *arguments, **settings):
    """The command goes on beside the test."""
    if "BUCKET_NAME" not in settings:
        settings = {"DESTINATION_DIR": site.objects, **settings}
    environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(**settings).items()}}
    return site.owns(subprocess.Popen([BIN / "uploader", *arguments], env=environment, cwd=site.directory, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE))


def three_batches(site, **settings):
    """Three shipped batches of two events: 1 and 2, 3 and 4, 5 and 6. A collector runs, an uploader does not."""
    collector = site.collector()
    for first in (1, 3, 5):
        send(site, first, first + 1)
        run_command(site, "flush", **settings)
    assert site.value("SELECT count(*) FROM batches WHERE state = 'shipped'") == 3
    return collector


def both_ways(test):
    """The test runs with an uploader that does the work, and without one; told by `uploader`: a function to start it."""
    def run(site):
        for beside in (True, False):
            sub = type(site)(site.directory / f"beside-{beside}")
            sub.directory.mkdir()
            try:
                test(sub, (lambda **settings: sub.uploader(**{**FAR_AWAY, **settings})) if beside else (lambda **settings: None))
            finally:
                sub.close()
    return run


with_stub = giving_stub(lambda site: None)


def copies(site):
    return site.query("SELECT reship_of, state, object_key FROM batches WHERE reship_of IS NOT NULL ORDER BY id")


def bytes_of(site):
    return {path: path.read_bytes() for path in site.files()}


# ---- rejects ----

def send_rejects(site, *payloads):
    """One reject a connection."""
    for payload in payloads:
        count = site.value("SELECT last_reject_id FROM _intake")
        site.send(payload)
        wait_for("the reject", lambda: site.value("SELECT last_reject_id FROM _intake") == count + 1)


def reject_states(site):
    return [state for (state,) in site.query("SELECT state FROM rejects ORDER BY id")]


def many_rejects(site, count):
    site.send(b"".join(b"<EVENT>" + b"<x>%d</x>" % i for i in range(count)))
    site.wait_for_spool()
    wait_for("the rejects", lambda: site.value("SELECT last_reject_id FROM _intake") == count)


def test_rejects_list_shows_the_newest_open_ones_without_payload(site):
    site.collector()
    send_rejects(site, b"<EVENT><cn>SECRET-1</cn>", b"<EVENT><SECRET-2></EVENT>", b"SECRET-3")
    lines = [line.split("\t") for line in run_command(site, "rejects", "list").splitlines()]
    assert [line[0] for line in lines] == ["3", "2", "1"], lines
    shown = [tuple(map(str, row)) for row in
             site.query("SELECT id, received_at, source, reason, bytes, state FROM rejects ORDER BY id DESC")]
    assert [tuple(line[:-1]) for line in lines] == shown
    assert [line[-1] for line in lines] == ["bytes that stand outside of events", "line 1, column 26: not well-formed XML",
                                            "cut off before its end"], lines
    assert len(run_command(site, "rejects", "list", "-n", "2").splitlines()) == len(run_command(site, "rejects", "list", "-n2").splitlines()) == 2
    run_command(site, "rejects", "dismiss", "2")
    assert [line[0] for line in run_command(site, "rejects", "list").splitlines()] == ["3", "1"]
    assert [line[0] for line in run_command(site, "rejects", "list", "--all", "-n", "9").splitlines()] == ["3", "2", "1"]


def test_a_hostile_reject_cannot_reach_the_terminal(site):
    site.collector()
    send_rejects(site, HOSTILE)
    kept = site.value("SELECT payload FROM rejects")
    environment = {**clean_environment(), "SPOOL_PATH": str(site.spool)}
    for arguments in (["list"], ["list", "--all"], ["show", "1"]):
        shown = subprocess.run([BIN / "uploader", "rejects", *arguments], env=environment, capture_output=True)
        assert shown.returncode == 0 and not any(b < 0x20 and b not in b"\t\n" for b in shown.stdout), shown
        assert b"\xc2\x9b" not in shown.stdout and b"\xe2\x80\xae" not in shown.stdout and b"\xff" not in shown.stdout
    text = shown.stdout.decode()
    assert r"\x1b]0;owned\x07\x1b[2J \u202e \u009b1m \\ \xff" + "\n second line\\x0d" in text, text
    raw = subprocess.run([BIN / "uploader", "rejects", "show", "--raw", "1"], env=environment, capture_output=True)
    assert raw.returncode == 0 and raw.stdout == kept == HOSTILE[:len(kept)]


def test_rejects_show_describes_a_large_reject(site):
    site.collector(MAX_MESSAGE_SIZE="1K")
    send_rejects(site, b"<EVENT>" + b"x" * 5000 + b"</EVENT>")
    shown = run_command(site, "rejects", "show", "1")
    assert "reason    oversize: " in shown and "the first 1024 are kept" in shown and "x" * 1000 in shown, shown
    assert "no reject 7" in run_command(site, "rejects", "show", "7", expected=1)


def test_rejects_export_gives_the_bytes_that_are_shipped(site):
    site.collector()
    many_rejects(site, 50)
    send_rejects(site, HOSTILE)
    run_command(site, "flush")
    (shipped,) = site.files("rejected/xml-events")
    file = site.directory / "rejects.ndjson"
    run_command(site, "rejects", "export", file)
    assert file.read_bytes() == shipped.read_bytes() and file.read_bytes().count(b"\n") == 51
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run_command(site, "rejects", "export") == run_command(site, "rejects", "export", "-") == file.read_text()
    dropped = [json.loads(line) for line in run_command(site, "rejects", "export", "-", DROP_FIELDS="cn").splitlines()]
    assert len(dropped) == 51 and not any("payload" in row or "payload_base64" in row for row in dropped)
    before = sorted(site.directory.iterdir())
    assert "nowhere" in run_command(site, "rejects", "export", site.directory / "nowhere/x", expected=1)
    run_command(site, "rejects", "export", site.directory / "var", expected=1)
    assert sorted(site.directory.iterdir()) == before


def test_rejects_export_replaces_nothing_but_a_file_and_only_when_told(site):
    site.collector()
    many_rejects(site, 3)
    file, fifo, link = (site.directory / name for name in ("older", "fifo", "link"))
    file.write_text("something older")
    os.mkfifo(fifo)
    link.symlink_to(file)
    before = sorted(site.directory.iterdir())
    refused = run_command(site, "rejects", "export", file, expected=1)
    assert f"{file} is there already" in refused and "--force" in refused, refused
    for path in (fifo, link, site.directory / "var"):
        for force in ((), ("--force",)):
            refused = run_command(site, "rejects", "export", path, *force, expected=1)
            assert "is not a regular file" in refused and "choose another name" in refused, refused
    assert file.read_text() == "something older" and fifo.is_fifo() and link.is_symlink()
    run_command(site, "rejects", "export", "--force", file)
    assert file.read_text().count("\n") == 3
    assert sorted(site.directory.iterdir()) == before


def parts(site):
    """Files that an export writes and has not named yet."""
    return sorted(site.directory.glob(".eventspool-*"))


def wait_until_it_writes(site, exporter):
    while not parts(site) and exporter.poll() is None:
        pass  # it takes less than a second


def test_a_file_that_comes_while_an_export_works_stays(site):
    site.collector()
    many_rejects(site, size("EXPORTED", 200000, 40000))
    file = site.directory / "rejects.ndjson"
    exporter = begun(site, "rejects", "export", file, **bare_file_system("vfat"))
    wait_until_it_writes(site, exporter)
    file.write_text("somebody else's")
    code, said = exporter.wait(30), exporter.stderr.read()
    assert code == 1 and "is there already" in said, (code, said)
    assert file.read_text() == "somebody else's"
    assert parts(site) == []


def test_a_killed_export_leaves_nothing_for_ever(site):
    site.collector()
    many_rejects(site, size("EXPORTED", 200000, 40000))
    file = site.directory / "rejects.ndjson"
    file.write_text("something older")
    exporter = begun(site, "rejects", "export", "--force", file)
    wait_until_it_writes(site, exporter)
    exporter.kill()
    assert exporter.wait(30) == -signal.SIGKILL
    assert len(parts(site)) == 1 and file.read_text() == "something older"
    run_command(site, "rejects", "export", site.directory / "other.ndjson")
    assert parts(site) == [] and file.read_text() == "something older"


def test_an_interrupted_export_leaves_the_earlier_file_alone(site):
    site.collector()
    many_rejects(site, size("EXPORTED", 200000, 40000))
    file = site.directory / "rejects.ndjson"
    file.write_text("something older")
    for stop in (signal.SIGINT, signal.SIGTERM):
        exporter = begun(site, "rejects", "export", "--force", file)
        wait_until_it_writes(site, exporter)
        exporter.send_signal(stop)
        assert exporter.wait(30) == 75 and "stopped before" in exporter.stderr.read()
        assert parts(site) == [] and file.read_text() == "something older"
    exporter = begun(site, "rejects", "export")  # into a pipe that nobody goes on reading
    exporter.stdout.readline()
    exporter.send_signal(signal.SIGINT)
    assert exporter.wait(30) == -signal.SIGINT


def test_an_export_without_rejects_is_empty(site):
    site.collector()
    assert run_command(site, "rejects", "export") == "" and run_command(site, "rejects", "list") == ""


@both_ways
def test_a_dismissed_reject_is_shipped_in_its_place_and_not_retried(site, uploader):
    collector = site.collector()
    send_rejects(site, *(b"<EVENT><ALARM/>" for _ in range(3)))
    process = uploader()
    assert last_line(run_command(site, "rejects", "dismiss", "2", "9")) == \
        "rejects dismissed: 1; retried or dismissed before, or not there: 1"
    assert reject_states(site) == ["pending", "dismissed", "pending"]
    collector.stop()
    done = site.command("collector", "rejects", "retry", EVENT_ELEMENT="ALARM")
    assert done.returncode == 0 and "validated again: 2;" in done.stdout, done
    assert reject_states(site) == ["retried", "dismissed", "retried"]
    assert last_line(run_command(site, "rejects", "dismiss", "1", "2", "3")) == \
        "rejects dismissed: 0; retried or dismissed before, or not there: 3"
    run_command(site, "flush")
    assert assert_keys_have_no_gap([str(f) for f in site.files("rejected/xml-events")]) == 3
    assert reject_states(site) == ["retried", "dismissed", "retried"]
    if process:
        process.stop()


@both_ways
def test_all_rejects_are_dismissed_at_once(site, uploader):
    site.collector()
    many_rejects(site, 1000)
    uploader(REJECTS_PREFIX="none")
    assert last_line(run_command(site, "rejects", "dismiss", "--all")) == "rejects dismissed: 1000"
    assert set(reject_states(site)) == {"dismissed"}
    assert last_line(run_command(site, "rejects", "dismiss", "--all")) == "rejects dismissed: 0"


def dismissed(site):
    return site.value("SELECT count(*) FROM _reject WHERE dismissed_at IS NOT NULL")


def test_a_killed_dismissal_is_finished_by_the_next(site):
    count = size("DISMISSALS", 30000, 5000)
    site.collector()
    many_rejects(site, count)
    for beside in (True, False):
        process = site.uploader(**FAR_AWAY, REJECTS_PREFIX="none") if beside else None
        command = begun(site, "rejects", "dismiss", "--all")
        before = dismissed(site)
        wait_for("some to be dismissed", lambda: dismissed(site) > before)
        (process if beside else command).kill()
        output = command.communicate(timeout=60)[1]
        assert not beside or command.returncode == 0 or (command.returncode == 75 and "has gone away" in output), output
    run_command(site, "rejects", "dismiss", "--all")
    assert dismissed(site) == count
    assert site.value("SELECT count(*) FROM _request WHERE done_at IS NULL") <= 1  # that of the killed command


# ---- status ----

def test_status_shows_what_is_wrong_with_the_collector(site):
    site.collector(SPOOL_MIN_FREE="1000000G")
    wait_for("the problem", lambda: status(site)["collector"]["problems"])
    [problem] = status(site)["collector"]["problems"]
    assert problem["code"] == "paused_disk" and "SPOOL_MIN_FREE" in problem["message"] + problem["remedy"], problem
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", problem["since"])
    assert "paused_disk" in run_command(site, "status")


PROGRAM = {"running", "why_not", "alive_at", "started_at", "version", "problems"}
KEYS = {"spool": {"path", "error", "id", "node", "created_at", "first_id", "bytes"}, "collector": PROGRAM,
        "uploader": PROGRAM | {"seen_at", "destination", "rotation_seconds", "max_file_bytes"},
        "received": {"events", "bytes", "rejects", "events_24h", "bytes_24h"}, "shipped": {"events", "batches"},
        "backlog": {"events", "bytes", "oldest_age_seconds", "next_due_at"},
        "batches": {"sealed", "blocked", "abandoned"},
        "disk": {"free_bytes", "min_free_bytes", "spool_max_bytes", "room_bytes", "room_hours"}}
PLAIN_KEYS = {"now", "version", "status", "verdict", "problems", "last_event_at", "last_shipped_at", "rejects_24h",
              "rejects_by_reason", "recent_batches", "senders", "connections", "connected", "history", "trial_mode",
              "last_error", "remedy", "requests"}


def status(site):
    """Whatever its verdict is, and so its exit code."""
    return json.loads(site.command("uploader", "status", "--json").stdout)


def screen_of(site):
    return site.command("uploader", "status").stdout


def test_status_as_JSON_tells_the_same_as_the_screen(site):
    collector = site.collector(SPOOL_MIN_FREE="0")
    empty = status(site)
    assert set(empty) == set(KEYS) | PLAIN_KEYS and all(set(empty[name]) == KEYS[name] for name in KEYS), empty
    assert empty["backlog"] == {"events": 0, "bytes": 0, "oldest_age_seconds": None, "next_due_at": None}
    assert empty["last_event_at"] is empty["last_shipped_at"] is empty["last_error"] is empty["remedy"] is None
    assert empty["collector"]["running"] and empty["collector"]["why_not"] is None and not empty["collector"]["problems"]
    assert {problem["code"] for problem in empty["problems"]} == {"uploader_absent", "nothing_received"}, empty
    assert not empty["uploader"]["running"] and "uploader" in empty["uploader"]["why_not"]
    assert empty["uploader"]["destination"] is None
    send(site, 1, 2)
    send_rejects(site, b"stray")
    uploader = site.uploader(**FAR_AWAY)
    wait_for("the uploader's sign of life", lambda: status(site)["uploader"]["seen_at"])
    now, screen = status(site), screen_of(site)
    assert now["uploader"]["destination"] == f"file://{site.objects}" and now["uploader"]["version"] == now["version"]
    assert now["backlog"]["events"] == 2 and now["backlog"]["bytes"] > 0 and now["backlog"]["oldest_age_seconds"] >= 0
    assert now["rejects_24h"] == 1 and now["trial_mode"] is True and now["uploader"]["running"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now["last_event_at"])
    assert (now["spool"]["id"], now["spool"]["path"]) == (site.value("SELECT spool FROM _spool"), str(site.spool))
    for words in ("2 events", now["spool"]["id"], now["last_event_at"], "1 in 24 h", "DESTINATION_DIR",
                  now["uploader"]["destination"], "0 to ship, 0 blocked"):
        assert words in screen, (words, screen)
    uploader.stop()
    collector.stop()
    assert not status(site)["collector"]["running"]


def test_status_shows_a_blocked_batch_with_its_remedy(site):
    site.collector()
    send(site, 1)
    site.objects.write_text("a file in the directory's place")
    site.uploader()
    wait_for("the obstacle", lambda: status(site)["batches"]["blocked"] == 1)
    now, screen = status(site), screen_of(site)
    [problem] = [p for p in now["uploader"]["problems"] if p["severity"] != "info"]
    assert (problem["code"], problem["message"], problem["remedy"]) == ("s3_unreachable", now["last_error"], now["remedy"])
    assert problem["message"] in screen and problem["remedy"] in screen
    assert "1 blocked" in screen


def test_status_shows_how_far_the_work_is_that_commands_wait_for(site):
    collector = site.collector()
    site.wait_for_spool()
    collector.stop()  # it would serve them
    texts = ("half", "1200 5000 rejects looked at\nhalf", "1200 0 rejects looked at\nhalf", "12 of \x1b[2J\nhalf")
    for text in texts:  # the last one is of another version
        site.change("INSERT INTO _request (program, action, argument, requested_at, progress) "
                    f"VALUES ('collector', 'retry', '', 0, '{text}')")
    common = {"program": "collector", "what": "retry", "asked_at": "1970-01-01T00:00:00.000Z"}
    rows = [("half", None, None, None), ("half", 1200, 5000, "rejects looked at"),
            ("half", 1200, None, "rejects looked at"), (r"12 of \x1b[2J\x0ahalf", None, None, None)]
    expected = [{**common, **dict(zip(("progress", "done", "total", "unit"), row))} for row in rows]
    assert json.loads(site.command("uploader", "status", "--json").stdout)["requests"] == expected
    screen = site.command("uploader", "status").stdout
    assert re.findall(r"retry of the collector since 1970-01-01T00:00:00.000Z: (.*)", screen) == [
        "half", "half (1,200 of 5,000 rejects looked at)", "half (1,200 rejects looked at)", r"12 of \x1b[2J\x0ahalf"], screen


# ---- flush ----

def test_flush_through_the_running_uploader_shows_its_progress(site):
    site.collector()
    site.send_events(3000)
    site.wait_for_events(3000)
    site.uploader(MAX_FILE_SIZE="50000", **FAR_AWAY)
    lines = run_command(site, "flush").splitlines()
    assert lines[-1] == "all shipped" and all(re.fullmatch(r"\d+ to ship", line) for line in lines[:-1]), lines
    assert site.value("SELECT events FROM summary") == 0


@both_ways
def test_flush_says_what_keeps_it_from_shipping(site, uploader):
    site.collector()
    send(site, 1)
    site.objects.write_text("a file in the directory's place")
    uploader()
    output = run_command(site, "flush", expected=1)
    assert "not all is shipped" in output and "set DESTINATION_DIR" in output, output


@with_stub
def test_a_servers_message_cannot_reach_the_terminal(site, stub):
    site.collector()
    send(site, 1)
    stub.set_script(Step("PUT", error(403, "No\u009b2J\u202eSuch&#10;ok      forged"), times=ALWAYS))
    output = run_command(site, "flush", expected=1, **stub.settings()).splitlines()[-2:]
    uploader = site.uploader(LOG_FORMAT="json", **stub.settings())
    uploader.wait_for_log("upload failed")
    wait_for("the status", lambda: "forged" in screen_of(site))
    screens = [site.command("uploader", *words).stdout for words in (("batches", "show", "1"), ("batches", "list"), ("status",),
                                                       ("status", "--json"))]
    strict = site.command("uploader", "healthcheck", "--strict", **stub.settings())
    assert strict.returncode == 1, strict
    for text in (*output, *screens, uploader.log, strict.stderr, site.value("SELECT last_error FROM batches")):
        assert not re.search("[\u0080-\u009f\u202a-\u202e]|^ok", text, re.MULTILINE), text
    for text in (output[0], *screens, uploader.log, strict.stderr):
        assert r"\u009b2J" in text, text
    assert any(r"\u009b2J" in json.loads(line).get("why", "") for line in uploader.log.splitlines())


def flushing(site, **settings):
    """A flush that goes on beside the test, and has left its request."""
    before = site.value("SELECT count(*) FROM _request")
    command = begun(site, "flush", **settings)
    wait_for("the request", lambda: site.value("SELECT count(*) FROM _request") > before)
    return command


@with_stub
def test_a_flush_is_not_held_up_by_a_reship_that_goes_on(site, stub):
    site.collector()
    send(site, 1)
    run_command(site, "flush", **stub.settings())
    site.uploader(**stub.settings(**FAR_AWAY))
    stub.set_script(Step("HEAD", error(503, "SlowDown"), times=ALWAYS))  # it is tried for some seconds
    reship = begun(site, "reship", "--since", "2020-01-01", **stub.settings())
    wait_for("the reship", lambda: site.value("SELECT max(progress) FROM _request WHERE action = 'reship'"))
    send(site, 2)
    assert last_line(run_command(site, "flush", **stub.settings())) == "all shipped"
    assert reship.poll() is None and len(stub.objects) == 2


def test_two_flushes_at_a_time_each_wait_for_what_was_there(site):
    site.collector()
    site.send_events(500)
    site.wait_for_events(500)
    site.uploader(MAX_FILE_SIZE="5000", **FAR_AWAY)
    first = flushing(site)
    site.send_events(500)
    site.wait_for_events(1000)
    assert last_line(run_command(site, "flush")) == "all shipped" and site.value("SELECT events FROM summary") == 0
    assert last_line(first.communicate(timeout=60)[0]) == "all shipped" and first.returncode == 0


@with_stub
def test_a_flush_that_is_stopped_or_left_alone_says_that_not_all_is_shipped(site, stub):
    site.collector()
    send(site, 1)
    stub.set_script(Step("PUT", hang, times=ALWAYS))
    command = flushing(site, **stub.settings())
    command.send_signal(signal.SIGTERM)
    output = command.communicate(timeout=60)[1]
    assert command.returncode == 1 and "uploader: not all is shipped: stopped before" in output, output
    uploader = site.uploader(**stub.settings(**FAR_AWAY))
    command = flushing(site, **stub.settings())
    command.send_signal(signal.SIGINT)
    output = command.communicate(timeout=60)[1]
    assert command.returncode == 1 and "uploader: not all is shipped: stopped before" in output, output
    command = flushing(site, **stub.settings())
    uploader.kill()
    output = command.communicate(timeout=60)[1]
    assert command.returncode == 1 and "not all is shipped: the running uploader has gone away" in output, output
    assert site.value("SELECT count(*) FROM _request WHERE done_at IS NULL") == 0


def test_trouble_with_rejects_does_not_end_a_flush_before_its_events_are_shipped(site):
    for beside in (True, False):
        sub = type(site)(site.directory / f"beside-{beside}")
        sub.directory.mkdir()
        with contextlib.closing(sub), contextlib.closing(Stub()) as stub:
            stub.set_script(Step("PUT", error(403, "AccessDenied"), prefix="rejected/", times=ALWAYS))
            settings = stub.settings(MAX_FILE_SIZE="5000", **FAR_AWAY)
            sub.collector()
            send_rejects(sub, b"stray")
            sub.send_events(300)
            sub.wait_for_events(300)
            if beside:
                sub.uploader(**settings)
            output = run_command(sub, "flush", expected=1, **settings)
            assert "not all is shipped" in output and "AccessDenied" in output, output
            assert sub.value("SELECT events FROM summary") == 0


def test_a_flush_beside_a_command_that_does_not_ship_ends_with_its_remedy(site):
    site.collector()
    many_rejects(site, size("DISMISSALS", 30000, 5000))
    begun(site, "rejects", "dismiss", "--all")
    wait_for("the dismissal", lambda: dismissed(site))
    output = run_command(site, "flush", expected=1)
    assert "not all is shipped" in output and ("run flush again" in output or "has gone away" in output), output


# ---- reship under the same keys ----

@both_ways
def test_reship_restores_missing_objects_and_touches_no_other(site, uploader):
    three_batches(site)
    before = bytes_of(site)
    paths = sorted(before)
    times = [path.stat().st_mtime_ns for path in paths]
    paths[1].unlink()
    uploader()
    assert last_line(run_command(site, "reship", "--since", "2020-01-01", "--dry-run")) == \
        "batches checked: 3; their objects are there: 2; would be sent again: 1 (events: 2)"
    assert not paths[1].exists()
    summary = "batches checked: 3; their objects are there: 2; sent again: 1 (events: 2)"
    assert last_line(run_command(site, "reship", "--since", "2020-01-01")) == summary
    assert bytes_of(site) == before and [p.stat().st_mtime_ns for p in paths][::2] == times[::2]
    paths[2].unlink()
    assert "sent again: 1" in run_command(site, "reship", "--batch", "3")
    assert "are there: 1; sent again: 0" in run_command(site, "reship", "--batch", "3")
    assert bytes_of(site) == before and copies(site) == []
    assert site.value("SELECT events FROM summary") == 0


def test_reship_takes_the_batches_sealed_in_the_given_time(site):
    three_batches(site)
    sealed = [at for (at,) in site.query("SELECT sealed_at FROM batches ORDER BY id")]
    for path in site.files():
        path.unlink()
    day_after = "2999-01-01"
    for since, until, count in ((sealed[1], sealed[2], 1), (sealed[0], sealed[0][:-1] + "z", None), (sealed[1], day_after, 2),
                                ("2020-01-01", sealed[0], 0), ("2020-01-01T00:00:00Z", "2020-01-02", 0)):
        if count is None:
            assert "no time" in run_command(site, "reship", "--since", since, "--until", until, expected=64)
            continue
        assert f"would be sent again: {count} " in run_command(site, "reship", "--since", since, "--until", until, "--dry-run")
    for since in (sealed[0].replace("T", " "), sealed[0][:-1], sealed[0][:19] + "Z", sealed[0][:16] + "Z", sealed[0][:16], sealed[0][:10]):
        assert "would be sent again: 3 " in run_command(site, "reship", "--since", since, "--dry-run"), since


@both_ways
def test_reship_never_replaces_an_object_of_somebody_else(site, uploader):
    three_batches(site)
    first, second, third = site.files()
    first.unlink()
    second.write_text("somebody else's")
    uploader()
    output = run_command(site, "reship", "--since", "2020-01-01", expected=1)
    assert "sent again: 1" in output and "not possible: 1; batch 2: other bytes are under its key" in output, output
    assert first.exists() and third.exists() and second.read_text() == "somebody else's"
    assert set(s for (s,) in site.query("SELECT state FROM batches")) == {"shipped"}


@both_ways
def test_reship_names_the_batches_that_were_purged(site, uploader):
    three_batches(site)
    purger = site.uploader(RETENTION="0", **FAR_AWAY)
    wait_for("the purge", lambda: site.value("SELECT count(*) FROM _event") == 0)
    purger.stop()
    send(site, 7)
    run_command(site, "flush")
    first, *_, last = site.files()
    first.unlink()
    last.unlink()
    uploader()
    output = run_command(site, "reship", "--since", "2020-01-01", expected=1)
    assert "are there: 2; sent again: 1 " in output and "not possible: 1; batch 1: " in output and "RETENTION" in output, output
    assert last.exists() and not first.exists()
    output = run_command(site, "reship", "--since", "2020-01-01", "--new-keys", "--dry-run", expected=1)
    assert "would be sent again under new keys: 1; events that would load twice: 1; not possible: 3" in output, output


def test_reship_of_one_batch_says_why_it_is_not_done(site):
    three_batches(site)
    send(site, 7)
    assert "no batch 99" in run_command(site, "reship", "--batch", "99", expected=1)
    site.objects.rename(site.directory / "elsewhere")
    site.objects.write_text("in the way")
    run_command(site, "flush", expected=1)
    assert "batch 4: it is not shipped yet" in run_command(site, "reship", "--batch", "4", expected=1)
    output = run_command(site, "reship", "--batch", "1", expected=1)
    assert "ended by: " in output and "set DESTINATION_DIR" in output, output
    output = run_command(site, "reship", "--batch", "1", expected=1, DESTINATION_DIR=site.directory / "elsewhere")
    assert "which is not the destination now" in output, output
    output = site.command("uploader", "reship", "--batch", "1")
    assert output.returncode == 78 and "DESTINATION_DIR" in output.stderr, output


def test_a_reship_with_new_bytes_records_and_reports_them(site):
    three_batches(site)
    path = site.files()[0]
    path.unlink()
    with sqlite3.connect(site.spool) as db:  # as though another library had rendered it
        db.execute("UPDATE _batch SET sha256 = ?, md5 = ? WHERE id = 1", ("0" * 64, "0" * 32))
    assert "with other bytes than before, as a library was upgraded: 1" in run_command(site, "reship", "--batch", "1")
    assert site.value("SELECT earlier_sha256 FROM _batch WHERE id = 1") == "0" * 64
    assert "are there: 1" in run_command(site, "reship", "--batch", "1")


def reship(site, stub, *script, expected=0):
    stub.set_script(*script)
    return run_command(site, "reship", "--since", "2020-01-01", expected=expected, **stub.settings())


@with_stub
def test_reship_to_a_store_sends_HEAD_first_and_outlasts_an_outage(site, stub):
    three_batches(site, **stub.settings())
    key = sorted(stub.objects)[1]
    there = stub.objects.pop(key)
    stub.requests.clear()
    assert "are there: 2; sent again: 1 " in reship(site, stub)
    assert stub.methods() == "HEAD HEAD PUT HEAD" and stub.objects[key] == there
    del stub.objects[key]
    for trouble in (error(503, "SlowDown"), error(500), no_answer):
        reship(site, stub, Step("HEAD", trouble, times=2), Step("PUT", trouble))
        assert stub.objects.pop(key) == there, trouble
    output = reship(site, stub, Step("PUT", error(403, "AccessDenied"), times=ALWAYS), expected=1)
    assert "ended by: " in output and "s3:PutObject" in output, output
    assert key not in stub.objects
    reship(site, stub)
    assert stub.objects[key] == there and stub.kept.count(key) == 6


@with_stub
def test_reship_over_a_delete_marker_that_counts_as_an_object_advises_new_keys(site, stub):
    """HEAD says 404 and a conditional PUT 412, as in a versioned bucket of a store that does not do as AWS does."""
    three_batches(site, **stub.settings())
    key = sorted(stub.objects)[1]
    there = stub.objects.pop(key)
    output = reship(site, stub, Step("PUT", error(412, "PreconditionFailed"), times=ALWAYS), expected=1)
    assert "and then that it is not" in output and "delete marker" in output, output
    (advice,) = set(re.findall(r"eventspool reship --batch \d+ --new-keys", output))
    stub.set_script()  # the marker stands under the old key alone
    run_command(site, *advice.split()[1:], **stub.settings())
    assert [there.body] == [s.body for k, s in stub.objects.items() if k == key.replace(".xml", "-r2.xml")]


@with_stub
def test_reship_without_the_right_to_HEAD_puts_only_missing_objects(site, stub):
    three_batches(site, **stub.settings())
    before = dict(stub.objects)
    key = sorted(stub.objects)[0]
    del stub.objects[key]
    blind = [Step(method, error(403, "AccessDenied"), times=ALWAYS) for method in ("HEAD", "GET")]
    reship(site, stub, *blind)
    assert stub.objects == before and len(stub.kept) == 4


def test_reship_to_a_real_server_restores_what_was_deleted(site):
    rgw = Rgw(site.directory)
    try:
        three_batches_there = three_batches(site, **rgw.settings(COMPRESSION="gzip"))
        before = rgw.objects()
        keys = sorted(before)
        connection_delete(rgw, keys[0])
        uploader = site.uploader(**rgw.settings(COMPRESSION="gzip", **FAR_AWAY))
        assert sorted(rgw.objects()) == keys[1:]
        assert "are there: 2; sent again: 1 " in run_command(site, "reship", "--since", "2020-01-01", **rgw.settings())
        assert rgw.objects() == before
        assert "; events that will load twice: 2" in run_command(site, "reship", "--batch", "2", "--new-keys", **rgw.settings())
        copy = keys[1].replace(".xml.gz", "-r2.xml.gz")
        assert rgw.get(copy)[0] == before[keys[1]] and len(rgw.objects()) == 4
        uploader.stop()
        three_batches_there.stop()
    finally:
        rgw.close()


def connection_delete(rgw, key):
    """DELETE answers 204."""
    try:
        rgw.request("DELETE", f"/{rgw.bucket}/{key}")
    except AssertionError as e:
        assert e.args[0][0] == 204, e


# ---- reship under new keys ----

@both_ways
def test_reship_under_new_keys_copies_batches_and_changes_no_state(site, uploader):
    three_batches(site)
    before = bytes_of(site)
    (first, second, third), seen = sorted(before), site.query("SELECT * FROM events")
    uploader()
    arguments = ("reship", "--since", "2020-01-01", "--new-keys")
    assert last_line(run_command(site, *arguments, "--dry-run")) == \
        "batches that would be sent again under new keys: 3; events that would load twice: 6"
    assert copies(site) == []
    assert last_line(run_command(site, *arguments)) == "batches that are sent again under new keys: 3; events that will load twice: 6"
    again = {path.with_name(path.name.replace(".xml", "-r2.xml")): body for path, body in before.items()}
    assert bytes_of(site) == {**before, **again}
    assert [(of, state) for of, state, _ in copies(site)] == [(1, "shipped"), (2, "shipped"), (3, "shipped")]
    assert site.query("SELECT * FROM events") == seen
    assert site.query("SELECT events, bytes, oldest_age_seconds FROM summary") == [(0, 0, None)]
    run_command(site, "reship", "--batch", "2", "--new-keys")
    assert second.with_name(second.name.replace(".xml", "-r3.xml")).read_bytes() == before[second]
    assert "are there: 3; sent again: 0" in run_command(site, "reship", "--since", "2020-01-01")
    assert "load twice: 6" in run_command(site, *arguments, "--dry-run"), "copies are not copied"
    send(site, 7)
    run_command(site, "flush")
    assert site.value("SELECT first_id FROM batches ORDER BY id DESC") == 7


def test_copies_that_cannot_ship_keep_their_events_until_they_can(site):
    three_batches(site)
    away = site.directory / "away"
    site.objects.rename(away)
    site.objects.write_text("in the way")
    output = run_command(site, "reship", "--batch", "1", "--new-keys", expected=1)
    assert "ended by: " in output and "set DESTINATION_DIR" in output, output
    now = status(site)
    assert now["batches"]["blocked"] == 1 and now["backlog"]["events"] == 0
    assert site.value("SELECT count(*) FROM backlog") == 0
    uploader = site.uploader(RETENTION="0", **FAR_AWAY)
    wait_for("a try", lambda: site.value("SELECT attempts FROM _batch WHERE id = 4") >= 2)
    wait_for("nothing more to purge", lambda: "batch" in uploader.log)
    assert site.value("SELECT min(id) FROM _event") == 1
    site.objects.unlink()
    away.rename(site.objects)
    wait_for("the copy", lambda: [state for _, state, _ in copies(site)] == ["shipped"])
    wait_for("the purge", lambda: site.value("SELECT count(*) FROM _event") == 0)
    assert len(site.files()) == 4


@both_ways
def test_reship_sends_rejects_like_events(site, uploader):
    site.collector()
    send_rejects(site, HOSTILE)
    run_command(site, "flush")
    (path,) = site.files("rejected/xml-events")
    body = path.read_bytes()
    path.unlink()
    output = run_command(site, "reship", "--batch", "1", "--new-keys", expected=1, REJECTS_PREFIX="none")
    assert "REJECTS_PREFIX=none" in output, output
    uploader()
    run_command(site, "reship", "--batch", "1")
    assert path.read_bytes() == body
    run_command(site, "reship", "--batch", "1", "--new-keys")
    assert [p.read_bytes() for p in site.files("rejected/xml-events")] == [body, body]


# ---- killed in the middle ----

def many_batches(site, count):
    """As many batches of one event each."""
    site.collector()
    site.send(b"".join(event(number, pad="x" * 1100) for number in range(count)))
    site.wait_for_events(count)
    run_command(site, "flush", MAX_FILE_SIZE="1024")
    assert len(site.files()) == count


def test_a_killed_reship_is_finished_by_the_next(site):
    count = size("RESHIPPED", 400, 100)
    many_batches(site, count)
    before = bytes_of(site)
    for beside in (True, False):
        for path in before:
            path.unlink()
        process = site.uploader(**FAR_AWAY) if beside else None
        command = begun(site, "reship", "--since", "2020-01-01")
        wait_for("some objects", lambda: site.files())
        (process if beside else command).kill()
        output = command.communicate(timeout=60)[1]
        assert not beside or (command.returncode == 75 and "has gone away" in output), output
        done = len(site.files())
        assert 0 < done < count, done
        assert f"are there: {done}; sent again: {count - done} " in run_command(site, "reship", "--since", "2020-01-01")
        assert bytes_of(site) == before


def test_a_killed_reship_gives_new_keys_once(site):
    count = size("RESHIPPED", 400, 100)
    many_batches(site, count)
    process = site.uploader(**FAR_AWAY)
    for victim in ("uploader", "command"):
        sent = len(copies(site))
        command = begun(site, "reship", "--since", "2020-01-01", "--new-keys")
        wait_for("the first copies", lambda: site.value("SELECT count(*) FROM batches WHERE reship_of AND state = 'shipped'") > sent)
        (process if victim == "uploader" else command).kill()
        command.communicate(timeout=60)
        if victim == "uploader":
            process = site.uploader(**FAR_AWAY)
        wait_for("all copies", lambda: len(copies(site)) == sent + count and
                 {state for _, state, _ in copies(site)} == {"shipped"})
    assert len(site.files()) == 3 * count
    assert sorted(of for of, _, _ in copies(site)) == sorted(2 * list(range(1, count + 1)))


def test_a_withdrawn_reship_is_given_up(site):
    count = size("RESHIPPED", 400, 100)
    many_batches(site, count)
    for path in site.files():
        path.unlink()
    uploader = site.uploader(**FAR_AWAY)
    command = begun(site, "reship", "--since", "2020-01-01")
    wait_for("some objects", lambda: site.files())
    command.send_signal(signal.SIGINT)
    assert command.wait(30) == 75 and "stopped before" in command.stderr.read()
    assert site.value("SELECT count(*) FROM _request WHERE done_at IS NULL") == 0
    run_command(site, "reship", "--since", "2020-01-01")
    assert len(site.files()) == count
    uploader.stop()


# ---- copied and restored spools ----

def copy_of(site, name):
    """A second site with a copy of this one's spool and the same objects; no program may run on the spool."""
    other = type(site)(site.directory / name)
    other.spool.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    # Only now: closing any descriptor of the file takes the locks of a connection of this process away.
    shutil.copy(site.spool, other.spool)
    other.objects = site.objects
    return other


def identity(site):
    return site.value("SELECT spool FROM _spool")


def rows_of(site):
    """What the warehouse loads: (key, _spool, _id, _received_at, cn) of each event of each object."""
    return [(path.name, row["_spool"], row["_id"], row["_received_at"], row["cn"])
            for path in site.files() for row in map(json.loads, path.read_text().splitlines())]


def test_copied_and_restored_spools_never_reuse_a_key(site):
    ndjson = {"OUTPUT_FORMAT": "ndjson"}
    collector = site.collector()
    send(site, 1, 2)
    run_command(site, "flush", **ndjson)
    send(site, 3)  # pending when the copies are made
    collector.stop()
    copied, restored = copy_of(site, "copied"), copy_of(site, "restored")
    refused = run_command(copied, "flush", expected=75, **ndjson)
    assert "copy of another one" in refused, refused
    for command in (("reship", "--batch", "1"), ("rejects", "dismiss", "--all")):
        assert "copy of another one" in run_command(copied, *command, expected=75)
    site.collector()
    send(site, 4)
    run_command(site, "flush", **ndjson)
    for other, number in ((copied, 100), (restored, 200)):
        other.collector()
        send(other, number)
        run_command(other, "flush", **ndjson)
    assert len({identity(site), identity(copied), identity(restored)}) == 3
    names = [KEY.match(str(path))[3] for path in site.files()]
    assert sorted(names) == sorted([identity(site)] * 2 + [identity(copied), identity(restored)]), names
    rows = rows_of(site)
    assert len({row[:3] for row in rows}) == len(rows) == 8, "no event is twice under one spool's name and id"
    third = [row for row in rows if row[4] == f"{3:016x}"]
    assert len(third) == 3 and len({row[3] for row in third}) == 1 and {row[2] for row in third} == {"3"}, third
    assert len({row[1] for row in third}) == 3, "the three copies of one event are told apart by the spool's name"
    for other in (site, copied, restored):  # each knows what it has shipped, and what the first had
        assert "sent again: 0" in run_command(other, "reship", "--since", "2020-01-01", **ndjson)
        other.close()


def test_a_spool_restored_in_place_never_reuses_a_later_key(site):
    """As docs/operating.md has it: the old files go away, the copy takes their place."""
    collector = site.collector()
    send(site, 1, 2)
    run_command(site, "flush", OUTPUT_FORMAT="ndjson")
    collector.stop()
    backup = copy_of(site, "backup").spool
    collector = site.collector()
    send(site, 3)
    run_command(site, "flush", OUTPUT_FORMAT="ndjson")
    collector.stop()
    before, first = bytes_of(site), identity(site)
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{site.spool}{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, site.spool)
    site.collector()
    send(site, 4)  # which gets the id that event 3 had
    run_command(site, "flush", OUTPUT_FORMAT="ndjson")
    after = bytes_of(site)
    assert {path: after[path] for path in before} == before and len(after) == 3 and identity(site) != first
    rows = rows_of(site)
    assert {(row[1], row[2]) for row in rows if row[4] in (f"{3:016x}", f"{4:016x}")} == {(first, "3"), (identity(site), "3")}
    assert len(rows) == 4 and site.value("SELECT count(*) FROM batches WHERE state = 'superseded'") == 0


def test_reship_after_a_restore_finds_the_first_objects(site):
    collector = three_batches(site)
    collector.stop()
    first = identity(site)
    other = copy_of(site, "restored")
    before = bytes_of(site)
    sorted(before)[0].unlink()
    other.collector()
    assert identity(other) != first
    assert "are there: 2; sent again: 1 " in run_command(other, "reship", "--since", "2020-01-01")
    assert bytes_of(other) == before, "a batch keeps the name under which it was sealed"
    second = identity(other)
    assert other.command("collector", "new-identity").returncode == 0
    send(other, 7)
    run_command(other, "flush")
    assert len({first, second, identity(other)}) == 3
    assert [KEY.match(str(path))[3] for path in other.files() if path not in before] == [identity(other)]
    assert uids_of_xml(other.files()[-1].read_bytes()) == [f"{7:016x}"]
    other.close()


# ---- batches ----

def test_batches_show_what_was_sealed_and_what_can_be_done(site):
    site.collector()
    assert run_command(site, "batches", "list") == ""
    site.send_events(3)
    site.wait_for_events(3)
    run_command(site, "flush")
    site.send_events(2)
    site.wait_for_events(5)
    site.objects.rename(site.directory / "away")
    site.objects.write_text("in the way \u202e of the directory")
    done = site.command("uploader", "flush", DESTINATION_DIR=site.objects)
    assert done.returncode == 1
    key = site.value("SELECT object_key FROM batches WHERE id = 2")

    lines = run_command(site, "batches", "list").splitlines()
    assert lines[0].split()[:3] == ["2", site.value("SELECT state FROM batches WHERE id = 2"), "since"], lines
    assert "events 4-5 (2), tries: " in lines[0] and lines[0].endswith(key), lines
    assert lines[1].startswith("      error: ") and lines[-1].split()[:2] == ["1", "shipped"], lines
    assert run_command(site, "batches", "list", "-n", "1").splitlines()[0] == lines[0]
    assert run_command(site, "batches", "list", "--open").splitlines() == lines[:-1]

    shown = run_command(site, "batches", "show", "2")
    assert f"object_key     {key}\n" in shown and "first_id       4\n" in shown, shown
    assert "eventspool resolve --batch 2 --as" in shown and "abandoned  possible: its 2 events are given up" in shown, shown
    shown = run_command(site, "batches", "show", "1")
    assert shown.count("not possible: ") == 3 and "reship --new-keys" in shown, shown
    done = site.command("uploader", "batches", "show", "3")
    assert done.returncode == 1 and "there is no batch 3" in done.stderr, done


def test_batches_fetch_prints_the_object_and_compares_it_with_the_spool(site):
    site.collector()
    site.send_events(3)
    site.wait_for_events(3)
    run_command(site, "flush")
    (path,) = site.files()
    stored = path.read_text()

    def fetch(expected, words, number="1", where=site.objects):
        done = site.command("uploader", "batches", "fetch", number, DESTINATION_DIR=where)
        assert done.returncode == expected and all(part in done.stderr for part in words), done
        return done.stdout
    assert fetch(0, [""]) == stored
    fetch(1, ["there is no batch 2", "batches list"], "2")
    assert fetch(0, [""], where="") == stored  # a trial's directory is known to the spool
    fetch(78, ["was sealed for file://"], where=site.directory / "elsewhere")
    path.write_text(stored[:-1] + "!")
    assert fetch(1, ["holds other bytes than the spool has recorded"]) == stored[:-1] + "!"
    path.unlink()
    assert fetch(1, ["is not there"]) == ""
    fetch(78, ["is not there", "run it where the uploader runs"], where="")
    path.mkdir()
    assert fetch(75, ["Is a directory"]) == ""


# ---- usage ----

def test_wrong_usage_ends_with_64_and_says_what_would_be_right(site):
    since = ("reship", "--since", "2025-01-01")
    for arguments, words in ((("reship",), "--batch or --since"), (("reship", "--batch", "x"), "id of a batch"),
                             (("reship", "--batch"), "value is missing"), (("reship", "--batch", "0"), "id of a batch"),
                             (("reship", "--batch", "1", "--since", "2025-01-01"), "either"),
                             (("reship", "--until", "2025-01-01"), "--since is missing"),
                             ((*since, "--until", "2024-12-31"), "later"), (("reship", "--since", "2999-01-01"), "future"),
                             (("reship", "--since", "2025-02-31"), "no time"), (("reship", "--since", "yesterday"), "2025-07-29"),
                             (("reship", "--since", "2025-01-01T12"), "no time"),
                             (("reship", "--since", "2025-01-01T12:00+01:00"), "UTC"), (("reship", "--since", "2025-01-01T25:00Z"), "no time"),
                             (("reship", "--batch", "1", "--batch", "2"), "one --batch"), ((*since, "--force"), "--force"),
                             (("status", "--yaml"), "--json"), (("status", "--json", "x"), "--json"), (("flush", "x"), "no arguments"),
                             (("batches",), "batches list"), (("batches", "list", "-n"), "-n N"), (("batches", "list", "x"), "--open"),
                             (("batches", "show"), "ID"), (("batches", "show", "0"), "ID"), (("batches", "show", "1", "2"), "ID"),
                             (("batches", "fetch"), "ID"), (("batches", "fetch", "x"), "ID"),
                             (("rejects",), "rejects list"), (("rejects", "list", "-n"), "-n N"), (("rejects", "list", "x"), "--all"),
                             (("rejects", "list", "-n", "x"), "-n N"), (("rejects", "show"), "ID"), (("rejects", "show", "x"), "--raw"),
                             (("rejects", "show", "1", "2"), "ID"), (("rejects", "export", "a", "b"), "FILE"),
                             (("rejects", "export", "--x"), "FILE"), (("rejects", "export", ""), "FILE"), (("rejects", "dismiss"), "--all"),
                             (("rejects", "dismiss", "1", "--all"), "ID"), (("rejects", "dismiss", "-1"), "ID")):
        done = site.command("uploader", *arguments)
        assert done.returncode == 64 and words in done.stderr, (arguments, done)
    assert not site.spool.exists()


def test_without_a_spool_nothing_is_made(site):
    for arguments in (("flush",), ("status",), ("reship", "--batch", "1"), ("rejects", "list"),
                      ("rejects", "show", "1"), ("batches", "list"), ("batches", "show", "1"), ("batches", "fetch", "1"),
                      ("rejects", "export", "x"), ("rejects", "dismiss", "1")):
        assert "not there yet" in run_command(site, *arguments, expected=75), arguments
    assert not site.spool.parent.exists() and not (site.directory / "x").exists()


main(dict(globals()), at_once=4)
