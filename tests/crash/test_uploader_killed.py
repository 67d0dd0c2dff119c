"""kill -9 of the uploader at random moments, against a real S3 server: every event is in exactly one object."""
import hashlib
import random
import time

from support.environment import size
from support.ledger import assert_each_event_in_one_object, assert_spool_tiles, uids_of_xml
from support.rgw import Rgw
from support.tap import main
from support.waiting import wait_for

ROUNDS = size("CRASH_ROUNDS", 20, 5)
EVENTS = size("CRASH_UPLOADER_EVENTS", 40000, 5000)


def sleep_until(moment):
    due = time.monotonic() + moment
    wait_for("the moment of the kill", lambda: time.monotonic() >= due)


def assert_shipped_once(site, rgw):
    rows = {key: (sha, etag) for key, sha, etag in
            site.query("SELECT object_key, sha256, etag FROM batches WHERE kind = 'events'")}
    answers = {key: rgw.get(key) for key in rgw.keys() if key.startswith("xml-events/")}
    for key, (body, headers) in answers.items():
        sha256 = hashlib.sha256(body).hexdigest()
        assert headers["x-amz-meta-sha256"] == headers["x-amz-meta-content-sha256"] == sha256 == rows[key][0], key
        assert headers["etag"].strip('"') == rows[key][1] == hashlib.md5(body).hexdigest()
        assert int(headers["x-amz-meta-events"]) == len(uids_of_xml(body))
    assert_each_event_in_one_object({key: body for key, (body, _) in answers.items()}, site.uids())
    assert len(site.uids()) == len(set(site.uids())) == EVENTS and set(rows) == set(answers)
    assert_spool_tiles(site.query)


def test_each_event_is_in_one_object_after_kills_at_random_moments(site):
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
        assert_shipped_once(site, rgw)
    finally:
        rgw.close()


main(dict(globals()))
