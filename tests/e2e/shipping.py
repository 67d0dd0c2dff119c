"""shipping -- what the tests of the uploader on a scripted server (s3_stub.py) have in common."""
import collections
import contextlib
import subprocess
import time

from support.environment import BIN, IS_SANITIZED, clean_environment
from support.ledger import assert_each_event_in_one_object, assert_spool_tiles
from support.waiting import PATIENCE, wait_for
from s3_stub import Stub, giving_stub

EVENTS = 3
AT_ONCE = 15  # seconds, on a busy machine: no rest is waited for
SOON = 75 * (2 if IS_SANITIZED else 1)  # what is promised: a rest, and then the backlog
ONE_PROBE = 60  # seconds that a probe which hangs may hold its place


def begin(site):
    """With the first events of its first batch."""
    site.collector()
    send_batch(site)


with_stub = giving_stub(begin)


def send_batch(site, events=EVENTS):
    """Sends what becomes one batch; waits until it is in the spool."""
    site.wait_for_spool()
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
    assert_spool_tiles(site.query)
    rows = site.query("SELECT v.object_key, v.etag, v.sha256, v.verified, t.unknown_since, v.last_error "
                      "FROM batches v JOIN _batch t USING (id) WHERE v.state = 'shipped'")
    assert {row[0] for row in rows} == set(stub.objects)
    for key, etag, sha256, verified, unknown_since, last_error in rows:
        there = stub.objects[key]
        assert sha256 == there.sha256 and (etag, verified) in ((there.etag, 1), (there.etag, 0), (None, 0)), (key, etag, verified)
        assert unknown_since is None and last_error is None


def assert_looked_before_plain_puts(stub):
    """Without the condition nothing is put under a key that was not looked at just before."""
    last = {}
    with stub.lock:
        requests = list(stub.requests)
    for request in requests:
        if request.method == "PUT" and "if-none-match" not in request.headers:
            assert last.get(request.key) in ("HEAD", "GET"), (request.key, last.get(request.key))
        last[request.key] = request.method


# ---- worlds: many small batches, a server that changes, and time ----

class World:
    """Each event is a batch of its own."""

    def __init__(self, site, stub, *, collector=(), **settings):
        self.site, self.stub, self.sent = site, stub, 0
        self.settings = {"MAX_FILE_SIZE": 1024, "ROTATION_INTERVAL": 1, **settings}
        site.collector(**dict(collector))
        site.wait_for_spool()

    def send(self, count=1, size=1500):
        for _ in range(count):
            self.sent += 1
            self.site.send(b"<EVENT><cn>%016x</cn>%s</EVENT>\n" % (self.sent, b"x" * (size - 40)))
            self.site.wait_for_events(self.sent)  # which keeps their order

    def start(self, *script, **settings):
        """With `script`, the server's answers change before."""
        if script:
            self.stub.set_script(*script)
        self.uploader = self.site.uploader(**self.stub.settings(**{**self.settings, **settings}))
        return self.uploader

    def restart(self, **settings):
        """After kill -9. Returns how many requests there were before."""
        self.uploader.kill()
        count = len(self.stub.requests)
        self.start(**settings)
        return count

    def command(self, *arguments, **settings):
        return self.site.command("uploader", *arguments, seconds=SOON, **self.stub.settings(**{**self.settings, **settings}))

    def begin(self, *arguments):
        """A command that goes on beside the test."""
        environment = {**clean_environment(), **self.site.settings(**self.stub.settings(**self.settings))}
        return self.site.owns(subprocess.Popen([BIN / "uploader", *arguments], cwd=self.site.directory, text=True,
                                               env={k: str(v) for k, v in environment.items()},
                                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT))

    def cure(self, *script):
        """From now on the server is well, but for this."""
        self.stub.set_script(*script)

    def shipped(self, kind="events"):
        return self.site.value("SELECT coalesce(sum(events), 0) FROM batches WHERE state = 'shipped' AND kind = ? "
                               "AND reship_of IS NULL", kind)

    def blocked(self):
        return self.site.value("SELECT count(*) FROM batches WHERE state = 'blocked'")

    def wait_for_shipped(self, count, seconds, kind="events"):
        since = time.monotonic()
        wait_for(f"{count} of {kind} to be shipped", lambda: self.shipped(kind) >= count, seconds)
        return time.monotonic() - since

    def wait_for_trouble(self, seconds=PATIENCE):
        return wait_for("the trouble to be told", lambda: self.site.value("SELECT last_error FROM summary"), seconds)

    def assert_ends(self, seconds=SOON):
        """Everything is shipped within so many seconds, in exactly one object each, and the trouble is over."""
        wait_for("all to be shipped", lambda: self.site.value("SELECT events FROM summary") == 0, seconds)
        self.assert_each_event_once()
        wait_for("the trouble to be over", lambda: self.site.value("SELECT last_error FROM summary") is None)
        assert_looked_before_plain_puts(self.stub)

    def assert_each_event_once(self):
        with self.stub.lock:
            kept = [key for key in self.stub.kept if key.startswith("xml-events/")]
            objects = {key: self.stub.objects[key].body for key in kept}
        assert_each_event_in_one_object(objects, [f"{number:016x}" for number in range(1, self.sent + 1)])
        assert len(kept) == len(set(kept)), "stored once each"


def wait(seconds):
    """For a promise about time itself, or for a failure to last."""
    time.sleep(seconds)


def worlds(beside, **defaults):
    """A decorator: the test gets a World of its own, and runs beside the others. Settings are the uploader's."""
    def with_settings(*, stub=(), collector=(), **settings):
        def decorate(test):
            def run(site):
                with contextlib.closing(Stub(**dict(stub))) as server:
                    test(World(site, server, collector=collector, **{**defaults, **settings}))
            return beside.add(test.__name__, run)[1]
        return decorate
    return with_settings


def world_tests(beside, check, rows, *, stub=(), **settings):
    """Tests that differ by their arguments alone. `rows`: {name: what check() gets after the world}"""
    def add(name, arguments):
        def run(site):
            with contextlib.closing(Stub(**dict(stub))) as server:
                check(World(site, server, **settings), *arguments)
        return beside.add(f"test_{name}", run)
    return dict(add(name, arguments) for name, arguments in rows.items())
