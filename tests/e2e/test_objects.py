"""What the settings of an object make of it: compression, folders, indentation, dropped fields, what the bucket is asked."""
import contextlib
import gzip
import hashlib
import json
import os
import re
import sqlite3
import subprocess

from support.environment import BUILD
from support.ledger import CHECK, KEY, assert_keys_have_no_gap
from support.rgw import Rgw
from support.tap import main
from support.waiting import wait_for
from s3_stub import ALWAYS, Answer, Step, encrypted, error, giving_stub, honest, honest_put, no_answer

OTHER_ZLIB = BUILD / "fault/other_level.so"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<EVENTS>\n'
PERSON = b"""<EVENT>
  <cn>%d</cn>
  <plasectrxLname>Sm\xc3\xadth</plasectrxLname><plasectrxFname x="Jane">Jane</plasectrxFname>
  <p:plasectrxLname xmlns:p="urn:p">Sm\xc3\xadth</p:plasectrxLname>
  <plasectrxMsg>kept</plasectrxMsg>
</EVENT>"""


with_stub = giving_stub(lambda site: site.collector())


def other_zlib():
    """Settings of a program that is to run with another zlib than the one before it."""
    assert OTHER_ZLIB.exists(), "make test builds it"
    sanitizer = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": OTHER_ZLIB, "ASAN_OPTIONS": f"{sanitizer}:verify_asan_link_order=0"}


def send_events(site, count):
    total = site.value("SELECT last_event_id FROM _intake") + count
    site.send_events(count)
    site.wait_for_events(total)


def flush(site, **settings):
    done = site.command("uploader", "flush", **{"DESTINATION_DIR": site.objects, **settings})
    assert done.returncode == 0, done.stderr
    return done


def all_files(site):
    return sorted(path for path in site.objects.rglob("*") if path.is_file() and not CHECK.search(path.name))


def document(site, first, last):
    """The XML object of these events, from the spool."""
    rows = site.query("SELECT CAST(payload AS BLOB) FROM events WHERE id BETWEEN ? AND ? ORDER BY id", first, last)
    return HEAD + b"\n".join(row[0] for row in rows) + b"\n</EVENTS>\n"


def change(site, sql):
    """Writes to the spool's private tables: what a crash or a damage would have left there."""
    with contextlib.closing(sqlite3.connect(site.spool, timeout=30)) as db, db:
        db.execute(sql)


def shipped_batch(site):
    wait_for("the batch to be shipped", lambda: site.query("SELECT 1 FROM batches WHERE state = 'shipped'"))
    (row,) = site.query("SELECT object_key, sha256, verified FROM batches")
    return row


# ---- compression ----

def test_gzip_objects_hold_exactly_the_plain_ones(site):
    site.collector()
    site.send(b"no event\xff")
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    for n, output_format in enumerate(("xml", "json", "ndjson")):
        send_events(site, 50)
        flush(site, COMPRESSION="gzip", OUTPUT_FORMAT=output_format, PREFIX=f"{output_format}/")
        (path,) = site.files(f"{output_format}/")
        assert path.name.endswith(f".{output_format}.gz") and path.read_bytes()[:10] == b"\x1f\x8b\x08" + bytes(6) + b"\xff"
        text = gzip.decompress(path.read_bytes())
        if output_format == "xml":
            assert text == document(site, 1, 50)
        else:
            events = json.loads(text) if output_format == "json" else [json.loads(line) for line in text.splitlines()]
            assert [int(e["_id"]) for e in events] == list(range(n * 50 + 1, n * 50 + 51))
        assert site.value("SELECT sha256 FROM batches WHERE kind = 'events' ORDER BY id DESC LIMIT 1") == \
            hashlib.sha256(path.read_bytes()).hexdigest()
    (rejects,) = site.files("rejected/xml/")
    assert rejects.name.endswith(".ndjson.gz") and json.loads(gzip.decompress(rejects.read_bytes()))["_reason"] == "stray_bytes"


def test_zcat_of_a_gzip_object_gives_the_plain_object(site):
    """Sent twice; without metadata nothing tells the two apart."""
    site.collector()
    events = b"".join(PERSON % number for number in range(200))
    for n, output_format in enumerate(("xml", "json", "ndjson")):
        for m, compression in enumerate(("gzip", "none")):
            site.send(events)
            site.wait_for_events(200 * (2 * n + m + 1))
            flush(site, COMPRESSION=compression, OUTPUT_FORMAT=output_format, PREFIX=f"{output_format}-{compression}/",
                  EVENT_METADATA="false")
        (packed,), (plain,) = site.files(f"{output_format}-gzip/"), site.files(f"{output_format}-none/")
        unpacked = subprocess.run(["zcat", packed], check=True, capture_output=True).stdout
        assert unpacked == plain.read_bytes() and len(unpacked) > 200 * 50, output_format


@with_stub
def test_a_second_rendering_has_the_same_bytes_and_hashes(site, stub):
    send_events(site, 500)
    stub.set_script(Step("PUT", no_answer, times=2))
    site.uploader(**stub.settings(COMPRESSION="gzip"))
    key, sha256, _ = shipped_batch(site)
    puts = [r for r in stub.requests if r.method == "PUT"]
    assert len(puts) == 3 and puts[0].body == puts[1].body == puts[2].body == stub.objects[key].body
    text = gzip.decompress(puts[0].body)
    assert text == document(site, 1, 500)
    for put in puts:
        assert put.headers["x-amz-meta-sha256"] == sha256 == hashlib.sha256(put.body).hexdigest()
        assert put.headers["x-amz-meta-content-sha256"] == hashlib.sha256(text).hexdigest()
        assert put.headers["content-type"] == "application/xml" and "content-encoding" not in put.headers


# ---- a library's upgrade between two tries ----

def upgraded_after_a_lost_put(site, stub, first_put, *script):
    """The first try's answer is lost and the uploader killed; the next one has another zlib."""
    send_events(site, 200)
    stub.set_script(Step("PUT", first_put), Step("HEAD", no_answer, times=ALWAYS))
    uploader = site.uploader(**stub.settings(COMPRESSION="gzip"))
    wait_for("a HEAD", lambda: "HEAD" in stub.methods())
    uploader.kill()
    before = len(stub.requests)
    stub.set_script(*script)
    uploader = site.uploader(**stub.settings(COMPRESSION="gzip", **other_zlib()))
    key, sha256, verified = shipped_batch(site)
    assert verified == 1 and stub.kept == [key], "stored once"
    assert hashlib.sha256(stub.objects[key].body).hexdigest() == sha256, "the row tells what is there"
    assert gzip.decompress(stub.objects[key].body) == document(site, 1, 200)
    assert "a library was upgraded" in uploader.log
    return [r for r in stub.requests[before:]], stub.requests[0].body


def store(stub, request):
    stub.keep(request)


@with_stub
def test_an_object_stored_before_an_upgrade_is_found_by_its_hash(site, stub):
    def lost(stub, request):
        store(stub, request)

    requests, first_body = upgraded_after_a_lost_put(site, stub, lost)
    assert [r.method for r in requests] == ["HEAD"]
    assert next(iter(stub.objects.values())).body == first_body


@with_stub
def test_an_object_not_stored_before_an_upgrade_is_put_anew(site, stub):
    requests, first_body = upgraded_after_a_lost_put(site, stub, no_answer)
    assert [r.method for r in requests] == ["HEAD", "PUT"]
    assert requests[1].body != first_body, "the other zlib has compressed"


@with_stub
def test_a_late_PUT_from_before_an_upgrade_is_recognized(site, stub):
    def meanwhile(stub, request):
        """The first PUT has been stored at last, between the HEAD and this second one."""
        store(stub, stub.requests[0])
        return honest(stub, request)

    requests, first_body = upgraded_after_a_lost_put(site, stub, no_answer, Step("PUT", meanwhile))
    assert [r.method for r in requests] == ["HEAD", "PUT", "HEAD"]
    assert next(iter(stub.objects.values())).body == first_body


@with_stub
def test_a_late_PUT_is_recognized_after_one_more_crash(site, stub):
    send_events(site, 200)
    stub.set_script(Step("PUT", no_answer), Step("HEAD", no_answer, times=ALWAYS))
    uploader = site.uploader(**stub.settings(COMPRESSION="gzip"))
    wait_for("a HEAD", lambda: "HEAD" in stub.methods())
    uploader.kill()
    stub.set_script(Step("PUT", no_answer), Step("HEAD", honest), Step("HEAD", no_answer, times=ALWAYS))
    uploader = site.uploader(**stub.settings(COMPRESSION="gzip", **other_zlib()))
    wait_for("the second PUT, and a HEAD", lambda: re.search(r"HEAD PUT HEAD", stub.methods()))
    uploader.kill()
    store(stub, stub.requests[0])
    stub.set_script()
    site.uploader(**stub.settings(COMPRESSION="gzip", **other_zlib()))
    key, sha256, verified = shipped_batch(site)
    assert verified == 1 and stub.kept == [key]
    assert hashlib.sha256(stub.objects[key].body).hexdigest() == sha256
    assert stub.objects[key].body == stub.requests[0].body


def test_a_file_from_before_an_upgrade_is_found(site):
    site.collector()
    send_events(site, 200)
    flush(site, COMPRESSION="gzip")
    (path,) = site.files()
    before = path.read_bytes()
    change(site, "UPDATE _batch SET shipped_at = NULL, unknown_since = 1")  # killed before it was marked
    flush(site, COMPRESSION="gzip", **other_zlib())
    assert site.files() == [path] and path.read_bytes() == before
    assert shipped_batch(site)[1] == hashlib.sha256(before).hexdigest()
    change(site, "UPDATE _batch SET shipped_at = NULL, unknown_since = 1")
    path.unlink()
    flush(site, COMPRESSION="gzip", **other_zlib())
    assert site.files() == [path] and path.read_bytes() != before
    assert gzip.decompress(path.read_bytes()) == document(site, 1, 200)
    assert shipped_batch(site)[1] == hashlib.sha256(path.read_bytes()).hexdigest()


# ---- keys, indentation ----

def test_date_folders_stand_between_prefix_and_name(site):
    site.collector()
    site.send(b"no event")
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    for folders in ("hive", "true", "false"):
        send_events(site, 3)
        flush(site, USE_DATE_FOLDERS=folders)
    names = [str(path.relative_to(site.objects)) for path in all_files(site)]
    events = [name for name in names if name.startswith("xml-events/")]
    assert assert_keys_have_no_gap(events) == 9
    expected = {1: r"xml-events/dt=\1-\2-\3/", 4: r"xml-events/\1/\2/\3/", 7: "xml-events/"}
    for name in events:
        match = KEY.match(name)
        day = re.match(r"(\d{4})(\d\d)(\d\d)", match[2])
        assert match[1] == day.expand(expected[int(match[4])]), name
    (rejects,) = [name for name in names if name.startswith("rejected/")]
    assert re.match(r"rejected/xml-events/dt=\d{4}-\d\d-\d\d/", rejects)
    assert sorted(names) == sorted(key for (key,) in site.query("SELECT object_key FROM batches"))


def test_pretty_json_is_the_same_array(site):
    site.collector()
    send_events(site, 20)
    flush(site, OUTPUT_FORMAT="json", PRETTY_PRINT_JSON="true", EVENT_METADATA="false", PREFIX="pretty/")
    send_events(site, 20)
    flush(site, OUTPUT_FORMAT="ndjson", PRETTY_PRINT_JSON="true", EVENT_METADATA="false", PREFIX="lines/")
    (pretty,), (lines,) = site.files("pretty/"), site.files("lines/")
    text = pretty.read_text()
    assert len(json.loads(text)) == 20 and text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    assert len([json.loads(line) for line in lines.read_text().splitlines()]) == 20


# ---- dropped fields ----

def test_no_object_holds_a_dropped_field(site):
    site.collector()
    shapes = [(f, c) for f in ("xml", "json", "ndjson") for c in ("none", "gzip")]
    for n, (output_format, compression) in enumerate(shapes, 1):
        site.send(PERSON % n)
        site.wait_for_events(n)
        site.send(b"<EVENT><plasectrxLname>Sm\xc3\xadth")
        wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == n)
        flush(site, OUTPUT_FORMAT=output_format, COMPRESSION=compression, DROP_FIELDS="plasectrxLname, plasectrxFname",
              EVENT_METADATA="false")
    bodies = {path: path.read_bytes() for path in all_files(site)}
    assert len(bodies) == 2 * len(shapes)
    for path, body in bodies.items():
        text = gzip.decompress(body) if path.suffix == ".gz" else body
        assert b"Sm" not in text and b"Jane" not in text, path
        if "rejected" in path.parts:
            assert "payload" not in (line := json.loads(text)) and line["_bytes"] == "29", line
        elif ".xml" in path.name:
            assert re.search(rb"<EVENT>\n  <cn>\d</cn>\n  \n  \n  <plasectrxMsg>kept</plasectrxMsg>\n</EVENT>", text), text
        else:
            event = json.loads(text)
            assert list((event[0] if isinstance(event, list) else event)) == ["cn", "plasectrxMsg"]
    assert site.value("SELECT count(*) FROM events WHERE payload LIKE '%Jane%'") == len(shapes), "the spool keeps it"


def test_rejects_payload_decides_whether_rejects_hold_their_payload(site):
    site.collector()
    cases = (({"DROP_FIELDS": "cn", "REJECTS_PAYLOAD": "true"}, True), ({"REJECTS_PAYLOAD": "false"}, False),
             ({"DROP_FIELDS": "cn"}, False), ({}, True))
    for n, (settings, is_there) in enumerate(cases, 1):
        site.send(b"no event")
        wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == n)
        flush(site, **settings)
        line = json.loads(site.files("rejected/xml-events/")[-1].read_text())
        assert line["_id"] == str(n) and ("payload" in line) == is_there, (settings, line)


@with_stub
def test_dropping_is_fixed_when_a_batch_is_sealed(site, stub):
    site.send(PERSON % 1)
    site.wait_for_events(1)
    stub.set_script(Step("PUT", error(503, "SlowDown"), times=ALWAYS))
    uploader = site.uploader(**stub.settings(DROP_FIELDS="plasectrxLname,plasectrxFname"))
    wait_for("a try", lambda: site.query("SELECT 1 FROM batches WHERE last_error IS NOT NULL"))
    uploader.kill()
    stub.set_script()
    site.uploader(**stub.settings())
    key, _, _ = shipped_batch(site)
    assert b"Jane" not in stub.objects[key].body


# ---- an event that cannot be rendered ----

def test_an_event_that_cannot_be_rendered_blocks_its_batch_alone(site):
    site.collector()
    site.send(PERSON % 1)
    site.wait_for_events(1)
    change(site, "UPDATE _event SET payload = '<EVENT><plasectrxLname>Smith</EVENT>'")  # no collector takes this in
    uploader = site.uploader(DROP_FIELDS="plasectrxLname")
    wait_for("the blocked batch", lambda: site.query("SELECT 1 FROM batches WHERE state = 'blocked'"))
    site.send(PERSON % 2)
    wait_for("the next batch", lambda: site.query("SELECT 1 FROM batches WHERE state = 'shipped' AND first_id = 2"))
    error_text, remedy = site.query("SELECT last_error, remedy FROM batches WHERE first_id = 1")[0]
    assert error_text.startswith("event 1: ") and "report" in remedy and "Smith" not in uploader.log
    assert not [path for path in all_files(site) if b"Smith" in path.read_bytes()]
    change(site, "UPDATE _event SET payload = '<EVENT><plasectrxLname>Smith</plasectrxLname></EVENT>' WHERE id = 1")
    site.wait_until_shipped(60)
    assert assert_keys_have_no_gap([str(f) for f in site.files()]) == 2


def test_an_event_that_JSON_cannot_render_becomes_its_text(site):
    site.collector()
    site.send(PERSON % 1)
    site.wait_for_events(1)
    change(site, "UPDATE _event SET payload = '<EVENT><cn>1</EVENT>'")
    flush(site, OUTPUT_FORMAT="ndjson", EVENT_METADATA="false")
    assert json.loads(site.files()[0].read_text()) == {"#xml": "<EVENT><cn>1</EVENT>"}


def test_a_missing_event_blocks_its_batch_alone(site):
    site.collector()
    send_events(site, 3)
    site.uploader(MAX_FILE_SIZE="1024", ROTATION_INTERVAL="3600", PREFIX="first/")
    wait_for("all batches", lambda: site.value("SELECT events FROM summary") == 0)
    site.running[-1].stop()
    change(site, "UPDATE _batch SET shipped_at = NULL WHERE id = 2")
    change(site, "DELETE FROM _event WHERE id = 2")
    send_events(site, 3)
    site.uploader(PREFIX="first/")
    wait_for("the others", lambda: site.query("SELECT 1 FROM batches WHERE state = 'shipped' AND first_id = 4"))
    wait_for("the verdict", lambda: site.query("SELECT 1 FROM batches WHERE state = 'blocked'"))
    ((first, text, remedy),) = site.query("SELECT first_id, last_error, remedy FROM batches WHERE state = 'blocked'")
    assert first == 2 and "events 2 is missing" in text and "integrity_check" in remedy


# ---- what the bucket is asked ----

WISHES = {"S3_SSE": "aws:kms", "S3_SSE_KMS_KEY_ID": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd",
          "S3_STORAGE_CLASS": "STANDARD_IA", "S3_TAGS": "team=security, cost center=R+D",
          "S3_ACL": "bucket-owner-full-control", "S3_EXPECTED_BUCKET_OWNER": "111122223333"}
WISHED = {"x-amz-server-side-encryption": "aws:kms",
          "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd",
          "x-amz-storage-class": "STANDARD_IA", "x-amz-tagging": "team=security&cost%20center=R%2BD",
          "x-amz-acl": "bucket-owner-full-control"}
OWNER = "x-amz-expected-bucket-owner"


def assert_signed(request, *names):
    signed = re.search(r"SignedHeaders=([^,]*)", request.headers["authorization"])[1].split(";")
    for name in names:
        assert name in signed, (name, signed)


def with_kms(stub, request):
    """As S3 with a key of KMS: the ETag is no MD5, and the answer says why."""
    answer = encrypted(stub, request)
    return Answer(answer.status, {**answer.headers, "x-amz-server-side-encryption": "aws:kms"}, answer.body)


@with_stub
def test_tags_class_and_encryption_go_signed_with_each_object(site, stub):
    send_events(site, 2)
    stub.set_script(Step("PUT", no_answer))
    site.uploader(**stub.settings(**WISHES))
    shipped_batch(site)
    assert stub.methods() == "PUT HEAD PUT"
    for request in stub.requests:
        assert request.headers[OWNER] == "111122223333"
        assert_signed(request, OWNER)
        for name, value in WISHED.items():
            assert request.headers.get(name) == (value if request.method == "PUT" else None), name
    assert_signed(stub.requests[0], *WISHED)
    seen = len(stub.checks)
    assert site.command("uploader", "check", **stub.settings(**WISHES)).returncode == 0
    puts = [r for r in stub.checks[seen:] if r.method == "PUT"]
    assert puts and all(r.headers.get(n) == v for r in puts for n, v in WISHED.items()), "a check asks as the service does"


@with_stub
def test_tags_class_and_encryption_are_not_sent_unless_set(site, stub):
    send_events(site, 2)
    site.uploader(**stub.settings())
    shipped_batch(site)
    assert not [name for name in (*WISHED, OWNER) if name in stub.requests[0].headers]


@with_stub
def test_an_ETag_of_an_encrypting_store_costs_no_HEAD(site, stub):
    send_events(site, 2)
    stub.set_script(Step("PUT", with_kms, times=ALWAYS))
    site.uploader(**stub.settings(S3_SSE="aws:kms"))
    _, _, verified = shipped_batch(site)
    assert stub.methods() == "PUT" and verified == 1


@with_stub
def test_a_refused_storage_setting_can_be_corrected_under_the_same_key(site, stub):
    def no_such_class(stub, request):
        refuse = error(400, "InvalidStorageClass")
        return (refuse if request.headers.get("x-amz-storage-class") == "COLDEST" else honest_put)(stub, request)

    send_events(site, 2)
    stub.set_script(Step("PUT", no_such_class, times=ALWAYS))
    uploader = site.uploader(**stub.settings(S3_STORAGE_CLASS="COLDEST"))
    wait_for("the refusal", lambda: site.query("SELECT 1 FROM batches WHERE state = 'blocked'"))
    key, remedy = site.query("SELECT object_key, remedy FROM batches")[0]
    assert "S3_STORAGE_CLASS" in remedy, remedy
    uploader.stop()
    site.uploader(**stub.settings(S3_STORAGE_CLASS="STANDARD_IA"))
    assert shipped_batch(site)[0] == key and stub.requests[-1].headers["x-amz-storage-class"] == "STANDARD_IA"


def test_a_real_server_takes_tags_storage_class_encryption_and_gzip(site):
    rgw = Rgw(site.directory)
    try:
        site.collector()
        send_events(site, 100)
        flush(site, **rgw.settings(COMPRESSION="gzip", USE_DATE_FOLDERS="hive", S3_STORAGE_CLASS="STANDARD",
                                   S3_TAGS="team=security,cost center=R+D", S3_SSE="aws:kms",
                                   S3_SSE_KMS_KEY_ID="testkey-1", S3_ACL="public-read", S3_EXPECTED_BUCKET_OWNER="111122223333"))
        (key,) = rgw.keys()
        body, headers = rgw.get(key)
        assert key.endswith(".xml.gz") and "/dt=" in key and gzip.decompress(body) == document(site, 1, 100)
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "testkey-1"
        assert headers["x-amz-meta-sha256"] == hashlib.sha256(body).hexdigest()
        assert headers["x-amz-meta-content-sha256"] == hashlib.sha256(gzip.decompress(body)).hexdigest()
        assert headers["content-type"] == "application/xml" and "content-encoding" not in headers
        _, tags = rgw.request("GET", f"/{rgw.bucket}/{key.replace('=', '%3D')}", "tagging=")
        assert dict(re.findall(r"<Key>(.*?)</Key><Value>(.*?)</Value>", tags.decode())) == \
            {"team": "security", "cost center": "R+D"}, tags
        _, acl = rgw.request("GET", f"/{rgw.bucket}/{key.replace('=', '%3D')}", "acl=")
        assert b"/groups/global/AllUsers" in acl and b"READ" in acl, acl
        assert site.query("SELECT state, verified FROM batches") == [("shipped", 1)]
    finally:
        rgw.close()


main(dict(globals()))
