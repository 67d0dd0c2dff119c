"""The destination is proven at the start, before any event is due: by the conditional PUT of a small document, whose key no
batch can have. Trouble shows at once wherever a person looks, and goes by itself with its cause."""

from support.beside import Beside
from support.tap import main
from support.waiting import wait_for
from s3_stub import (ALWAYS, ANY, Step, captive_portal, error, hang, no_condition_passes, no_conditions, page, portal_with_etag)
from shipping import AT_ONCE, SOON, wait, world_tests, worlds

NOT_YET = {"ROTATION_INTERVAL": "1h", "MAX_FILE_SIZE": "1M"}  # nothing is due

beside = Beside(16)
world = worlds(beside, **NOT_YET)


def last_error(world):
    return world.site.value("SELECT last_error FROM summary")


def assert_only_the_document(world):
    """Nothing was sent under a key that a batch may have; the document's requests are as they must be."""
    assert all("/_nothing-" in r.key and r.method == "HEAD" for r in world.stub.requests), "but for a name that nothing can have"
    assert world.stub.objects == {}
    node = world.site.value("SELECT node FROM _spool")
    for request in world.stub.checks:
        assert request.key in (f"xml-events/_check-{node}", f"rejected/xml-events/_check-{node}"), request.key
        if request.method == "PUT":
            assert "content-md5" in request.headers, request.headers


def check_trouble(world, script, told, remedy):
    """`told` and `remedy`: what a person reads."""
    if script is None:
        world.stub.go_away()
    world.start(*(script or ()))
    error_text = wait_for("the trouble to be told", lambda: last_error(world), AT_ONCE)
    assert told in error_text, error_text
    shown = world.command("status").stdout
    assert told in shown and remedy in shown, shown
    wait(3)
    if script is None:
        world.stub.start_listening()
    world.cure()
    wait_for("the trouble to be over", lambda: last_error(world) is None, SOON)
    assert not told or told not in world.command("status").stdout
    assert world.stub.documents, "the destination was proven"
    assert_only_the_document(world)


def always(behaviour):
    return [Step(ANY, behaviour, times=ALWAYS)]


TROUBLES = world_tests(beside, check_trouble, {
    "wrong_keys_show_before_any_event": (always(error(403, "InvalidAccessKeyId")), "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    "a_wrong_secret_shows_before_any_event": (always(error(403, "SignatureDoesNotMatch")), "SignatureDoesNotMatch",
                                              "AWS_SECRET_ACCESS_KEY"),
    "a_missing_bucket_shows_before_any_event": (always(error(404, "NoSuchBucket")), "NoSuchBucket", "create the bucket"),
    "a_missing_permission_shows_before_any_event": (always(error(403, "AccessDenied")), "AccessDenied", "s3:PutObject"),
    "an_unreachable_store_shows_before_any_event": (None, "127.0.0.1", ""),
    "a_portal_shows_before_any_event": (always(captive_portal), "", "AWS_ENDPOINT_URL"),
    "a_portal_with_ETags_shows_before_any_event": (always(portal_with_etag), "", "AWS_ENDPOINT_URL"),
    "a_store_that_is_busy_shows_before_any_event": (always(error(503)), "HTTP 503", ""),
}, **NOT_YET)


def check_no_trouble(world, script, documents):
    world.start(*script)
    wait_for("the document's request", lambda: world.stub.checks, AT_ONCE)
    wait(5)
    assert last_error(world) is None and world.uploader.log.count(" warn ") + world.uploader.log.count(" error ") <= documents
    wanted = {"events": "xml-events/", "rejects": "rejected/"}
    for prefix in wanted.values():
        assert any(r.key.startswith(prefix) for r in world.stub.checks), (prefix, [r.key for r in world.stub.checks])
    assert_only_the_document(world)
    assert len(world.stub.checks) <= 6, [(r.method, r.key) for r in world.stub.checks]
    count = len(world.stub.checks)
    world.restart()
    wait_for("the document's request after a restart", lambda: len(world.stub.checks) > count, AT_ONCE)
    wait(2)
    assert last_error(world) is None
    world.send(3)
    assert world.command("flush").returncode == 0
    world.assert_ends(AT_ONCE)


NO_TROUBLES = world_tests(beside, check_no_trouble, {
    "a_good_bucket_shows_no_trouble": ([], 0),
    "a_server_without_conditional_writes_shows_no_trouble": ([Step("PUT", no_conditions, times=ALWAYS)], 2),
    "a_proxy_that_refuses_the_condition_is_no_trouble": ([Step("PUT", no_condition_passes(page(403)), times=ALWAYS)], 2),
}, **NOT_YET)


@world()
def test_the_document_is_put_only_where_it_is_missing(world):
    world.start()
    wait_for("the documents", lambda: len(world.stub.documents) == 2, AT_ONCE)
    for request in world.stub.checks:
        if request.method == "PUT":
            assert request.headers.get("if-none-match") == "*", request.headers
    before = dict(world.stub.documents)
    world.restart()
    wait_for("both to be asked for again", lambda: len(world.stub.checks) >= 4, AT_ONCE)
    wait(1)
    assert world.stub.documents == before and last_error(world) is None


@world(ROTATION_INTERVAL="1s")
def test_a_proof_that_hangs_holds_up_no_batch(world):
    world.stub.set_script(Step("PUT", hang, times=ALWAYS, prefix="xml-events/_check"),
                          Step("PUT", hang, times=ALWAYS, prefix="rejected/xml-events/_check"))
    world.send(3)
    world.start()
    world.wait_for_shipped(3, SOON)


main({**globals(), **TROUBLES, **NO_TROUBLES})
