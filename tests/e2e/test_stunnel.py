"""TLS by the real stunnel, with the two files that are shipped (deploy/stunnel/) and set up as docs/tls.md says: only the
ports and the directory are others. Needs root, as the files name a user."""
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import warnings

from support.disk import SMALL
from support.documents import marked_for
from support.environment import ROOT, clean_environment
from support.ledger import assert_each_event_in_one_object
from support.ports import reserve_port
from support.tap import main, skip
from support.waiting import PATIENCE, wait_for

BLOCKS = marked_for(__file__)
CEILING = {**SMALL, "SPOOL_MAX_SIZE": "48M"}
warnings.filterwarnings("ignore", category=DeprecationWarning)  # TLS 1.1 is: it is tried because it is to be refused
LARGE = 40000  # events: more than the ceiling, the proxies and all buffers between hold


def block(name):
    return BLOCKS.take("docs/tls.md", name)


class Tunnel:
    """The collector's stunnel and a sender's, each in a directory of its own as on a machine of its own."""

    def __init__(self, site):
        self.site = site
        self.port, self.plain_port = reserve_port(), reserve_port()  # of TLS; where the appliance would send
        os.chmod(site.directory, 0o711)  # stunnel reads as its user
        self.ends = {"collector": site.directory / "tls", "sender": site.directory / "appliance"}
        for name, place in self.ends.items():
            place.mkdir(mode=0o755)
            subprocess.run(["bash", "-ec", block(name).replace("/etc/stunnel", str(place))], cwd=ROOT, check=True,
                           capture_output=True)
        self.trust(self.file("sender", "sender.pem"))
        self.file("sender", "collector.pem").write_bytes(self.file("collector", "collector.pem").read_bytes())
        self.change("collector", {"accept": f"127.0.0.1:{self.port}", "connect": f"127.0.0.1:{site.port}"})
        self.change("sender", {"accept": f"127.0.0.1:{self.plain_port}", "connect": f"127.0.0.1:{self.port}"})

    def file(self, end, name):
        return self.ends[end] / "eventspool" / name

    def trust(self, certificate):
        with open(self.file("collector", "senders.pem"), "ab") as senders:
            senders.write(certificate.read_bytes())

    def conf(self, end):
        return self.ends[end] / ("eventspool.conf" if end == "collector" else "eventspool-sender.conf")

    def change(self, end, values):
        """Other ports, and the directory; a value of None takes the line out. Every name must be there once."""
        text = self.conf(end).read_text().replace("/etc/stunnel/", f"{self.ends[end]}/")
        for name, value in values.items():
            text, count = re.subn(rf"^{name} = .*\n", "" if value is None else f"{name} = {value}\n", text, flags=re.MULTILINE)
            assert count == 1, (end, name)
        self.conf(end).write_text(text)

    def start(self, end):
        """As Debian's unit does: /usr/bin/stunnel4 FILE."""
        port = self.port if end == "collector" else self.plain_port
        with open(self.ends[end] / "log", "ab") as log:
            process = self.site.owns(subprocess.Popen(["stunnel4", self.conf(end)], env=clean_environment(), stderr=log,
                                                      stdout=log))
        wait_for(f"the {end}'s stunnel", lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, self.log(end)
        return process

    def log(self, end):
        return (self.ends[end] / "log").read_text()

    def connect(self, certificate=("sender.pem", "sender.key"), **versions):
        """A sender that speaks TLS itself."""
        context = ssl.create_default_context(cafile=self.file("sender", "collector.pem"))
        context.check_hostname = False  # pinned
        for name, version in versions.items():
            setattr(context, name, version)
        if versions:
            context.set_ciphers("ALL:@SECLEVEL=0")  # what is refused is to be refused by the other side
        if certificate:
            context.load_cert_chain(*(self.file("sender", name) for name in certificate))
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), PATIENCE))


def listens(port):
    """Asked of the kernel: a connection would be in the logs."""
    wanted = f"0100007F:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        return any(row.split()[1] == wanted and row.split()[3] == "0A" for row in table)


def opened(site, *ends):
    tunnel = Tunnel(site)
    return (tunnel, *(tunnel.start(end) for end in ends or ("collector", "sender")))


def event(number):
    return b"<EVENT><cn>%016x</cn>%s</EVENT>\n" % (number, b"<a>some text</a>" * 140)


def is_refused(connect):
    """With TLS 1.3 the refusal of a certificate comes behind the handshake: at the first read. The server sends nothing else."""
    try:
        with connect() as s:
            s.sendall(event(1))
            s.settimeout(PATIENCE)
            return s.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def has_ended(s):
    """At once, or after what is still on its way."""
    try:
        return s.recv(1) == b""
    except ConnectionError:
        return True


def client_hello():
    """What a sender that is set to TLS begins with."""
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(received, to_send, server_hostname="collector.example").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return to_send.read()


def rejects(site):
    return site.query("SELECT reason, detail, source FROM rejects ORDER BY id")


def assert_all_shipped_once(site, numbers):
    site.wait_for_events(len(numbers))
    site.wait_until_shipped(PATIENCE * 2)
    assert_each_event_in_one_object(site.object_bytes(), [f"{n:016x}" for n in numbers])
    assert rejects(site) == []


# ---- events through it ----

def test_events_of_many_senders_arrive_once(site):
    tunnel, *_ = opened(site)
    site.collector(ALLOW_FROM="127.0.0.1")
    site.uploader()
    connections, count = 4, 2000
    site.send_events(count, "--port", tunnel.plain_port, "--connections", connections)
    site.wait_for_events(count)
    site.wait_until_shipped()
    uids = [f"{c:04x}{n:012x}" for c in range(connections) for n in range(1, count // connections + 1)]
    assert sorted(site.uids()) == sorted(uids)
    assert_each_event_in_one_object(site.object_bytes(), site.uids())
    assert site.query("SELECT DISTINCT source FROM events") == [("127.0.0.1",)]
    assert rejects(site) == []
    assert len(re.findall(r"accepted connection from 127\.0\.0\.1:", tunnel.log("collector"))) == connections


def test_a_sender_is_held_back_while_nothing_is_read_and_nothing_is_lost(site):
    """The spool is at its ceiling until the uploader starts. The sender has TLS of its own, never reads, and goes as soon
    as it has handed over its last byte and its close_notify."""
    tunnel, _ = opened(site, "collector")
    collector = site.collector(**CEILING)
    sent = 0

    def send():
        nonlocal sent
        sender = tunnel.connect()
        for number in range(1, LARGE + 1):
            sender.sendall(event(number))
            sent = number
        sender.setblocking(False)
        with contextlib.suppress(ssl.SSLWantReadError):
            sender.unwrap()  # does not wait for the answer
        sender.close()
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    collector.wait_for_log("problem=paused_ceiling")

    last = (sent, time.monotonic())

    def is_held_back():
        nonlocal last
        if sent != last[0]:
            last = (sent, time.monotonic())
        return time.monotonic() - last[1] > 2
    wait_for("the sender to be held back", is_held_back)
    assert 0 < sent < LARGE and sender.is_alive()
    site.uploader(MAX_FILE_SIZE="4M", RETENTION="0")
    sender.join(PATIENCE * 2)
    assert_all_shipped_once(site, range(1, LARGE + 1))


# ---- who is refused ----

def test_a_sender_needs_a_certificate_that_is_listed(site):
    tunnel, _ = opened(site, "collector")
    site.collector()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=site-7", "-keyout", tunnel.file("sender", "other.key"), "-out", tunnel.file("sender", "other.pem")],
                   check=True, capture_output=True)
    assert is_refused(lambda: tunnel.connect(certificate=None))
    assert is_refused(lambda: tunnel.connect(certificate=("other.pem", "other.key")))
    with tunnel.connect() as s:
        s.sendall(event(2))
        site.wait_for_events(1)
    assert site.uids() == [f"{2:016x}"] and rejects(site) == []
    assert tunnel.log("collector").count("connected remote server") == 1  # the refused ones have not come so far


def test_without_these_lines_everybody_may_send(site):
    tunnel = Tunnel(site)
    tunnel.change("collector", {"verifyPeer": None, "CAfile": None})
    tunnel.start("collector")
    site.collector()
    with tunnel.connect(certificate=None) as s:
        s.sendall(event(1))
        site.wait_for_events(1)


def test_tls_before_1_2_is_refused(site):
    tunnel, _ = opened(site, "collector")
    site.collector()
    old = {"minimum_version": ssl.TLSVersion.TLSv1_1, "maximum_version": ssl.TLSVersion.TLSv1_1}
    assert is_refused(lambda: tunnel.connect(**old))
    for number, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3), 1):
        with tunnel.connect(minimum_version=version, maximum_version=version) as s:
            assert s.version() == version.name.replace("_", ".") and s.compression() is None
            s.sendall(event(number))
            site.wait_for_events(number)
    assert rejects(site) == []

    tunnel.change("collector", {"sslVersionMin": "TLSv1.1\nciphers = ALL:@SECLEVEL=0"})
    port = tunnel.port = reserve_port()
    tunnel.change("collector", {"accept": f"127.0.0.1:{port}"})
    tunnel.start("collector")
    with tunnel.connect(**old) as s:  # it was the line that refused it
        assert s.version() == "TLSv1.1"


def test_plain_text_on_the_port_for_tls_is_refused_and_tls_on_the_plain_port_is_a_reject(site):
    tunnel, _ = opened(site, "collector")
    site.collector()
    with socket.create_connection(("127.0.0.1", tunnel.port), PATIENCE) as s:
        s.sendall(event(1))
        with contextlib.suppress(ConnectionError):
            while s.recv(100):
                pass
    site.send(client_hello())
    wait_for("the reject", lambda: rejects(site))
    assert [reject[0] for reject in rejects(site)] == ["looks_like_tls"] and site.uids() == []


# ---- ends ----

def test_an_event_that_was_half_through_when_stunnel_dies_is_a_reject(site):
    tunnel, stunnel = opened(site, "collector")
    site.collector()
    site.uploader()
    s = tunnel.connect()
    s.sendall(event(1) + event(2)[:1000])
    site.wait_for_events(1)
    stunnel.kill()
    wait_for("the reject", lambda: rejects(site))
    s.close()
    tunnel.start("collector")
    with tunnel.connect() as again:
        again.sendall(event(2) + event(3))
        site.wait_for_events(3)
    assert [row[0] for row in rejects(site)] == ["cut_off"]
    assert site.uids() == [f"{n:016x}" for n in (1, 2, 3)]


def test_new_certificates_are_read_without_cutting_a_connection(site):
    tunnel, stunnel = opened(site, "collector")
    site.collector()
    with tunnel.connect() as before:
        before.sendall(event(1))
        site.wait_for_events(1)
        renew = block("collector").splitlines()[2:]
        subprocess.run(["bash", "-ec", "\n".join(renew).replace("/etc/stunnel", str(tunnel.ends["collector"]))], cwd=ROOT,
                       check=True, capture_output=True)
        tunnel.file("sender", "collector.pem").write_bytes(tunnel.file("collector", "collector.pem").read_bytes())
        assert tunnel.log("collector").count("Configuration successful") == 1
        stunnel.send_signal(signal.SIGHUP)
        wait_for("the new certificate", lambda: tunnel.log("collector").count("Configuration successful") == 2)
        with tunnel.connect() as after:
            after.sendall(event(2))
            site.wait_for_events(2)
        before.sendall(event(3))
        site.wait_for_events(3)


def test_the_sender_sees_that_the_collector_has_stopped(site):
    tunnel, *_ = opened(site)
    collector = site.collector()
    with socket.create_connection(("127.0.0.1", tunnel.plain_port), PATIENCE) as s:
        s.sendall(event(1))
        site.wait_for_events(1)
        collector.stop()
        assert s.recv(1) == b""
    with socket.create_connection(("127.0.0.1", tunnel.plain_port), PATIENCE) as s:
        assert has_ended(s), "it is accepted, and then closed"
    site.collector()
    with socket.create_connection(("127.0.0.1", tunnel.plain_port), PATIENCE) as s:
        s.sendall(event(2))
        site.wait_for_events(2)
    assert rejects(site) == []


def test_a_timeout_is_long_enough_for_a_pause_and_short_enough_for_32_bits(_):
    for name in ("eventspool.conf", "eventspool-sender.conf"):
        values = [int(n) for n in re.findall(r"^TIMEOUT(?:idle|close) = (\d+)$", (ROOT / "deploy/stunnel" / name).read_text(),
                                             re.MULTILINE)]
        assert len(values) == 2 and all(14 * 86400 < value and value * 1000 < 1 << 31 for value in values), (name, values)


if os.geteuid() != 0:
    skip(dict(globals()), "the configuration names a user")
else:
    main(dict(globals()), at_once=3)
