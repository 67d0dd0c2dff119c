"""s3_stub -- a small S3 server on the loopback whose answers a test prescribes, for what a real server does too rarely.

Without a script it is honest: signatures are checked (for the keys that it knows) with the region and the time in them,
a PUT is checked against its hashes and stored, never over another object if the client asks so, HEAD and GET tell what is
there. A script is a list of steps: Step(method, behaviour, ...). A request takes the first step that fits it and that is
not used up. All behaviours are below; each gets the stub and the request and returns an Answer, HANG, bytes that are sent
as they are before the connection is closed, or None for a connection that is closed without any.
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

from support.ports import reserve_port
from support.waiting import wait_for

Stored = collections.namedtuple("Stored", "body etag sha256")
Request = collections.namedtuple("Request", "method key headers body path at")
Answer = collections.namedtuple("Answer", "status headers body", defaults=({}, b""))
HANG = object()
TRICKLE = object()
DRIP = object()
REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request",
           403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 412: "Precondition Failed",
           413: "Content Too Large", 429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented",
           503: "Service Unavailable"}
SKEW_SECONDS = 15 * 60  # as S3 bears it


class Step:
    """What happens to the next requests of a method, `times` in all, whose key begins with `prefix`."""

    def __init__(self, method, behaviour, *, times=1, prefix=""):
        self.method, self.behaviour, self.left, self.prefix = method, behaviour, times, prefix

    def fits(self, request):
        return self.left > 0 and request.method == self.method and request.key.startswith(self.prefix)


ALWAYS = math.inf


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
    there = stub.objects.get(request.key)
    if request.method in ("HEAD", "GET") and there:
        return Answer(200, {"ETag": f'"{there.etag}"', "x-amz-meta-sha256": there.sha256,
                            "Content-Length": str(len(there.body))}, there.body)
    if request.method == "DELETE":
        stub.objects.pop(request.key, None)
        return Answer(204)
    return Answer(404)


def honest_put(stub, request):
    if refusal := refuse_signature(stub, request):
        return refusal
    if request.headers.get("if-none-match") == "*" and request.key in stub.objects:
        return error(412, "PreconditionFailed")(stub, request)
    md5 = hashlib.md5(request.body)
    sent = request.headers.get("content-md5")
    if (sent and base64.b64decode(sent) != md5.digest()) or \
            request.headers["x-amz-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        return error(400, "BadDigest")(stub, request)
    stub.keep(request)
    return Answer(200, {"ETag": f'"{md5.hexdigest()}"'})


def after_storing(behaviour):
    """The object is kept, and then something else happens than a proper answer."""
    def act(stub, request):
        assert honest_put(stub, request).status == 200, request.key
        return behaviour(stub, request)
    return act


def no_answer(stub, request):
    return None


def hang(stub, request):
    return HANG


def take_too_slowly(stub, request):
    """Takes a byte of the body a second, for ever."""
    return TRICKLE


take_too_slowly.bytes_of = lambda length: 0


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


def someone_was_faster(stub, request):
    """Another object is under the key by now."""
    body = b"written by someone else"
    stub.objects[request.key] = Stored(body, hashlib.md5(body).hexdigest(), hashlib.sha256(body).hexdigest())
    return honest(stub, request)


def encrypted(stub, request):
    """A server whose ETag is not the MD5 of what it has got, as with a key of KMS."""
    answer = honest_put(stub, request)
    if answer.status != 200:
        return answer
    stub.objects[request.key] = stub.objects[request.key]._replace(etag="encrypted")
    return Answer(200, {"ETag": '"encrypted"'})


def no_conditions(stub, request):
    """A server that knows no conditional writes."""
    return refuse_condition(error(501, "NotImplemented"))(stub, request)


def refuse_condition(refusal):
    """A server, or a proxy before it, that refuses a PUT for its condition alone."""
    return lambda stub, request: (refusal if "if-none-match" in request.headers else honest_put)(stub, request)


def foreign(status):
    """A refusal by something on the way, in its own words."""
    return lambda stub, request: Answer(status, {"Content-Type": "text/html"}, b"<html><body>Not here.</body></html>")


def portal(stub, request):
    """200 and the same ETag to everything, from something on the way that is no S3."""
    return Answer(200, {"Content-Type": "text/html", "ETag": '"portal"'}, b"<html>Welcome! Please log in.</html>")


def object_lock(stub, request):
    """A bucket whose objects are locked: it takes no PUT without Content-MD5, and none is replaced."""
    return (honest_put if "content-md5" in request.headers else error(400, "InvalidRequest"))(stub, request)


def drip(stub, request):
    """The answer comes byte by byte, without an end."""
    return DRIP


# ---- the server ----

class Stub:
    bucket = "stub-bucket"

    def __init__(self, script=(), *, host="127.0.0.1", tls=None):
        """`tls`: an ssl.SSLContext of a server."""
        self.lock = threading.Lock()
        self.script = list(script)
        self.objects = {}   # key: Stored
        self.kept = []      # the keys of all PUTs that have stored something, in their order
        self.requests = []
        self.faults = []    # what went wrong in the stub itself
        self.region = "us-east-1"
        self.secrets = {"stubkey": "stubsecret"}
        self.more_settings = {}  # of every uploader
        self.ended = None  # ended_keys: the access key that has
        self.ahead_seconds = 0  # how far its clock is ahead of this machine's
        self.connections = set()
        self.accepted = 0   # connections so far
        self.closing = threading.Event()
        self.host, self.tls, self.port = host, tls, reserve_port()
        self.start_listening()

    def now(self):
        return time.time() + self.ahead_seconds

    def start_listening(self):
        """Again after a death: on the same port, with what was stored."""
        self.listener = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
        self.stop_listening()
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        assert not self.faults, self.faults

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

    def keep(self, request):
        self.kept.append(request.key)
        self.objects[request.key] = Stored(request.body, hashlib.md5(request.body).hexdigest(),
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
            self.requests.append(request)
            answer = behaviour(self, request)
        if wanted < length:  # closing sends a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer is HANG:
            self.closing.wait()
        if answer is TRICKLE:
            while connection.recv(1) and not self.closing.wait(1):
                pass
        if answer is DRIP:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not self.closing.wait(0.2):
                connection.sendall(b".")
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

    def send(self, connection, request, answer):
        headers = {"Content-Length": str(len(answer.body)), "Date": email.utils.formatdate(self.now(), usegmt=True),
                   **answer.headers}
        head = f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        connection.sendall(head.encode() + (b"" if request.method == "HEAD" else answer.body))


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
