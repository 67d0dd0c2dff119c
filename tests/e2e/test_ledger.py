"""The uploader's ledger against a scripted S3 server: incidents, several uploads at once, batches that fail alone."""
import hashlib
import time

from support.ledger import assert_each_event_in_one_object, assert_spool_tiles
from support.tap import main, tests_of
from support.waiting import wait_for
from s3_stub import (ALWAYS, Answer, Step, Stored, error, for_first_ids, giving_stub, hang, honest, no_answer,
                     someone_was_faster)

EVENTS = 6
ONE_EACH = {"MAX_FILE_SIZE": 1024}  # each event is a batch of its own
BATCHES = "xml-events/2"  # as their keys begin; a question for a key that cannot exist is about none of them


def begin(site):
    site.collector()
    site.send_events(EVENTS)
    site.wait_for_events(EVENTS)


with_stub = giving_stub(begin)


def start(site, stub, *script, **settings):
    stub.set_script(*script)
    return site.uploader(**stub.settings(**settings))


def states(site):
    return [s for (s,) in site.query("SELECT state FROM batches ORDER BY id")]


def wait_for_states(site, *expected):
    wait_for(f"the batches to be {expected}, not {states(site)}", lambda: states(site) == list(expected))


def wait_until_all_is_shipped(site):
    wait_for("all to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    assert {s for (s,) in site.query("SELECT state FROM events")} == {"shipped"}
    assert site.value("SELECT count(*) FROM backlog") == 0


def assert_each_event_is_in_one_object(site, stub):
    objects = {key: stub.objects[key].body for key in stub.kept if key.startswith("xml-events/")}
    assert_each_event_in_one_object(objects, site.uids())
    assert len(stub.kept) == len(set(stub.kept)), "stored once each"
    assert_spool_tiles(site.query)


def foreign(body, etag=None, sha256=""):
    """Whatever is asked for: this is there."""
    def act(stub, request):
        stub.objects.setdefault(request.key, Stored(body, etag or hashlib.md5(body).hexdigest(), sha256))
        return error(412, "PreconditionFailed")(stub, request)
    return act


def under_another_etag(change=lambda body: body):
    """Our upload is there, changed or not, as a server that makes its own ETags and forgets metadata would have it."""
    def act(stub, request):
        return foreign(change(request.body), etag="made-up")(stub, request)
    return act


def lost(behaviour):
    """The server acts, and its answer does not arrive."""
    def act(stub, request):
        behaviour(stub, request)
        return no_answer(stub, request)
    return act


# ---- incidents ----

@with_stub
def test_a_batch_whose_key_is_taken_ships_under_another_key(site, stub):
    uploader = start(site, stub, Step("PUT", someone_was_faster))
    wait_for_states(site, "superseded", "shipped")
    wait_until_all_is_shipped(site)
    rows = site.query("SELECT object_key, reship_of, first_id, last_id, last_error, remedy FROM batches ORDER BY id")
    (key, none, *first), (again, reship_of, *second) = rows
    assert again == key.replace(".xml", "-r2.xml") and none is None and reship_of == 1
    assert first[:2] == second[:2] == [1, EVENTS] and key in first[2] and again in first[3] and second[2:] == [None, None]
    assert stub.objects[key].body == b"written by someone else" and stub.kept == [again], "nothing is overwritten"
    assert site.query("SELECT DISTINCT object_key, batch_id FROM events") == [(again, 2)]
    assert [line for line in uploader.log.splitlines() if " error " in line and "incident" in line and again in line]
    assert_each_event_is_in_one_object(site, stub)
    assert site.query("SELECT last_error, remedy FROM summary") == [tuple(first[2:])], "for a day"
    site.send_events(2)
    site.wait_for_events(EVENTS + 2)
    wait_until_all_is_shipped(site)
    assert_each_event_is_in_one_object(site, stub)
    assert site.query("SELECT first_id FROM batches WHERE id = 3") == [(EVENTS + 1,)]


@with_stub
def test_a_second_taken_key_blocks_that_batch_until_a_person_acts(site, stub):
    start(site, stub, Step("PUT", someone_was_faster, times=2))
    wait_for_states(site, "superseded", "blocked")
    key, error_text, remedy = site.query("SELECT object_key, last_error, remedy FROM batches WHERE id = 2")[0]
    assert key in error_text and "move it away" in remedy
    assert site.value("SELECT remedy FROM summary") == remedy
    assert site.value("SELECT events FROM summary") == EVENTS
    site.send_events(2)
    site.wait_for_events(EVENTS + 2)
    wait_for_states(site, "superseded", "blocked", "shipped")
    assert site.value("SELECT events FROM summary") == EVENTS
    assert site.value("SELECT count(*) FROM backlog") == EVENTS
    with stub.lock:
        del stub.objects[key]
    wait_until_all_is_shipped(site)
    assert states(site) == ["superseded", "shipped", "shipped"]
    assert_each_event_is_in_one_object(site, stub)


@with_stub
def test_an_incident_survives_a_restart(site, stub):
    uploader = start(site, stub, Step("PUT", someone_was_faster), Step("PUT", error(503), times=ALWAYS))
    wait_for_states(site, "superseded", "sealed")
    uploader.kill()
    assert site.value("SELECT events FROM summary") == EVENTS
    start(site, stub)
    wait_until_all_is_shipped(site)
    assert states(site) == ["superseded", "shipped"]
    assert_each_event_is_in_one_object(site, stub)


@with_stub
def test_bytes_are_compared_where_neither_ETag_nor_metadata_tell(site, stub):
    start(site, stub, Step("PUT", under_another_etag()))
    wait_until_all_is_shipped(site)
    assert stub.methods() == "PUT HEAD GET" and states(site) == ["shipped"]
    assert site.query("SELECT verified, etag FROM batches") == [(1, "made-up")]


@with_stub
def test_bytes_of_the_same_length_that_differ_are_an_incident(site, stub):
    start(site, stub, Step("PUT", under_another_etag(lambda body: body[:-1] + b"x")))
    wait_until_all_is_shipped(site)
    assert stub.methods(BATCHES) == "PUT HEAD GET HEAD PUT", "an incident needs two looks that agree"
    assert states(site) == ["superseded", "shipped"]


@with_stub
def test_a_batch_whose_bytes_may_not_be_read_ships_unverified(site, stub):
    """A try of ours may have stored them, and its answer was lost."""
    uploader = start(site, stub, Step("PUT", lost(under_another_etag())),
                     Step("GET", error(403, "AccessDenied"), times=ALWAYS))
    wait_until_all_is_shipped(site)
    assert stub.methods() == "PUT HEAD GET PUT HEAD GET" and site.query("SELECT state, verified FROM batches") == [("shipped", 0)]
    assert "cannot be compared" in uploader.log


@with_stub
def test_a_failed_GET_of_the_bytes_is_repeated_and_proves_nothing(site, stub):
    start(site, stub, Step("PUT", under_another_etag()), Step("GET", no_answer), Step("GET", error(503)),
          Step("GET", lambda stub, request: Answer(200, {"Content-Type": "text/html"}, b"<html>log in</html>")))
    wait_until_all_is_shipped(site)
    assert states(site) == ["shipped"] and site.value("SELECT verified FROM batches") == 1


# ---- several at once ----

@with_stub
def test_upload_concurrency_bounds_uploads_and_sealed_batches(site, stub):
    """Once one was taken: until then one is tried at a time."""
    uploader = start(site, stub, Step("PUT", honest), Step("PUT", hang, times=ALWAYS, prefix=BATCHES), UPLOAD_CONCURRENCY=4,
                     **ONE_EACH)
    wait_for("four uploads after the first", lambda: len(stub.requests) == 5)
    since = time.monotonic()
    wait_for("another second to pass", lambda: time.monotonic() - since > 1)
    assert len(stub.requests) == 5 and len({r.key for r in stub.requests}) == 5
    assert states(site) == ["shipped"] + ["sealed"] * 4
    since = time.monotonic()
    uploader.stop()
    assert 8 < time.monotonic() - since < 15, "a stop gives all of them ten seconds, together"
    start(site, stub)
    wait_until_all_is_shipped(site)
    assert_each_event_is_in_one_object(site, stub)


@with_stub
def test_an_upload_that_hangs_holds_up_no_other(site, stub):
    start(site, stub, Step("PUT", honest), Step("PUT", hang), **ONE_EACH)
    wait_for("all others to be shipped", lambda: states(site).count("shipped") == EVENTS - 1, 30)
    assert states(site).count("sealed") == 1  # the second or the third: they are sent at the same time
    assert stub.methods().count("PUT") == EVENTS


@with_stub
def test_connections_are_kept_between_uploads(site, stub):
    start(site, stub, **ONE_EACH)
    wait_until_all_is_shipped(site)
    assert stub.methods() == " ".join(["PUT"] * EVENTS) and stub.accepted <= 2
    assert_each_event_is_in_one_object(site, stub)


def check_passed_by(site, concurrency, behaviour):
    """This server never takes the first key."""
    @with_stub
    def check(site, stub):
        start(site, stub, Step("PUT", for_first_ids(behaviour, 1), times=ALWAYS), UPLOAD_CONCURRENCY=concurrency, **ONE_EACH)
        wait_for("all others to be shipped", lambda: states(site).count("shipped") == EVENTS - 1)
        assert states(site)[0] in ("sealed", "blocked")
        wait_for("the trouble to be told", lambda: site.value("SELECT last_error FROM summary"))
        stub.set_script()
        wait_until_all_is_shipped(site)
        wait_for("the trouble to be over", lambda: site.value("SELECT last_error FROM summary") is None)
        assert_each_event_is_in_one_object(site, stub)
    check(site)


PASSED_BY = tests_of(check_passed_by, {
    "a_batch_that_breaks_connections_is_passed_by_with_one_upload": (1, no_answer),
    "a_batch_that_breaks_connections_is_passed_by_with_two_uploads": (2, no_answer),
    "a_batch_that_is_always_refused_is_passed_by": (2, error(403, "AccessDenied")),
})


@with_stub
def test_an_outage_is_logged_twice_and_seals_no_more_batches(site, stub):
    site.send(b"not an event")
    uploader = start(site, stub, Step("PUT", error(503), times=ALWAYS), **ONE_EACH)
    wait_for("some tries", lambda: stub.methods().count("PUT") >= 5)
    assert len([s for s in states(site)]) <= 4, states(site)  # two of each kind
    stub.set_script()
    wait_until_all_is_shipped(site)
    wait_for("the end to be logged", lambda: "upload succeeded" in uploader.log)
    assert uploader.log.count("upload failed") == 1 and uploader.log.count("upload succeeded") == 1
    assert_each_event_is_in_one_object(site, stub)


# ---- sealed anew ----

@with_stub
def test_a_batch_surely_not_stored_is_resealed_under_corrected_settings(site, stub):
    uploader = start(site, stub, Step("PUT", error(403, "AccessDenied"), times=ALWAYS), **ONE_EACH)
    wait_for("both to be refused", lambda: states(site) == ["blocked", "blocked"])
    uploader.stop()
    uploader = start(site, stub, PREFIX="right/", OUTPUT_FORMAT="ndjson")
    wait_until_all_is_shipped(site)
    assert {k.split("/")[0] for k in stub.objects} == {"right"} and {k[-6:] for k in stub.objects} == {"ndjson"}
    assert uploader.log.count("sealed anew") == 1 and "batches=2" in uploader.log
    assert sum(there.body.count(b"\n") for there in stub.objects.values()) == EVENTS


@with_stub
def test_a_batch_perhaps_stored_stays_as_it_was_sealed(site, stub):
    uploader = start(site, stub, Step("PUT", no_answer, times=ALWAYS), Step("HEAD", no_answer, times=ALWAYS))
    wait_for("a lost try", lambda: site.query("SELECT 1 FROM batches WHERE last_error IS NOT NULL"))
    uploader.kill()
    start(site, stub, PREFIX="right/", OUTPUT_FORMAT="ndjson")
    wait_until_all_is_shipped(site)
    (key,) = stub.objects
    assert key.startswith("xml-events/") and key.endswith(".xml")
    assert_each_event_is_in_one_object(site, stub)


main({**globals(), **PASSED_BY})
