"""deploy/haproxy/haproxy.cfg in front of three collectors, with the real haproxy: which node a sender's events reach while nodes
are killed, or full. The nodes have addresses of their own, 127.0.0.11 and so on, as have the senders."""
import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess

from support.environment import ROOT, clean_environment
from support.ports import reserve_port
from support.site import Site
from support.tap import main, skip
from support.waiting import wait_for

FILE = ROOT / "deploy/haproxy/haproxy.cfg"
NODES = 3
SENDERS = 12
OF_EACH = 10
FULL = {"SPOOL_MAX_SIZE": "32M"}
TOO_MUCH = 25000  # events: some 55 MB


class Node:
    def __init__(self, directory, number, port, status_port, **settings):
        folder = directory / f"node-{number}"
        folder.mkdir()
        self.number, self.site, self.address = number, Site(folder), f"127.0.0.1{number}"
        self.port, self.status_port, self.settings = port, status_port, settings
        self.start()

    def start(self):
        self.collector = self.site.start("collector", PORT=self.port, BIND_HOST=self.address, STATUS_HOST=self.address,
                                         STATUS_PORT=self.status_port, SPOOL_MIN_FREE="64M", **self.settings)
        wait_for("the node to be ready", self.is_ready)
        self.site.wait_for_spool()

    def is_ready(self):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection(self.address, self.status_port, timeout=30)
            with contextlib.closing(connection):
                connection.request("GET", "/readyz", headers={"Host": "localhost"})
                return connection.getresponse().status == 200
        return False

    def fill(self):
        """Until it reads nothing any more."""
        self.site.acmsim("--host", self.address, "--port", self.port, "--count", TOO_MUCH)
        wait_for("the node to be full", lambda: not self.is_ready())

    def uids(self, sender):
        return [uid for (uid,) in self.site.query("SELECT uid FROM events WHERE sender = ? ORDER BY id", sender)]


class Balancer:
    """haproxy with the file of deploy/, in which only addresses and ports are others."""

    def __init__(self, site, node_settings=(), change=lambda text: text):
        self.port, port, status_port = reserve_port(), reserve_port(), reserve_port()
        self.nodes = [Node(site.directory, number, port, status_port, **dict(node_settings)) for number in range(1, NODES + 1)]
        text = FILE.read_text().replace("bind :8080", f"bind 127.0.0.1:{self.port}").replace("check port 8081", f"check port {status_port}")
        text = change(re.sub(r"192\.0\.2\.(1\d):8080", rf"127.0.0.\1:{port}", text))
        if os.getuid() != 0:
            text = re.sub(r"^ +(user|group) haproxy\n", "", text, flags=re.MULTILINE)
        configuration, self.log_path = site.directory / "haproxy.cfg", site.directory / "haproxy.log"
        configuration.write_text(text)
        with open(self.log_path, "w") as log:
            site.owns(subprocess.Popen(["haproxy", "-db", "-f", configuration], stdout=log, stderr=log, env=clean_environment()))
        wait_for("the balancer to listen", self.listens)

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def wait_for_state(self, node, state, name="node"):
        said = f"Server collectors/{name}-{node.number} is {state}"
        wait_for(said, lambda: self.last_said(node, name) == state)

    def last_said(self, node, name):
        states = re.findall(rf"Server collectors/{name}-{node.number} is (UP|DOWN)", self.log_path.read_text())
        return states[-1] if states else "UP"

    def connect(self, sender):
        return socket.create_connection(("127.0.0.1", self.port), 30, source_address=(f"127.0.1.{sender}", 0))

    def holder(self, sender, uid):
        """The node whose spool has this event."""
        found = wait_for("the event in a spool", lambda: [node for node in self.nodes if uid in node.uids(name_of(sender))])
        assert len(found) == 1, [node.number for node in found]
        return found[0]

    def close(self):
        for node in self.nodes:
            node.site.close()


def name_of(sender):
    return f"cn=sender-{sender}"


def uid_of(sender, number):
    return f"{sender:04x}{number:012x}"


def event(sender, number):
    return (f"<EVENT><cn>{uid_of(sender, number)}</cn><plasectrxGatewayDN>{name_of(sender)}</plasectrxGatewayDN></EVENT>\n").encode()


def with_balancer(**settings):
    def decorate(test):
        def run(site):
            with contextlib.closing(Balancer(site, **settings)) as balancer:
                test(balancer)
        return run
    return decorate


def is_open(sender):
    """Nothing came from the collector's side, also no end of the connection."""
    sender.setblocking(False)
    try:
        return sender.recv(1) != b""
    except BlockingIOError:
        return True
    finally:
        sender.setblocking(True)


@with_balancer()
def test_a_sender_keeps_its_node_over_connections_and_its_events_their_order(balancer):
    for connection in range(2):
        for sender in range(1, SENDERS + 1):
            with balancer.connect(sender) as s:
                for number in range(1, OF_EACH + 1):
                    s.sendall(event(sender, connection * OF_EACH + number))
            balancer.holder(sender, uid_of(sender, (connection + 1) * OF_EACH))
    used = set()
    for sender in range(1, SENDERS + 1):
        node = balancer.holder(sender, uid_of(sender, 1))
        assert node.uids(name_of(sender)) == [uid_of(sender, number) for number in range(1, 2 * OF_EACH + 1)], sender
        used.add(node)
    assert len(used) > 1, "one node has all the senders"
    for node in balancer.nodes:
        assert node.site.value("SELECT count(*) FROM rejects") == 0, "health checks are no senders"
        assert node.site.query("SELECT DISTINCT source FROM events") in ([], [("127.0.0.1",)]), "the balancer's address, for all"


@with_balancer(node_settings=FULL)
def test_a_full_node_gets_no_new_connections_and_what_it_has_waits(balancer):
    with balancer.connect(1) as old:
        old.sendall(event(1, 1))
        home = balancer.holder(1, uid_of(1, 1))
        home.fill()
        balancer.wait_for_state(home, "DOWN")
        old.sendall(event(1, 2))
        with balancer.connect(1) as new:
            new.sendall(event(1, 3))
            assert balancer.holder(1, uid_of(1, 3)) is not home
        assert is_open(old) and home.uids(name_of(1)) == [uid_of(1, 1)]
        home.site.uploader()
        assert balancer.holder(1, uid_of(1, 2)) is home
        balancer.wait_for_state(home, "UP")
        assert is_open(old)
        with balancer.connect(1) as again:
            again.sendall(event(1, 4))
            assert balancer.holder(1, uid_of(1, 4)) is home, "its senders come back"


@with_balancer()
def test_a_sender_of_a_killed_node_reaches_another_one_at_once(balancer):
    with balancer.connect(1) as old:
        old.sendall(event(1, 1))
        home = balancer.holder(1, uid_of(1, 1))
        home.collector.kill()
        assert old.recv(1) == b"", "the sender is told"
    with balancer.connect(1) as new:  # whether or not a check has failed yet
        new.sendall(event(1, 2))
        assert balancer.holder(1, uid_of(1, 2)) is not home
    balancer.wait_for_state(home, "DOWN")
    home.start()
    balancer.wait_for_state(home, "UP")
    with balancer.connect(1) as again:
        again.sendall(event(1, 3))
        assert balancer.holder(1, uid_of(1, 3)) is home


@with_balancer(node_settings=FULL)
def test_while_no_node_reads_a_sender_waits_and_loses_nothing(balancer):
    for node in balancer.nodes:
        node.fill()
    for node in balancer.nodes:
        balancer.wait_for_state(node, "DOWN")
    with balancer.connect(1) as s:
        s.sendall(event(1, 1))
        assert is_open(s)
        for node in balancer.nodes:
            node.site.uploader()
        assert balancer.holder(1, uid_of(1, 1))
        assert is_open(s)


@with_balancer(change=lambda text: re.sub(r"(server node-.*)", r"\1 send-proxy", text))
def test_the_PROXY_protocol_costs_a_reject_for_each_connection(balancer):
    with balancer.connect(1) as s:
        s.sendall(event(1, 1))
    assert balancer.holder(1, uid_of(1, 1)), "the event is read all the same"
    # The other connection is the one that found out whether the balancer listens.
    details = wait_for("the rejects", lambda: len(found := rejects(balancer)) == 2 and found)
    assert all("turn it off in the load balancer" in detail for detail in details), details


def rejects(balancer):
    return [detail for node in balancer.nodes for (detail,) in node.site.query("SELECT detail FROM rejects")]


def main_with_haproxy():
    if shutil.which("haproxy") is None and not os.path.exists("/usr/sbin/haproxy"):
        skip(globals(), "haproxy is not installed")
    else:
        os.environ["PATH"] += ":/usr/sbin"
        main(dict(globals()), at_once=2)


if __name__ == "__main__":
    main_with_haproxy()
