"""`collector tail`: which events or rejects are shown, as text and as JSON, on a spool of any size."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess

from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import wait_for

LOOK_BACK = 100000


def event(number, sender, name="Door open"):
    return (f"<EVENT><cn>{number:016x}</cn><plasectrxEventname>{name}</plasectrxEventname>"
            f"<plasectrxGatewayDN>{sender}</plasectrxGatewayDN>"
            f"<plasectrxSourcename>Lobby {number}</plasectrxSourcename></EVENT>\n").encode()


class Tail:
    """Its lines as they come."""

    def __init__(self, site, *arguments):
        self.output, self.errors = (site.directory / f"tail-{len(site.others)}.{end}" for end in ("out", "err"))
        with open(self.output, "wb") as out, open(self.errors, "wb") as errors:
            self.process = site.owns(subprocess.Popen(
                [BIN / "collector", "tail", *arguments], stdout=out, stderr=errors, cwd=site.directory,
                env={**clean_environment(), "SPOOL_PATH": str(site.spool)}))

    def lines(self):
        return self.output.read_text(encoding="utf-8").splitlines()

    def last_columns(self):
        return [line.split("\t")[-1] for line in self.lines()]

    def wait_for(self, lines):
        wait_for(f"{lines} lines of tail", lambda: len(self.lines()) >= lines or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self):
        """Its error output."""
        return self.errors.read_text(encoding="utf-8")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        return self.said()


def test_a_filter_shows_the_last_events_that_match_and_each_new_one(site):
    site.collector()
    site.send(b"".join(event(n, f"acm-{n % 3}", "Door held" if n % 2 else "Door open") for n in range(30)))
    site.wait_for_events(30)
    wanted = {
        ("--sender", "acm-1"): [n for n in range(30) if n % 3 == 1],
        ("--sender", "acm-*"): list(range(30)),
        ("--name", "Door held"): [n for n in range(30) if n % 2],
        ("--name", "Door h*", "--sender", "acm-2"): [n for n in range(30) if n % 2 and n % 3 == 2],
        ("--name", "Door"): [],
        ("--name", "*"): list(range(30)),
        ("--sender", ""): [],
    }
    tails = {arguments: Tail(site, *arguments, "-n", "4") for arguments in wanted}
    for arguments, numbers in wanted.items():
        tails[arguments].wait_for(min(4, len(numbers)))
        assert tails[arguments].last_columns() == [f"Lobby {n}" for n in numbers][-4:], arguments
    every = Tail(site, "-n", "999")
    every.wait_for(30)
    site.send(b"".join(event(n, f"acm-{n % 3}", "Door held") for n in range(30, 36)))
    every.wait_for(36)
    more = {("--sender", "acm-1"): [31, 34], ("--sender", "acm-*"): list(range(30, 36)),
            ("--name", "Door h*", "--sender", "acm-2"): [32, 35]}
    for arguments, numbers in more.items():
        tail, shown = tails[arguments], min(4, len(wanted[arguments]))
        tail.wait_for(shown + len(numbers))
        assert tail.last_columns()[shown:] == [f"Lobby {n}" for n in numbers], arguments
    assert tails["--name", "Door"].lines() == [] and tails["--name", "Door"].end() == ""
    assert every.end() == ""


def test_json_is_valid_for_any_text_and_holds_what_the_line_holds(site):
    site.collector()
    hostile = "a\"b\\c\u202e\u009b2J\U0001f6aa &#9;&#10;\U000e0001é"
    site.send(event(1, "acm-1", hostile) + b"<EVENT/>")
    tail = Tail(site, "--json")
    tail.wait_for(2)
    first, second = (json.loads(line) for line in tail.lines())
    assert list(first) == ["received_at", "sender", "name", "source_name"]
    assert first["name"] == hostile.replace("&#9;", "\t").replace("&#10;", "\n"), first
    assert (first["sender"], first["source_name"]) == ("acm-1", "Lobby 1")
    assert [second[name] for name in ("sender", "name", "source_name")] == [None] * 3
    assert site.value("SELECT received_at FROM events WHERE id = 1") == first["received_at"]
    raw = tail.output.read_text(encoding="utf-8")
    assert not any(character in raw for character in ("\u202e", "\u009b", "\U000e0001", "\t")), raw
    assert "\U0001f6aa" in raw and "é" in raw
    assert f"{1:016x}" not in raw, "the uid is personal data"


def test_rejects_are_followed_without_their_payload(site):
    site.collector()
    site.send(event(1, "acm-1") + b"<EVENT>secret&</EVENT>")
    site.send(b"<EVENT><secret></EVENT>")
    wait_for("both", lambda: site.value("SELECT count(*) FROM rejects") == 2)
    tail, one, as_json = Tail(site, "--rejects"), Tail(site, "--rejects", "-n1"), Tail(site, "--rejects", "--json")
    for followed, count in ((tail, 2), (one, 1), (as_json, 2)):  # one that begins late would begin with the third
        followed.wait_for(count)
    rows = site.query("SELECT received_at, source, reason, bytes FROM rejects ORDER BY id")
    assert tail.lines() == ["\t".join(map(str, row)) for row in rows], tail.lines()
    site.send(b"<EVENT>secret<a></b></EVENT>" + event(2, "acm-1"))
    for followed, count in ((tail, 3), (one, 2), (as_json, 3)):
        followed.wait_for(count)
    rows = site.query("SELECT received_at, source, reason, bytes FROM rejects ORDER BY id")
    assert one.lines() == tail.lines()[1:]
    assert [json.loads(line) for line in as_json.lines()] == \
        [dict(zip(("received_at", "source", "reason", "bytes"), row)) for row in rows]
    for shown in (tail, one, as_json):
        assert "secret" not in shown.output.read_text()


def test_wrong_options_end_with_64_and_say_what_would_be_right(site):
    for arguments, words in ((("--sender",), "'--sender'"), (("--name",), "'--name'"), (("--sender", "a", "b"), "'b'"),
                             (("-n", "x", "--json"), "'-n'"), (("--jsn",), "'--jsn'"),
                             (("--rejects", "--sender", "a"), "a reject has neither"), (("--rejects", "--name", "a"), "neither")):
        done = site.command("collector", "tail", *arguments)
        assert done.returncode == 64 and words in done.stderr, (arguments, done)
    assert not site.spool.exists()


def fill(site, count, first_others):
    """So many events, of which the first ones are of another sender. No collector runs."""
    site.change(f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
                " INSERT INTO _event (id, received_at, total_bytes, bytes, source, sender, name, source_name, payload)"
                f" SELECT i, i, i * 10, 10, '::1', CASE WHEN i <= {first_others} THEN 'rare' ELSE 'often' END, 'n', i, 'x' FROM n")
    site.change(f"UPDATE _intake SET last_event_id = {count}, event_bytes = {10 * count}, last_event_at = 1")


def read_bytes(process):
    """What it has read by system calls: whether from the disk or not."""
    with open(f"/proc/{process.pid}/io") as file:
        return int(next(line for line in file if line.startswith("rchar")).split()[1])


def test_a_rare_sender_on_a_large_spool_is_looked_for_in_so_many_rows_alone(site):
    collector = site.collector()
    site.wait_for_spool()
    collector.stop()
    fill(site, LOOK_BACK + 50000, 50005)
    few = Tail(site, "--sender", "rare", "-n", "9")
    few.wait_for(5)
    assert few.last_columns() == [str(n) for n in range(50001, 50006)]
    exact = Tail(site, "--sender", "rare", "-n", "5")
    exact.wait_for(5)
    none = Tail(site, "--name", "nothing")
    plain = Tail(site, "-n", "1")
    plain.wait_for(1)
    wait_for("the search for nothing to be over", none.said)
    with contextlib.closing(sqlite3.connect(site.spool, timeout=30)) as db:  # none of them holds a snapshot
        wait_for("a checkpoint beside them", lambda: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    site.collector()
    last = LOOK_BACK + 50001
    site.send(event(last, "rare", "nothing"))
    for tail, lines in ((few, 6), (exact, 6), (none, 1), (plain, 2)):
        tail.wait_for(lines)
        assert tail.last_columns()[-1] == f"Lobby {last}"
    if os.geteuid() == 0:
        before = read_bytes(few.process)
        site.send(b"".join(event(n, "often") for n in range(100)))
        plain.wait_for(102)
        assert read_bytes(few.process) - before < 8 << 20, "it reads what is new, not the spool"
    assert f"5 of the newest {LOOK_BACK} events match; older ones are not searched" in few.end()
    assert f"0 of the newest {LOOK_BACK} events match" in none.end()
    assert exact.end() == "" and plain.end() == ""


if __name__ == "__main__":
    main(globals())
