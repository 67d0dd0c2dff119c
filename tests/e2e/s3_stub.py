"""s3_stub -- a small S3 server on the loopback whose answers a test prescribes, for what a real server does too rarely.

Without a script it is honest: a PUT is checked against its hashes and stored, never over another object if the client
asks so, and HEAD tells what is there. A script is a list of steps: Step(method, behaviour, ...). A request takes the
first step that fits it and that is not used up. All behaviours are below; each gets the stub and the request and
returns an Answer, or None for no answer and a closed connection.
"""
import base64
import collections
import contextlib
import hashlib
import math
import re
import socket
import threading
import urllib.parse

Stored = collections.namedtuple("Stored", "body etag sha256")
Request = collections.namedtuple("Request", "method key headers body")
Answer = collections.namedtuple("Answer", "status headers body", defaults=({}, b""))
REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           412: "Precondition Failed", 500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}


class Step:
    """What happens to the next requests of a method, `times` in all, whose key begins with `prefix`."""

    def __init__(self, method, behaviour, *, times=1, prefix=""):
        self.method, self.behaviour, self.left, self.prefix = method, behaviour, times, prefix

    def fits(self, request):
        return self.left > 0 and request.method == self.method and request.key.startswith(self.prefix)


ALWAYS = math.inf


# ---- behaviours ----

def error(status, code=None):
    """A refusal, with S3's XML if there is a code, else without a body."""
    text = f"<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>"
    return lambda stub, request: Answer(status, body=text.encode() if code else b"")


def honest(stub, request):
    if request.method == "PUT":
        return honest_put(stub, request)
    there = stub.objects.get(request.key)
    if request.method == "HEAD" and there:
        return Answer(200, {"ETag": f'"{there.etag}"', "x-amz-meta-sha256": there.sha256,
                            "Content-Length": str(len(there.body))})
    if request.method == "DELETE":
        stub.objects.pop(request.key, None)
        return Answer(204)
    return Answer(404)


def honest_put(stub, request):
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


def die(stub, request):
    """The whole server goes: no further connection is accepted when the client hears of this one's end."""
    stub.stop_listening()
    return None


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
    if "if-none-match" in request.headers:
        return error(501, "NotImplemented")(stub, request)
    return honest_put(stub, request)


# ---- the server ----

class Stub:
    bucket = "stub-bucket"

    def __init__(self, script=()):
        self.lock = threading.Lock()
        self.script = list(script)
        self.objects = {}   # key: Stored
        self.kept = []      # the keys of all PUTs that have stored something, in their order
        self.requests = []
        self.faults = []    # what went wrong in the stub itself
        self.connections = set()
        self.port = 0
        self.start_listening()

    def start_listening(self):
        """At first on any port; after a death on the same one, with what was stored."""
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop_listening(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # takes effect at once; close() alone would wait for accept()
        self.listener.close()

    def close(self):
        self.stop_listening()
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        assert not self.faults, self.faults

    def set_script(self, *steps):
        with self.lock:
            self.script = list(steps)

    def settings(self, **more):
        return {"BUCKET_NAME": self.bucket, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
                "AWS_ACCESS_KEY_ID": "stubkey", "AWS_SECRET_ACCESS_KEY": "stubsecret", "AWS_REGION": "us-east-1", **more}

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
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.connections.add(connection)
        try:
            with connection, connection.makefile("rb") as stream:
                while request := self.read(stream):
                    answer = self.act(request)
                    if answer is None:
                        break
                    self.send(connection, request, answer)
        except OSError:
            pass  # the client has gone
        except Exception as e:
            self.faults.append(repr(e))
        finally:
            with self.lock:
                self.connections.discard(connection)

    def read(self, stream):
        """The next request, whole; None at the end."""
        line = stream.readline().decode()
        if not line:
            return None
        method, path, _ = line.split(" ")
        headers = {}
        while match := re.match(r"([^:]+): *(.*)\r\n", stream.readline().decode()):
            headers[match[1].lower()] = match[2]
        length = int(headers.get("content-length", 0))
        body = stream.read(length)
        if len(body) < length:
            return None
        bucket, key = urllib.parse.unquote(path).lstrip("/").split("/", 1)
        assert bucket == self.bucket and "Signature=" in headers["authorization"], line
        return Request(method, key, headers, body)

    def act(self, request):
        with self.lock:
            self.requests.append(request)
            for step in self.script:
                if step.fits(request):
                    step.left -= 1
                    return step.behaviour(self, request)
            return honest(self, request)

    def send(self, connection, request, answer):
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        head = f"HTTP/1.1 {answer.status} {REASONS[answer.status]}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        connection.sendall(head.encode() + (b"" if request.method == "HEAD" else answer.body))
