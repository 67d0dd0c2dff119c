"""What is sent next, over time, against a server that changes: after the cause of a failure has gone, what waits is shipped
within 75 s (a rest of 60 s at most, and the sending), without a restart and without a person. Nothing stands still beside
what must wait, nothing is tried without end, and a restart in the middle changes none of it.
"""
import pathlib
import re
import time

from support.beside import Beside
from support.tap import main
from support.waiting import wait_for
from s3_stub import (ALWAYS, ANY, Step, drip_of_the_answer, drip_of_the_body, error, for_first_ids, hang, honest, larger_than,
                     page, portal_with_etag, unless_known)
from shipping import AT_ONCE, ONE_PROBE, SOON, wait, world_tests, worlds

LIMIT = 10000   # bytes: what the proxy of these tests lets through
LARGE = 20000
DATED = "xml-events/2"  # objects, and not the document that proves the destination
OVER = "outage over"  # in the log

beside = Beside(24)
world = worlds(beside)


def refusing_large():
    return Step("PUT", larger_than(LIMIT, page(413)), times=ALWAYS)


def requests_between(stub, since, until=float("inf")):
    """All of them, also those that prove the destination."""
    with stub.lock:
        return [r for r in stub.requests + stub.checks if since <= r.at < until]


def count_requests(stub):
    with stub.lock:
        return len(stub.requests) + len(stub.checks)


# ---- whatever fails: with and without a restart in the middle ----

def always(*behaviours):
    return [Step(ANY, behaviour, times=ALWAYS) for behaviour in behaviours]


CAUSES = {
    "503": (always(error(503)), 0),
    "SlowDown": (always(error(503, "SlowDown")), 0),
    "429": (always(error(429, "TooManyRequests")), 0),
    "a_portal_with_ETags": (always(portal_with_etag), 0),
    "a_hang": (always(hang), ONE_PROBE),
    "an_unreachable_store": (None, 0),
    "InvalidAccessKeyId": (always(error(403, "InvalidAccessKeyId")), 0),
    "AccessDenied": (always(error(403, "AccessDenied")), 0),
    "NoSuchBucket": (always(error(404, "NoSuchBucket")), 0),
    "413_of_a_proxy": ([Step("PUT", page(413), times=ALWAYS)], 0),
    "InvalidArgument": ([Step("PUT", error(400, "InvalidArgument"), times=ALWAYS)], 0),
    "501": ([Step("PUT", error(501, "NotImplemented"), times=ALWAYS)], 0),
}
BACKLOG = 40
BAD_SECONDS = 12


def check_cure(world, script, extra, with_restart):
    world.send(BACKLOG)
    if script is None:
        world.stub.go_away()
    world.start(*(script or ()))
    if extra:  # a hang tells of itself only when it is cut
        wait_for("a request", lambda: count_requests(world.stub))
    else:
        world.wait_for_trouble()
    wait(BAD_SECONDS)
    assert world.shipped() == 0
    if with_restart:
        count = count_requests(world.stub)
        world.restart()
        wait(BAD_SECONDS)
        assert count_requests(world.stub) - count <= BACKLOG / 2, "after a restart not all that is open is tried"
    if script is None:
        world.stub.start_listening()
    world.cure()
    world.assert_ends(SOON + extra)


CURES = {
    **world_tests(beside, check_cure, {f"after_{name}_the_backlog_ships_within_a_rest": (script, extra, False)
                                       for name, (script, extra) in CAUSES.items()}),
    **world_tests(beside, check_cure, {f"after_{name}_and_a_restart_the_backlog_ships_within_a_rest": (script, extra, True)
                                       for name, (script, extra) in CAUSES.items()}),
}


# ---- batches that are refused for good ----

def check_outage_among_refused(world, good, seconds):
    """Five batches are refused for good, and the server is away for 3 s. `good`: so many were taken before and behind them."""
    world.send(good)
    world.send(5, LARGE)
    world.send(good)
    world.start(refusing_large())
    world.wait_for_shipped(2 * good, SOON)
    wait_for("all five to be refused", lambda: world.blocked() == 5)
    world.stub.go_away()
    world.send(20)
    wait(3)
    world.stub.start_listening()
    world.wait_for_shipped(2 * good + 20, seconds)
    assert world.site.value("SELECT count(*) FROM batches WHERE state IN ('sealed', 'blocked')") == 5, "and the five wait"
    world.cure()
    world.assert_ends()


REFUSED = world_tests(beside, check_outage_among_refused, {
    "refused_batches_do_not_take_the_probes_of_an_outage": (3, AT_ONCE),
    "good_batches_ship_within_a_rest_where_all_before_were_refused": (0, SOON),
}, UPLOAD_CONCURRENCY=8)


def send_two_large_among_40(world):
    """The 11th and the 12th are larger than the proxy lets through."""
    world.send(10)
    world.send(2, LARGE)
    world.send(28)
    world.start(refusing_large())
    world.wait_for_shipped(38, AT_ONCE * 2)
    wait_for("both to be refused", lambda: world.blocked() == 2)


@world()
def test_batches_behind_two_refused_ones_ship_at_once_and_the_two_after_the_cure(world):
    send_two_large_among_40(world)
    world.send(5)
    world.wait_for_shipped(43, AT_ONCE)
    world.cure()
    world.assert_ends()


@world()
def test_batches_behind_two_refused_ones_ship_across_a_restart(world):
    send_two_large_among_40(world)
    world.restart()
    world.send(5)
    world.wait_for_shipped(43, AT_ONCE)
    wait_for("both to be refused again", lambda: world.blocked() == 2)
    world.cure()
    world.assert_ends()


@world()
def test_a_long_stretch_of_refused_batches_is_passed(world):
    world.send(6, LARGE)
    world.send(10)
    world.start(refusing_large())
    world.wait_for_shipped(10, SOON * 2)  # one scout for each rest
    world.cure()
    world.assert_ends()


@world()
def test_a_key_that_is_refused_is_tried_again_slowly_while_others_ship(world):
    world.send(12)
    world.start(Step("PUT", for_first_ids(error(403, "AccessDenied"), 3), times=ALWAYS))
    world.wait_for_shipped(11, AT_ONCE * 2)
    since = time.monotonic()
    wait(60)
    with world.stub.lock:
        requests = [r for r in world.stub.requests if r.at > since]
    # One try is three requests where its connection had been closed meanwhile: a PUT of unknown outcome, a look, a PUT.
    tries = [r for n, r in enumerate(requests) if n == 0 or r.at - requests[n - 1].at > 1]
    said = [(r.method, r.key, r.at - since) for r in requests]
    assert {int(r.key.split("-")[-2]) for r in requests} == {3} and 1 <= len(tries) <= 7 and len(requests) <= 3 * len(tries), said
    world.cure()
    world.assert_ends()


@world()
def test_a_wrong_setting_costs_few_requests_however_long_the_backlog(world):
    world.send(60)
    world.start(Step("PUT", error(400, "InvalidArgument"), times=ALWAYS), S3_STORAGE_CLASS="WRONG")
    world.wait_for_trouble()
    since = time.monotonic()
    wait(40)
    with world.stub.lock:
        count = len(world.stub.requests)
    assert count <= 20, f"{count} requests in {time.monotonic() - since} s"
    assert world.shipped() == 0
    world.cure()
    world.assert_ends()


# ---- kinds ----

def send_reject(world):
    count = world.site.value("SELECT last_reject_id FROM _intake") + 1
    world.site.send(b"not an event, number %d" % count)
    wait_for("the reject", lambda: world.site.value("SELECT last_reject_id FROM _intake") >= count)


def rejects_shipped(world):
    return world.site.value("SELECT count(*) FROM rejects WHERE state = 'shipped'")


def check_denied_kind(world, prefix, denied, other):
    """`other` goes on while `denied` is refused, and does not end its trouble."""
    send = {"events": world.send, "rejects": lambda: send_reject(world)}
    shipped = {"events": world.shipped, "rejects": lambda: rejects_shipped(world)}
    send[denied]()
    world.start(Step(ANY, error(403, "AccessDenied"), times=ALWAYS, prefix=prefix))
    world.wait_for_trouble()
    for number in range(1, 4):
        send[other]()
        wait_for(f"{other} to ship", lambda: shipped[other]() >= number, AT_ONCE)
    wait(5)
    assert shipped[denied]() == 0 and OVER not in world.uploader.log, world.uploader.log
    world.cure()
    wait_for("all to be shipped", lambda: shipped[denied]() == 1, SOON)
    wait_for("the end in the log", lambda: world.uploader.log.count(OVER) == 1)
    world.assert_each_event_once()


KINDS = world_tests(beside, check_denied_kind, {
    "rejects_ship_while_events_are_denied": ("xml-events/", "events", "rejects"),
    "events_ship_while_rejects_are_denied": ("rejected/", "rejects", "events"),
})


# ---- slow servers ----

def check_drip(world, concurrency, behaviour):
    """All places for uploads are taken by some that go on, slowly, while the server is well to others."""
    world.send()
    world.send(concurrency, 3000000)
    world.start(Step("PUT", honest), Step("PUT", behaviour, times=ALWAYS, prefix=DATED), UPLOAD_CONCURRENCY=concurrency)
    wait_for("as many uploads as there are places", lambda: len(world.stub.requests) >= 1 + concurrency)
    world.send(20)
    world.cure()
    world.wait_for_shipped(21, SOON + ONE_PROBE)
    world.stub.drop_connections()
    world.assert_ends()


DRIPS = world_tests(beside, check_drip, {
    f"a_backlog_ships_beside_{concurrency}_that_drip_in_{what}": (concurrency, behaviour)
    for concurrency in (1, 2)
    for what, behaviour in (("their_answers", drip_of_the_answer(1)), ("their_bodies", drip_of_the_body(8000)))
}, stub={"is_narrow": True}, collector={"MAX_MESSAGE_SIZE": "4M"})


@world(UPLOAD_CONCURRENCY=2)
def test_batches_ship_while_a_reship_looks_in_vain(world):
    world.send(3)
    world.start()
    world.wait_for_shipped(3, AT_ONCE)
    world.stub.set_script(Step("HEAD", hang, times=ALWAYS), Step("GET", hang, times=ALWAYS))
    reship = world.begin("reship", "--since", "2020-01-01")
    wait_for("a HEAD", lambda: "HEAD" in world.stub.methods())
    for number in range(4, 7):
        world.send()
        world.wait_for_shipped(number, AT_ONCE)
    assert reship.poll() is None
    world.cure()
    world.stub.drop_connections()
    assert reship.wait(SOON + ONE_PROBE) == 0
    world.assert_ends()


# ---- new keys, a store's wish, a person's word ----

@world(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
def test_new_credentials_end_a_rest(world):
    file = pathlib.Path(world.site.directory) / "credentials"

    def give(access_key):
        file.with_suffix(".new").write_text(f"[default]\naws_access_key_id = {access_key}\n"
                                            "aws_secret_access_key = stubsecret\n")
        file.with_suffix(".new").rename(file)
    give("oldkey")
    world.send(10)
    world.start(Step(ANY, unless_known("stubkey", error(403, "InvalidAccessKeyId")), times=ALWAYS),
                AWS_SHARED_CREDENTIALS_FILE=file)
    world.wait_for_trouble()
    wait_for("rests to have grown", lambda: count_requests(world.stub) >= 4)
    wait(5)
    give("stubkey")
    world.assert_ends(AT_ONCE)


@world()
def test_Retry_After_is_obeyed_and_then_all_is_sent(world):
    world.send(10)
    world.start(Step(ANY, error(503, headers={"Retry-After": "20"}), times=ALWAYS))
    wait_for("a request", lambda: count_requests(world.stub))
    wait(2)  # what was under way at the same time has its answer, too
    asked_at = requests_between(world.stub, 0)[-1].at
    world.cure()
    world.wait_for_shipped(10, 20 + AT_ONCE)
    early = requests_between(world.stub, asked_at + 0.001, asked_at + 19.5)
    assert not early, [(r.method, r.key, r.at - asked_at) for r in early]
    world.assert_ends()


@world()
def test_a_day_of_Retry_After_is_believed_for_five_minutes_and_a_flush_ends_it(world):
    world.send(10)
    world.start(Step(ANY, error(503, headers={"Retry-After": "86400"}), times=ALWAYS))
    world.wait_for_trouble()
    shown = world.command("status").stdout + world.uploader.log
    assert set(re.findall(r"left alone for (\d+) s", shown)) == {"300"}, shown
    world.cure()
    wait(5)
    assert world.shipped() == 0
    assert world.command("flush").returncode == 0
    world.assert_ends(1)


def check_flush(world, behaviour, tries):
    world.send(10)
    world.start(Step(ANY, behaviour, times=ALWAYS))
    wait_for("rests to have grown", lambda: len(world.stub.requests) >= tries)
    wait(1)
    world.cure()
    since = time.monotonic()
    done = world.command("flush")
    assert done.returncode == 0, done
    assert time.monotonic() - since < AT_ONCE
    world.assert_ends(1)


FLUSHES = world_tests(beside, check_flush, {
    "a_flush_ends_the_rest_after_Retry_After": (error(503, headers={"Retry-After": "120"}), 1),
    "a_flush_ends_the_rest_of_an_outage": (error(503), 6),
    "a_flush_ends_the_rest_of_a_refusal": (error(403, "AccessDenied"), 5),
    "a_flush_ends_the_rest_of_a_refused_batch": (larger_than(0, page(413)), 5),
})


# ---- restarts, and servers that cannot be looked at ----

@world()
def test_after_a_restart_one_probe_goes_out_before_the_first_answer(world):
    world.send(40)
    world.start(Step("PUT", honest), Step(ANY, hang, times=ALWAYS, prefix=DATED), UPLOAD_CONCURRENCY=16)
    wait_for("many open batches", lambda: len(world.stub.requests) == 1 + 16)
    world.stub.set_script(Step(ANY, hang, times=ALWAYS))
    before = len(world.stub.requests)
    count = count_requests(world.stub) - before
    world.restart(UPLOAD_CONCURRENCY=8)
    wait_for("a request", lambda: len(world.stub.requests) + len(world.stub.checks) > before + count)
    wait(10)
    assert len(world.stub.requests) - before <= 1, world.stub.methods()
    assert len(world.stub.checks) - count <= 1, "and one document that proves the destination"
    world.cure()
    world.assert_ends(SOON + ONE_PROBE)


@world()
def test_shipping_goes_on_where_HEAD_is_not_allowed(world):
    world.send(10)
    world.start(Step("PUT", error(503)), Step("HEAD", error(405), times=ALWAYS))
    world.assert_ends()


@world()
def test_a_portal_with_ETags_makes_no_incident_and_no_new_key(world):
    world.send(20)
    world.start(Step(ANY, portal_with_etag, times=ALWAYS))
    world.wait_for_trouble()
    wait(10)
    world.restart()
    wait(10)
    rows = world.site.query("SELECT state, object_key FROM batches")
    assert {state for state, _ in rows} <= {"sealed", "blocked"} and not any("-r" in key for _, key in rows), rows
    assert "incident" not in world.uploader.log
    world.cure()
    world.assert_ends()
    assert not any("-r" in key for key in world.stub.objects)


main({**globals(), **CURES, **REFUSED, **KINDS, **DRIPS, **FLUSHES})
