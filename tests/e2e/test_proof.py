"""Proof, not trust: what counts as stored, what a doubtful answer costs, and that `check` finds what `run` would. With the
real uploader and a scripted server (s3_stub.py), seen from outside: the requests, the objects, the view `batches`."""
import hashlib
import signal
import subprocess
import time

from support.environment import BIN, clean_environment
from support.tap import main
from support.waiting import wait_for
from s3_stub import (ALWAYS, Step, Stored, after_storing, drip_of_the_answer, error, hang, no_answer, no_condition_passes, no_conditions,
                     object_lock, page, portal_with_etag, scope_of, someone_was_faster, unless_signed_for)
from shipping import SOON, assert_shipped_once, batch, send_batch, start, wait_for_requests, wait_for_state, with_stub

OTHER = b"written by someone else"
BATCHES = "xml-events/2"  # as their keys begin; the document that proves the destination is none of them
EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<EVENTS>\n</EVENTS>\n'


def methods(stub):
    """Of the requests about batches, without the questions for keys that cannot exist."""
    return stub.methods(BATCHES)


def put_by_another(behaviour):
    """Somebody else's object gets under the key first, and then the server answers like this."""
    def act(stub, request):
        someone_was_faster(stub, request)
        return behaviour(stub, request)
    return act


def others(stub):
    return {key for key, there in stub.objects.items() if there.body == OTHER}


# ---- the key is taken ----

@with_stub
def test_an_object_of_someone_else_becomes_an_incident_and_stays(site, stub):
    start(site, stub, Step("PUT", someone_was_faster))
    wait_for_state(site, "shipped", 2)
    assert methods(stub) == "PUT HEAD HEAD PUT"
    (other,) = others(stub)
    assert other == batch(site, 1).key != batch(site, 2).key
    asked = [r.key for r in stub.requests if "_nothing-" in r.key]
    assert len(asked) == 1 and asked[0].startswith("xml-events/_nothing-"), "the server knows what it does not have"


@with_stub
def test_an_incident_needs_no_permission_to_list(site, stub):
    """Without s3:ListBucket S3 answers 403 where nothing is."""
    start(site, stub, Step("PUT", someone_was_faster), Step("HEAD", error(403), times=ALWAYS, prefix="xml-events/_nothing-"))
    wait_for_state(site, "shipped", 2)
    assert len(others(stub)) == 1


@with_stub
def test_a_412_that_cannot_be_looked_behind_now_is_decided_later(site, stub):
    start(site, stub, Step("PUT", someone_was_faster), Step("HEAD", error(503), times=2))
    wait_for_state(site, "shipped", 2)
    assert len(others(stub)) == 1


# ---- without conditional writes ----

@with_stub
def test_a_look_precedes_each_plain_PUT(site, stub):
    uploader = start(site, stub, Step("PUT", no_conditions, times=ALWAYS, prefix=BATCHES), UPLOAD_CONCURRENCY=1)
    for number in (1, 2, 3):
        wait_for_state(site, "shipped", number)
        send_batch(site)
    wait_for_state(site, "shipped", 4)
    assert methods(stub) == "PUT HEAD PUT" + 3 * " HEAD PUT"
    assert uploader.log.count("plain writes from now on") == 1
    assert all("content-md5" in r.headers for r in stub.requests if r.method == "PUT")
    assert_shipped_once(site, stub)


@with_stub
def test_all_workers_share_what_is_known_of_conditional_writes(site, stub):
    start(site, stub, Step("PUT", no_conditions, times=ALWAYS), UPLOAD_CONCURRENCY=4, MAX_FILE_SIZE="2K")
    wait_for_state(site, "shipped", 1)
    before = len(stub.requests)
    send_batch(site, 40)
    wait_for("all to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    assert not [r for r in stub.requests[before:] if "if-none-match" in r.headers]
    assert_shipped_once(site, stub)


@with_stub
def test_without_conditional_writes_an_object_of_someone_else_stays(site, stub):
    refusal = error(501, "NotImplemented")
    start(site, stub, Step("PUT", put_by_another(refusal)), Step("PUT", no_condition_passes(refusal), times=ALWAYS, prefix=BATCHES))
    wait_for_state(site, "shipped", 2)
    (other,) = others(stub)
    assert other == batch(site, 1).key and stub.kept == [batch(site, 2).key]


@with_stub
def test_without_conditions_and_looks_objects_are_put_plainly_with_one_warning(site, stub):
    uploader = start(site, stub, Step("PUT", no_conditions, times=ALWAYS, prefix=BATCHES), Step("HEAD", error(403), times=ALWAYS))
    wait_for_state(site, "shipped", 1)
    send_batch(site)
    wait_for_state(site, "shipped", 2)
    assert methods(stub) == "PUT HEAD PUT HEAD PUT"
    assert uploader.log.count("written without a look") == 1
    assert_shipped_once(site, stub)


@with_stub
def test_a_condition_that_something_on_the_way_refuses_is_left_out(site, stub):
    """Each of these may be about the header: one plain PUT after a look shows it."""
    for number, refusal in enumerate((page(400), page(403), page(405), error(403), error(403, "AccessDenied"),
                                      error(400, "InvalidArgument"), error(400, "SomethingNew"), error(501),
                                      page(501)), 1):
        stub.requests.clear()
        uploader = start(site, stub, Step("PUT", no_condition_passes(refusal), times=ALWAYS, prefix=BATCHES))
        wait_for_state(site, "shipped", number)
        assert methods(stub) == "PUT HEAD PUT", number
        assert "plain writes from now on" in uploader.log
        uploader.stop()
        send_batch(site)
    start(site, stub)
    assert_shipped_once(site, stub)


@with_stub
def test_a_refusal_with_another_cause_costs_two_requests_more_only_once(site, stub):
    start(site, stub, Step("PUT", error(403, "AccessDenied"), times=ALWAYS, prefix=BATCHES))
    wait_for("three tries", lambda: len(stub.requests) >= 5)
    assert methods(stub).startswith("PUT HEAD PUT PUT PUT")
    assert ["if-none-match" in r.headers for r in stub.requests if r.method == "PUT"][:4] == [True, False, True, True]
    assert wait_for_state(site, "blocked").remedy.startswith("allow these keys s3:PutObject")
    stub.set_script()
    wait_for_state(site, "shipped")
    assert "if-none-match" in stub.requests[-1].headers
    assert_shipped_once(site, stub)


def allowed_later(site, stub, denied, then):
    """What refuses all writing at first refuses only the condition later: no restart is needed."""
    start(site, stub, Step("PUT", denied, times=ALWAYS))
    wait_for_state(site, "blocked")
    wait_for("a try that knows of the first", lambda: methods(stub).count("PUT") >= 3)
    stub.set_script(Step("PUT", then, times=ALWAYS))
    wait_for_state(site, "shipped", seconds=SOON)
    assert_shipped_once(site, stub)


@with_stub
def test_a_server_without_conditional_writes_takes_plain_ones_when_writing_is_allowed(site, stub):
    def denied(stub, request):
        refusal = error(501, "NotImplemented") if "if-none-match" in request.headers else error(403, "AccessDenied")
        return refusal(stub, request)
    allowed_later(site, stub, denied, no_conditions)


@with_stub
def test_a_proxy_that_refuses_all_and_then_only_the_condition_holds_nothing_up(site, stub):
    allowed_later(site, stub, page(403), no_condition_passes(page(403)))


@with_stub
def test_a_refusal_that_is_surely_not_about_the_condition_is_not_tried_plainly(site, stub):
    for number, refusal in enumerate((error(404, "NoSuchBucket"), error(403, "InvalidAccessKeyId"),
                                      error(403, "SignatureDoesNotMatch"), error(400, "EntityTooLarge"), page(413)), 1):
        stub.requests.clear()
        uploader = start(site, stub, Step("PUT", refusal, times=ALWAYS, prefix=BATCHES))
        wait_for_state(site, "blocked", number)
        assert set(methods(stub).split()) == {"PUT"}, number
        assert all("if-none-match" in r.headers for r in stub.requests)
        stub.set_script()
        wait_for_state(site, "shipped", number)
        uploader.stop()
        send_batch(site)
    start(site, stub)
    assert_shipped_once(site, stub)


# ---- a portal ----

@with_stub
def test_a_portal_that_answers_everything_is_an_outage_and_no_incident(site, stub):
    start(site, stub, *(Step(method, portal_with_etag, times=ALWAYS) for method in ("PUT", "HEAD", "GET")), MAX_FILE_SIZE="2K")
    for number in range(5):
        send_batch(site)
    wait_for("some tries", lambda: stub.methods().count("HEAD") >= 4)
    row = batch(site)
    assert row.is_unknown and "AWS_ENDPOINT_URL is an S3 server" in row.remedy, row
    assert site.value("SELECT count(*) FROM batches WHERE state NOT IN ('sealed', 'blocked')") == 0
    assert not stub.objects
    stub.set_script()
    assert_shipped_once(site, stub)
    assert site.value("SELECT count(*) FROM batches WHERE state <> 'shipped'") == 0, "no incident"


@with_stub
def test_a_portal_that_takes_a_PUT_and_sends_the_look_to_its_login_ships_nothing(site, stub):
    for number, look in enumerate((error(302, headers={"Location": "http://127.0.0.1:9/login"}), error(401), error(407)), 1):
        asked = len(stub.requests)
        uploader = start(site, stub, Step("PUT", portal_with_etag, times=ALWAYS), Step("HEAD", look, times=ALWAYS))
        wait_for_requests(stub, asked + 4)
        row = batch(site, number)
        assert row.state == "sealed" and row.is_unknown and "AWS_ENDPOINT_URL is an S3 server" in row.remedy, row
        assert len(stub.objects) == number - 1
        done = check(site, stub)
        assert done.returncode == 1 and "AWS_ENDPOINT_URL is an S3 server" in done.stdout, done.stdout
        stub.set_script()
        wait_for_state(site, "shipped", number)
        uploader.stop()
        send_batch(site)
    start(site, stub)
    assert_shipped_once(site, stub)


@with_stub
def test_a_portal_that_takes_one_PUT_ships_nothing_where_looks_are_refused(site, stub):
    """Without s3:ListBucket S3 answers 403 where nothing is."""
    start(site, stub, Step("PUT", portal_with_etag), Step("HEAD", error(403), times=ALWAYS))
    row = wait_for_state(site, "shipped")
    assert row.verified == 1 and stub.methods() == "PUT HEAD PUT", (row, stub.methods())
    assert_shipped_once(site, stub)


@with_stub
def test_a_portal_that_stands_before_the_look_alone_makes_no_incident(site, stub):
    uploader = start(site, stub)
    wait_for_state(site, "shipped", 1)
    for number, (put, looks) in enumerate(((no_answer, 4), (no_answer, 1), (after_storing(no_answer), 1)), 2):
        stub.set_script(Step("PUT", put), Step("HEAD", portal_with_etag, times=looks))
        send_batch(site)
        wait_for_state(site, "shipped", number)
        assert site.value("SELECT count(*) FROM batches") == number, uploader.log
    assert_shipped_once(site, stub)


@with_stub
def test_a_region_that_a_portal_has_named_is_forgotten_when_the_store_refuses_it(site, stub):
    portal = error(301, headers={"x-amz-bucket-region": "elsewhere", "Location": "http://127.0.0.1:9/login"})
    start(site, stub, Step("PUT", portal, times=ALWAYS))
    wait_for("a request for that region", lambda: "elsewhere" in {scope_of(r).region for r in stub.requests + stub.checks})
    stub.set_script(Step("PUT", unless_signed_for("us-east-1", error(403, "SignatureDoesNotMatch")), times=ALWAYS))
    wait_for_state(site, "shipped", seconds=SOON)
    assert_shipped_once(site, stub)


# ---- check ----

def check(site, stub, *script, **settings):
    if script:
        stub.set_script(*script)
    return site.command("uploader", "check", **stub.settings(**settings))


@with_stub
def test_check_puts_a_document_as_run_puts_a_batch_and_leaves_it(site, stub):
    more = {"S3_SSE": "AES256", "S3_STORAGE_CLASS": "STANDARD_IA", "S3_TAGS": "a=b", "S3_EXPECTED_BUCKET_OWNER": "111122223333"}
    done = check(site, stub, **more)
    assert done.returncode == 0, done.stdout
    events, _, rejects, _ = [r for r in stub.checks if r.method == "PUT"]  # the second of each must be refused
    assert sorted(stub.documents) == sorted((events.key, rejects.key))
    assert events.key.startswith("xml-events/_check-") and rejects.key.startswith("rejected/xml-events/_check-")
    assert events.body == EMPTY and rejects.body == b""
    start(site, stub, **more)
    wait_for_state(site, "shipped")
    of_batch = stub.requests[-1].headers
    assert set(events.headers) == set(rejects.headers) == set(of_batch)
    same = set(of_batch) - {"content-length", "content-md5", "authorization", "x-amz-date", "x-amz-content-sha256",
                            *(name for name in of_batch if name.startswith("x-amz-meta-"))}
    assert {name: events.headers[name] for name in same} == {name: of_batch[name] for name in same}
    assert events.headers["x-amz-meta-sha256"] == hashlib.sha256(EMPTY).hexdigest()
    assert events.headers["x-amz-meta-events"] == "0" == events.headers["x-amz-meta-batch"]
    assert events.headers["x-amz-meta-node"] == of_batch["x-amz-meta-node"] == events.key.split("_check-")[1]


@with_stub
def test_check_is_content_with_its_document_there_and_beside_a_running_service(site, stub):
    start(site, stub)
    wait_for_state(site, "shipped")
    for _ in range(2):
        done = check(site, stub)
        assert done.returncode == 0, done.stdout
    assert len(stub.documents) == 2 and {r.method for r in stub.checks} == {"PUT", "HEAD", "GET"}
    assert all("if-none-match" in r.headers for r in stub.checks if r.method == "PUT"), "so each was stored once"


@with_stub
def test_check_passes_where_objects_are_locked(site, stub):
    for _ in range(2):
        done = check(site, stub, Step("PUT", object_lock, times=ALWAYS))
        assert done.returncode == 0, done.stdout


@with_stub
def test_a_server_that_answers_412_to_everything_is_told_of_by_check_and_run(site, stub):
    advice = "understand the header `If-None-Match: *`"
    done = check(site, stub, Step("PUT", error(412, "PreconditionFailed"), times=ALWAYS))
    assert done.returncode == 1 and "and then that it is not" in done.stdout and advice in done.stdout, done.stdout
    start(site, stub, Step("PUT", error(412, "PreconditionFailed"), times=ALWAYS))
    wait_for("the advice", lambda: (row := batch(site)) and advice in (row.remedy or ""))
    stub.set_script()
    assert_shipped_once(site, stub)


@with_stub
def test_check_fails_over_a_refused_condition_only_if_run_would(site, stub):
    for refusal in (page(403), error(501, "NotImplemented")):
        for _ in range(2):  # the second time the documents are there
            stub.checks.clear()
            done = check(site, stub, Step("PUT", no_condition_passes(refusal), times=ALWAYS))
            assert done.returncode == 0, done.stdout
            asked = [(r.method, "if-none-match" in r.headers) for r in stub.checks]
            read_back = [("HEAD", False), ("GET", False)]
            assert asked == [("PUT", True), ("HEAD", False), ("PUT", False), *read_back, ("HEAD", False), ("PUT", False),
                             *read_back], asked
            assert "note    the store does not heed `If-None-Match: *`" in done.stdout, done.stdout
            assert len(stub.documents) == 2
    done = check(site, stub, Step("PUT", page(403), times=ALWAYS))
    assert done.returncode == 1 and "HTTP 403" in done.stdout, done.stdout


@with_stub
def test_check_replaces_no_document_that_is_not_its_own(site, stub):
    assert check(site, stub).returncode == 0
    key = next(key for key in stub.documents if key.startswith("xml-events/_check-"))
    stub.documents[key] = Stored(OTHER, hashlib.md5(OTHER).hexdigest(), "")
    done = check(site, stub, Step("PUT", no_conditions, times=ALWAYS))
    assert done.returncode == 0 and "note" in done.stdout and "another document" in done.stdout, done.stdout
    assert stub.documents[key].body == OTHER


@with_stub
def test_check_names_the_prefix_that_is_refused(site, stub):
    done = check(site, stub, Step("PUT", error(403, "AccessDenied"), times=ALWAYS, prefix="rejected/"))
    assert done.returncode == 1 and "ok      objects can be written as xml-events/" in done.stdout, done.stdout
    assert "problem objects can be written as rejected/" in done.stdout and "s3:PutObject" in done.stdout, done.stdout


@with_stub
def test_check_does_not_believe_a_portal(site, stub):
    done = check(site, stub, *(Step(method, portal_with_etag, times=ALWAYS) for method in ("PUT", "HEAD", "GET")))
    assert done.returncode == 1 and "AWS_ENDPOINT_URL is an S3 server" in done.stdout, done.stdout


# ---- times ----

@with_stub
def test_check_gives_a_server_that_hangs_up_within_15_seconds(site, stub):
    for behaviour in (hang, drip_of_the_answer(1)):
        since = time.monotonic()
        done = check(site, stub, Step("PUT", behaviour, times=ALWAYS), Step("HEAD", behaviour, times=ALWAYS))
        took = time.monotonic() - since
        assert done.returncode == 1 and "accepts connections but does not answer" in done.stdout, done.stdout
        assert "AWS_ENDPOINT_URL" in done.stdout and took < 15, (took, done.stdout)


def interrupt(site, stub, *arguments):
    """How long a command takes to end after Ctrl-C, when it hangs on a request."""
    environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(**stub.settings()).items()}}
    before = len(stub.requests) + len(stub.checks)
    process = site.owns(subprocess.Popen([BIN / "uploader", *arguments], cwd=site.directory, env=environment,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    wait_for("its request", lambda: len(stub.requests) + len(stub.checks) > before)
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    return time.monotonic() - since


@with_stub
def test_commands_end_at_once_when_interrupted(site, stub):
    stub.set_script(Step("PUT", hang, times=ALWAYS), Step("HEAD", hang, times=ALWAYS))
    for command in ("check", "flush"):
        took = interrupt(site, stub, command)
        assert took < 3, (command, took)


@with_stub
def test_the_service_stops_within_a_containers_10_seconds(site, stub):
    uploader = start(site, stub, Step("PUT", hang, times=ALWAYS, prefix=BATCHES))
    wait_for_requests(stub, 1)
    since = time.monotonic()
    uploader.stop()
    assert time.monotonic() - since < 10
    assert batch(site).is_unknown


@with_stub
def test_an_answer_that_drips_is_cut_after_a_minute_however_large_the_object(site, stub):
    send_batch(site, 2000)
    start(site, stub, Step("PUT", drip_of_the_answer(1)))
    wait_for_requests(stub, 1)
    assert len(stub.requests[0].body) > 1000000, "at 1 KB a second its body alone may take a quarter of an hour"
    row = wait_for("the answer to be cut", lambda: (r := batch(site)) and r.last_error and r, 75)
    assert "no answer in time" in row.last_error and row.is_unknown, row
    wait_for_state(site, "shipped")
    assert_shipped_once(site, stub)


main(dict(globals()), at_once=4)
