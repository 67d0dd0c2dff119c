"""harness -- starts and stops the real programs and a real S3 server for tests, and reads what they leave behind.

Tests are functions whose name begins with test_; main() runs them, each in a directory of its own, and prints TAP.
Nothing sleeps for luck: wait_for() looks at a condition until a deadline.
"""
import contextlib
import datetime
import glob
import hashlib
import hmac
import http.client
import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build/release"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
BIN = BUILD / "bin"
SAMPLES = ROOT / "tests/data/samples"
IS_SANITIZED = BUILD.name in ("asan", "tsan")
PATIENCE = 120 if IS_SANITIZED else 30


def size(name, release, sanitized):
    """A campaign's size: from the environment, else short with a sanitizer and full without."""
    return int(os.environ.get(name, sanitized if IS_SANITIZED else release))


def wait_for(what, condition, seconds=PATIENCE):
    """Waits until condition() is true and returns what it gave."""
    due = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > due:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.02)


def is_free(port):
    with contextlib.suppress(OSError), socket.socket() as s:
        s.bind(("127.0.0.1", port))
        return True
    return False


# Below those that the kernel gives to outgoing connections: one to a port that nobody listens on yet would reach itself.
PORTS = itertools.cycle(random.sample(range(20000, 32000), 12000))


def free_port():
    return wait_for("a free port", lambda: is_free(port := next(PORTS)) and port)


def free_monitor_port():
    """A monitor listens on two ports, 100 apart."""
    return wait_for("two free ports", lambda: is_free(port := next(PORTS)) and is_free(port + 100) and port)


def clean_environment():
    """The environment without anything that is a setting of ours."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD")
    return {name: value for name, value in os.environ.items() if name in keep}


def faked_clock(offset):
    """Settings that let a program live at another time: an offset as `+20m`, or a file that holds one and may change."""
    (library,) = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    where = {"FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1"} if isinstance(offset, pathlib.Path) else \
        {"FAKETIME": offset}
    return {"LD_PRELOAD": library, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0", **where}


class Program:
    """One of our programs, running. Its log goes to a file; a sanitizer's report in it fails the test."""

    def __init__(self, name, cwd, settings, *arguments):
        self.name = name
        self.log_path = pathlib.Path(cwd) / f"{name}.log"
        self.log_file = open(self.log_path, "ab")
        self.log_start = self.log_path.stat().st_size
        environment = {**clean_environment(), **{k: str(v) for k, v in settings.items()}}
        self.process = subprocess.Popen([BIN / name, *arguments], cwd=cwd, env=environment, stderr=self.log_file,
                                        stdout=self.log_file, stdin=subprocess.DEVNULL)

    @property
    def log(self):
        """What it has logged since it was started."""
        return self.log_path.read_bytes()[self.log_start:].decode(errors="replace")

    def wait_for_log(self, text):
        wait_for(f"{self.name} to log {text!r}", lambda: text in self.log or self.process.poll() is not None)
        assert text in self.log, f"{self.name} ended: {self.log[-2000:]}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log_file.close()

    def stop(self, expected=0):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.log_file.close()
        assert code == expected, f"{self.name} ended with {code}: {self.log[-3000:]}"


class Site:
    """An installation in a directory: a spool, a collector, an uploader."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.spool = self.directory / "var/spool.db"
        self.objects = self.directory / "objects"
        self.port = free_port()
        self.running = []
        self.others = []  # (process, whether its whole group ends with it)

    def settings(self, **more):
        """No keys of the person's or the machine's own: neither ~/.aws nor instance metadata."""
        return {"SPOOL_PATH": self.spool, "HOME": self.directory, "AWS_EC2_METADATA_DISABLED": "true", **more}

    def start(self, name, *arguments, **settings):
        program = Program(name, self.directory, self.settings(**settings), *arguments)
        self.running.append(program)
        return program

    def collector(self, **settings):
        program = self.start("collector", **{"PORT": self.port, "BIND_HOST": "127.0.0.1", "SPOOL_MIN_FREE": "64M",
                                             **settings})  # the default is more than a test machine may have
        wait_for("the collector to listen", lambda: self.accepts() or program.process.poll() is not None)
        assert program.process.poll() is None, program.log[-2000:]
        return program

    def uploader(self, **settings):
        if "BUCKET_NAME" not in settings:
            settings = {"DESTINATION_DIR": self.objects, **settings}
        program = self.start("uploader", **{"ROTATION_INTERVAL": "1", **settings})
        wait_for("the uploader to start", lambda: program.log or program.process.poll() is not None)
        return program

    def command(self, name, *arguments, **settings):
        """Runs a subcommand to its end."""
        environment = {**clean_environment(), **{k: str(v) for k, v in self.settings(**settings).items()}}
        return subprocess.run([BIN / name, *arguments], cwd=self.directory, env=environment, capture_output=True,
                              text=True, timeout=PATIENCE * 4)

    def accepts(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def send(self, data, piece=None):
        """Sends bytes over one connection, in pieces of a size, and closes it."""
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if piece is None:
                s.sendall(data)
            else:
                for i in range(0, len(data), piece):
                    s.sendall(data[i:i + piece])

    def owns(self, process, *, with_group=False):
        """Any other process that must not outlive the test; `with_group`: nor may what it has started."""
        self.others.append((process, with_group))
        return process

    def acmsim(self, *arguments):
        return self.owns(subprocess.Popen([BIN / "acmsim", "--port", str(self.port), *map(str, arguments)],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                          env=clean_environment()))

    def send_events(self, count, *arguments):
        sim = self.acmsim("--count", count, *arguments)
        out, err = sim.communicate(timeout=PATIENCE * 10)
        assert sim.returncode == 0, err + out
        return out

    def query(self, sql, *parameters):
        with contextlib.closing(sqlite3.connect(f"file:{self.spool}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, parameters).fetchall()

    def value(self, sql, *parameters):
        return self.query(sql, *parameters)[0][0]

    def wait_for_events(self, count):
        wait_for(f"{count} events in the spool", lambda: self.value("SELECT last_event_id FROM _intake") >= count)

    def wait_until_shipped(self, seconds=PATIENCE):
        wait_for("the backlog to be empty", lambda: self.value("SELECT events FROM summary") == 0, seconds)

    def files(self, prefix="xml-events/"):
        return sorted(pathlib.Path(p) for p in glob.glob(str(self.objects / prefix / "*.*")))

    def close(self):
        for process, with_group in self.others:
            if with_group:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            if process.poll() is None:
                process.kill()
                process.wait()
        for program in self.running:
            if program.process.poll() is None:
                program.kill()
        for program in self.running:
            for sign in ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer", "LeakSanitizer"):
                assert sign not in program.log, f"{program.name}: {program.log[-6000:]}"


class Rgw:
    """A real S3 server: Ceph's radosgw with one monitor and one store in memory."""
    region = "us-east-1"

    def __init__(self, directory, *, sts=False):
        self.directory = pathlib.Path(directory) / "rgw"
        self.environment = {**os.environ, "RGW_PORT": str(free_port()), "RGW_TLS_PORT": str(free_port()),
                            "MON_PORT": str(free_monitor_port())}
        self.environment.pop("CEPH_CONF", None)
        self.environment["RGW_STS"] = "true" if sts else "false"
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
        process = subprocess.Popen(["radosgw", "-c", conf, "-n", "client.admin", "-f"], start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (self.directory / "rgw.pid").write_text(str(process.pid))

    def close(self):
        self.run("wipe")

    def settings(self, **more):
        return {"BUCKET_NAME": self.bucket, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
                "AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": self.region, **more}

    def request(self, method, path, query=""):
        """One signed request, by the published recipe: an independent reading of it."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        host = f"127.0.0.1:{self.port}"
        empty = hashlib.sha256(b"").hexdigest()
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        signed = "host;x-amz-content-sha256;x-amz-date"
        canonical = "\n".join([method, path, query, f"host:{host}", f"x-amz-content-sha256:{empty}",
                               f"x-amz-date:{now}", "", signed, empty])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path + ("?" + query if query else ""), headers={
            "x-amz-date": now, "x-amz-content-sha256": empty,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, SignedHeaders={signed}, "
                             f"Signature={signature}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200, (answer.status, body)
        return answer, body

    def keys(self):
        keys, after = [], ""
        while True:
            query = f"list-type=2&start-after={urllib.parse.quote(after, safe='')}"
            _, body = self.request("GET", f"/{self.bucket}", query)
            page = [e.text for e in xml.etree.ElementTree.fromstring(body).iter() if e.tag.endswith("}Key")]
            if not page:
                return keys
            keys += page
            after = page[-1]

    def get(self, key):
        """The object's bytes and its metadata."""
        answer, body = self.request("GET", f"/{self.bucket}/{urllib.parse.quote(key)}")
        return body, {k.lower(): v for k, v in answer.getheaders()}


EVENT = re.compile(rb"<EVENT[ >/].*?</EVENT>", re.DOTALL)
KEY = re.compile(r"(.*/)(\d{8}_\d{6})-([0-9a-f]{10})-(\d{10,})-(\d{10,})\.(xml|json|ndjson)(\.gz)?$")


def uids_of_xml(body):
    return re.findall(rb"<cn>([0-9a-f]{16})</cn>", body)


def assert_keys_have_no_gap(keys, first=1):
    """Each first id is the last one's successor. Returns the last id."""
    for key in sorted(keys, key=lambda k: int(KEY.match(k)[4])):
        match = KEY.match(key)
        assert match, key
        assert int(match[4]) == first, f"a gap before {key}: expected {first}"
        first = int(match[5]) + 1
    return first - 1


def skip(tests, reason):
    """Says of all of the module's tests that they were not tried."""
    for name in tests:
        if name.startswith("test_"):
            print(f"ok - {name[len('test_'):].replace('_', ' ')} # SKIP {reason}")


def main(tests):
    """Runs the module's tests; the exit code tells whether all passed."""
    failed = 0
    wanted = sys.argv[1:]
    for name, test in [(n, t) for n, t in tests.items() if n.startswith("test_") and callable(t)]:
        sentence = name[len("test_"):].replace("_", " ")
        if wanted and name not in wanted:
            continue
        directory = tempfile.mkdtemp(prefix="eventspool-")
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            try:
                site = Site(directory)
                try:
                    test(site)
                finally:
                    site.close()
            except Exception:
                failed += 1
                print(f"not ok - {sentence}")
                print("# " + traceback.format_exc().replace("\n", "\n# "))
            else:
                print(f"ok - {sentence} ({time.monotonic() - started:.1f} s)")
    sys.exit(1 if failed else 0)
