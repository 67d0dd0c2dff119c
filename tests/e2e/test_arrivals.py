"""What the collector tells about what it receives: all bytes, rejects by reason, rejects that arrive now, silent senders."""
import contextlib
import re
import socket
import sqlite3
import time

from support.tap import main
from support.waiting import wait_for

DAY_MS = 86_400_000


def problems(site):
    """{code: message} of the collector's problems, as `healthcheck --strict` has them."""
    shown = site.command("collector", "healthcheck", "--strict")
    found = dict(re.findall(r"^collector: ([a-z_]+): (.*)$", shown.stderr, re.MULTILINE))
    assert (shown.returncode == 1) == bool(found), shown
    return found


def wait_for_problem(site, code):
    return wait_for(code, lambda: problems(site).get(code))


def wait_for_end(site, code):
    wait_for(f"the end of {code}", lambda: code not in problems(site))


def status(site):
    return site.command("uploader", "status", DESTINATION_DIR=site.objects).stdout


def let_pass(site, ms):
    """So long ago everything of rejects has happened, in the spool's eyes."""
    site.change(f"UPDATE _reject SET received_at = received_at - {ms}")
    site.change(f"UPDATE _counter SET last_at = last_at - {ms}")


def counts(site):
    return dict(site.query("SELECT label, value FROM _counter WHERE name = 'rejects'"))


# ---- figures ----

def test_all_bytes_read_are_counted_to_the_byte(site):
    collector = site.collector(IGNORE_ELEMENTS="beat", MAX_MESSAGE_SIZE="64K")
    sent = 0
    parts = [b"<EVENT><cn>1</cn></EVENT>\n" * 40, b"\n\n  \x02\x03", b"<beat/>" * 9, b"<EVENT>&</EVENT>", b"garbage",
             b"<?xml version='1.0'?><LIST>" + b"<EVENT><cn>2</cn></EVENT>" * 3 + b"</LIST>",
             "<?xml version='1.0' encoding='UTF-16'?><EVENT><cn>3</cn></EVENT>".encode("utf-16"),
             b"<EVENT>" + b"x" * 200_000 + b"</EVENT>", b"GET / HTTP/1.1\r\n\r\n", b"<EVENT><cn>unfin"]
    for n, part in enumerate(parts):
        site.send(part, piece=(None, 7)[n % 2] if len(part) < 1000 else 60_000)
        sent += len(part)
    with socket.create_connection(("127.0.0.1", site.port)) as s:
        s.sendall(b"\n" * 3)  # nothing comes of it but its number
        wait_for("all of them", lambda: site.value("SELECT received_bytes FROM _intake") == sent + 3)
        before = site.value("SELECT group_number FROM _intake")
        for _ in range(300):
            s.sendall(b"\n")
            time.sleep(0.003)
        wait_for("each heartbeat", lambda: site.value("SELECT received_bytes FROM _intake") == sent + 303)
        assert site.value("SELECT group_number FROM _intake") - before <= 30, "a heartbeat is no commit"
        s.sendall(b"<EVENT><cn>open")
        s.sendall(b"</cn>")
        collector.stop()
    assert site.value("SELECT received_bytes FROM _intake") == sent + 303 + 20
    rows = site.value("SELECT (SELECT sum(bytes) FROM events) + (SELECT sum(bytes) FROM rejects)")
    assert rows < sent, "separators are in no row"


def test_bytes_are_counted_once_over_a_commit_that_has_to_wait(site):
    collector = site.collector()
    site.send(b"<EVENT><cn>1</cn></EVENT>\n")
    site.wait_for_events(1)
    with contextlib.closing(sqlite3.connect(site.spool, isolation_level=None, timeout=30)) as db:
        db.execute("BEGIN IMMEDIATE")
        site.send(b"<EVENT><cn>2</cn></EVENT>\n" * 10)
        collector.wait_for_log("cannot commit")
        site.send(b"\n" * 5)
        db.execute("ROLLBACK")
    wait_for("all bytes", lambda: site.value("SELECT received_bytes FROM _intake") == 11 * 26 + 5)
    collector.stop()
    assert site.value("SELECT received_bytes FROM _intake") == 11 * 26 + 5


def test_rejects_are_counted_by_reason_whatever_becomes_of_them(site):
    collector = site.collector(EVENT_ELEMENT="OTHER")
    site.send(b"<EVENT><cn>1</cn></EVENT><EVENT>x</EVENT>")
    site.send(b"<OTHER>&</OTHER>")
    wait_for("the rejects", lambda: counts(site) == {"unknown_element": 2, "malformed": 1})
    collector.stop()
    collector = site.collector(EVENT_ELEMENT="EVENT, OTHER")
    assert site.command("collector", "rejects", "retry").returncode == 0
    site.wait_for_events(2)
    assert counts(site) == {"unknown_element": 2, "malformed": 1}
    site.send(b"<OTHER>&</OTHER>" * 3)
    wait_for("three more", lambda: counts(site) == {"unknown_element": 2, "malformed": 4})
    collector.stop()


def test_the_collector_writes_what_it_runs_with(site):
    before = int(time.time() * 1000)
    collector = site.collector(SPOOL_MAX_SIZE="100M")
    row = "SELECT version, min_free_bytes, max_bytes FROM _collector"
    wait_for("the row", lambda: site.query(row) == [("0.1.0", 64 << 20, 100 << 20)])
    first = site.value("SELECT started_at FROM _collector")
    assert before <= first <= int(time.time() * 1000)
    collector.stop()
    collector = site.collector()
    wait_for("the next one's", lambda: site.value("SELECT started_at FROM _collector") > first)
    assert site.value("SELECT max_bytes FROM _collector") == 0
    collector.stop()


# ---- rejects that arrive ----

def test_arriving_rejects_are_a_problem_until_they_are_settled(site):
    collector = site.collector()
    assert problems(site) == {}
    site.send(b"<EVENT>&</EVENT>" * 3 + b"<EVENT>secret")
    message = wait_for("all four", lambda: (shown := problems(site).get("rejects_arriving", "")).startswith("4 ") and shown)
    assert "(malformed 3, cut_off 1), e.g. events that are not well-formed XML" in message, message
    shown = status(site)
    assert "rejects_arriving" in shown and "rejects list" in shown and "secret" not in shown
    assert "rejects arrive" in collector.log and "problem=rejects_arriving" in collector.log
    site.uploader(REJECTS_PREFIX="none")
    ids = [str(n) for (n,) in site.query("SELECT id FROM rejects")]
    assert site.command("uploader", "rejects", "dismiss", *ids, DESTINATION_DIR=site.objects).returncode == 0
    wait_for_end(site, "rejects_arriving")
    collector.wait_for_log("no more rejects arrive")
    collector.stop()


def test_the_problem_ends_five_minutes_after_the_last_reject(site):
    collector = site.collector()
    site.send(b"<EVENT>&</EVENT>")
    wait_for_problem(site, "rejects_arriving")
    let_pass(site, 280_000)
    collector.stop()
    collector = site.collector()
    wait_for_problem(site, "rejects_arriving")  # a restart does not hide it
    let_pass(site, 20_000)
    wait_for_end(site, "rejects_arriving")
    site.send(b"<EVENT>&</EVENT>")
    wait_for_problem(site, "rejects_arriving")
    collector.stop()


def test_an_unknown_element_is_named(site):
    collector = site.collector()
    site.send(b"<alarm><name>secret</name></alarm>")
    message = wait_for_problem(site, "unknown_elements")
    assert message.endswith("the newest of the element alarm"), message
    assert "rejects_arriving" not in problems(site)
    shown = status(site)
    for words in ("unknown_elements", "EVENT_ELEMENT", "IGNORE_ELEMENTS", "rejects retry"):
        assert words in shown, shown
    assert "secret" not in shown + collector.log
    let_pass(site, 300_000)
    wait_for_end(site, "unknown_elements")
    collector.wait_for_log("no more unknown elements arrive")
    collector.stop()


# ---- silent senders ----

def send_of(site, sender, count=100):
    site.send(b"".join(b"<EVENT><plasectrxGatewayDN>%s</plasectrxGatewayDN></EVENT>" % sender.encode() for _ in range(count)))


def silence(site, days, where="true"):
    """The senders have sent on two days, the last time so many days ago."""
    site.change(f"UPDATE _sender SET last_received_at = last_received_at - {int(days * DAY_MS)},"
                f" day = (last_received_at - {int(days * DAY_MS)}) / {DAY_MS}, days = 2 WHERE {where}")


def test_a_silent_sender_is_named_until_it_sends(site):
    collector = site.collector()
    for sender, count in (("gate-1", 100), ("gate-2", 100), ("gate-3", 99), ("cn=eventspool-test", 200)):
        send_of(site, sender, count)
    site.wait_for_events(499)
    assert site.query("SELECT sender FROM senders ORDER BY 1") == [("gate-1",), ("gate-2",), ("gate-3",)]
    silence(site, 2)
    message = wait_for_problem(site, "sender_silent")
    assert re.fullmatch(r"silent for longer than SILENCE_ALERT: gate-1 \(since \S+Z\) and gate-2 \(since \S+Z\)", message)
    shown = status(site)
    assert "sender_silent" in shown and "senders forget" in shown
    assert "problem=sender_silent" in collector.log
    send_of(site, "gate-1", 1)
    wait_for("gate-2 alone", lambda: "gate-1" not in problems(site)["sender_silent"])
    collector.stop()
    collector = site.collector()
    assert "gate-2" in wait_for_problem(site, "sender_silent"), "a restart does not hide it"
    send_of(site, "gate-2", 1)
    wait_for_end(site, "sender_silent")
    collector.wait_for_log("no known sender is silent any more")
    silence(site, 31)
    send_of(site, "gate-4")
    site.wait_for_events(601)
    silence(site, 5, "sender = 'gate-4'")
    assert "gate-4" in wait_for_problem(site, "sender_silent") and "gate-1" not in problems(site)["sender_silent"]
    collector.stop()


def test_a_sender_that_is_forgotten_is_not_missed(site):
    collector = site.collector()
    send_of(site, "gate-1")
    site.wait_for_events(100)
    silence(site, 2)
    wait_for_problem(site, "sender_silent")
    done = site.command("collector", "senders", "forget", "gate-1")
    assert done.returncode == 0, done
    wait_for_end(site, "sender_silent")
    collector.stop()


def wait_for_looks(site):
    """The same thread has looked for both: for rejects after it has looked for senders."""
    site.send(b"<EVENT>&</EVENT>")
    wait_for_problem(site, "rejects_arriving")


def test_a_time_without_a_collector_is_no_silence(site):
    collector = site.collector()
    send_of(site, "gate-1")
    site.wait_for_events(100)
    wait_for("the first note", lambda: site.value("SELECT listened_at FROM _collector"))
    collector.stop()
    silence(site, 3)
    site.change(f"UPDATE _collector SET listened_at = listened_at - {3 * DAY_MS}")
    for _ in range(2):  # also after one more restart
        collector = site.collector()
        wait_for("listening", lambda: site.value("SELECT listening_since FROM _collector") > 0)
        wait_for_looks(site)
        assert "sender_silent" not in collector.log
        collector.stop()
        let_pass(site, 300_000)
    site.change(f"UPDATE _collector SET listening_since = listening_since - {DAY_MS}")
    collector = site.collector()
    wait_for_problem(site, "sender_silent")  # a day of listening has passed
    collector.stop()


def test_silence_alert_off_and_other_times(site):
    collector = site.collector(SILENCE_ALERT="72h")
    send_of(site, "gate-1")
    site.wait_for_events(100)
    silence(site, 2)
    wait_for("the first note", lambda: site.value("SELECT listened_at FROM _collector"))
    wait_for_looks(site)
    assert "sender_silent" not in problems(site)
    silence(site, 2)
    wait_for_problem(site, "sender_silent")
    collector.stop()
    let_pass(site, 300_000)
    collector = site.collector(SILENCE_ALERT=0)
    wait_for_looks(site)
    assert "sender_silent" not in problems(site)
    collector.stop()


main(dict(globals()))
