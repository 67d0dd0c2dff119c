"""The uploader against a real S3 server: outages, restarts, refusals, a wrong clock, keys of all characters, both addressing
styles, TLS, secrets."""
import json
import time

from support.documents import marked_for
from support.environment import faked_clock, size
from support.ledger import assert_each_event_in_one_object
from support.rgw import Rgw
from support.tap import main
from support.waiting import wait_for

BLOCKS = marked_for(__file__)
OUTAGE_SECONDS = size("OUTAGE_SECONDS", 30, 10)
RATE = size("OUTAGE_RATE", 2000, 500)


def with_rgw(test):
    def run(site):
        rgw = Rgw(site.directory)
        try:
            test(site, rgw)
        finally:
            rgw.close()
    return run


@with_rgw
def test_an_outage_of_s3_loses_nothing_and_ends_without_help(site, rgw):
    site.collector()
    site.uploader(**rgw.settings(MAX_FILE_SIZE="1M"))
    seconds = OUTAGE_SECONDS + 8
    sim = site.acmsim("--count", RATE * seconds, "--rate", RATE)
    wait_for("the first object", lambda: site.value("SELECT count(*) FROM batches WHERE state = 'shipped'") > 0)
    rgw.stop_gateway()
    down_since = time.monotonic()
    wait_for("the backlog to show the outage",
             lambda: site.value("SELECT last_error FROM summary") and site.value("SELECT count(*) FROM backlog") > RATE)
    wait_for("the outage to be over", lambda: time.monotonic() - down_since > OUTAGE_SECONDS, OUTAGE_SECONDS + 5)
    lag = site.value("SELECT (strftime('%s', 'now') - strftime('%s', last_event_at)) FROM summary")
    assert lag <= 2, "the collector has noticed the outage"
    rgw.start_gateway()
    out, err = sim.communicate(timeout=120)
    assert sim.returncode == 0, err
    rate = int(out.split("events_per_second=")[1])
    assert rate > RATE * 0.8, out
    site.wait_for_events(RATE * seconds)
    site.wait_until_shipped(120)
    assert site.value("SELECT last_error FROM summary") is None
    order = [f for (f,) in site.query("SELECT first_id FROM batches WHERE kind = 'events' ORDER BY shipped_at, id")]
    late = [sum(later < first for later in order[n + 1:]) for n, first in enumerate(order)]
    assert max(late) < 2, "oldest first, but for what two uploads at once may change"
    assert_each_event_in_one_object(rgw.objects(), site.uids())


@with_rgw
def test_restarting_the_uploader_at_any_time_loses_and_doubles_nothing(site, rgw):
    site.collector()
    sim = site.acmsim("--count", 6000, "--rate", 2000)
    while sim.poll() is None:
        uploader = site.uploader(**rgw.settings(MAX_FILE_SIZE="100K"))
        before = site.value("SELECT count(*) FROM batches WHERE state = 'shipped'")
        wait_for("some batches", lambda: sim.poll() is not None or
                 site.value("SELECT count(*) FROM batches WHERE state = 'shipped'") > before)
        uploader.stop()
    done = site.command("uploader", "flush", **rgw.settings())
    assert done.returncode == 0, done.stderr
    assert_each_event_in_one_object(rgw.objects(), site.uids())
    assert len(site.uids()) == 6000


@with_rgw
def test_objects_carry_the_metadata_and_types_of_the_contract(site, rgw):
    site.collector(NODE_ID="gate-7")
    site.send_events(7)
    site.send(b"not an event\xff")
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    for output_format, kind in (("xml", "application/xml"), ("json", "application/json"),
                                ("ndjson", "application/x-ndjson")):
        done = site.command("uploader", "flush", **rgw.settings(OUTPUT_FORMAT=output_format, PREFIX=f"{output_format}/"))
        assert done.returncode == 0, done.stderr
        (key,) = [k for k in rgw.keys() if k.startswith(f"{output_format}/")]
        body, headers = rgw.get(key)
        assert headers["content-type"] == kind and "content-encoding" not in headers
        assert headers["x-amz-meta-node"] == "gate-7" and headers["x-amz-meta-events"] == "7"
        assert headers["x-amz-meta-spool"] == key.split("-")[-3] and int(headers["x-amz-meta-batch"]) >= 1
        assert int(headers["x-amz-meta-last-id"]) - int(headers["x-amz-meta-first-id"]) == 6
        assert len(body) > 7 * 1500
        site.send_events(7)
        site.wait_for_events(int(headers["x-amz-meta-last-id"]) + 7)
    (key,) = [k for k in rgw.keys() if k.startswith("rejected/")]
    line = json.loads(rgw.get(key)[0])
    assert key.startswith("rejected/xml/") and line["_reason"] == "stray_bytes" and "payload_base64" in line


@with_rgw
def test_both_addressing_styles_and_TLS_work_but_not_an_unknown_authority(site, rgw):
    site.collector()
    tls = f"https://localhost:{rgw.tls_port}"
    cases = ({"S3_ADDRESSING": "path"}, {"S3_ADDRESSING": "virtual", "AWS_ENDPOINT_URL": f"http://localhost:{rgw.port}"},
             {"AWS_ENDPOINT_URL": tls, "AWS_CA_BUNDLE": rgw.ca},
             {"AWS_ENDPOINT_URL_S3": tls, "AWS_CA_BUNDLE": rgw.ca, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    for n, case in enumerate(cases, 1):
        site.send_events(1)
        site.wait_for_events(n)
        done = site.command("uploader", "flush", **rgw.settings(**case))
        assert done.returncode == 0, (case, done.stderr)
    assert len(rgw.keys()) == len(cases)
    site.send_events(1)
    site.wait_for_events(len(cases) + 1)
    done = site.command("uploader", "flush", **rgw.settings(AWS_ENDPOINT_URL=tls))
    assert done.returncode == 1 and "AWS_CA_BUNDLE" in done.stderr and "certificate" in done.stderr, done.stderr


@with_rgw
def test_keys_come_from_files_and_check_names_wrong_ones(site, rgw):
    site.collector()
    site.send_events(2)
    site.wait_for_events(2)
    id_file, secret_file = site.directory / "id", site.directory / "secret"
    id_file.write_text(rgw.access + "\r\n")
    secret_file.write_text(rgw.secret + "\n")
    files = rgw.settings(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_ACCESS_KEY_ID_FILE=id_file,
                         AWS_SECRET_ACCESS_KEY_FILE=secret_file)
    assert site.command("uploader", "check", **files).returncode == 0
    assert site.command("uploader", "flush", **files).returncode == 0
    assert len([key for key in rgw.keys() if "/_check-" in key]) == 2, "its documents stay"
    shown = site.command("uploader", "config", **files).stdout
    assert rgw.secret not in shown and "AWS_SECRET_ACCESS_KEY=********" in shown
    for wrong, remedy in (({"BUCKET_NAME": "no-such-bucket"}, "create the bucket no-such-bucket"),
                          ({"AWS_SECRET_ACCESS_KEY": "x" * 40}, "correct AWS_SECRET_ACCESS_KEY"),
                          ({"AWS_ACCESS_KEY_ID": "nobody"}, "correct AWS_ACCESS_KEY_ID")):
        done = site.command("uploader", "check", **rgw.settings(**wrong))
        assert done.returncode == 1 and remedy in done.stdout, (wrong, done.stdout)


@with_rgw
def test_a_document_that_is_there_proves_nothing_to_who_may_not_write(site, rgw):
    """radosgw looks at the permission first: 403, not the 412 that `check` takes for a proof. And 412 stores nothing."""
    site.collector()
    assert site.command("uploader", "check", **rgw.settings()).returncode == 0
    documents = {key: rgw.get(key)[1]["last-modified"] for key in rgw.keys()}
    assert len(documents) == 2
    done = site.command("uploader", "check", **rgw.settings(**rgw.add_user("stranger")))
    assert done.returncode == 1 and "HTTP 403 AccessDenied" in done.stdout and "s3:PutObject" in done.stdout, done.stdout
    time.sleep(1.1)  # Last-Modified is in seconds
    done = site.command("uploader", "check", **rgw.settings())
    assert done.returncode == 0, done.stdout
    assert {key: rgw.get(key)[1]["last-modified"] for key in rgw.keys()} == documents


def notes(shown):
    return [line for line in shown.splitlines() if line.startswith("note")]


@with_rgw
def test_check_finds_out_what_the_keys_may_do(site, rgw):
    def check(*arguments, **settings):
        done = site.command("uploader", "check", *arguments, **rgw.settings(**settings))
        assert done.returncode == 0, done.stdout
        return done.stdout

    shown = check()  # there is no spool yet
    assert shown.count("written now and left there; proven: write, no overwrite, read, missing told from forbidden") == 2, shown
    site.collector(NODE_ID="gate-7")
    site.wait_for_spool()
    screen = check().replace(f"127.0.0.1:{rgw.port}", "s3.example.net:7480")
    assert screen == BLOCKS.take("docs/operating.md"), screen
    shown = check()
    assert shown.count("it was there and stays; proven: write, no overwrite, read, missing told from forbidden") == 2, shown
    assert not notes(shown) and "only looked" in check("--read-only")
    shown = check(S3_SSE="aws:kms", S3_SSE_KMS_KEY_ID="testkey-1", PREFIX="kms")
    assert "the store says that it is encrypted: aws:kms" in shown and not notes(shown), shown
    writer = rgw.add_user("writer")
    for actions, note in ((("PutObject",), "objects cannot be read back: HTTP 403"), (("PutObject", "GetObject"), "s3:ListBucket"),
                          (("PutObject", "GetObject", "ListBucket"), None)):
        rgw.set_policy(("Allow", "writer", actions, ()))
        shown = check(**writer)
        assert len(notes(shown)) == (2 if note else 0) and (note or "read, missing told") in shown, (actions, shown)
    rgw.make_bucket("locked", locks_for_days=1)
    for _ in range(2):  # radosgw takes a conditional PUT over an object in a bucket with versions
        shown = check(BUCKET_NAME="locked")
        assert shown.count("(Object Lock), as each object will be") == 2 == shown.count("does not heed `If-None-Match: *`"), shown


@with_rgw
def test_a_deleted_object_comes_back_over_its_delete_marker(site, rgw):
    rgw.make_bucket("versions", has_versions=True)
    site.collector()
    site.send_events(3)
    site.wait_for_events(3)
    settings = rgw.settings(BUCKET_NAME="versions")
    assert site.command("uploader", "flush", **settings).returncode == 0
    key = site.value("SELECT object_key FROM batches")
    body = rgw.request("GET", f"/versions/{key}")[1]
    rgw.request("DELETE", f"/versions/{key}")
    done = site.command("uploader", "reship", "--batch", "1", **settings)
    assert done.returncode == 0 and "sent again: 1" in done.stdout + done.stderr, done
    assert rgw.request("GET", f"/versions/{key}")[1] == body


@with_rgw
def test_a_refusal_shows_its_remedy_until_a_person_acts(site, rgw):
    site.collector()
    site.uploader(**rgw.settings(BUCKET_NAME="later-bucket"))
    site.send_events(5)
    wait_for("the remedy", lambda: site.query("SELECT state, remedy FROM batches") ==
             [("blocked", "create the bucket later-bucket, or correct BUCKET_NAME")])
    assert "create the bucket later-bucket" in site.command("uploader", "status").stdout
    rgw.request("PUT", "/later-bucket")
    site.wait_until_shipped(60)
    assert site.query("SELECT state, remedy, last_error FROM batches") == [("shipped", None, None)]


@with_rgw
def test_a_clock_20_minutes_off_stops_no_upload(site, rgw):
    site.collector()
    for number, (offset, words) in enumerate((("+20m", "clock=ahead"), ("-20m", "clock=behind")), 1):
        uploader = site.uploader(**rgw.settings(**faked_clock(offset)))
        for n in (1, 2):
            site.send_events(5)
            site.wait_for_events((2 * (number - 1) + n) * 5)
            site.wait_until_shipped()
        (corrected,) = [line for line in uploader.log.splitlines() if "refuses this machine's time" in line]
        seconds = int(corrected.split("by_s=")[1].split()[0])
        assert words in corrected and 1190 <= seconds <= 1210, corrected
        uploader.wait_for_log("clock is wrong")
        (warning,) = [line for line in uploader.log.splitlines() if "clock is wrong" in line]
        assert " warn " in warning and "problem=clock_wrong" in warning and "NTP" in warning, warning
        assert "upload failed" not in uploader.log, uploader.log
        uploader.stop()
    assert_each_event_in_one_object(rgw.objects(), site.uids())
    assert len(site.uids()) == 20


@with_rgw
def test_a_wrong_clock_does_not_make_HEAD_seem_forbidden(site, rgw):
    site.collector()
    site.send_events(5)
    site.wait_for_events(5)
    rgw.stop_gateway()
    uploader = site.uploader(**rgw.settings())
    wait_for("a failure", lambda: site.value("SELECT last_error FROM summary"))
    uploader.kill()  # what this try has done is not known: the next one sends HEAD first
    rgw.start_gateway()
    uploader = site.uploader(**rgw.settings(**faked_clock("+20m")))
    site.wait_until_shipped()
    assert site.query("SELECT state, verified FROM batches") == [("shipped", 1)]
    assert uploader.log.count("refuses this machine's time") == 1, uploader.log
    assert_each_event_in_one_object(rgw.objects(), site.uids())


@with_rgw
def test_keys_of_every_printable_character_are_signed_right(site, rgw):
    ascii_ = "".join(chr(c) for c in range(0x21, 0x7F)).replace("\\", "") + " x"  # PREFIX takes no backslash
    prefixes = [ascii_, "ä/ö ü/é", "漢字/かな", "\U0001f6aa/door", ".c/..d/e.", "%2F%20+"]
    site.collector()
    for number, prefix in enumerate(prefixes, 1):
        for style in ("path", "virtual"):
            settings = rgw.settings(PREFIX=prefix, S3_ADDRESSING=style, REJECTS_PREFIX="none",
                                    AWS_ENDPOINT_URL=f"http://localhost:{rgw.port}")
            site.send_events(1)
            site.wait_for_events(2 * number - (style == "path"))
            done = site.command("uploader", "flush", **settings)
            assert done.returncode == 0, (prefix, style, done.stderr)
    stored = rgw.keys()
    for prefix in prefixes:
        assert len([key for key in stored if key.startswith(prefix + "/")]) == 2, (prefix, stored)
    rows = site.query("SELECT object_key, verified FROM batches")
    assert sorted(key for key, _ in rows) == sorted(stored) and all(verified for _, verified in rows)


@with_rgw
def test_rejects_have_a_queue_of_their_own(site, rgw):
    site.collector()
    site.send(b"stray")
    site.send_events(3)
    site.wait_for_events(3)
    done = site.command("uploader", "flush", **rgw.settings(REJECTS_PREFIX="none"))
    assert done.returncode == 0, done.stderr
    assert [k.split("/")[0] for k in rgw.keys()] == ["xml-events"]
    assert site.value("SELECT state FROM rejects") == "pending"


main(dict(globals()))
