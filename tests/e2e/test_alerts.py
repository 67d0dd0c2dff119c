"""Being told: ALERT_URL, HEARTBEAT_URL and STATUS_PREFIX. The rules themselves, with their minutes and days, are tested in
virtual time (tests/unit/uploader/test_alert_policy.c, test_alert_worlds.c); here it is the programs and a receiver."""
import contextlib
import http.server
import json
import re
import threading
import time

from s3_stub import ALWAYS, ANY, Step, captive_portal, error, giving_stub, object_lock
from shipping import send_batch
from support.environment import IS_SANITIZED
from support.ports import reserve_port
from support.tap import main
from support.waiting import PATIENCE, wait_for

SECRET = "T0PS3CRET"


class Receiver:
    """A web service on the loopback. `mode`: ok, 500, 302, hang (it reads, and never answers), cut (it closes within its
    answer), 404 (with a page that repeats what was called)."""

    def __init__(self):
        self.mode, self.calls, self.port = "ok", [], reserve_port()
        self.lock = threading.Lock()
        self.over = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(b"")

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers["Content-Length"])))

            def answer(self, body):
                mode = receiver.mode
                with receiver.lock:
                    receiver.calls.append((self.command, self.path, body, mode, time.monotonic()))
                if mode == "hang":
                    receiver.over.wait()
                    return
                if mode == "cut":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")
                    self.close_connection = True
                    return
                if mode == "404":
                    page = b"Cannot POST " + self.path.encode()
                    self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
                    self.close_connection = True
                    return
                self.send_response({"ok": 200, "500": 500, "302": 302}[mode])
                if mode == "302":
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="hook"):
        return f"http://127.0.0.1:{self.port}/{path}/{SECRET}?token={SECRET}"

    def posts(self, event=None, code=None, mode=None):
        """The messages that came, in the order in which they did."""
        with self.lock:
            all_ = [(json.loads(body), how) for method, _, body, how, _ in self.calls if method == "POST"]
        return [m for m, how in all_ if event in (None, m["event"]) and code in (None, m["code"]) and mode in (None, how)]

    def gets(self):
        with self.lock:
            return [at for method, _, _, _, at in self.calls if method == "GET"]

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def with_receiver(test):
    def run(site):
        with contextlib.closing(Receiver()) as receiver:
            test(site, receiver)
            for program in site.running:
                assert SECRET not in program.log, program.log
    return run


def wait_for_post(receiver, event, code, mode=None, seconds=PATIENCE):
    return wait_for(f"{event} of {code}", lambda: receiver.posts(event, code, mode), seconds)[0]


def begin_absence(site, receiver, **settings):
    """The collector is killed: nobody listens."""
    collector = site.collector()
    site.wait_for_spool()
    uploader = site.uploader(**{"ALERT_URL": receiver.url(), **settings})
    uploader.wait_for_log("alerts are sent")
    collector.kill()
    return uploader, time.monotonic()


@with_receiver
def test_a_dead_collector_is_told_within_a_minute(site, receiver):
    _, killed = begin_absence(site, receiver)
    message = wait_for_post(receiver, "begin", "collector_absent")
    assert 20 <= time.monotonic() - killed <= (180 if IS_SANITIZED else 75)
    node = site.value("SELECT node FROM _spool")
    spool = site.value("SELECT spool FROM _spool")
    assert message["node"] == node and message["severity"] == "critical" and message["verdict"] == "being lost", message
    assert message["id"].startswith(f"{spool}-collector_absent-"), message
    assert "start the collector" in message["remedy"], message
    assert re.match(re.escape(node) + r": events are being lost\. collector_absent \(critical, since 2\d{3}-.*\): .*\. "
                    r"What to do: start the collector", message["text"]), message


@with_receiver
def test_an_alert_has_one_id_whatever_becomes_of_receiver_and_uploader(site, receiver):
    receiver.mode = "500"
    uploader, _ = begin_absence(site, receiver)
    wait_for_post(receiver, "begin", "collector_absent", "500")
    uploader.wait_for_log("cannot be reached")
    receiver.mode = "302"
    wait_for_post(receiver, "begin", "collector_absent", "302")
    uploader.kill()
    receiver.mode = "cut"
    uploader = site.uploader(ALERT_URL=receiver.url())
    wait_for_post(receiver, "begin", "collector_absent", "cut")
    uploader.stop()
    receiver.mode = "hang"
    uploader = site.uploader(ALERT_URL=receiver.url())
    wait_for_post(receiver, "begin", "collector_absent", "hang")
    uploader.kill()
    receiver.mode = "ok"
    uploader = site.uploader(ALERT_URL=receiver.url())
    wait_for_post(receiver, "begin", "collector_absent", "ok")
    wait_for("the alert to be stored as open",
             lambda: site.query("SELECT stage FROM _alert WHERE code = 'collector_absent'") == [("open",)])
    uploader.kill()
    uploader = site.uploader(ALERT_URL=receiver.url())
    uploader.wait_for_log("alerts are sent")
    time.sleep(10)  # three turns, in which nothing may be sent again
    assert len(receiver.posts("begin", mode="ok")) == 1, receiver.posts("begin", mode="ok")
    ids = {message["id"] for message in receiver.posts(code="collector_absent")}
    assert len(ids) == 1, ids
    assert not [path for _, path, *_ in receiver.calls if "elsewhere" in path], "a redirect was followed"


@with_receiver
def test_a_receiver_that_fails_is_two_lines_in_the_log(site, receiver):
    receiver.mode = "500"
    uploader, _ = begin_absence(site, receiver)
    wait_for("three tries", lambda: len(receiver.posts()) >= 3)
    receiver.mode = "ok"
    wait_for_post(receiver, "begin", "collector_absent", "ok")
    uploader.wait_for_log("works again")
    lines = [line for line in uploader.log.splitlines() if "service that is to be told" in line]
    assert len(lines) == 2, lines
    assert " warn " in lines[0] and "HTTP 500" in lines[0] and "remedy=" in lines[0], lines
    assert " info " in lines[1] and "failed_ms=" in lines[1], lines


@with_receiver
def test_a_problem_that_is_over_before_it_could_be_told_is_not_told(site, receiver):
    """The five minutes have passed: only the times in the row say so."""
    nobody = f"http://127.0.0.1:{reserve_port()}/hook/{SECRET}"  # no try can have been taken
    uploader, _ = begin_absence(site, receiver, ALERT_URL=nobody)
    uploader.wait_for_log("cannot be reached")
    uploader.stop()
    site.change("UPDATE _alert SET saved_at = saved_at - 400000, away_at = saved_at - 400000")
    site.collector()
    uploader = site.uploader(ALERT_URL=receiver.url())
    wait_for("the alert to be forgotten", lambda: not site.query("SELECT 1 FROM _alert"))
    time.sleep(7)  # two turns
    assert not receiver.posts(), receiver.posts()


@with_receiver
def test_an_end_follows_and_is_kept_until_it_is_taken(site, receiver):
    uploader, _ = begin_absence(site, receiver)
    begun = wait_for_post(receiver, "begin", "collector_absent")
    wait_for("the alert to be stored as open", lambda: site.query("SELECT 1 FROM _alert WHERE stage = 'open'"))
    site.collector()
    wait_for("the problem to be away", lambda: site.query("SELECT 1 FROM _alert WHERE away_at IS NOT NULL"))
    uploader.kill()
    site.change("UPDATE _alert SET away_at = away_at - 400000")  # five minutes later
    receiver.mode = "500"
    uploader = site.uploader(ALERT_URL=receiver.url())
    wait_for_post(receiver, "end", "collector_absent", "500")
    uploader.kill()
    receiver.mode = "ok"
    site.uploader(ALERT_URL=receiver.url())
    ended = wait_for_post(receiver, "end", "collector_absent", "ok")
    assert ended["id"] == begun["id"] and "collector_absent is over" in ended["text"], ended
    wait_for("the alert to be closed", lambda: site.query("SELECT 1 FROM _alert WHERE stage = 'closed'"))


@with_receiver
def test_a_reminder_is_one_message_about_all(site, receiver):
    uploader, _ = begin_absence(site, receiver)
    wait_for_post(receiver, "begin", "collector_absent")
    wait_for("the alert to be stored as open", lambda: site.query("SELECT 1 FROM _alert WHERE stage = 'open'"))
    uploader.kill()
    site.change("UPDATE _alert SET told_at = told_at - 3600000")  # an hour later
    uploader = site.uploader(ALERT_URL=receiver.url())
    message = wait_for("a reminder", lambda: receiver.posts("reminder"))[0]
    assert [alert["code"] for alert in message["alerts"]] == ["collector_absent"], message
    assert message["id"] == message["alerts"][0]["id"] and "1 problem is still open" in message["text"], message


giving = giving_stub(lambda site: site.collector())


@giving
def test_objects_do_not_wait_for_a_receiver_that_hangs(site, stub):
    """A problem is told at once; the receiver hangs with it, and with the heartbeat."""
    with contextlib.closing(Receiver()) as receiver:
        receiver.mode = "hang"
        site.wait_for_spool()
        uploader = site.uploader(**stub.settings(ALERT_URL=receiver.url(), HEARTBEAT_URL=receiver.url("beat"),
                                                 STATUS_PREFIX="status/"))
        wait_for("the receiver to hang", receiver.gets)
        began = time.monotonic()
        for _ in range(5):
            send_batch(site)
            site.wait_until_shipped()
        assert time.monotonic() - began < (120 if IS_SANITIZED else 40)
        asked = time.monotonic()
        uploader.stop()
        assert time.monotonic() - asked < (30 if IS_SANITIZED else 6), "the stop waited for the receiver"


@with_receiver
def test_the_heartbeat_stays_away_while_there_is_a_critical_problem(site, receiver):
    collector = site.collector()
    site.wait_for_spool()
    uploader = site.uploader(HEARTBEAT_URL=receiver.url("beat"))
    wait_for("a first heartbeat", receiver.gets)
    collector.kill()
    time.sleep(70)  # the next one is due, and must not come
    assert len(receiver.gets()) == 1, receiver.gets()
    site.collector()
    wait_for("a heartbeat", lambda: len(receiver.gets()) >= 2)
    assert not receiver.posts()
    uploader.stop()


@with_receiver
def test_a_heartbeat_that_fails_is_tried_again_soon(site, receiver):
    site.collector()
    site.wait_for_spool()
    receiver.mode = "500"
    uploader = site.uploader(HEARTBEAT_URL=receiver.url("beat"))
    uploader.wait_for_log("cannot be reached")
    receiver.mode = "ok"
    uploader.wait_for_log("works again")
    assert "setting=HEARTBEAT_URL" in uploader.log and "setting=ALERT_URL" not in uploader.log, uploader.log


def test_alert_test_shows_the_answer(site):
    with contextlib.closing(Receiver()) as receiver:
        done = site.command("uploader", "alert", "test", ALERT_URL=receiver.url())
        assert done.returncode == 0 and "HTTP 200 ok" in done.stdout and SECRET not in done.stdout + done.stderr, done
        assert receiver.posts()[0]["event"] == "test", receiver.posts()
        receiver.mode = "302"
        done = site.command("uploader", "alert", "test", ALERT_URL=receiver.url())
        assert done.returncode == 1 and "redirects are not followed" in done.stderr, done
        assert SECRET not in done.stdout + done.stderr, done
        assert done.stderr.splitlines()[-1].startswith("    set ALERT_URL to the address"), done.stderr
        receiver.mode = "404"
        done = site.command("uploader", "alert", "test", ALERT_URL=receiver.url())
        assert done.returncode == 1 and "HTTP 404 Cannot POST /hook/***?token=***\n" in done.stderr, done
    done = site.command("uploader", "alert", "test", ALERT_URL=receiver.url())
    assert done.returncode == 1 and "Failed to connect" in done.stderr and SECRET not in done.stderr, done
    done = site.command("uploader", "alert", "test")
    assert done.returncode == 78 and "ALERT_URL is not set" in done.stderr, done


def test_neither_url_is_ever_shown(site):
    url = f"https://hooks.example.com/{SECRET}"
    path = site.directory / "secret"
    path.write_text(url + "\n")
    done = site.command("uploader", "config", ALERT_URL_FILE=path, HEARTBEAT_URL=url, DESTINATION_DIR=site.objects)
    assert done.returncode == 0 and "ALERT_URL=" in done.stdout and "HEARTBEAT_URL=" in done.stdout, done
    assert SECRET not in done.stdout + done.stderr, done
    for wrong in (f"hooks.example.com/{SECRET}", f"ftp://example.com/{SECRET}", f"https://a b/{SECRET}", "https://"):
        done = site.command("uploader", "check", ALERT_URL=wrong, DESTINATION_DIR=site.objects)
        assert done.returncode == 78 and "ALERT_URL is not understood" in done.stderr, done
        assert SECRET not in done.stdout + done.stderr, done


def test_the_status_document_has_a_prefix_of_its_own(site):
    for settings in ({"STATUS_PREFIX": "xml-events/status"}, {"STATUS_PREFIX": "rejected/xml-events"},
                     {"STATUS_PREFIX": "rejected"}, {"PREFIX": "a/b/", "STATUS_PREFIX": "a"}):
        done = site.command("uploader", "config", DESTINATION_DIR=site.objects, **settings)
        assert done.returncode == 78 and "neither may lie inside the other" in done.stderr, done
    done = site.command("uploader", "config", DESTINATION_DIR=site.objects, STATUS_PREFIX="fleet")
    assert done.returncode == 0 and "STATUS_PREFIX=fleet/" in done.stdout and "a final slash was added" in done.stderr, done


def document_at(site, prefix="fleet/"):
    path = site.objects / prefix / (site.value("SELECT node FROM _spool") + ".json")
    return wait_for("the status document", lambda: path.exists() and json.loads(path.read_text()))


def test_the_status_document_of_a_trial_is_a_file(site):
    site.collector()
    site.wait_for_spool()
    site.send_events(5)
    site.wait_for_events(5)
    uploader = site.uploader(STATUS_PREFIX="fleet/", ROTATION_INTERVAL="1h")
    document = document_at(site)
    assert document["spool"]["node"] == site.value("SELECT node FROM _spool"), document
    open_ = document["open_ranges"]
    assert [(r["kind"], r["first_id"], r["last_id"], r["state"], r["key"]) for r in open_] == [
        ("events", 1, 5, "pending", None)], open_
    assert open_[0]["since"].startswith("2") and not document["open_ranges_cut"], document
    assert document["abandoned_ranges"] == [] and not document["abandoned_ranges_cut"], document
    uploader.stop()
    site.uploader(STATUS_PREFIX="fleet/", ROTATION_INTERVAL="1h")
    first = document["now"]
    wait_for("the document to be replaced", lambda: document_at(site)["now"] > first)
    assert not list((site.objects / "fleet").glob(".*")), "something is left"


@giving
def test_the_status_document_has_what_is_not_in_the_bucket(site, stub):
    """A batch that was given up, one that is refused, one that waits, and rows in no batch."""
    site.wait_for_spool()
    key = f"fleet/{site.value('SELECT node FROM _spool')}.json"
    send_batch(site)
    stub.set_script(Step("PUT", error(403, "AccessDenied"), times=ALWAYS, prefix="xml-events/"))
    uploader = site.uploader(**stub.settings(STATUS_PREFIX="fleet/", S3_SSE="AES256"))
    wait_for("a blocked batch", lambda: site.query("SELECT 1 FROM batches WHERE state = 'blocked'"))
    uploader.stop()
    done = site.command("uploader", "resolve", "--batch", "1", "--as", "abandoned", "--yes", **stub.settings())
    assert done.returncode == 0, done
    send_batch(site)
    uploader = site.uploader(**stub.settings(STATUS_PREFIX="fleet/", S3_SSE="AES256"))
    wait_for("another blocked batch", lambda: site.query("SELECT 1 FROM batches WHERE state = 'blocked'"))
    uploader.stop()
    stub.objects.pop(key, None)
    send_batch(site)
    site.uploader(**stub.settings(STATUS_PREFIX="fleet/", S3_SSE="AES256", ROTATION_INTERVAL="1h"))
    there = wait_for("the document", lambda: stub.objects.get(key))
    document = json.loads(there.body)
    ranges = [(r["first_id"], r["last_id"], r["state"]) for r in document["open_ranges"]]
    assert ranges == [(4, 6, "blocked"), (7, 9, "pending")], ranges
    assert document["open_ranges"][0]["key"].startswith("xml-events/"), document["open_ranges"]
    given_up = [(r["kind"], r["first_id"], r["last_id"], r["state"]) for r in document["abandoned_ranges"]]
    assert given_up == [("events", 1, 3, "abandoned")], given_up
    put = [r for r in stub.requests if r.method == "PUT" and r.key == key][-1]
    assert put.headers["content-type"] == "application/json" and "if-none-match" not in put.headers, put
    assert put.headers["x-amz-server-side-encryption"] == "AES256", put


@giving
def test_a_refused_status_document_holds_nothing_up(site, stub):
    site.wait_for_spool()
    stub.set_script(Step("PUT", error(403, "AccessDenied"), times=ALWAYS, prefix="fleet/"))
    uploader = site.uploader(**stub.settings(STATUS_PREFIX="fleet/"))
    uploader.wait_for_log("the status document cannot be put")
    send_batch(site)
    site.wait_until_shipped()
    lock = site.spool.with_name("spool.db-uploader.lock").read_text()
    assert not re.search(r"^s3_refused\t", lock, re.MULTILINE), lock


@giving
def test_the_status_document_goes_into_a_bucket_that_locks_objects(site, stub):
    site.wait_for_spool()
    stub.set_script(Step(ANY, object_lock, times=ALWAYS))
    uploader = site.uploader(**stub.settings(STATUS_PREFIX="fleet/"))
    wait_for("the document", lambda: [key for key in stub.objects if key.startswith("fleet/")])
    assert "cannot be put" not in uploader.log, uploader.log


@giving
def test_a_portal_has_not_taken_the_status_document(site, stub):
    site.wait_for_spool()
    stub.set_script(Step("PUT", captive_portal, times=ALWAYS, prefix="fleet/"))
    uploader = site.uploader(**stub.settings(STATUS_PREFIX="fleet/"))
    uploader.wait_for_log("the status document cannot be put")
    assert "without an ETag" in uploader.log, uploader.log


if __name__ == "__main__":
    main(globals(), at_once=4)
