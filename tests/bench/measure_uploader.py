"""measure_uploader -- draining a backlog: to a directory beside cp and fsync of the same files, as JSON, to a real S3 server
beside curl -T; the peak of its memory; and whether the backlog's size makes a batch dearer.

The backlog is received by the collector; each round takes the seals off and drains it anew.
"""
import contextlib
import hashlib
import hmac
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.parse

import proc
from support.environment import BIN, clean_environment
from support.rgw import Rgw
from support.waiting import wait_for
from installation import MIB, PATIENCE, Installation, fresh_directory

XML, COPY, JSON = "drain as XML to a directory", "cp and fsync of the same files", "drain as JSON to a directory"
RGW, CURL = "drain to radosgw, 2 uploads at once", "curl -T of the same files"
NAMES = (XML, COPY, JSON, RGW, CURL)
COLUMNS = (("MB/s", "mb_s", 0), ("events/s", "rate", 0), ("CPU us/event", "cpu_us", 2), ("peak MiB", "peak_mib", 1),
           ("largest object MiB", "object_mib", 1))
RGW_EVENTS = 150000  # at most: the server's store is in memory, 1 GB of it
FEW, MANY = "a backlog of 10,000 events", "the large backlog"
BATCHES = 50
BATCH_NAMES = (FEW, MANY)
BATCH_COLUMNS = (("events", "events", 0), ("ms/batch", "batch_ms", 2))


def measure(results, options):
    with backlog(options.uploader_events) as site, backlog(min(options.uploader_events, RGW_EVENTS)) as small:
        for _ in range(options.rounds):
            measure_directory(results, site)
            measure_radosgw(results, small)
    measure_batches(results, options)


@contextlib.contextmanager
def backlog(events):
    """Received by a collector, which is away now."""
    with fresh_directory() as directory, contextlib.closing(Installation(directory)) as site:
        site.start_collector()
        if events > 0:
            site.load(events, 8)
        site.stop_collector()
        yield site


def measure_directory(results, site):
    objects, copies = site.directory / "objects", site.directory / "copies"
    results.add(XML, **drain(site, DESTINATION_DIR=objects))
    files = files_of(objects)
    results.add(COPY, **timed(site, files, lambda: copy(files, copies)))
    shutil.rmtree(objects)
    shutil.rmtree(copies)
    results.add(JSON, **drain(site, DESTINATION_DIR=objects, OUTPUT_FORMAT="json"))
    shutil.rmtree(objects)


def measure_radosgw(results, site):
    """With a server of its own for each round: what is there already would not be put again."""
    objects = site.directory / "objects"
    rgw = Rgw(site.directory)
    try:
        results.add(RGW, **drain(site, **rgw.settings()))
        drain(site, DESTINATION_DIR=objects)
        files = files_of(objects)
        results.add(CURL, **timed(site, files, lambda: curl(files, rgw)))
    finally:
        rgw.close()
        shutil.rmtree(objects, ignore_errors=True)


def files_of(directory):
    return sorted(path for path in directory.rglob("*") if path.is_file())


def reset(spool):
    with contextlib.closing(sqlite3.connect(spool, isolation_level=None)) as db:
        db.execute("DELETE FROM _batch")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def opened(site):
    return contextlib.closing(sqlite3.connect(f"file:{site.spool}?mode=ro", uri=True, timeout=30))


def query(site, sql):
    with opened(site) as db:
        return db.execute(sql).fetchall()[0]


@contextlib.contextmanager
def uploader(site, **settings):
    environment = {**clean_environment(), **{k: str(v) for k, v in site.settings(ROTATION_INTERVAL=1, **settings).items()}}
    with open(site.directory / "uploader.log", "ab") as log:
        process = subprocess.Popen([BIN / "uploader"], cwd=site.directory, env=environment, stderr=log, stdout=log)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(60) == 0


def wait_until_shipped(site):
    """By one connection: to open the spool each time would take a processor's time that the uploader could use."""
    with opened(site) as db:
        wait_for("the backlog to be shipped", lambda: db.execute("SELECT events FROM summary").fetchone()[0] == 0, PATIENCE)


def drain(site, **settings):
    reset(site.spool)
    since = time.monotonic()
    with uploader(site, **settings) as process:
        wait_until_shipped(site)
        seconds = time.monotonic() - since
        cpu, peak = proc.cpu_seconds(process.pid), proc.status_mib(process.pid, "VmHWM")
    events, stored, largest = query(site, "SELECT sum(events), sum(stored_bytes), max(stored_bytes) FROM _batch")
    return {"mb_s": stored / seconds / 1e6, "rate": events / seconds, "cpu_us": cpu / events * 1e6, "peak_mib": peak,
            "object_mib": largest / MIB}


def timed(site, files, work):
    since = time.monotonic()
    work()
    seconds = time.monotonic() - since
    return {"mb_s": sum(path.stat().st_size for path in files) / seconds / 1e6,
            "rate": query(site, "SELECT sum(events) FROM _batch")[0] / seconds}


def copy(files, target):
    """As cp would, one after the other, each synced as `sync FILE` does."""
    target.mkdir()
    for path in files:
        subprocess.run(["cp", path, target], check=True)
        fd = os.open(target / path.name, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)


def curl(files, rgw):
    """One curl for all of them: it keeps its connection. Nothing is hashed."""
    uploads = [word for path in files for word in ("-T", str(path), presigned(rgw, f"/{rgw.bucket}/curl/{path.name}"))]
    subprocess.run(["curl", "--silent", "--show-error", "--fail", "-H", "Expect:", *uploads], check=True,
                   stdout=subprocess.DEVNULL)


def presigned(rgw, path):
    """A URL that lets one PUT it, by the published recipe."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    host, scope = f"127.0.0.1:{rgw.port}", f"{now[:8]}/us-east-1/s3/aws4_request"
    query = urllib.parse.urlencode([("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", f"{rgw.access}/{scope}"),
                                    ("X-Amz-Date", now), ("X-Amz-Expires", 3600), ("X-Amz-SignedHeaders", "host")])
    canonical = "\n".join(["PUT", path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + rgw.secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"http://{host}{path}?{query}&X-Amz-Signature={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()}"


# ---- what a batch costs ----

def measure_batches(results, options):
    with backlog(0) as few, backlog(0) as many:
        fill(few.spool, 10000)
        fill(many.spool, options.uploader_backlog)
        for _ in range(options.rounds):
            results.add(FEW, events=10000, batch_ms=batch_ms(few))
            results.add(MANY, events=options.uploader_backlog, batch_ms=batch_ms(many))


def fill(spool, count, size=200):
    """Adds events of `size` bytes each by plain SQL."""
    with contextlib.closing(sqlite3.connect(spool, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        db.execute("""WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
                      INSERT INTO _event (id, received_at, total_bytes, bytes, source, payload)
                      SELECT i, 1700000000000, i * :size, :size, '192.0.2.1',
                             '<EVENT><cn>' || printf('%016x', i) || '</cn>' || printf('%*s', :size - 41, '') || '</EVENT>'
                      FROM n""", {"count": count, "size": size})
        db.execute("UPDATE _intake SET last_event_id = :count, event_bytes = :count * :size, last_event_at = 1700000000000",
                   {"count": count, "size": size})
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()  # what comes next does not pay for this


def batch_ms(site):
    """Of batches of 200 events: sealing, selecting, and the little rest."""
    reset(site.spool)
    objects = site.directory / "objects"
    with uploader(site, DESTINATION_DIR=objects, MAX_FILE_SIZE=40000, LOG_LEVEL="warn"):
        wait_for("some batches", lambda: query(site, f"SELECT count(*) >= {BATCHES} FROM _batch WHERE shipped_at > 0")[0])
    first, last, count = query(site, "SELECT min(sealed_at), max(shipped_at), count(*) FROM _batch WHERE shipped_at > 0")
    shutil.rmtree(objects)
    return (last - first) / count
