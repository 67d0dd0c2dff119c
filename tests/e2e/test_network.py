"""The uploader's way to its server: proxies, TLS, the right region of AWS, IPv6, kept connections, names that do not
resolve, stalls, and what a stop does to all of them."""
import contextlib
import functools
import socket
import ssl
import subprocess
import time

from support.tap import main
from support.waiting import wait_for
from http_proxy import Proxy
from s3_stub import ALWAYS, Step, Stub, elsewhere, error, hang, honest, scope_of, unless_signed_for
from shipping import assert_shipped_once, batch, send_batch, start, wait_for_requests, wait_for_state, with_stub

closing = contextlib.closing


# ---- proxies ----

@with_stub
def test_the_environments_proxy_is_used_unless_NO_PROXY_names_the_host(site, stub):
    with closing(Proxy()) as proxy:
        uploader = start(site, stub, http_proxy=proxy.url)
        wait_for_state(site, "shipped", 1)
        assert ("PUT", "127.0.0.1") in proxy.requested
        uploader.stop()
        seen = len(proxy.requested)
        start(site, stub, http_proxy=proxy.url, NO_PROXY="example.com,127.0.0.1")
        send_batch(site)
        wait_for_state(site, "shipped", 2)
        assert len(proxy.requested) == seen
    assert_shipped_once(site, stub)


@with_stub
def test_a_proxy_that_wants_a_login_is_reported_with_a_remedy(site, stub):
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with closing(Proxy(refusal=refusal)) as proxy:
        start(site, stub, http_proxy=proxy.url)
        row = wait_for_state(site, "blocked")
        assert "407" in row.last_error and "proxy's user and password" in row.remedy and not row.is_unknown, row


@with_stub
def test_a_proxy_that_is_away_costs_nothing(site, stub):
    start(site, stub, http_proxy="http://127.0.0.1:9")
    row = wait_for("the failure", lambda: (b := batch(site)) and b.last_error and not b.is_unknown and b)
    assert row.state == "sealed" and not row.is_unknown and "127.0.0.1 port 9" in row.last_error, row


# ---- AWS itself: its host names and its certificates, through a proxy that leads to the stub ----

def make_certificate(directory, *names):
    """A certificate of these names that is its own authority."""
    key, certificate = directory / "tls.key", directory / "tls.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
                    "-subj", "/CN=stub", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


def with_aws(test):
    """The test gets a stub that is *.s3.REGION.amazonaws.com, the proxy that leads to it, and the settings for both."""
    @functools.wraps(test)
    def run(site):
        tls, authority = make_certificate(site.directory, "*.s3.us-east-1.amazonaws.com", "*.s3.eu-west-1.amazonaws.com")
        with closing(Stub(tls=tls)) as stub, closing(Proxy(route=("127.0.0.1", stub.port))) as proxy:
            site.collector()
            send_batch(site)
            test(site, stub, proxy, {"AWS_ENDPOINT_URL": "", "HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": authority})
    return run


@with_aws
def test_a_redirect_of_AWS_is_followed_to_the_regions_host_alone(site, stub, proxy, settings):
    stub.region = "eu-west-1"
    refusal = elsewhere("eu-west-1", 301, "PermanentRedirect")
    uploader = start(site, stub, Step("PUT", unless_signed_for("eu-west-1", refusal), times=ALWAYS), **settings)
    wait_for_state(site, "shipped", 1)
    send_batch(site)
    wait_for_state(site, "shipped", 2)
    requests = sorted(stub.checks + stub.requests, key=lambda r: r.at)  # the destination is proven, too
    hosts = [r.headers["host"].removeprefix("stub-bucket.s3.") for r in requests]
    later = len(requests) - 1
    assert later >= 3 and hosts == ["us-east-1.amazonaws.com"] + ["eu-west-1.amazonaws.com"] * later, "kept for this run"
    assert [scope_of(r).region for r in requests] == ["us-east-1"] + ["eu-west-1"] * later
    assert {host for _, host in proxy.requested} == {f"stub-bucket.s3.{host}" for host in hosts}
    assert uploader.log.count("AWS_REGION=eu-west-1") == 1
    assert_shipped_once(site, stub)


@with_aws
def test_no_answer_makes_a_signature_leave_AWS_hosts(site, stub, proxy, settings):
    names = ("evil", "x.evil.example/", "us-east-1.evil.example", "cn-north-1", "eu-west-1#", "EU-WEST-1", "eu west-1", "1",
             "eu--west-1", "-1", "a" * 70 + "-west-1", "eu-west-1111")
    for number, name in enumerate(names, 1):
        stub.set_script(Step("PUT", elsewhere(name, 301, "PermanentRedirect"), times=ALWAYS))
        done = site.command("uploader", "flush", **stub.settings(**settings))
        row = batch(site)
        assert done.returncode == 1 and row.state == "blocked" and "AWS_REGION" in row.remedy, (name, row)
        assert len(stub.requests) == number, f"{name}: nothing is followed"
    assert {host for _, host in proxy.requested} == {"stub-bucket.s3.us-east-1.amazonaws.com"}


# ---- connections ----

@with_stub
def test_one_connection_is_kept_for_many_batches(site, stub):
    start(site, stub, UPLOAD_CONCURRENCY="1")
    for number in range(1, 5):
        wait_for_state(site, "shipped", number)
        send_batch(site)
    assert stub.accepted == 1, stub.accepted


def test_an_endpoint_may_be_an_IPv6_address(site):
    with closing(Stub(host="::1")) as stub:
        site.collector()
        send_batch(site)
        start(site, stub)
        wait_for_state(site, "shipped")
        assert stub.requests[0].headers["host"] == f"[::1]:{stub.port}"
        assert_shipped_once(site, stub)


@with_stub
def test_an_unresolved_name_is_reported_and_waited_for(site, stub):
    uploader = start(site, stub, AWS_ENDPOINT_URL="http://no-such-host.invalid:1234")
    row = wait_for("the failure", lambda: (b := batch(site)) and b.last_error and not b.is_unknown and b)
    assert row.state == "sealed" and not row.is_unknown, row
    assert "resolve host: no-such-host.invalid" in row.last_error and "AWS_ENDPOINT_URL" in row.remedy, row
    assert uploader.log.count("upload failed") == 1


@with_stub
def test_a_refused_connection_is_reported_and_waited_for(site, stub):
    uploader = start(site, stub, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    row = wait_for("some tries, and the end of one",
                   lambda: (b := batch(site)) and b.attempts >= 3 and not b.is_unknown and b)
    assert row.state == "sealed" and "127.0.0.1 port 9" in row.last_error, row
    assert uploader.log.count("upload failed") == 1, "an outage is logged when it begins"


@contextlib.contextmanager
def full_queue(port):
    """Nobody accepts, and the kernel's queue is full: it leaves unanswered who wants to connect."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(0)
        with contextlib.suppress(TimeoutError):
            while True:
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 1))
        yield


@with_stub
def test_a_connection_not_accepted_in_10_s_is_tried_again(site, stub):
    stub.stop_listening()
    with full_queue(stub.port):
        since = time.monotonic()
        uploader = start(site, stub)
        row = wait_for("the failure", lambda: (b := batch(site)) and b.last_error and not b.is_unknown and b)
        assert 10 <= time.monotonic() - since < 20
        assert row.state == "sealed" and "127.0.0.1" in row.last_error and str(stub.port) in row.last_error, row
        assert "AWS_ENDPOINT_URL" in row.remedy and "firewall" in row.remedy, row
    stub.start_listening()
    wait_for_state(site, "shipped")
    assert stub.methods() == "PUT" and uploader.log.count("upload failed") == 1
    assert_shipped_once(site, stub)


# ---- what the server asks for ----

def pause_between_PUTs(site, stub, headers):
    """Seconds between a refused PUT and the HEAD that comes after it."""
    start(site, stub, Step("PUT", error(503, "SlowDown", headers=headers)))
    wait_for_requests(stub, 2)
    wait_for_state(site, "shipped")
    assert_shipped_once(site, stub)
    return stub.requests[1].at - stub.requests[0].at


@with_stub
def test_Retry_After_in_seconds_is_respected(site, stub):
    assert pause_between_PUTs(site, stub, {"Retry-After": "3"}) >= 3


@with_stub
def test_Retry_After_as_a_date_is_read_by_the_servers_clock(site, stub):
    headers = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:49:40 GMT"}
    assert pause_between_PUTs(site, stub, headers) >= 3


@with_stub
def test_the_first_pause_is_short_without_a_valid_Retry_After(site, stub):
    assert pause_between_PUTs(site, stub, {"Retry-After": "soon"}) < 3


# ---- stops ----

def seconds_to_stop(uploader):
    since = time.monotonic()
    uploader.stop()
    return time.monotonic() - since


@with_stub
def test_a_stop_ends_a_pause_at_once(site, stub):
    refusal = error(503, headers={"Retry-After": "300"})
    uploader = start(site, stub, Step("PUT", refusal, times=ALWAYS, prefix="xml-events/2"))
    wait_for("the failure", lambda: (b := batch(site)) and b.last_error)
    assert seconds_to_stop(uploader) < 3


@with_stub
def test_a_stop_lets_a_running_PUT_end_and_records_it(site, stub):
    def slow(stub, request):
        stub.lock.release()
        time.sleep(3)
        stub.lock.acquire()
        return honest(stub, request)

    uploader = start(site, stub, Step("PUT", slow))
    wait_for_requests(stub, 1)
    uploader.stop()
    assert batch(site).state == "shipped"
    assert_shipped_once(site, stub)


@with_stub
def test_a_stop_waits_at_most_10_s_for_a_hanging_PUT(site, stub):
    uploader = start(site, stub, Step("PUT", hang))
    wait_for_requests(stub, 1)
    assert 9 < seconds_to_stop(uploader) < 15
    assert batch(site).is_unknown, "the next start verifies it"
    start(site, stub)
    wait_for_state(site, "shipped")
    assert stub.methods() == "PUT HEAD PUT"
    assert_shipped_once(site, stub)


main(dict(globals()))
