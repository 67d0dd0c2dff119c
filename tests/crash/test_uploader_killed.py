"""kill -9 of the uploader at random moments, against a real S3 server: every event is in exactly one object."""
import hashlib
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import Rgw, assert_keys_have_no_gap, main, size, uids_of_xml, wait_for

ROUNDS = size("CRASH_ROUNDS", 20, 5)
EVENTS = size("CRASH_UPLOADER_EVENTS", 40000, 5000)


def sleep_until(moment):
    due = time.monotonic() + moment
    wait_for("the moment of the kill", lambda: time.monotonic() >= due)


def assert_every_event_is_in_exactly_one_object(site, rgw):
    keys = [k for k in rgw.keys() if k.startswith("xml-events/")]
    assert assert_keys_have_no_gap(keys) == EVENTS
    rows = {key: (sha, etag) for key, sha, etag in
            site.query("SELECT object_key, sha256, etag FROM batches WHERE kind = 'events'")}
    uids = []
    for key in sorted(keys, key=lambda k: k.split("-")[-2]):
        body, headers = rgw.get(key)
        sha256 = hashlib.sha256(body).hexdigest()
        assert headers["x-amz-meta-sha256"] == headers["x-amz-meta-content-sha256"] == sha256 == rows[key][0], key
        assert headers["etag"].strip('"') == rows[key][1] == hashlib.md5(body).hexdigest()
        assert int(headers["x-amz-meta-events"]) == len(uids_of_xml(body))
        uids += uids_of_xml(body)
    stored = [u.encode() for (u,) in site.query("SELECT uid FROM events ORDER BY id")]
    assert uids == stored and len(set(uids)) == EVENTS
    assert len(rows) == len(keys)


def test_every_event_is_in_exactly_one_object_whatever_moment_the_uploader_is_killed_at(site):
    seed = random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    print(f"# seed {seed}, {ROUNDS} kills")
    rgw = Rgw(site.directory)
    try:
        site.collector()
        settings = rgw.settings(ROTATION_INTERVAL=1, MAX_FILE_SIZE="64K")
        site.send_events(EVENTS)
        site.wait_for_events(EVENTS)
        met_work = 0
        for n in range(ROUNDS):
            uploader = site.uploader(**settings)
            sleep_until(rng.uniform(0.02, 0.3))
            uploader.kill()
            states = dict(site.query("SELECT state, count(*) FROM batches GROUP BY state"))
            met_work += "sealed" in states
            print(f"# kill {n + 1}: {states}")
        assert met_work >= ROUNDS / 4, f"only {met_work} of {ROUNDS} kills left a batch half done"
        uploader = site.uploader(**settings)
        site.wait_until_shipped(300)
        uploader.stop()
        assert_every_event_is_in_exactly_one_object(site, rgw)
    finally:
        rgw.close()


main(dict(globals()))
