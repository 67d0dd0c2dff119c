"""rgw -- a real S3 server for a test: Ceph's radosgw, its own monitor and store, asked by signed requests."""
import atexit
import contextlib
import datetime
import functools
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import urllib.parse
import xml.etree.ElementTree

from support.environment import ROOT
from support.ledger import CHECK
from support.ports import reserve_port, reserve_ports
from support.waiting import wait_for


class Rgw:
    """A real S3 server: Ceph's radosgw with one monitor and one store in memory."""
    region = "us-east-1"

    def __init__(self, directory, *, sts=False, address="", name=""):
        """`address`: one more of this machine on which it answers; `name`: what it is called there."""
        self.directory = pathlib.Path(directory) / "rgw"
        self.environment = {**os.environ, "RGW_PORT": str(reserve_port()), "RGW_TLS_PORT": str(reserve_port()),
                            "MON_PORT": str(reserve_ports(0, 100))}
        self.environment.pop("CEPH_CONF", None)
        self.environment["RGW_STS"] = "true" if sts else "false"
        self.environment.update(RGW_ADDRESS=address, RGW_NAME=name)
        self.access, self.secret = "testkey0000000000001", "testsecret00000000000000000000000000000001"
        self.environment.update(AWS_ACCESS_KEY_ID=self.access, AWS_SECRET_ACCESS_KEY=self.secret)
        self.bucket = "spool-test"
        self.port = int(self.environment["RGW_PORT"])
        self.tls_port = int(self.environment["RGW_TLS_PORT"])
        self.ca = self.directory / "tls.crt"
        try:
            self.run("start")
        except BaseException:
            self.close()
            raise

    def run(self, command):
        """What it says goes to a file: its daemons would keep a pipe open."""
        with open(self.directory.parent / "rgw.log", "w+") as log:
            done = subprocess.run([ROOT / "tests/support/rgw.sh", command, self.directory], env=self.environment,
                                  stdout=log, stderr=log, timeout=180)
            log.seek(0)
            assert done.returncode == 0, f"rgw.sh {command}: {log.read()[-2000:]}"

    def stop_gateway(self):
        """kill -9 of radosgw alone: an outage."""
        path = self.directory / "rgw.pid"
        os.kill(int(path.read_text()), signal.SIGKILL)
        path.unlink()

    def start_gateway(self):
        conf = self.directory / "ceph.conf"
        process = subprocess.Popen(["radosgw", "-c", conf, "-n", "client.admin", "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (self.directory / "rgw.pid").write_text(str(process.pid))
        wait_for("radosgw to answer", self.answers)

    def answers(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/")[0].status == 200

    def add_user(self, name):
        """Settings of another user, who has no rights in the bucket."""
        access, secret = f"{name}key", f"{name}secret"
        self.admin("user", "create", f"--uid={name}", f"--display-name={name}", f"--access-key={access}", f"--secret-key={secret}")
        return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}

    def admin(self, *arguments):
        subprocess.run(["radosgw-admin", "-c", self.directory / "ceph.conf", *arguments], check=True, capture_output=True, timeout=60)

    def set_user_policy(self, name, document):
        """Puts an IAM policy on a user, as it stands, by the call of IAM."""
        query = {"Action": "PutUserPolicy", "PolicyDocument": json.dumps(document), "PolicyName": "only", "UserName": name}
        self.request("POST", "/", urllib.parse.urlencode(query, quote_via=urllib.parse.quote))

    def close(self):
        self.run("wipe")

    def settings(self, **more):
        return {"BUCKET_NAME": self.bucket, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
                "AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": self.region, **more}

    def request(self, method, path, query="", body=b"", **more):
        """One request that must succeed, with the owner's keys; the rest as ask()."""
        answer, body = self.ask(method, path, query, body, **more)
        assert answer.status in (200, 204), (answer.status, body)
        return answer, body

    def ask(self, method, path, query="", body=b"", *, user=None, **more):
        """One signed request, by the published recipe: an independent reading of it. `user`: what add_user() gave, else the
        owner. `more`: headers that are not signed."""
        access, secret = user.values() if user else (self.access, self.secret)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = f"127.0.0.1:{self.port}"
        digest = hashlib.sha256(body).hexdigest()
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = "\n".join([method, path, query, f"host:{host}", f"x-amz-content-sha256:{digest}",
                               f"x-amz-date:{now}", "", signed, digest])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path + ("?" + query if query else ""), body, {
            "x-amz-date": now, "x-amz-content-sha256": digest, **{k.replace("_", "-"): v for k, v in more.items()},
            "Authorization": f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={signed}, "
                             f"Signature={signature}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def make_bucket(self, bucket, *, has_versions=False, locks_for_days=0):
        """Object Lock needs versions, and the bucket has them from the beginning."""
        lock = {"x_amz_bucket_object_lock_enabled": "true"} if locks_for_days else {}
        self.request("PUT", f"/{bucket}", **lock)
        if has_versions:
            self.request("PUT", f"/{bucket}", "versioning=", b"<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                         b"<Status>Enabled</Status></VersioningConfiguration>")
        if locks_for_days:
            self.request("PUT", f"/{bucket}", "object-lock=", b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
                         b"<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>%d</Days></DefaultRetention></Rule>"
                         b"</ObjectLockConfiguration>" % locks_for_days)

    def set_policy(self, *statements, bucket=None):
        """Each statement: effect, user or *, actions, conditions. Without any the bucket has no policy."""
        bucket = bucket or self.bucket
        if not statements:
            self.request("DELETE", f"/{bucket}", "policy=")
            return
        policy = [{"Effect": effect, "Principal": {"AWS": [user if user == "*" else f"arn:aws:iam:::user/{user}"]},
                   "Action": [f"s3:{action}" for action in actions], "Condition": dict(conditions),
                   "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
                  for effect, user, actions, conditions in statements]
        self.set_policy_document({"Version": "2012-10-17", "Statement": policy}, bucket=bucket)

    def set_policy_document(self, document, *, bucket):
        self.request("PUT", f"/{bucket}", "policy=", json.dumps(document).encode())

    def keys(self, bucket=None):
        keys, after = [], ""
        while True:
            query = f"list-type=2&start-after={urllib.parse.quote(after, safe='')}"
            _, body = self.request("GET", f"/{bucket or self.bucket}", query)
            page = [e.text for e in xml.etree.ElementTree.fromstring(body).iter() if e.tag.endswith("}Key")]
            if not page:
                return keys
            keys += page
            after = page[-1]

    def objects(self, prefix="xml-events/"):
        """{key: bytes}, without the document that proves the destination."""
        return {key: self.get(key)[0] for key in self.keys() if key.startswith(prefix) and not CHECK.search(key)}

    def get(self, key):
        """The object's bytes and its metadata."""
        answer, body = self.request("GET", f"/{self.bucket}/{urllib.parse.quote(key)}")
        return body, {k.lower(): v for k, v in answer.getheaders()}


@functools.cache
def start_shared():
    directory = tempfile.TemporaryDirectory(prefix="eventspool-rgw-", ignore_cleanup_errors=True)
    server = Rgw(directory.name)
    atexit.register(lambda: (server.close(), directory.cleanup()))
    return server


starting = threading.Lock()


def shared_rgw():
    """One server for all tests of a module, also for tests in threads: starting it takes seconds."""
    with starting:
        return start_shared()
