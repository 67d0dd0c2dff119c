"""The collector's commands about what is in the spool: tail, rejects retry, new-identity."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from support.environment import BIN, clean_environment, size
from support.ledger import KEY, assert_keys_have_no_gap
from support.tap import main
from support.waiting import wait_for

HOSTILE = "Forced\u202edoor \u009b2J\\"


def event(number, name="Door open", element="EVENT"):
    return (f"<{element}><cn>{number:016x}</cn><plasectrxEventname>{name}</plasectrxEventname>"
            f"<plasectrxGatewayDN>acm-{number % 3}</plasectrxGatewayDN>"
            f"<plasectrxSourcename>Lobby {number}</plasectrxSourcename></{element}>\n").encode()


class Tail:
    """`collector tail`, with its lines as they come."""

    def __init__(self, site, *arguments, **settings):
        self.output = site.directory / f"tail-{len(site.others)}.out"
        environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(**settings).items()}}
        with open(self.output, "wb") as out:
            self.process = site.owns(subprocess.Popen([BIN / "collector", "tail", *arguments], stdout=out,
                                                      stderr=subprocess.PIPE, env=environment, cwd=site.directory))

    def lines(self):
        return self.output.read_text(encoding="utf-8").splitlines()

    def end(self, expected=0):
        code = self.process.wait(30)
        assert code == expected, (code, self.process.stderr.read())


def rejects(site):
    return site.query("SELECT id, reason, state FROM rejects ORDER BY id")


def send_cut_off(site, first, last):
    """Events named ALARM to a collector that is not told so, each in an EVENT without an end: as many rejects."""
    site.send(b"".join(b"<EVENT>" + event(number, element="ALARM") for number in range(first, last + 1)))
    wait_for("the rejects", lambda: site.value("SELECT last_reject_id FROM _intake") == last - first + 1)


ALARM = {"EVENT_ELEMENT": "ALARM"}  # with this they are events


# ---- tail ----

def test_tail_shows_the_last_events_and_each_new_one(site):
    site.collector()
    site.send(b"".join(event(number) for number in range(1, 16)))
    site.wait_for_events(15)
    tail = Tail(site)
    wait_for("the last ten", lambda: len(tail.lines()) == 10)
    few, none, all_of_them = Tail(site, "-n", "2"), Tail(site, "-n0"), Tail(site, "-n", "999")
    wait_for("the last two", lambda: tail.lines()[-2:] == few.lines())
    wait_for("all", lambda: len(all_of_them.lines()) == 15)
    last = 16
    while not none.lines():  # when it begins cannot be seen from outside
        site.send(event(last))
        site.wait_for_events(last)
        last += 1
        assert none.process.poll() is None and last < 1000
    wait_for("the events of the meantime", lambda: len(tail.lines()) == last - 6)
    started = time.monotonic()
    site.send(event(last, "Door held"))
    wait_for("the new one", lambda: len(tail.lines()) == last - 5)
    assert time.monotonic() - started < 2
    wait_for("it there, too", lambda: tail.lines()[-1] == none.lines()[-1])
    (at, sender, name, source), = site.query("SELECT received_at, sender, name, source_name FROM events WHERE id = ?",
                                             last)
    assert tail.lines()[-1] == "\t".join((at, sender, name, source)), tail.lines()[-1]
    assert (sender, name, source) == (f"acm-{last % 3}", "Door held", f"Lobby {last}")
    for process, stop in ((tail, signal.SIGINT), (few, signal.SIGTERM)):
        process.process.send_signal(stop)
        process.end()


def test_a_hostile_name_cannot_reach_the_terminal(site):
    site.collector()
    site.send(event(1, HOSTILE + "&#9;&#10;end") + b"<EVENT/>")
    tail = Tail(site)
    wait_for("both lines", lambda: len(tail.lines()) == 2)
    hostile, empty = (line.split("\t") for line in tail.lines())
    assert hostile[2] == r"Forced\u202edoor \u009b2J\\\x09\x0aend", hostile
    assert empty[1:] == ["-", "-", "-"]
    assert not any(b < 0x20 and b not in b"\t\n" for b in tail.output.read_bytes())


def test_tail_outlives_a_purge_and_a_restart_of_the_collector(site):
    collector = site.collector()
    site.send(event(1) + event(2))
    tail = Tail(site)
    wait_for("two lines", lambda: len(tail.lines()) == 2)
    uploader = site.uploader(RETENTION="0")
    wait_for("the purge", lambda: site.value("SELECT count(*) FROM _event") == 0)
    uploader.stop()
    collector.stop()
    site.collector()
    site.send(event(3))
    wait_for("the third", lambda: len(tail.lines()) == 3)


def test_tail_ends_with_its_reader_even_when_nothing_comes(site):
    site.collector()
    for reader_is_slow in (False, True):
        if reader_is_slow:
            site.send_events(3000)
        read, write = os.pipe()
        process = site.owns(subprocess.Popen([BIN / "collector", "tail", "-n", "99999"], stdout=write,
                                             stderr=subprocess.PIPE, env={**clean_environment(), "SPOOL_PATH": site.spool}))
        os.close(write)
        if reader_is_slow:  # the pipe is full: a stop must not wait for it
            os.read(read, 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        os.close(read)
        assert process.wait(30) == 0, process.stderr.read()


def test_tail_says_when_there_is_no_spool_or_another_one(site):
    done = site.command("collector", "tail")
    assert done.returncode == 75 and "not there yet" in done.stderr, done
    collector = site.collector()
    tail = Tail(site)
    site.send(event(1))
    wait_for("a line", tail.lines)
    collector.stop()
    for path in site.spool.parent.glob("spool.db*"):
        path.unlink()
    tail.end(75)
    assert "deleted or replaced" in tail.process.stderr.read().decode()


def test_wrong_usage_ends_with_64_and_says_what_would_be_right(site):
    for arguments, words in ((("tail", "-n"), ("-n N",)), (("tail", "-n", "x"), ("-n N",)), (("tail", "5"), ("-n N",)),
                             (("rejects",), ("unknown subcommand", "rejects retry")),
                             (("rejects", "list"), ("unknown subcommand", "rejects retry")),
                             (("rejects", "retry", "x"), ("'x'", "ID")), (("rejects", "retry", "0"), ("'0'", "ID")),
                             (("new-identity", "x"), ("no arguments", "'x'"))):
        done = site.command("collector", *arguments)
        assert done.returncode == 64 and all(word in done.stderr for word in words), (arguments, done)
    assert not site.spool.exists()


# ---- rejects retry ----

def retry(site, *ids, **settings):
    """What it says at its end."""
    done = site.command("collector", "rejects", "retry", *ids, **settings)
    assert done.returncode == 0, done
    return done.stdout.splitlines()[-1].removeprefix("rejects validated again: ")


def retry_begun(site, **settings):
    """It goes on beside the test."""
    environment = {**clean_environment(), "SPOOL_PATH": str(site.spool), **settings}
    return site.owns(subprocess.Popen([BIN / "collector", "rejects", "retry"], env=environment, text=True,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))


def summary_of(validated, passed, events, failing):
    return f"{validated}; passed: {passed}; events made of them: {events}; still failing: {failing}"


def retried_by(site, count):
    """A collector that has rejects which would be events with its settings."""
    collector = site.collector()
    send_cut_off(site, 1, count)
    collector.stop()
    return site.collector(**ALARM)


def assert_each_event_once(site, count):
    assert site.value("SELECT last_event_id FROM _intake") == count
    found = site.query("SELECT id, uid FROM _event ORDER BY id")
    assert [i for i, _ in found] == list(range(1, count + 1))
    assert sorted(uid for _, uid in found) == [f"{n:016x}" for n in range(1, count + 1)]
    assert site.value("SELECT event_bytes = (SELECT sum(bytes) FROM _event) FROM _intake") == 1


def test_without_a_running_collector_retry_uses_its_own_settings(site):
    collector = site.collector()
    send_cut_off(site, 1, 3)
    collector.stop()
    assert retry(site) == summary_of(3, 0, 0, "3 (cut_off 3)")
    assert retry(site, "2", **ALARM) == summary_of(1, 1, 1, 0)
    assert [state for _, _, state in rejects(site)] == ["pending", "retried", "pending"]
    assert retry(site, **ALARM) == summary_of(2, 2, 2, 0)
    assert_each_event_once(site, 3)
    assert sorted(site.query("SELECT received_at, source FROM events")) == \
        sorted(site.query("SELECT received_at, source FROM rejects"))
    assert retry(site, **ALARM) == summary_of(0, 0, 0, 0)
    assert retry(site, "1", "3", "99", **ALARM) == \
        summary_of(0, 0, 0, 0) + "; skipped, retried or dismissed before, or not there: 3"
    assert_each_event_once(site, 3)


def test_the_running_collector_retries_with_its_settings_while_it_receives(site):
    collector = site.collector()
    send_cut_off(site, 2, 4)
    collector.stop()
    site.collector(**ALARM)
    site.send(event(1, element="ALARM") + b"<ALARM><broken></ALARM>")
    wait_for("the last reject", lambda: len(rejects(site)) == 4)
    at = site.value("SELECT last_event_at FROM summary")
    assert retry(site) == summary_of(4, 3, 3, "1 (malformed 1)")
    assert retry(site) == summary_of(1, 0, 0, "1 (malformed 1)")
    assert_each_event_once(site, 4)
    assert [state for _, _, state in rejects(site)] == ["retried"] * 3 + ["pending"]
    assert site.value("SELECT last_event_at FROM summary") == at, "one of the past is not the last event"


def test_a_retry_takes_every_event_and_leaves_the_rest_as_one_reject(site):
    site.collector(EVENT_ELEMENT="LIST")
    for number, rest in enumerate((b"", b"stray", b"<EVENT><broken></EVENT> stray", b"<EVENT>")):
        site.send(b"<LIST>" + event(2 * number + 1) + event(2 * number + 2) + rest)
        wait_for("the reject", lambda: len(rejects(site)) == number + 1)
    site.send(b"<LIST><x/>")
    wait_for("the rejects", lambda: len(rejects(site)) == 5)
    site.running[0].stop()
    assert retry(site) == summary_of(5, 4, 8, "1 (unknown_element 1)") + "; passed in part, and the rest is a new reject: 3"
    assert_each_event_once(site, 8)
    assert [state for _, _, state in rejects(site)] == ["retried"] * 4 + ["pending"] * 4
    assert site.query("SELECT reason, CAST(payload AS TEXT), truncated FROM rejects WHERE id > 5 ORDER BY id") == [
        ("stray_bytes", "stray", 0), ("malformed", "<EVENT><broken></EVENT>stray", 0), ("cut_off", "<EVENT>", 0)]
    assert site.value("SELECT detail FROM rejects WHERE id = 7").startswith(
        "what is left of reject 3, from which 2 events were taken: line 1, column ")
    assert retry(site) == summary_of(4, 0, 0, "4 (malformed 1, cut_off 1, stray_bytes 1, unknown_element 1)")
    assert_each_event_once(site, 8)


def test_a_reject_that_is_ignored_now_is_settled_without_an_event(site):
    collector = site.collector(EVENT_ELEMENT="LIST")
    site.wait_for_spool()
    site.send(b"<LIST><broken></LIST>")
    collector.stop()
    assert retry(site, IGNORE_ELEMENTS="LIST") == summary_of(
        1, 1, 0, 0) + "; passed, as they hold nothing but separators and ignored elements: 1"
    assert [(reason, state) for _, reason, state in rejects(site)] == [("malformed", "retried")]
    assert site.value("SELECT count(*) FROM events") == 0


def test_a_corrected_setting_takes_further_events_out_of_a_remainder(site):
    site.collector(EVENT_ELEMENT="LIST")
    site.send(b"<LIST>" + event(1) + b"<EVENT>" + event(2, element="ALARM"))
    wait_for("the reject", lambda: rejects(site))
    site.running[0].stop()
    assert retry(site) == summary_of(1, 1, 1, 0) + "; passed in part, and the rest is a new reject: 1"
    assert retry(site, **ALARM) == summary_of(1, 1, 1, 0)
    assert_each_event_once(site, 2)
    assert [state for _, _, state in rejects(site)] == ["retried"] * 2


def test_a_retry_by_itself_caps_what_is_left(site):
    site.collector(EVENT_ELEMENT="LIST")
    site.send(b"<LIST>" + event(1) + b"<EVENT>" + b"x" * 9000)
    wait_for("the reject", lambda: rejects(site))
    site.running[0].stop()
    retry(site, REJECTS_MAX_SIZE="8K")
    assert site.query("SELECT bytes, length(payload), truncated FROM rejects WHERE id = 2") == [(9007, 4096, 1)]


def test_a_shipped_reject_keeps_its_object_when_it_is_retried(site):
    collector = site.collector()
    uploader = site.uploader()
    send_cut_off(site, 1, 2)
    wait_for("the rejects' object", lambda: [state for _, _, state in rejects(site)] == ["shipped"] * 2)
    before = {path: path.read_bytes() for path in site.files("rejected/xml-events")}
    collector.stop()
    retry(site, **ALARM)
    assert [state for _, _, state in rejects(site)] == ["retried"] * 2
    site.wait_until_shipped()
    uploader.stop()
    assert {path: path.read_bytes() for path in site.files("rejected/xml-events")} == before and before
    assert assert_keys_have_no_gap([str(f) for f in site.files()]) == 2


def test_only_rejects_that_are_kept_whole_are_retried(site):
    site.collector(MAX_MESSAGE_SIZE="1K")
    site.send(b"<EVENT>" + b"x" * 5000 + b"</EVENT>")
    wait_for("the reject", lambda: rejects(site))
    site.running[0].stop()
    assert retry(site) == summary_of(0, 0, 0, 0) + "; skipped, only a part is kept: 1"


def test_a_killed_retry_makes_each_event_once(site):
    count = size("RETRIES", 20000, 3000)
    kills, is_over = 0, False
    collector = site.collector()
    send_cut_off(site, 1, count)
    collector.stop()
    while not is_over:
        done = site.value("SELECT last_event_id FROM _intake")
        process = retry_begun(site, **ALARM)
        wait_for("more events, or its end", lambda: process.poll() is not None or
                 site.value("SELECT last_event_id FROM _intake") > done)
        is_over = process.poll() is not None
        process.kill()
        process.wait()
        kills += not is_over
    assert kills >= 3, kills
    assert retry(site, **ALARM) == summary_of(0, 0, 0, 0)
    assert_each_event_once(site, count)
    assert {state for _, _, state in rejects(site)} == {"retried"}


def test_a_collector_killed_during_a_retry_leaves_the_rest_to_the_next(site):
    count = size("RETRIES", 20000, 3000)
    collector = retried_by(site, count)
    command = retry_begun(site)
    wait_for("some events", lambda: site.value("SELECT last_event_id FROM _intake"))
    collector.kill()
    done = site.value("SELECT last_event_id FROM _intake")
    assert 0 < done < count, done
    assert command.wait(30) == 75 and "has gone away" in (output := command.stderr.read()), output
    assert site.value("SELECT count(*) FROM _request") == 0
    site.collector(**ALARM)
    assert retry(site) == summary_of(count - done, count - done, count - done, 0)
    assert_each_event_once(site, count)


def test_a_large_retry_does_not_delay_new_events(site):
    count = size("RETRIES", 20000, 3000)
    retried_by(site, count)
    command = retry_begun(site)
    wait_for("some events", lambda: site.value("SELECT last_event_id FROM _intake"))
    site.send(event(count + 1, element="ALARM"))
    assert command.wait(60) == 0
    at = site.value("SELECT id FROM _event WHERE uid = ?", f"{count + 1:016x}")
    assert at < count + 1, "it waited for the whole retry"
    assert_each_event_once(site, count + 1)


def test_a_withdrawn_retry_is_given_up(site):
    count = size("RETRIES", 20000, 3000)
    retried_by(site, count)
    command = retry_begun(site)
    wait_for("the request", lambda: site.value("SELECT count(*) FROM _request"))
    command.send_signal(signal.SIGINT)
    assert command.wait(30) == 75 and "stopped before" in command.stderr.read()
    assert site.value("SELECT count(*) FROM _request") == 0
    retry(site)
    assert_each_event_once(site, count)


# ---- new-identity ----

def identity(site):
    return site.value("SELECT spool FROM _spool")


def names_in_keys(site):
    return [KEY.match(str(path))[3] for path in site.files()]


def test_new_identity_names_later_objects_whether_the_collector_runs_or_not(site):
    collector = site.collector()
    uploader = site.uploader()
    names = [identity(site)]
    for number in range(1, 4):
        site.send(event(number))
        wait_for("its object", lambda: len(site.files()) == number)
        if number == 2:
            collector.stop()
        done = site.command("collector", "new-identity")
        assert done.returncode == 0 and f"was {names[-1]} and is {identity(site)}" in done.stdout, done
        names.append(identity(site))
        shown = json.loads(site.command("uploader", "status", "--json").stdout)["spool"]
        assert (shown["id"], shown["first_id"]) == (names[-1], number + 1), shown
        if number == 2:
            collector = site.collector()
    site.send(event(4))
    wait_for("the last object", lambda: len(site.files()) == 4)
    assert len(set(names)) == 4 and names_in_keys(site) == names
    assert assert_keys_have_no_gap([str(f) for f in site.files()]) == 4
    uploader.stop()
    collector.stop()


def test_a_command_says_that_it_waits_for_the_spool(site):
    collector = site.collector()
    site.send(event(1))
    site.wait_for_events(1)
    before = identity(site)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM _event").fetchone()
        collector.kill()
        for is_stopped in (True, False):
            command = site.start("collector", "new-identity")
            command.wait_for_log("the spool cannot be opened yet")
            if is_stopped:
                command.stop(75)
        assert identity(site) == before
        db.execute("COMMIT")
    assert command.process.wait(30) == 0, command.log
    assert f"the spool was {before} and is {identity(site)} from now on" in command.log


def test_without_a_spool_nothing_is_made(site):
    for arguments in (("new-identity",), ("rejects", "retry")):
        done = site.command("collector", *arguments)
        assert done.returncode == 75 and "not there yet" in done.stderr, done
    assert not site.spool.parent.exists()


main(dict(globals()))
