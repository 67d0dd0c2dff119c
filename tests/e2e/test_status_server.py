"""Health, metrics and the page: what each endpoint answers in each state, to whom, and that no request does any harm."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import resource
import socket
import subprocess
import time

from support.environment import BUILD, IS_SANITIZED, ROOT
from support.ports import reserve_port
from support.tap import main, tests_of
from support.waiting import wait_for

EVENT = b"<EVENT><cn>%016d</cn><plasectrxGatewayDN>cn=gate</plasectrxGatewayDN></EVENT>\n"
SLOW = 40 if IS_SANITIZED else 200  # connections that send next to nothing
PATHS = ("/livez", "/readyz", "/healthz", "/metrics", "/status.json", "/")


class Answer:
    def __init__(self, response):
        self.code, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


def get(port, path, method="GET", body=None, timeout=30, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return Answer(connection.getresponse())


def raw(port, data, timeout=60, has_more=True):
    """What comes back to some bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        with contextlib.suppress(OSError):  # it need not read to the end
            s.sendall(data)
            if not has_more:
                s.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := s.recv(65536):
                answer += part
        return answer


def is_served(port):
    with contextlib.suppress(OSError, http.client.HTTPException):
        return get(port, "/livez").code == 200


def watched(site, **settings):
    """A collector with a status port."""
    port = reserve_port()
    collector = site.collector(STATUS_PORT=port, **settings)
    wait_for("the status to be served", lambda: is_served(port))
    return collector, port


def series(port):
    """{name{labels}: value} of what /metrics says."""
    lines = get(port, "/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def problem(port, code, program="collector"):
    return series(port)[f'eventspool_problem{{code="{code}",program="{program}"}}']


def gathered(port):
    """The watcher looks once a second, from when the spool is open."""
    wait_for("the watcher's first look", lambda: "eventspool_events_received_total" in series(port))


# ---- each endpoint in each state ----

def test_while_all_is_well_every_endpoint_says_so(site):
    _, port = watched(site)
    site.uploader()
    site.send(EVENT % 1)
    site.wait_until_shipped()
    wait_for("good health", lambda: get(port, "/healthz").json["verdict"] == "flowing")
    assert get(port, "/livez").text == "alive\n"
    assert get(port, "/readyz").text == "ready\n"
    health = get(port, "/healthz").json
    assert (health["status"], health["verdict"], health["problems"]) == ("ok", "flowing", []), health
    wait_for("the event to be shown as shipped",
             lambda: (lambda s: s["backlog"]["events"] == 0 and s["received"]["events"] == 1)(get(port, "/status.json").json))
    status = get(port, "/status.json").json
    assert status["collector"]["running"] and status["uploader"]["running"], status
    assert status["senders"][0]["sender"] == "cn=gate" and status["trial_mode"], status
    assert len(status["history"]["hour"]["received"]) == 60 and len(status["history"]["day"]["received"]) == 288, status
    wait_for("the event in the chart", lambda: get(port, "/status.json").json["history"]["hour"]["received"][-2:] != [0, 0])
    assert get(port, "/").text.startswith("<!DOCTYPE html>")


def test_without_an_uploader_it_is_alive_and_ready_but_not_well(site):
    _, port = watched(site)
    wait_for("it to be ready", lambda: get(port, "/readyz").code == 200)
    assert get(port, "/livez").code == 200
    wait_for("bad health", lambda: get(port, "/healthz").code == 503)
    health = get(port, "/healthz").json
    assert health["status"] == "critical" and health["verdict"] == "waiting, a person is needed", health
    assert [p["code"] for p in health["problems"]] == ["uploader_absent"], health
    assert health["problems"][0].keys() >= {"code", "severity", "since", "message", "remedy"}, health
    assert problem(port, "uploader_absent", "uploader") == 1


def test_while_nothing_is_read_it_is_alive_but_not_ready(site):
    _, port = watched(site, SPOOL_MIN_FREE="1000000G")
    wait_for("reading to pause", lambda: get(port, "/readyz").code == 503 and "paused_disk" in get(port, "/readyz").text)
    assert get(port, "/livez").code == 200
    answer = get(port, "/readyz")
    assert re.match(r"not ready: paused_disk: .*free", answer.text), answer.text
    wait_for("the metric", lambda: problem(port, "paused_disk") == 1)
    health = get(port, "/healthz")
    assert health.code == 503 and health.json["verdict"] == "held back", health.text


def test_a_disk_that_hangs_makes_no_endpoint_silent(site):
    """A commit that waits for the disk holds no answer up."""
    hang = site.directory / "hang"
    collector, port = watched(site, LD_PRELOAD=BUILD / "fault/hanging_sync.so", HANG_WHILE=hang)
    gathered(port)
    hang.touch()
    site.send(EVENT % 1)
    for _ in range(20):
        began = time.monotonic()
        for path in PATHS:
            assert get(port, path).code in (200, 503), path
        assert time.monotonic() - began < 10
    assert get(port, "/livez").code == 200
    assert site.value("SELECT last_event_id FROM _intake") == 0, "nothing hangs"
    hang.unlink()
    site.wait_for_events(1)
    collector.stop()


def test_what_is_being_stopped_is_still_answered(site):
    hang = site.directory / "hang"
    collector, port = watched(site, LD_PRELOAD=BUILD / "fault/hanging_sync.so", HANG_WHILE=hang)
    gathered(port)
    hang.touch()
    site.send(EVENT % 1)
    collector.process.terminate()
    wait_for("the gate to say so", lambda: "stopping" in get(port, "/readyz").text)
    assert get(port, "/livez").code == 200
    hang.unlink()
    assert collector.process.wait(60) == 0, collector.log
    assert site.value("SELECT last_event_id FROM _intake") == 1


def test_a_restart_does_not_empty_the_charts(site):
    collector, port = watched(site)
    site.uploader()
    site.send(b"".join(EVENT % i for i in range(30)))
    site.wait_until_shipped()
    collector.stop()
    _, port = watched(site)
    gathered(port)

    def is_complete():
        day = get(port, "/status.json").json["history"]["day"]
        return sum(n or 0 for n in day["received"]) == 30 and sum(n or 0 for n in day["shipped"]) == 30
    wait_for("what came before the restart in the charts", is_complete)


def test_who_is_connected_is_shown(site):
    _, port = watched(site)
    with socket.create_connection(("127.0.0.1", site.port)) as one, socket.create_connection(
            ("127.0.0.1", site.port), source_address=("127.0.0.2", 0)):
        one.sendall(EVENT % 1 + EVENT % 2)
        wait_for("both connections", lambda: get(port, "/status.json").json["connections"] == 2)
        wait_for("the events of one", lambda: get(port, "/status.json").json["connected"][0]["events"] == 2)
        connected = get(port, "/status.json").json["connected"]
        assert [c["source"] for c in connected] == ["127.0.0.1", "127.0.0.2"], connected
        assert connected[0]["last_at"] and connected[1]["last_at"] is None, connected
    wait_for("nobody", lambda: series(port)["eventspool_connections"] == 0)


# ---- metrics ----

def test_metrics_under_load_agree_with_what_was_sent(site):
    _, port = watched(site)
    gathered(port)
    count = 2000 if IS_SANITIZED else 60000
    ledger = site.directory / "ledger"
    sim = site.acmsim("--count", count, "--connections", 8, "--size", 300, "--ledger", ledger)
    seen = []
    while sim.poll() is None:
        now = series(port)["eventspool_events_received_total"]
        assert now >= (seen[-1] if seen else 0), "a counter fell"
        seen.append(now)
    out, err = sim.communicate()
    assert sim.returncode == 0, out + err
    sent = [line.split() for line in ledger.read_text().splitlines()]
    events, sent_bytes = (sum(int(line[i]) for line in sent) for i in (1, 2))
    assert events == count, sent
    wait_for("all events to be counted", lambda: series(port)["eventspool_events_received_total"] == events)
    assert site.value("SELECT last_event_id FROM _intake") == events
    wait_for("all bytes to be counted", lambda: series(port)["eventspool_bytes_received_total"] == sent_bytes)
    now = series(port)
    assert now["eventspool_commit_duration_seconds_count"] > 0 and now["eventspool_backlog_events"] == events, now
    assert 'eventspool_sender_last_event_timestamp_seconds{sender="' in str(now), now


def test_a_spool_behind_a_link_has_all_metrics(site):
    (site.directory / "real").mkdir()
    site.spool.parent.mkdir()
    (site.directory / "real/spool.db").touch()
    site.spool.symlink_to(site.directory / "real/spool.db")
    _, port = watched(site)
    site.send(EVENT % 1)
    site.wait_for_events(1)
    wait_for("the log's size", lambda: series(port).get("eventspool_wal_bytes", 0) > 0)


def test_the_first_look_does_not_wait_for_somebody_to_ask(site):
    """After a restart, a scrape within the first seconds has the counters, and knows that the uploader runs."""
    collector, port = watched(site)
    site.uploader()
    site.send(EVENT % 1)
    site.wait_until_shipped()
    collector.stop()
    collector, port = watched(site)
    time.sleep(2.5)  # nobody asks meanwhile
    assert series(port)["eventspool_events_received_total"] == 1
    assert get(port, "/healthz").json["problems"] == []


def test_promtool_finds_nothing_wrong_with_the_metrics(site):
    _, port = watched(site)
    site.uploader(UPLOADER_STATUS_PORT=(own := reserve_port()))
    site.send(EVENT % 1 + EVENT.replace(b"cn=gate", b'c"n=\\g') % 2 + b"stray")
    site.wait_until_shipped()
    gathered(port)
    wait_for("the uploader's metrics", lambda: is_served(own) and "upload_duration" in get(own, "/metrics").text)
    for metrics in (get(port, "/metrics"), get(own, "/metrics")):
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4"), metrics.headers
        checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.body, capture_output=True, check=False)
        assert checked.returncode == 0 and not checked.stderr, checked.stderr.decode() + metrics.text


def test_the_reference_lists_every_metric(site):
    _, port = watched(site)
    gathered(port)
    text = get(port, "/metrics").text
    rows = re.search(r"\| metric \|.*?\n\n", (ROOT / "docs/reference-status.md").read_text(), re.DOTALL)[0].strip().splitlines()[2:]
    listed = {}
    for row in rows:
        _, names, kind, labels, *_ = (cell.strip() for cell in row.split("|"))
        listed.update({name: (kind, set(re.findall(r"`(\w+)`", labels))) for name in re.findall(r"`(\w+)`", names)})
    assert listed == {name: (kind, listed[name][1]) for name, kind in re.findall(r"# TYPE eventspool_(\w+) (\w+)", text)}, rows
    for name, (_, labels) in listed.items():
        found = re.search(rf"^eventspool_{name}{{(.*)}} ", text, re.MULTILINE)
        assert not found or set(re.findall(r'(\w+)="', found[1])) == labels, (name, found[1])


def test_counters_outlive_a_restart(site):
    collector, port = watched(site)
    site.send(EVENT % 1 + b"<EVENT><cn></EVENT>")
    names = ("eventspool_events_received_total", 'eventspool_rejects_total{reason="malformed"}')
    wait_for("the event and the reject", lambda: [series(port).get(name) for name in names] == [1, 1])
    collector.stop()
    _, port = watched(site)
    gathered(port)
    assert [series(port)[name] for name in names] == [1, 1]


# ---- the uploader's own ----

def test_the_uploader_serves_its_own_also_while_the_collector_is_down(site):
    collector, _ = watched(site)
    own = reserve_port()
    site.uploader(UPLOADER_STATUS_PORT=own)
    site.send(EVENT % 1)
    site.wait_until_shipped()
    collector.stop()
    wait_for("it to be served", lambda: is_served(own))
    assert get(own, "/livez").code == 200
    wait_for("good health", lambda: get(own, "/healthz").code == 200)
    wait_for("its counters", lambda: "eventspool_upload_duration_seconds_count" in get(own, "/metrics").text)
    metrics = get(own, "/metrics").text
    assert 'eventspool_build_info{program="uploader",version="' in metrics, metrics
    def of_collector():
        return re.findall(r'^.*program="collector".*$', get(own, "/metrics").text, re.MULTILINE)
    wait_for("the collector's absence", lambda: of_collector() ==
             ['eventspool_problem{code="collector_absent",program="collector"} 1'])
    assert "eventspool_events_received_total" not in metrics, metrics
    wait_for("what it has found in the spool", lambda: problem(own, "trial_mode", "uploader") == 1)
    assert get(own, "/").code == 404


def test_the_uploader_is_alive_while_it_waits_for_the_spool(site):
    own = reserve_port()
    site.uploader(UPLOADER_STATUS_PORT=own)
    wait_for("it to be served", lambda: is_served(own))
    health = get(own, "/healthz")
    assert health.code == 200 and health.json["verdict"] == "flowing", health.text
    assert 'eventspool_problem{code="starting",program="uploader"} 1' in get(own, "/metrics").text


# ---- who may ask, and what ----

def test_only_names_that_no_other_page_can_have_are_served(site):
    _, port = watched(site, NODE_ID="site-7", STATUS_ALLOWED_HOSTS="monitor.example, collector")
    gathered(port)
    for host in ("127.0.0.1", f"127.0.0.1:{port}", "[::1]:1", "192.0.2.1", "localhost", "SITE-7", "collector:8081",
                 "monitor.example"):
        assert get(port, "/status.json", Host=host).code == 200, host
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "site-7.evil.example", "", "a" * 300):
        for path in PATHS + ("/nothing",):
            answer = get(port, path, Host=host)
            if path == "/livez":
                assert answer.code == 200, host
                continue
            assert answer.code == 421 and "STATUS_ALLOWED_HOSTS" in answer.text, (host, path, answer.text)
            assert len(answer.body) < 200 and "site-7" not in str(answer.headers) + answer.text, answer.text
    assert b" 421 " in raw(port, b"GET /status.json HTTP/1.0\r\n\r\n")
    assert b" 200 " in raw(port, b"GET /livez HTTP/1.0\r\n\r\n")
    assert b" 421 " in raw(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert b" 421 " in raw(port, b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 200 " in raw(port, b"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n")


def test_other_methods_change_nothing(site):
    _, port = watched(site)
    gathered(port)
    before = site.query("SELECT * FROM _intake")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"):
        for path in PATHS:
            answer = get(port, path, method, body=b"x=1" if method in ("POST", "PUT") else None)
            assert answer.code == 405 and answer.headers["Allow"] == "GET, HEAD", (method, path, answer.code)
    assert get(port, "/nothing").code == 404
    for path in ("//", "/status.json/", "/%73tatus.json", "/../status.json", "/metrics%00"):
        assert get(port, path).code in (400, 404, 421), path
    assert get(port, "/livez?full=1").code == 200
    assert site.query("SELECT * FROM _intake") == before


def test_head_gets_the_headers_of_get(site):
    _, port = watched(site)
    gathered(port)
    for path in ("/livez", "/"):
        head, full = get(port, path, "HEAD"), get(port, path)
        assert head.code == full.code and not head.body, path
        assert head.headers["Content-Length"] == str(len(full.body)), path


def test_no_answer_may_be_framed_kept_or_read_by_other_pages(site):
    _, port = watched(site)
    gathered(port)
    for answer in [get(port, path) for path in PATHS] + [get(port, "/nothing"), get(port, "/", Host="evil.example")]:
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, policy
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff"), headers
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store"), headers
        assert not [name for name in headers if name.lower().startswith("access-control-")], headers


def test_the_policy_allows_the_pages_own_style_and_script(site):
    _, port = watched(site)
    answer = get(port, "/")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in answer.headers["Content-Security-Policy"], tag


# ---- hostile requests ----

NONSENSE = {
    "an_empty_line": b"\r\n\r\n",
    "no_http": b"hello\r\n\r\n",
    "zeros": b"\0" * 5000,
    "tls": bytes.fromhex("160301020001000100") + b"\xff" * 600,
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a_long_target": b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a_long_header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"b" * 1000000 + b"\r\n\r\n",
    "many_headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200000 + b"\r\n",
    "a_header_without_a_name": b"GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "a_folded_header": b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
    "a_huge_body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n" + b"c" * 1000000,
    "a_negative_body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a_body_of_no_number": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    "endless_chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"d" * 1000000,
    "a_chunk_of_no_size": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "a_connect": b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a_star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a_version_of_the_future": b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "many_in_a_row": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000,
    "an_upgrade": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "expect_continue": b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
}


def test_nonsense_is_refused_and_the_next_request_is_answered(site):
    collector, port = watched(site)
    for name, data in NONSENSE.items():
        answer = raw(port, data, has_more=False)
        assert len(answer) < 70000, (name, answer[:200])  # the page is below that
        assert get(port, "/livez").code == 200, name
        assert collector.process.poll() is None, name


def memory_kib(process):
    status = open(f"/proc/{process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def test_slow_and_huge_requests_leave_ingest_alone(site):
    """Many connections that send a byte now and then, some that never read, garbage and large headers, while events come."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    collector, port = watched(site)
    gathered(port)
    before_kib, before_fds = memory_kib(collector.process), descriptors(collector.process)
    count = 2000 if IS_SANITIZED else 50000
    with contextlib.ExitStack() as stack:
        slow = []
        for i in range(SLOW):
            s = stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" if i % 2 else b"GET / HTTP/1.1\r\nX: ")
            slow.append(s)
        sim = site.acmsim("--count", count, "--connections", 4, "--size", 300)
        rounds, most_kib, most_fds = 0, 0, 0
        while sim.poll() is None or rounds < 5:
            rounds += 1
            for s in slow:
                with contextlib.suppress(OSError):
                    s.send(b"y")
            for name in ("zeros", "a_long_header", "a_long_target", "many_headers"):
                raw(port, NONSENSE[name], has_more=False)
            began = time.monotonic()
            assert get(port, "/livez").code == 200
            assert time.monotonic() - began < 10
            most_kib = max(most_kib, memory_kib(collector.process))
            most_fds = max(most_fds, descriptors(collector.process))
        out, err = sim.communicate()
        assert sim.returncode == 0, out + err
    site.wait_for_events(count)
    assert most_fds < before_fds + 32 + 32 + 16, f"{before_fds} descriptors, and then {most_fds}"
    assert IS_SANITIZED or most_kib < before_kib + 65536 + 16384, f"{before_kib} KiB, and then {most_kib}"
    assert f"events={count} " in (collector.stop() or collector.log)


def test_a_connection_that_is_never_done_is_closed(site):
    _, port = watched(site)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        for byte in b"GET / HTTP/1.1\r\nX: " + b"z" * 10000:
            try:
                s.send(bytes([byte]))
                s.settimeout(0.5)
                if s.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            raise AssertionError("it stays open")
    assert time.monotonic() - began < 60


def test_without_descriptors_the_status_waits_and_ingest_goes_on(site):
    collector, port = watched(site)
    gathered(port)
    pid = collector.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (descriptors(collector.process) + 2, hard))
    with socket.create_connection(("127.0.0.1", site.port)) as sender:
        sender.sendall(EVENT % 1)
        site.wait_for_events(1)
        with contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(8)]
            began, used = time.monotonic(), cpu_seconds(pid)
            sender.sendall(EVENT % 2)
            site.wait_for_events(2)
            wait_for("some time", lambda: time.monotonic() - began > 2)
            assert cpu_seconds(pid) - used < 1, "it asks for a descriptor without a pause"
            assert len(waiting) == 8
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    wait_for("the status to be served again", lambda: is_served(port))


# ---- the port ----

def test_a_taken_port_does_not_keep_the_collector_from_receiving(site):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        collector = site.collector(STATUS_PORT=port)
        collector.wait_for_log("no status is served; it is tried again")
        site.send(EVENT % 1)
        site.wait_for_events(1)
        assert f"STATUS_PORT={port} on 127.0.0.1 is taken by another program" in collector.log, collector.log
        assert "or to 0 for none" in collector.log, collector.log
    wait_for("the status to be served", lambda: is_served(port))
    assert collector.log.count("no status is served") == 1 and "status is served" in collector.log, collector.log


def test_the_port_of_the_senders_is_not_taken_by_the_status(site):
    """Who has PORT=8081 from before there was a status goes on receiving."""
    for n, host in enumerate(("127.0.0.1", "0.0.0.0"), start=1):
        collector = site.collector(PORT=site.port, STATUS_PORT=site.port, BIND_HOST=host)
        collector.wait_for_log("no status is served; it is tried again")
        assert "to a free port other than PORT" in collector.log, collector.log
        site.send(EVENT % 1)
        site.wait_for_events(n)  # a stop while the spool is being opened would leave it unread
        collector.stop()


def test_with_port_0_nothing_is_served(site):
    collector = site.collector(STATUS_PORT=0)
    assert "status is served" not in collector.log
    site.send(EVENT % 1)
    site.wait_for_events(1)


def check_setting(site, settings, *words):
    done = site.command("collector", "check", PORT=reserve_port(), **settings)
    assert done.returncode == 78 and all(word in done.stderr for word in words), (done.returncode, done.stderr)


WRONG = tests_of(check_setting, {
    "a_wrong_list_of_hosts_is_refused": ({"STATUS_ALLOWED_HOSTS": "http://x/"}, "STATUS_ALLOWED_HOSTS", "http://x/"),
    "a_wrong_status_port_is_refused": ({"STATUS_PORT": 70000}, "STATUS_PORT", "70000"),
})


def test_an_ipv6_address_can_be_listened_on(site):
    port = reserve_port()
    site.collector(STATUS_PORT=port, STATUS_HOST="::1")

    def answers():
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("::1", port, timeout=30)) as c:
            c.request("GET", "/status.json")
            return c.getresponse().status == 200
    if socket.has_ipv6:
        wait_for("an answer by IPv6", answers)


TESTS = {**globals(), **WRONG}
if IS_SANITIZED:
    for test in (test_a_disk_that_hangs_makes_no_endpoint_silent, test_what_is_being_stopped_is_still_answered):
        TESTS.pop(test.__name__)  # a sanitizer wants to be loaded first
main(TESTS, at_once=2)
