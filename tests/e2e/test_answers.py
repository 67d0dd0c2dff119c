"""What the uploader does about answers of an S3 server, step by step, with a scripted one (s3_stub.py): what is stored, what
is asked, and in which order. test_fault_matrix.py goes through all answers."""
from support.tap import main
from support.waiting import wait_for
from s3_stub import (ALWAYS, Answer, Step, after_storing, captive_portal, die, encrypted, error, honest, no_answer,
                     no_conditions, someone_was_faster)
from shipping import assert_shipped_once, batch, send_batch, start, wait_for_requests, wait_for_state, with_stub


# ---- the answer is lost ----

@with_stub
def test_a_stored_object_whose_answer_was_lost_is_not_put_again(site, stub):
    start(site, stub, Step("PUT", after_storing(no_answer)))
    row = wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD" and row.verified == 1
    assert_shipped_once(site, stub)


@with_stub
def test_a_failed_HEAD_is_repeated_before_any_PUT(site, stub):
    start(site, stub, Step("PUT", after_storing(no_answer)), Step("HEAD", no_answer), Step("HEAD", error(503)))
    row = wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD HEAD HEAD" and row.verified == 1
    assert_shipped_once(site, stub)


@with_stub
def test_a_restart_after_a_lost_answer_sends_HEAD_before_PUT(site, stub):
    uploader = start(site, stub, Step("PUT", after_storing(no_answer)), Step("HEAD", no_answer, times=ALWAYS))
    wait_for_requests(stub, 2)
    uploader.kill()
    assert batch(site).is_unknown and batch(site).state == "sealed"
    before = len(stub.requests)
    start(site, stub)
    wait_for_state(site, "shipped")
    assert [r.method for r in stub.requests[before:]] == ["HEAD"]
    assert_shipped_once(site, stub)


@with_stub
def test_a_PUT_on_a_dead_kept_connection_counts_as_unknown(site, stub):
    start(site, stub, Step("PUT", honest), Step("PUT", after_storing(die)))
    wait_for_state(site, "shipped", 1)
    send_batch(site)
    wait_for("the second try to have failed", lambda: (row := batch(site, 2)) and row.last_error)
    row = batch(site, 2)
    assert row.is_unknown and row.state == "sealed", row
    stub.start_listening()
    wait_for_state(site, "shipped", 2)
    assert stub.methods() == "PUT PUT HEAD" and batch(site, 2).verified == 1
    assert_shipped_once(site, stub)


# ---- the key is taken ----

@with_stub
def test_a_304_of_an_old_MinIO_is_taken_for_a_412(site, stub):
    start(site, stub, Step("PUT", after_storing(no_answer)), Step("HEAD", error(404)),
          Step("PUT", lambda stub, request: Answer(304, {"x-amz-request-id": "17A"})))
    row = wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD PUT HEAD" and row.verified == 1
    assert_shipped_once(site, stub)



@with_stub
def test_a_first_412_without_the_right_to_HEAD_blocks_the_batch(site, stub):
    """The object is somebody else's for all that is known."""
    start(site, stub, Step("PUT", someone_was_faster), Step("HEAD", error(403), times=ALWAYS))
    row = wait_for_state(site, "blocked")
    assert stub.methods() == "PUT HEAD" and not row.is_unknown, row
    assert "refuses to show whether it is ours" in row.last_error, row
    assert "allow these keys s3:GetObject" in row.remedy and stub.bucket in row.remedy, row
    assert "eventspool resolve --batch 1" in row.remedy, row
    assert stub.objects[row.key].body == b"written by someone else"


@with_stub
def test_a_412_after_a_lost_try_without_the_right_to_HEAD_ships_unverified_with_a_warning(site, stub):
    uploader = start(site, stub)
    wait_for_state(site, "shipped", 1)
    elsewhere = error(301, headers={"Location": "http://127.0.0.1:9/evil"})
    for number, refusal in enumerate((error(403), error(409), error(501), elsewhere), 2):
        stub.requests.clear()
        stub.set_script(Step("PUT", after_storing(no_answer)), Step("HEAD", refusal, times=ALWAYS))
        send_batch(site)
        row = wait_for_state(site, "shipped", number)
        assert stub.methods() == "PUT HEAD PUT HEAD" and row.verified == 0
    (warning,) = [line for line in uploader.log.splitlines() if "cannot be compared" in line]
    assert " warn " in warning and 'remedy="allow these keys s3:GetObject' in warning and stub.bucket in warning, warning
    assert_shipped_once(site, stub)


@with_stub
def test_an_ETag_that_is_no_MD5_is_verified_by_our_own_metadata(site, stub):
    start(site, stub, Step("PUT", encrypted, times=ALWAYS))
    row = wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD" and row.verified == 1 and row.etag == "encrypted"
    assert_shipped_once(site, stub)


@with_stub
def test_an_ETag_that_is_no_MD5_without_HEAD_ships_unverified(site, stub):
    start(site, stub, Step("PUT", encrypted, times=ALWAYS), Step("HEAD", error(403), times=ALWAYS))
    row = wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD PUT" and row.verified == 0 and row.etag == "encrypted", "a 412 says that it is there"
    assert_shipped_once(site, stub)


# ---- refusals and errors ----

@with_stub
def test_a_server_without_conditional_writes_gets_plain_ones_from_then_on(site, stub):
    uploader = start(site, stub, Step("PUT", no_conditions, times=ALWAYS, prefix="xml-events/2"))
    wait_for_state(site, "shipped", 1)
    send_batch(site)
    wait_for_state(site, "shipped", 2)
    conditional = ["if-none-match" in r.headers for r in stub.requests if r.method == "PUT"]
    assert conditional == [True, False, False]
    assert "plain writes from now on" in uploader.log
    assert_shipped_once(site, stub)


def refused_after_a_lost_put(site, stub, refusal, state):
    """A PUT is lost, the object is not there yet, and the next PUT is refused: the first may still arrive."""
    start(site, stub, Step("PUT", no_answer), Step("PUT", refusal, times=ALWAYS))
    wait_for_requests(stub, 3)
    wait_for("the refusal to be recorded", lambda: (e := batch(site).last_error) and "HTTP" in e)
    row = batch(site)
    assert stub.methods().startswith("PUT HEAD PUT") and row.state == state, row
    assert row.is_unknown, "only the object itself, or a 200, settles an unknown outcome"
    with stub.lock:  # and there it is
        stub.keep(stub.requests[0])
    wait_for_state(site, "shipped")
    assert stub.methods().endswith("PUT HEAD") and "PUT PUT" not in stub.methods(), "a HEAD precedes each further PUT"
    assert_shipped_once(site, stub)


@with_stub
def test_a_lost_PUT_stays_unknown_when_the_next_one_is_forbidden(site, stub):
    refused_after_a_lost_put(site, stub, error(403, "AccessDenied"), "blocked")


@with_stub
def test_a_lost_PUT_stays_unknown_when_the_next_one_meets_a_conflict(site, stub):
    refused_after_a_lost_put(site, stub, error(409, "ConditionalRequestConflict"), "sealed")


@with_stub
def test_a_refused_HEAD_never_holds_up_the_PUT(site, stub):
    here = {"x-amz-bucket-region": stub.region}  # as AWS names it in every answer
    start(site, stub)
    wait_for_state(site, "shipped", 1)
    for number, refusal in enumerate((error(400, headers=here), error(403), error(405), error(501)), 2):
        stub.set_script(Step("PUT", error(503)), Step("HEAD", refusal, times=ALWAYS))
        send_batch(site)
        assert wait_for_state(site, "shipped", number).verified == 1
    assert stub.methods() == " ".join(["PUT"] + ["PUT HEAD PUT"] * 4)
    assert_shipped_once(site, stub)


@with_stub
def test_a_portal_that_answers_everything_with_200_ships_nothing(site, stub):
    start(site, stub, Step("PUT", captive_portal, times=ALWAYS),
          Step("HEAD", lambda stub, request: Answer(200, {"Content-Type": "text/html"}), times=ALWAYS))
    wait_for("a HEAD of it", lambda: "HEAD" in stub.methods() or ((row := batch(site)) and row.state == "shipped"))
    wait_for("its outcome", lambda: batch(site).last_error or batch(site).state == "shipped")
    row = batch(site)
    assert row.state != "shipped" and row.is_unknown and not stub.objects, row
    stub.set_script()
    wait_for_state(site, "shipped")
    assert_shipped_once(site, stub)


@with_stub
def test_events_ship_while_rejects_are_refused(site, stub):
    site.send(b"not an event")
    wait_for("the reject", lambda: site.value("SELECT count(*) FROM rejects") == 1)
    start(site, stub, Step("PUT", error(403, "AccessDenied"), times=ALWAYS, prefix="rejected/"))
    wait_for("the refusal", lambda: site.query("SELECT 1 FROM batches WHERE kind = 'rejects' AND state = 'blocked'"))
    for _ in range(2):
        send_batch(site)
        wait_for("the events to be shipped", lambda: site.value("SELECT events FROM summary") == 0)
    assert site.value("SELECT count(*) FROM batches WHERE kind = 'events' AND state = 'shipped'") >= 2
    assert site.value("SELECT state FROM rejects") == "sealed"
    assert_shipped_once(site, stub)
    stub.set_script()
    wait_for("the reject to be shipped", lambda: site.value("SELECT state FROM rejects") == "shipped")
    assert_shipped_once(site, stub)


main(dict(globals()))
