"""Where payloads of rejects are withheld, nothing of them leaves the spool: neither bytes nor names that a detail quotes."""
import contextlib
import json
import os
import signal

from support.tap import main
from support.waiting import wait_for

NAME = "Smith"
# What a sender that does not escape its text can make of a person's name: (reason, bytes).
BY_REASON = (
    ("malformed", b"<EVENT><a Smith='1' Smith='2'/></EVENT>"),
    ("malformed", b"<EVENT><John Smith></EVENT>"),
    ("malformed", b"<EVENT><a xmlns:Smith='Smith Smith'/><Smith:Smith/></EVENT>"),
    ("malformed", b"<EVENT>\n<a xmlns:Smith='Smith^Smith'/></EVENT>"),
    ("malformed", b"<EVENT>&Smith;</EVENT>"),
    ("malformed", b"<EVENT>\n  <Smith:x Smith:y=''/></EVENT>"),
    ("malformed", b"<EVENT><Smith></Jones></EVENT>"),
    ("malformed", b"<EVENT><?xml Smith?></EVENT>"),
    ("malformed", b"<EVENT><a Smith=Smith/></EVENT>"),
    ("malformed", b"<EVENT><!-- Smith </EVENT><EVENT><cn>1</cn></EVENT>"),
    ("doctype", b"<!DOCTYPE Smith [<!ENTITY Smith 'Smith'>]><EVENT>&Smith;</EVENT>"),
    ("encoding", b"<?xml version='1.0' encoding='Smith'?><EVENT>Smith</EVENT>"),
    ("encoding", b"<EVENT>Smith \xff</EVENT>"),
    ("cut_off", b"<EVENT><Smith>Smith"),
    ("cut_off", b"<EVENT>Smith<EVENT>"),
    ("stray_bytes", b"Smith"),
    ("unknown_element", b"<Smith Smith='Smith'>Smith</Smith>"),
    ("unknown_element", b"<John><Smith/>Smith</John>"),
    ("oversize", b"<EVENT>" + b"Smith" * 4000 + b"</EVENT>"),
    ("too_deep", b"<EVENT>" + b"<Smith>" * 300 + b"</Smith>" * 300 + b"</EVENT>"),
    ("looks_like_http", b"GET /Smith HTTP/1.1\r\nHost: Smith\r\n\r\n"),
    ("looks_like_tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03Smith"),
)
WITHHELD = {"DROP_FIELDS": "cn"}


def reject_count(site):
    return site.value("SELECT last_reject_id FROM _intake")


def send_all(site):
    for _, payload in BY_REASON:
        before = reject_count(site)
        site.send(payload)
        wait_for("the reject", lambda: reject_count(site) > before)


def run(site, *arguments, expected=0, **settings):
    """What the command has printed, on the standard output and on the other."""
    done = site.command("uploader", *arguments, **{"DESTINATION_DIR": site.objects, **settings})
    assert done.returncode == expected, (arguments, done)
    return done.stdout, done.stderr


def export(site, **settings):
    """The exported rows, and what was said about them."""
    output, said = run(site, "rejects", "export", **settings)
    return [json.loads(line) for line in output.splitlines()], said


def start_uploader(site, **settings):
    """It has begun to look for requests."""
    before = site.value("SELECT coalesce(seen_at, 0) FROM _uploader")
    uploader = site.uploader(ROTATION_INTERVAL="7d", **settings)
    wait_for("its report", lambda: site.value("SELECT coalesce(seen_at, 0) FROM _uploader") > before)
    return uploader


def assert_withheld(rows):
    assert rows and not any("payload" in row or "payload_base64" in row for row in rows), rows
    assert NAME not in json.dumps(rows), rows


def test_nothing_of_a_payload_is_quoted_where_it_is_withheld(site):
    collector = site.collector(LOG_LEVEL="debug", MAX_MESSAGE_SIZE="16K")
    send_all(site)
    reasons = {reason for reason, _ in BY_REASON}
    kept = {reason for (reason,) in site.query("SELECT reason FROM rejects")}
    assert kept == reasons, (kept ^ reasons, site.query("SELECT reason, detail FROM rejects"))
    quoted = site.query("SELECT reason, detail FROM rejects WHERE detail LIKE '%Smith%' OR detail LIKE '%John%'")
    assert len(quoted) > 6, "the spool keeps what a person needs to find the fault"
    uploader = site.uploader(LOG_LEVEL="debug", **WITHHELD)
    wait_for("the rejects to be shipped", lambda: site.value("SELECT count(*) FROM rejects WHERE state <> 'shipped'") == 0)
    shipped = [json.loads(line) for body in site.object_bytes("rejected/xml-events/").values() for line in body.splitlines()]
    assert_withheld(shipped)
    assert {row["_reason"] for row in shipped} == reasons and all(row["_detail"] for row in shipped)
    places = dict(site.query("SELECT id, substr(detail, 1, instr(detail, ':')) FROM rejects WHERE detail LIKE 'line %'"))
    assert len(places) > 6
    for row in shipped:
        place = places.get(int(row["_id"]), "")
        assert row["_detail"].startswith(place) and ("line" in row["_detail"]) == bool(place), (row, place)
    rows, _ = export(site)
    assert rows == sorted(shipped, key=lambda row: int(row["_id"]))
    said = [run(site, "rejects", "list", "-n", "99"), run(site, "status"), run(site, "status", "--json"), run(site, "batches", "list")]
    collector.stop()
    uploader.stop()
    for text in (*map(str, said), collector.log_path.read_text(), uploader.log_path.read_text()):
        assert NAME not in text and "John" not in text, text
    assert NAME in run(site, "rejects", "show", "1")[0], "the local operator looks into the spool"


def test_an_export_follows_the_running_uploader_and_the_stricter_settings(site):
    site.collector()
    site.send(b"<EVENT><Smith>")
    wait_for("the reject", lambda: reject_count(site) == 1)
    assert "payload" in export(site)[0][0], "no uploader has run here"
    withholding = start_uploader(site, **WITHHELD)
    for settings in ({}, {"REJECTS_PAYLOAD": "true"}):
        rows, said = export(site, **settings)
        assert_withheld(rows)
        assert "running uploader" in said, said
    with contextlib.ExitStack() as stack:
        os.kill(withholding.process.pid, signal.SIGSTOP)
        stack.callback(os.kill, withholding.process.pid, signal.SIGCONT)
        file = site.directory / "rejects.ndjson"
        before = sorted(site.directory.iterdir())
        output, said = run(site, "rejects", "export", file, expected=75)
        assert "the running uploader has not answered within 5 s" in said and "try again" in said and not output, said
        assert sorted(site.directory.iterdir()) == before
    withholding.stop()
    rows, said = export(site)
    assert_withheld(rows)
    assert "REJECTS_PAYLOAD=true shows them" in said, "the last uploader has sealed nothing, and is remembered all the same"
    showing = start_uploader(site)
    assert "payload" in export(site)[0][0]
    rows, said = export(site, REJECTS_PAYLOAD="false")
    assert_withheld(rows)
    assert said == ""
    showing.stop()


def test_an_export_without_an_uploader_follows_what_the_last_one_has_sealed(site):
    site.collector()
    site.send(b"<EVENT><Smith></EVENT><EVENT><cn>1</cn></EVENT>")
    wait_for("the reject", lambda: reject_count(site) == 1)
    run(site, "flush", REJECTS_PREFIX="none", **WITHHELD)  # no batch of rejects, but one of events
    rows, said = export(site)
    assert_withheld(rows)
    assert "REJECTS_PAYLOAD=true shows them" in said, said
    rows, said = export(site, REJECTS_PAYLOAD="true")
    assert "payload" in rows[0] and NAME in rows[0]["_detail"] and said == ""


main(dict(globals()))
