"""aws_stub -- small servers on the loopback that give out keys by the protocols that AWS documents: instance metadata
(version 2), the container endpoint, STS, and an issuer of web identity tokens.

Each is an Endpoint: a function from a Request to an Answer or None (the connection is closed without an answer), and the
list of the requests that it got. HANG holds a request until the server is closed.
"""
import base64
import collections
import contextlib
import datetime
import http.server
import json
import subprocess
import threading
import urllib.parse

Request = collections.namedtuple("Request", "method path headers body")
Answer = collections.namedtuple("Answer", "status body headers", defaults=(b"", {}))
HANG = object()


def iso(seconds):
    """The time some seconds from now, as servers write it."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def keys_json(number=1, *, seconds=3600, token="Token", **more):
    """Keys whose parts name their number: ASIA1, secret-1, token-1."""
    return json.dumps({"AccessKeyId": f"ASIA{number}", "SecretAccessKey": f"secret-{number}", token: f"token-{number}",
                       "Expiration": iso(seconds), **more}).encode()


class Endpoint:
    def __init__(self, answer):
        self.answer, self.requests, self.closing, self.faults = answer, [], threading.Event(), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def act(self):
                outer.act(self)

            do_GET = do_PUT = do_POST = act

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def act(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        request = Request(handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}, body)
        self.requests.append(request)
        try:
            answer = self.answer(request)
        except Exception as e:  # shown by close()
            self.faults.append(repr(e))
            answer = None
        if answer is HANG:
            self.closing.wait()
            answer = None
        if answer is None:
            handler.close_connection = True
            return
        with contextlib.suppress(OSError):
            handler.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(answer.body)

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        assert not self.faults, self.faults


class Imds(Endpoint):
    """Instance metadata, version 2 alone: who shows no session token is refused. Each GET of the keys is a number."""

    def __init__(self, *, role="shipping-role", seconds=3600, token=None):
        self.role, self.seconds, self.given, self.more = role, seconds, 0, {"Token": token} if token else {}
        super().__init__(self.metadata)

    def metadata(self, request):
        path = "/latest/meta-data/iam/security-credentials/"
        if request.method == "PUT" and request.path == "/latest/api/token":
            assert 1 <= int(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]) <= 21600
            assert "x-forwarded-for" not in request.headers and request.headers.get("content-length") == "0"
            return Answer(200, b"session+token/==")
        if request.headers.get("x-aws-ec2-metadata-token") != "session+token/==":
            return Answer(401)
        if request.path == path and self.role:
            return Answer(200, self.role.encode())
        if self.role and request.path == path + self.role:
            self.given += 1
            return Answer(200, keys_json(self.given, seconds=self.seconds, Code="Success", Type="AWS-HMAC",
                                         **self.more))
        return Answer(404)


def sts_keys(number=1, *, action="AssumeRole", seconds=3600):
    """STS's answer."""
    return Answer(200, f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret-{number}</SecretAccessKey>
      <SessionToken>token-{number}</SessionToken><Expiration>{iso(seconds)}</Expiration></Credentials>
  </{action}Result></{action}Response>""".encode())


def sts_error(status, code, message="as the test wants it"):
    return Answer(status, f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>""".encode())


def sts_identity(arn="arn:aws:iam::111122223333:user/eventspool"):
    return Answer(200, f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>{arn}</Arn><UserId>AIDA1</UserId><Account>111122223333</Account></GetCallerIdentityResult>
        </GetCallerIdentityResponse>""".encode())


def form(request):
    """The parameters of a request to STS."""
    return {name: values[0] for name, values in urllib.parse.parse_qs(request.body.decode()).items()}


class Sts(Endpoint):
    """Answers who the caller is by itself: `requests` are those for keys."""

    def __init__(self, answer):
        super().__init__(lambda request: sts_identity() if self.is_about_identity(request) else answer(request))

    @staticmethod
    def is_about_identity(request):
        return form(request)["Action"] == "GetCallerIdentity"

    @property
    def for_keys(self):
        return [request for request in self.requests if not self.is_about_identity(request)]


class Issuer(Endpoint):
    """An OpenID Connect provider: its configuration, its certificate, and tokens that it signs (RS256)."""

    def __init__(self, directory):
        self.key, self.certificate = directory / "issuer.key", directory / "issuer.crt"
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=issuer", "-keyout",
                     self.key, "-out", self.certificate)
        der = self.openssl("x509", "-in", self.certificate, "-outform", "DER")
        shown = self.openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha1").decode()
        self.thumbprint = shown.strip().split("=")[1].replace(":", "")
        self.x5c = base64.b64encode(der).decode()
        super().__init__(self.discover)

    @staticmethod
    def openssl(*arguments, data=None):
        return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout

    def discover(self, request):
        if request.path == "/.well-known/openid-configuration":
            return Answer(200, json.dumps({"issuer": self.url, "jwks_uri": self.url + "/certs"}).encode())
        return Answer(200, json.dumps({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "x5c": [self.x5c]}]}).encode())

    def token(self, *, client="eventspool-app", seconds=3600):
        def part(value):
            return base64.urlsafe_b64encode(value).rstrip(b"=")
        now = int(datetime.datetime.now().timestamp())
        claims = {"iss": self.url, "sub": "uploader", "aud": client, "iat": now, "nbf": now - 60, "exp": now + seconds}
        text = part(b'{"alg":"RS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
        return (text + b"." + part(self.openssl("dgst", "-sha256", "-sign", self.key, data=text))).decode()
