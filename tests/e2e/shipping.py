"""shipping -- what the tests of the uploader on a scripted server (s3_stub.py) have in common."""
import collections

from support.ledger import assert_each_event_in_one_object
from support.waiting import PATIENCE, wait_for
from s3_stub import giving_stub

EVENTS = 3


def begin(site):
    """With the first events of its first batch."""
    site.collector()
    send_batch(site)


with_stub = giving_stub(begin)


def send_batch(site, events=EVENTS):
    """Sends what becomes one batch; waits until it is in the spool."""
    count = site.value("SELECT last_event_id FROM _intake") + events
    site.send_events(events)
    site.wait_for_events(count)


def start(site, stub, *script, **settings):
    stub.set_script(*script)
    return site.uploader(**stub.settings(**settings))


def batch(site, number=1):
    """The batch's row: state and verified from the view, is_unknown from the table behind it."""
    rows = site.query("SELECT v.state, v.verified, v.etag, v.sha256, v.object_key, v.attempts, v.last_error, v.remedy, "
                      "t.unknown_since IS NOT NULL FROM batches v JOIN _batch t USING (id) WHERE v.id = ?", number)
    names = "state verified etag sha256 key attempts last_error remedy is_unknown"
    return collections.namedtuple("Row", names)._make(rows[0]) if rows else None


def wait_for_state(site, state, number=1, seconds=PATIENCE):
    return wait_for(f"batch {number} to be {state}",
                    lambda: (row := batch(site, number)) and row.state == state and row, seconds)


def wait_for_requests(stub, count, seconds=PATIENCE):
    wait_for(f"{count} requests", lambda: len(stub.requests) >= count, seconds)


def assert_shipped_once(site, stub):
    """Every event is in exactly one object, each object was stored once, and the rows tell what is stored."""
    wait_for("all events to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    objects = {key: there.body for key, there in stub.objects.items() if key.startswith("xml-events/")}
    assert_each_event_in_one_object(objects, site.uids())
    assert sorted(stub.kept) == sorted(stub.objects), "stored once each"
    rows = site.query("SELECT v.object_key, v.etag, v.sha256, v.verified, t.unknown_since, v.last_error "
                      "FROM batches v JOIN _batch t USING (id) WHERE v.state = 'shipped'")
    assert {row[0] for row in rows} == set(stub.objects)
    for key, etag, sha256, verified, unknown_since, last_error in rows:
        there = stub.objects[key]
        assert sha256 == there.sha256 and (etag, verified) in ((there.etag, 1), (there.etag, 0), (None, 0)), (key, etag, verified)
        assert unknown_since is None and last_error is None
