"""s3_stub -- a small S3 server on the loopback whose answers a test prescribes, for what a real server does too rarely.

Without a script it is honest: signatures are checked (for the keys that it knows) with the region and the time in them,
a PUT is checked against its hashes and stored, never over another object if the client asks so, HEAD and GET tell what is
there. A script is a list of steps: Step(method, behaviour, ...). A request takes the first step that fits it and that is
not used up. All behaviours are below; each gets the stub and the request and returns an Answer, HANG, bytes that are sent
as they are before the connection is closed, or None for a connection that is closed without any. A test may change the
script while requests are under way, drop all connections, and let the server go away and come back on the same port.

The document by which the uploader proves its destination (`<PREFIX>_check-<node>`) is kept apart from objects: its requests
are in `checks`, not in `requests`. Steps that last (ALWAYS) are the server's nature and fit it, too; those that are counted
are meant for objects, and leave it alone.
"""
import base64
import collections
import contextlib
import datetime
import email.utils
import functools
import hashlib
import hmac
import math
import re
import socket
import struct
import threading
import time
import urllib.parse

from support.ledger import CHECK, KEY
from support.ports import reserve_port
from support.waiting import wait_for

Stored = collections.namedtuple("Stored", "body etag sha256")
Request = collections.namedtuple("Request", "method key headers body path at")
Answer = collections.namedtuple("Answer", "status headers body", defaults=({}, b""))
Dripping = collections.namedtuple("Dripping", "answer bytes_each_second")
HANG = object()
REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           407: "Proxy Authentication Required", 409: "Conflict", 412: "Precondition Failed",
           413: "Request Entity Too Large", 429: "Too Many Requests",
           500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}
SKEW_SECONDS = 15 * 60  # as S3 bears it


class Step:
    """What happens to the next requests of a method (ANY: of all), `times` in all, whose key begins with `prefix`."""

    def __init__(self, method, behaviour, *, times=1, prefix=""):
        self.method, self.behaviour, self.left, self.prefix = method, behaviour, times, prefix

    def fits(self, request):
        return (self.left > 0 and self.method in (ANY, request.method) and request.key.startswith(self.prefix) and
                (self.left == ALWAYS or not is_check(request)))


ANY = "any method"
ALWAYS = math.inf


def is_check(request):
    return bool(CHECK.search(request.key))


def is_first_id(request, *ids):
    """Does the key say that the object begins with one of these ids?"""
    match = KEY.match(request.key)
    return bool(match) and int(match[4]) in ids


# ---- signatures, by the published recipe: an independent reading of it ----

Scope = collections.namedtuple("Scope", "access_key region")


def scope_of(request):
    """Whose keys a request was signed with, and for which region."""
    access_key, _, region, _, _ = re.search(r"Credential=([^,]+)", request.headers["authorization"])[1].split("/")
    return Scope(access_key, region)


def signed_at(request):
    at = datetime.datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    return at.replace(tzinfo=datetime.timezone.utc).timestamp()


def signature_of(request, secret):
    headers = request.headers
    names = re.search(r"SignedHeaders=([^,]+)", headers["authorization"])[1]
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names.split(";"))
    scope = re.search(r"Credential=[^/]+/([^,]+)", headers["authorization"])[1]
    canonical = "\n".join([request.method, request.path, "", lines, names, headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def refuse_signature(stub, request):
    """The answer to a wrong signature; None: it is right."""
    scope = scope_of(request)
    if scope.region != stub.region:
        return elsewhere(stub.region)(stub, request)
    if abs(signed_at(request) - stub.now()) > SKEW_SECONDS:
        return error(403, "RequestTimeTooSkewed")(stub, request)
    if scope.access_key in stub.secrets and \
            f"Signature={signature_of(request, stub.secrets[scope.access_key])}" not in request.headers["authorization"]:
        return error(403, "SignatureDoesNotMatch")(stub, request)
    return None


# ---- behaviours ----

def error(status, code=None, *, headers=None, more=""):
    """A refusal, with S3's XML if there is a code, else without a body."""
    text = f"<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>as the test wants it</Message>{more}</Error>"
    return lambda stub, request: Answer(status, headers or {}, text.encode() if code else b"")


def elsewhere(region, status=400, code="AuthorizationHeaderMalformed"):
    """The bucket is in another region; the place that is named besides is a trap."""
    return error(status, code, more=f"<Region>{region}</Region><Endpoint>evil.example</Endpoint>",
                 headers={"x-amz-bucket-region": region, "Location": "http://127.0.0.1:9/evil"})


def unless_signed_for(region, refusal):
    """Refuses until the signature is for this region."""
    return lambda stub, request: (refusal if scope_of(request).region != region else honest)(stub, request)


def ended_keys(stub, request):
    """The first keys that are shown have ended; others are taken."""
    stub.ended = stub.ended or scope_of(request).access_key
    ended = scope_of(request).access_key == stub.ended
    return (error(400, "ExpiredToken") if ended else honest)(stub, request)


def honest(stub, request):
    if request.method == "PUT":
        return honest_put(stub, request)
    if refusal := refuse_signature(stub, request):
        return refusal
    there = stub.shelf(request).get(request.key)
    if request.method in ("HEAD", "GET") and there:
        return Answer(200, {"ETag": f'"{there.etag}"', "x-amz-meta-sha256": there.sha256,
                            "Content-Length": str(len(there.body))}, there.body)
    if request.method == "DELETE":
        stub.shelf(request).pop(request.key, None)
        return Answer(204)
    return error(404, "NoSuchKey")(stub, request)


def honest_put(stub, request):
    if refusal := refuse_signature(stub, request):
        return refusal
    if request.headers.get("if-none-match") == "*" and request.key in stub.shelf(request):
        return error(412, "PreconditionFailed")(stub, request)
    md5 = hashlib.md5(request.body)
    sent = request.headers.get("content-md5")
    if (sent and base64.b64decode(sent) != md5.digest()) or \
            request.headers["x-amz-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        return error(400, "BadDigest")(stub, request)
    stub.keep(request)
    return Answer(200, {"ETag": f'"{md5.hexdigest()}"'})


def after_storing(behaviour):
    """The object is kept, and then something else happens than a proper answer. Later it is there, and that is said."""
    def act(stub, request):
        answer = honest_put(stub, request)
        return answer if answer.status == 412 and not is_check(request) else behaviour(stub, request)
    return act


def no_answer(stub, request):
    return None


def hang(stub, request):
    return HANG


def drip_of_the_body(bytes_each_second):
    """Takes so many bytes of the body a second, and is never done with a large one."""
    def act(stub, request):
        return Dripping(None, bytes_each_second)
    act.bytes_of = lambda length: 0
    return act


def drip_of_the_answer(bytes_each_second, behaviour=None):
    """The answer comes in so many bytes a second."""
    return lambda stub, request: Dripping((behaviour or honest)(stub, request), bytes_each_second)


def late(seconds, behaviour):
    """Acts only after so many seconds."""
    def act(stub, request):
        return behaviour(stub, request)
    act.seconds_before = seconds
    return act


def held(gate, behaviour):
    """Acts only when the test has set the gate, a threading.Event."""
    def act(stub, request):
        return behaviour(stub, request)
    act.gate = gate
    return act


def larger_than(limit, behaviour):
    """Only PUTs with a larger body than this."""
    return lambda stub, request: (behaviour if len(request.body) > limit else honest)(stub, request)


def for_first_ids(behaviour, *ids):
    """Only for objects that begin with one of these ids."""
    return lambda stub, request: (behaviour if is_first_id(request, *ids) else honest)(stub, request)


def unless_known(access_key, refusal):
    """Refuses all keys but these."""
    return lambda stub, request: (honest if scope_of(request).access_key == access_key else refusal)(stub, request)


def page(status, headers=None):
    """An HTML page of something on the way, as proxies send it."""
    text = f"<html><head><title>{status} {REASONS[status]}</title></head><body>nginx</body></html>\r\n"
    return lambda stub, request: Answer(status, {"Content-Type": "text/html", **(headers or {})}, text.encode())


def reset_in_mid_body(stub, request):
    """Takes half of the body, then the connection is reset."""
    return None


reset_in_mid_body.bytes_of = lambda length: length // 2


def die(stub, request):
    """The whole server goes: no further connection is accepted when the client hears of this one's end."""
    stub.stop_listening()
    return None


def no_http(stub, request):
    """Bytes that are no answer at all, from something on the way that speaks another protocol."""
    return b"\x00\xff220 ready\r\n"


def captive_portal(stub, request):
    """200 from something on the way that is no S3."""
    return Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome! Please log in.</html>")


def portal_with_etag(stub, request):
    """200 and an ETag to everything, from something on the way that is no S3."""
    return captive_portal(stub, request)._replace(headers={"Content-Type": "text/html", "ETag": '"5f3e-6070a9b2"'})


def put_another_object(stub, request):
    body = b"written by someone else"
    stub.shelf(request)[request.key] = Stored(body, hashlib.md5(body).hexdigest(), hashlib.sha256(body).hexdigest())


def someone_was_faster(stub, request):
    """Another object is under the key by now."""
    put_another_object(stub, request)
    return honest(stub, request)


def encrypted(stub, request):
    """A server whose ETag is not the MD5 of what it has got, as with a key of KMS."""
    answer = honest_put(stub, request)
    if answer.status != 200:
        return answer
    stub.shelf(request)[request.key] = stub.shelf(request)[request.key]._replace(etag="encrypted")
    return Answer(200, {"ETag": '"encrypted"'})


def no_conditions(stub, request):
    """A server that knows no conditional writes."""
    return no_condition_passes(error(501, "NotImplemented"))(stub, request)


def no_condition_passes(refusal):
    """A server, or something on the way, that refuses requests that carry the condition, and lets plain ones through."""
    return lambda stub, request: (refusal if "if-none-match" in request.headers else honest)(stub, request)


def object_lock(stub, request):
    """A bucket whose objects are locked: it takes no PUT without Content-MD5, and none is replaced."""
    return (honest_put if "content-md5" in request.headers else error(400, "InvalidRequest"))(stub, request)


def no_conditions_and_taken(stub, request):
    """Knows no conditional writes, and somebody else has written under the first key. Plain writes replace what is there."""
    if not is_check(request) and not stub.objects:
        put_another_object(stub, request)
    return (no_conditions if request.method == "PUT" else honest)(stub, request)


# ---- the server ----

class Stub:
    bucket = "stub-bucket"

    def __init__(self, script=(), *, host="127.0.0.1", tls=None, is_narrow=False):
        """`tls`: an ssl.SSLContext of a server. `is_narrow`: the kernel takes few bytes in for a server that reads slowly."""
        self.lock = threading.Lock()
        self.script = list(script)
        self.objects = {}   # key: Stored
        self.kept = []      # the keys of all PUTs that have stored something, in their order
        self.requests = []
        self.checks = []    # those of the document that proves the destination
        self.documents = {}  # such documents: key: Stored
        self.faults = []    # what went wrong in the stub itself
        self.region = "us-east-1"
        self.secrets = {"stubkey": "stubsecret"}
        self.more_settings = {}  # of every uploader
        self.ended = None  # ended_keys: the access key that has
        self.ahead_seconds = 0  # how far its clock is ahead of this machine's
        self.connections = set()
        self.accepted = 0   # connections so far
        self.closing = threading.Event()
        self.host, self.tls, self.is_narrow, self.port = host, tls, is_narrow, reserve_port()
        self.start_listening()

    def now(self):
        return time.time() + self.ahead_seconds

    def start_listening(self):
        """Again after a death: on the same port, with what was stored."""
        self.listener = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.is_narrow:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)  # the sender's buffer grows with it
        wait_for("the port", self.bind)  # a program that is being started may still hold a copy of the former socket
        self.listener.listen()
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def bind(self):
        with contextlib.suppress(OSError):
            self.listener.bind((self.host, self.port))
            return True
        return False

    def stop_listening(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # takes effect at once; close() alone would wait for accept()
        self.listener.close()

    def close(self):
        self.closing.set()
        self.go_away()
        assert not self.faults, self.faults

    def drop_connections(self):
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def go_away(self):
        """Until start_listening(): connections are refused, and those that are open end."""
        self.stop_listening()
        self.drop_connections()

    @property
    def url(self):
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def set_script(self, *steps):
        with self.lock:
            self.script = list(steps)

    def settings(self, **more):
        return {"BUCKET_NAME": self.bucket, "AWS_ENDPOINT_URL": self.url,
                "AWS_ACCESS_KEY_ID": "stubkey", "AWS_SECRET_ACCESS_KEY": "stubsecret", "AWS_REGION": "us-east-1",
                **self.more_settings, **more}

    def methods(self, prefix=""):
        """The requests so far, as `PUT HEAD PUT`."""
        with self.lock:
            return " ".join(r.method for r in self.requests if r.key.startswith(prefix))

    def shelf(self, request):
        return self.documents if is_check(request) else self.objects

    def keep(self, request):
        if not is_check(request):
            self.kept.append(request.key)
        self.shelf(request)[request.key] = Stored(request.body, hashlib.md5(request.body).hexdigest(),
                                           request.headers.get("x-amz-meta-sha256", ""))

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                self.accepted += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with self.lock:
                self.connections.add(connection)
            with connection, connection.makefile("rb") as stream:
                while self.serve_one(connection, stream):
                    pass
        except OSError:
            pass  # the client has gone
        except Exception as e:
            self.faults.append(repr(e))
        finally:
            with self.lock:
                self.connections.discard(connection)

    def serve_one(self, connection, stream):
        """One request and its answer; False: no more from this connection."""
        request = self.read_head(stream)
        if not request:
            return False
        with self.lock:
            behaviour = self.choose(request)
        length = int(request.headers.get("content-length", 0))
        wanted = behaviour.bytes_of(length) if hasattr(behaviour, "bytes_of") else length
        request = request._replace(body=stream.read(wanted))
        if len(request.body) < wanted:
            return False
        with self.lock:
            (self.checks if is_check(request) else self.requests).append(request)
        if hasattr(behaviour, "seconds_before"):
            self.closing.wait(behaviour.seconds_before)
        if hasattr(behaviour, "gate"):
            behaviour.gate.wait()
        with self.lock:
            answer = behaviour(self, request)
        if wanted < length:  # closing sends a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer is HANG:
            self.closing.wait()
        if isinstance(answer, Dripping):
            self.drip(connection, request, *answer)
        if isinstance(answer, bytes):
            connection.sendall(answer)
        if not isinstance(answer, Answer):
            return False
        self.send(connection, request, answer)
        return True

    def read_head(self, stream):
        """The next request up to its body; None at the end."""
        line = stream.readline().decode()
        if not line:
            return None
        method, path, _ = line.split(" ")
        if path.startswith("http://"):  # as a proxy gets it
            path = "/" + path.split("/", 3)[3]
        headers = {}
        while match := re.match(r"([^:]+): *(.*)\r\n", stream.readline().decode()):
            headers[match[1].lower()] = match[2]
        name = urllib.parse.unquote(path)[1:]
        if not headers["host"].startswith(self.bucket + "."):
            bucket, name = name.split("/", 1)
            assert bucket == self.bucket, line
        assert "Signature=" in headers["authorization"], line
        return Request(method, name, headers, b"", path, time.monotonic())

    def choose(self, request):
        for step in self.script:
            if step.fits(request):
                step.left -= 1
                return step.behaviour
        return honest

    def drip(self, connection, request, answer, bytes_each_second):
        """Takes the body, or sends the answer if there is one, in ten steps a second at most."""
        each = max(1, bytes_each_second // 10)
        data = self.bytes_of(request, answer) if answer else None
        while not self.closing.wait(each / bytes_each_second):
            if data is None and not connection.recv(each):
                return
            if data is not None:
                connection.sendall(data[:each])
                data = data[each:]
                if not data:
                    return

    def send(self, connection, request, answer):
        connection.sendall(self.bytes_of(request, answer))

    def bytes_of(self, request, answer):
        headers = {"Content-Length": str(len(answer.body)), "Date": email.utils.formatdate(self.now(), usegmt=True),
                   **answer.headers}
        head = f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        return head.encode() + (b"" if request.method == "HEAD" else answer.body)


def giving_stub(prepare):
    """A decorator: the test gets its site, for which `prepare` was called, and a stub that is closed at the end."""
    def decorate(test):
        @functools.wraps(test)
        def run(site):
            with contextlib.closing(Stub()) as stub:
                prepare(site)
                test(site, stub)
        return run
    return decorate
