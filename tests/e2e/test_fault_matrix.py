"""Every answer that an S3 server may give, at every step: at the first try, at a retry, and before and after the uploader
was killed and started again.

Always: no event is lost or doubled, by the ledger and by what the server holds; the answer is sorted into the right class;
a person reads the right remedy in `batches`, `summary`, `status` and the log, there once per outage; and when the server
behaves again, or is obeyed, shipping goes on without a restart. The cells of the matrix run beside each other.
"""
import concurrent.futures
import contextlib
import pathlib
import tempfile

from aws_stub import Imds
from support.ledger import assert_each_event_in_one_object
from support.site import Site
from support.tap import is_wanted, main
from support.waiting import wait_for
from s3_stub import (ALWAYS, Answer, Step, Stub, after_storing, captive_portal, drip_of_the_body, elsewhere, ended_keys, error,
                     hang, honest, no_answer, no_condition_passes, no_conditions, no_conditions_and_taken, no_http, page,
                     portal_with_etag, reset_in_mid_body, someone_was_faster, unless_signed_for)
from shipping import (EVENTS, SOON, assert_looked_before_plain_puts, assert_shipped_once, batch, send_batch, start,
                      wait_for_requests, wait_for_state)

STEPS = ("first", "retry", "restart")
BESIDE = 20    # cells at once: they mostly wait
PATIENT = 150  # seconds: a request without an answer is cut after 60, and all cells share the machine
GARBAGE = b"\x00\xff<Error><Code>Acc\x1b[31m</html>\r\n{}"


class Row:
    """What the server does to PUTs from some moment on, and what must come of it."""

    def __init__(self, name, put=None, *, head=None, message, remedy=None, is_unknown, events=EVENTS, steps=STEPS):
        """`message` is in last_error. `remedy` None: waiting helps. `is_unknown`: it may have been stored."""
        self.name, self.put, self.head, self.message, self.remedy, self.is_unknown = name, put, head, message, remedy, is_unknown
        self.events, self.steps = events, steps
        self.is_blocked = bool(remedy) and not is_unknown

    def begin(self, stub):
        stub.script += [Step("PUT", self.put, times=ALWAYS)] + [Step("HEAD", self.head, times=ALWAYS)] * bool(self.head)


class StoredFirst(Row):
    """It is stored, and the answer is 500; then `head` is what every HEAD gets."""

    def __init__(self, name, head, message, remedy=None):
        super().__init__(name, after_storing(error(500)), head=head, message=message, remedy=remedy, is_unknown=True)


class Cured(Row):
    """An answer after which the same call succeeds at once, corrected: no failure is recorded."""

    verified = 1
    is_corrected = True  # the first try succeeds

    def __init__(self, name, put=None, *, head=None, region=None, ahead_seconds=0, times=ALWAYS, log=None, has_role=False):
        """`has_role`: the keys are an instance's, which are renewed."""
        super().__init__(name, put, head=head, message=None, is_unknown=False)
        self.region, self.ahead_seconds, self.times, self.log = region, ahead_seconds, times, log
        self.has_role = has_role

    def begin(self, stub):
        stub.region = self.region or stub.region
        stub.ahead_seconds = self.ahead_seconds
        stub.script += [Step("PUT", self.put, times=self.times)] if self.put else []
        stub.script += [Step("HEAD", self.head, times=ALWAYS)] if self.head else []


class Unseen(Cured):
    """It is stored, and the answer is 500; then `head` is what every HEAD gets, so a 412 is all that proves it."""
    verified = 0
    is_corrected = False

    def __init__(self, name, head):
        super().__init__(name, after_storing(error(500)), head=head, times=1)


class Incident(Cured):
    """Somebody else's object is under our key: it is left alone, and the rows are shipped under another key, once."""

    def __init__(self, name, put, *, times=1, **more):
        super().__init__(name, put, times=times, **more)


def retried(name, put, message, *, is_unknown, **more):
    return Row(name, put, message=message, is_unknown=is_unknown, **more)


def refused(name, put, message, remedy):
    return Row(name, put, message=message, remedy=remedy, is_unknown=False)


def said_in_the_log(name, refusal):
    """Something on the way refuses the condition: one plain PUT is tried, after a look."""
    return Cured(f"{name} to the condition", no_condition_passes(refusal), log="plain writes")


def redirected(name, status, code):
    """To the region that the answer names, whether to a PUT or to a HEAD."""
    refuse = unless_signed_for("eu-west-1", elsewhere("eu-west-1", status, code))
    return Cured(name, refuse, head=refuse, region="eu-west-1", log="AWS_REGION=eu-west-1")


HANGING = "a hang that is cut"
TRICKLING = "an upload that is too slow and cut"
SLOW = (HANGING, TRICKLING)
MORE_EVENTS = 4000  # 6 MB, more than the kernel takes in from a sender for a peer that does not read
ROWS = [
    retried(HANGING, hang, "no answer in time", is_unknown=True, remedy="accepts connections but does not answer"),
    retried(TRICKLING, drip_of_the_body(1), "too slow", is_unknown=True, remedy="see what slows the network", events=MORE_EVENTS),
    retried("200 and the connection lost before it arrives", after_storing(no_answer), "http://127.0.0.1", is_unknown=True,
            head=no_answer),
    retried("stored and then 500", after_storing(error(500, "InternalError")), "HTTP 5", is_unknown=True, head=error(500)),
    retried("500", error(500, "InternalError"), "HTTP 500 InternalError", is_unknown=True),
    retried("503", error(503), "HTTP 503", is_unknown=True),
    retried("503 with Retry-After", error(503, headers={"Retry-After": "2"}), "HTTP 503", is_unknown=True),
    retried("SlowDown", error(503, "SlowDown"), "HTTP 503 SlowDown", is_unknown=True),
    retried("429", error(429, "TooManyRequests"), "HTTP 429", is_unknown=False),
    retried("400 BadDigest", error(400, "BadDigest"), "HTTP 400 BadDigest", is_unknown=False),
    retried("409", error(409, "ConditionalRequestConflict"), "HTTP 409", is_unknown=True),
    retried("307 of a new bucket", error(307, "TemporaryRedirect", headers={"Location": "http://127.0.0.1:9/evil"}),
            "HTTP 307 TemporaryRedirect", is_unknown=False),
    retried("a connection closed without an answer", no_answer, "http://127.0.0.1", is_unknown=True),
    retried("a reset in mid-body", reset_in_mid_body, "http://127.0.0.1", is_unknown=True),
    retried("200 from something that is no S3", captive_portal, "without an ETag", is_unknown=True,
            remedy="AWS_ENDPOINT_URL is an S3 server"),
    retried("200 and an ETag from something that is no S3", portal_with_etag, "200", is_unknown=True, head=portal_with_etag,
            remedy="AWS_ENDPOINT_URL is an S3 server"),
    retried("429 with Retry-After", error(429, "SlowDown", headers={"Retry-After": "2"}), "HTTP 429", is_unknown=False),
    retried("503 of a proxy", page(503), "HTTP 503", is_unknown=True),
    refused("413 of a proxy", page(413), "HTTP 413", "MAX_FILE_SIZE"),
    refused("EntityTooLarge", error(400, "EntityTooLarge"), "EntityTooLarge", "MAX_FILE_SIZE"),
    refused("KeyTooLongError", error(400, "KeyTooLongError"), "KeyTooLongError", "shorten PREFIX"),
    refused("InvalidArgument", error(400, "InvalidArgument"), "InvalidArgument", "S3_STORAGE_CLASS"),
    refused("a disabled key of KMS", error(400, "KMS.DisabledException"), "KMS.DisabledException", "S3_SSE_KMS_KEY_ID"),
    refused("InvalidAccessKeyId", error(403, "InvalidAccessKeyId"), "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
    refused("InvalidToken", error(400, "InvalidToken"), "InvalidToken", "AWS_SESSION_TOKEN"),
    refused("a redirect to a login page", page(302, {"Location": "http://127.0.0.1:9/login"}), "HTTP 302", "AWS_ENDPOINT_URL"),
    retried("garbage instead of XML with 500", lambda s, r: Answer(500, {}, GARBAGE), "HTTP 500", is_unknown=True),
    refused("garbage instead of XML with 403", lambda s, r: Answer(403, {}, GARBAGE), "HTTP 403", "AWS_ENDPOINT_URL"),
    refused("403 AccessDenied", error(403, "AccessDenied"), "HTTP 403 AccessDenied", "s3:PutObject"),
    refused("403 without a body", error(403), "HTTP 403", "check BUCKET_NAME, the keys"),
    refused("ExpiredToken of permanent keys", error(400, "ExpiredToken"), "HTTP 400 ExpiredToken", "AWS_SESSION_TOKEN"),
    refused("SignatureDoesNotMatch", error(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
    refused("RequestTimeTooSkewed without a time", error(403, "RequestTimeTooSkewed", headers={"Date": "some day"}),
            "RequestTimeTooSkewed", "clock (NTP)"),
    refused("404 NoSuchBucket", error(404, "NoSuchBucket"), "HTTP 404 NoSuchBucket", "create the bucket stub-bucket"),
    refused("301 that names no region", error(301, "PermanentRedirect", headers={"Location": "http://127.0.0.1:9/evil"}),
            "HTTP 301 PermanentRedirect", "AWS_REGION"),
    refused("a region that is no name", elsewhere("evil.example/?"), "HTTP 400 AuthorizationHeaderMalformed", "AWS_REGION"),
    refused("a region that is named again and again", elsewhere("eu-west-9"), "AuthorizationHeaderMalformed",
            "AWS_REGION=eu-west-9"),
    refused("a redirect to another host", error(302, headers={"Location": "http://127.0.0.1:9/evil"}), "HTTP 302",
            "AWS_ENDPOINT_URL"),
    refused("501 also without a condition", error(501, "NotImplemented"), "HTTP 501 NotImplemented", "S3_TAGS"),
    retried("bytes that are no HTTP", no_http, "http://127.0.0.1", is_unknown=True),
    StoredFirst("200 from something that is no S3 to a HEAD", captive_portal, "without an ETag",
                "AWS_ENDPOINT_URL is an S3 server"),
    StoredFirst("bytes that are no HTTP to a HEAD", no_http, "http://127.0.0.1"),
    Cured("412 with equal content", after_storing(error(412, "PreconditionFailed")), times=1),
    Incident("412 with different content", someone_was_faster, log="incident:"),
    Incident("501 on conditional writes and a foreign object", no_conditions_and_taken, head=no_conditions_and_taken,
             times=ALWAYS, log="incident:"),
    # A later try has an outcome of before that is unknown: then 412 is taken as ours ("without the right to look").
    Row("412 to a first PUT without the right to look", error(412, "PreconditionFailed"), head=error(403),
        message="is under the key", remedy="s3:GetObject", is_unknown=False, steps=("first", "restart")),
    Row("412 to a first PUT where HEAD is not allowed", error(412, "PreconditionFailed"), head=error(405), message="is under the key",
        remedy="resolve", is_unknown=False, steps=("first", "restart")),
    Unseen("412 with an unknown outcome and without the right to look", error(403)),
    Unseen("405 to a HEAD after an unknown outcome", error(405)),
    Unseen("409 to a HEAD after an unknown outcome", error(409)),
    Unseen("501 to a HEAD after an unknown outcome", error(501)),
    Unseen("a redirect that names no region to a HEAD after an unknown outcome",
           error(301, headers={"Location": "http://127.0.0.1:9/evil"})),
    said_in_the_log("400", error(400, "InvalidRequest")),
    said_in_the_log("a proxy's 400", page(400)),
    said_in_the_log("a proxy's 403", page(403)),
    said_in_the_log("a proxy's 405", page(405)),
    said_in_the_log("403", error(403, "AccessDenied")),
    Cured("501 on conditional writes", no_conditions, log="plain writes from now on"),
    Cured("400 with another region", region="eu-west-1", log="AWS_REGION=eu-west-1"),
    redirected("301 with another region", 301, "PermanentRedirect"),
    redirected("307 with another region", 307, "TemporaryRedirect"),
    Cured("ExpiredToken of keys that can be renewed", ended_keys, head=ended_keys, has_role=True),
    Cured("RequestTimeTooSkewed as our clock is behind", ahead_seconds=1200, log="clock=behind"),
    Cured("RequestTimeTooSkewed as our clock is ahead", ahead_seconds=-1200, log="clock=ahead"),
]


# ---- one cell ----

def and_then(behaviour, act):
    def both(stub, request):
        answer = behaviour(stub, request)
        act(stub)
        return answer
    return both


def wait_for_trouble(site, row):
    return wait_for(f"{row.name} to be recorded", lambda: (b := batch(site)) and row.message in (b.last_error or "") and b,
                    PATIENT)


def log_lines(uploader, text):
    return [line for line in uploader.log.splitlines() if text in line]


def beginnings(uploader):
    """Of what goes wrong, also of what the spool has of it from before the start."""
    return [line for line in uploader.log.splitlines() if "upload failed" in line or "since before this start" in line]


def told(uploader):
    """The remedies that the log gives about events, in their order: each once for an outage, of a batch or of the document
    that proves the destination."""
    remedies = []
    for line in beginnings(uploader):
        assert " warn " in line, line
        remedy = line.partition(" remedy=")[2]
        if "kind=rejects" not in line and remedy not in remedies:
            remedies.append(remedy)
    return remedies


def assert_reported(site, row, uploader, *, is_unknown, is_second):
    """Class and remedy of a failure, wherever a person may look for them; once per outage, and again where the remedy is new.
    `is_second`: of the outage, which has begun with a failure that waiting helps against."""
    remedy = row.remedy or ""
    count = 2 if is_second and remedy else 1
    remedies = wait_for("the log to tell", lambda: len(found := told(uploader)) >= count and found, PATIENT)
    assert len(remedies) == count and (remedy or "none needed: waiting") in remedies[-1], remedies
    wait_for("the summary to tell", lambda: (s := site.query("SELECT last_error, remedy FROM summary")[0]) and
             (row.message in (s[0] or "") or (is_second and not remedy)) and remedy in (s[1] or ""))
    assert remedy in site.command("uploader", "status").stdout
    found = wait_for_trouble(site, row)
    assert found.state == ("blocked" if row.is_blocked else "sealed"), found
    assert remedy in (found.remedy or "") and bool(remedy) == bool(found.remedy), found
    if is_unknown:
        assert found.is_unknown, found
    else:  # but for the moments of further tries
        wait_for("the refusal to prove that nothing is stored", lambda: not batch(site).is_unknown)


def assert_superseded(site, stub, row, uploader):
    key, new_key = wait_for("the rows under another key", lambda: site.query(
        "SELECT a.object_key, b.object_key FROM batches a JOIN batches b USING (first_id, last_id) "
        "WHERE a.state = 'superseded' AND b.state = 'shipped'"))[0]
    assert new_key.removesuffix(".xml") == key.removesuffix(".xml") + "-r2"
    assert stub.objects[key].body == b"written by someone else" and sorted(stub.objects) == sorted([key, new_key])
    assert stub.kept == [new_key], "nothing is overwritten"
    assert "nothing is lost" in site.value("SELECT remedy FROM batches WHERE state = 'superseded'")
    assert [" error " in line for line in log_lines(uploader, row.log)] == [True]
    assert_each_event_in_one_object({new_key: stub.objects[new_key].body}, site.uids())
    assert site.value("SELECT events FROM summary") == 0


def assert_cured(site, stub, row, uploader, *, is_first):
    if isinstance(row, Incident):
        assert_superseded(site, stub, row, uploader)
        return
    found = wait_for_state(site, "shipped", seconds=PATIENT)
    assert found.verified == row.verified
    if is_first and row.is_corrected:
        assert found.attempts == 1 and not log_lines(uploader, "upload failed"), uploader.log
    if row.log:
        assert len(log_lines(uploader, row.log)) == 1, uploader.log


def assert_recovers(site, stub, uploader, row):
    with stub.lock:
        stub.script.clear()
    wait_for_state(site, "shipped", seconds=PATIENT)
    has_begun = bool(beginnings(uploader))
    wait_for("the end of the trouble in the log",
             lambda: any(log_lines(uploader, end) for end in ("outage over", "no batch fails by itself")) == has_begun)
    send_batch(site)
    wait_for_state(site, "shipped", 2, PATIENT)
    wait_for("the trouble to be over, of rejects too, whose rest is their own",
             lambda: site.query("SELECT last_error, remedy FROM summary") == [(None, None)], SOON)
    if row.is_unknown:
        assert "PUT PUT" not in stub.methods(stub.kept[0]), "a HEAD precedes each further PUT"


def run_first(site, stub, row):
    row.begin(stub)
    uploader = site.uploader(**stub.settings())
    if isinstance(row, Cured):
        assert_cured(site, stub, row, uploader, is_first=True)
    else:
        assert_reported(site, row, uploader, is_unknown=row.is_unknown, is_second=isinstance(row, StoredFirst))
        assert_recovers(site, stub, uploader, row)


def run_retry(site, stub, row):
    uploader = start(site, stub, Step("PUT", error(500)), Step("HEAD", and_then(honest, row.begin)))
    if isinstance(row, Cured):
        assert_cured(site, stub, row, uploader, is_first=False)
    else:  # what the 500 left unknown stays so, whatever is refused later
        assert_reported(site, row, uploader, is_unknown=True, is_second=True)
        assert_recovers(site, stub, uploader, row)


def run_restart(site, stub, row):
    """Killed after the failure, or in the middle of a hang; started again, and it fails once more."""
    if isinstance(row, Cured):
        uploader = start(site, stub, Step("PUT", error(500)), Step("HEAD", error(500), times=ALWAYS))
        wait_for_requests(stub, 2)
    else:
        row.begin(stub)
        uploader = site.uploader(**stub.settings())
        wait_for_requests(stub, 1, PATIENT)
        if row.name not in SLOW:
            wait_for_trouble(site, row)
    uploader.kill()
    is_unknown = row.is_unknown or batch(site).is_unknown
    if isinstance(row, Cured):
        stub.set_script()
        row.begin(stub)
    uploader = site.uploader(**stub.settings())
    if isinstance(row, Cured):
        assert_cured(site, stub, row, uploader, is_first=False)
        return
    assert_reported(site, row, uploader, is_unknown=is_unknown, is_second=False)
    assert_recovers(site, stub, uploader, row)


def run_cell(directory, row, step):
    directory.mkdir()
    with contextlib.ExitStack() as stack:
        stub = Stub(is_narrow=row.name == TRICKLING)  # else the kernel may take the whole body in, and it hangs instead
        stack.callback(stub.close)
        site = Site(directory)
        stack.callback(site.close)
        stack.enter_context(site.telling_of_failures())
        if getattr(row, "has_role", False):
            imds = Imds()
            stack.callback(imds.close)
            stub.more_settings = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "false",
                                  "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        site.collector()
        site.wait_for_spool()
        send_batch(site, row.events)
        if row.name in SLOW:  # the batch is due at the start: else the small proof of the destination goes first, and hangs
            wait_for("the batch to be due", lambda: site.value("SELECT oldest_age_seconds FROM summary") > 1)
        {"first": run_first, "retry": run_retry, "restart": run_restart}[step](site, stub, row)
        if not isinstance(row, Incident):
            assert_shipped_once(site, stub)
        assert_looked_before_plain_puts(stub)


# ---- all of them, beside each other ----

def test_name(row):
    return f"test_{row.name} loses or doubles nothing"


class Matrix:
    """Its cells begin with the first test that asks."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(BESIDE)
        self.cells = {}

    def begin(self, directory):
        for step in STEPS:
            for number, row in enumerate(ROWS):
                if step in row.steps and is_wanted(test_name(row)):
                    self.cells[row, step] = self.pool.submit(run_cell, directory / f"{number}-{step}", row, step)

    def test_of(self, row):
        def test(site):
            if not self.cells:
                self.directory = tempfile.TemporaryDirectory(prefix="eventspool-matrix-")
                self.begin(pathlib.Path(self.directory.name))
            for step in row.steps:
                try:
                    self.cells[row, step].result()
                except Exception as e:
                    raise AssertionError(f"{row.name}, {step}") from e
        return test


matrix = Matrix()
main({test_name(row): matrix.test_of(row) for row in ROWS})
