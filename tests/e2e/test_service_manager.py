"""Under a service manager: the port outlives the collector, so a restart refuses nobody; what both programs tell it, and
when; what it may pass; and the journal's lines."""
import contextlib
import re
import signal
import socket
import sqlite3
import time
import urllib.request

from support.environment import size
from support.ports import reserve_port
from support.senders import EVENT, numbers_taken, sending
from support.service_manager import ServiceManager
from support.tap import main, tests_of
from support.waiting import PATIENCE, wait_for

SENDERS = 64
KEPT = "the service manager keeps the port open"


@contextlib.contextmanager
def service_manager(site):
    with contextlib.closing(ServiceManager(site)) as manager:
        yield manager


def committed(site):
    return site.value("SELECT last_event_id FROM _intake")


def senders_of(site):
    return sending(("127.0.0.1", site.port), SENDERS)


def wait_until_they_wait(manager, senders):
    wait_for("senders that wait in the port", lambda: manager.waiting() >= SENDERS // 2 or any(s.trouble for s in senders))


def wait_for_more(site, count):
    goal = committed(site) + count
    wait_for(f"{count} events more", lambda: committed(site) >= goal)


def test_restarts_while_64_senders_send_refuse_nobody_and_lose_nothing(site):
    stops = []  # (just before the signal, when it was known that nobody is accepted any more)
    more = size("TEST_RESTART_EVENTS", 500, 100)
    with service_manager(site) as manager:
        collector = manager.collector()
        with senders_of(site) as senders:
            for _ in range(size("TEST_RESTARTS", 5, 2)):
                wait_for_more(site, more)
                began = time.monotonic()
                collector.process.send_signal(signal.SIGTERM)
                collector.wait_for_log(KEPT)
                stops.append((began, time.monotonic()))
                collector.stop()
                wait_until_they_wait(manager, senders)
                collector = manager.collector()
            wait_for_more(site, more)
        collector.stop()
    told = [times for sender in senders for times in sender.told]
    for began, ended in told:  # only of those that the stopping collector had accepted
        assert any(began <= kept and ended >= signal_at for signal_at, kept in stops), (began, ended, stops)
    taken = numbers_taken(senders)
    print(f"# {len(taken)} events taken, {len(told)} connections closed before theirs was")
    with contextlib.closing(sqlite3.connect(site.spool)) as db:
        kept = sorted(int(uid) for (uid,) in db.execute("SELECT uid FROM events"))
        assert kept == taken
        assert db.execute("SELECT count(*) FROM rejects").fetchone() == (0,)


def test_a_kill_of_the_collector_loses_no_connection_attempt(site):
    with service_manager(site) as manager:
        collector = manager.collector()
        with senders_of(site) as senders:
            for _ in range(size("TEST_KILLS", 3, 2)):
                wait_for_more(site, 200)
                collector.kill()
                killed = time.monotonic()
                wait_until_they_wait(manager, senders)
                collector = manager.collector()
                wait_for_more(site, 200)
                late = [number for sender in senders for number, began in list(sender.taken) if began > killed]
                assert not [end for sender in senders for began, end in list(sender.told) if began > killed]
                assert late
                wait_for("their events", lambda: set(late) <= {int(uid) for uid in site.uids()})
        collector.stop()


def test_who_had_connected_and_was_not_accepted_survives_a_kill(site):
    with service_manager(site) as manager, contextlib.ExitStack() as stack:
        collector = manager.collector()
        collector.process.send_signal(signal.SIGSTOP)
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", site.port), PATIENCE)) for _ in range(SENDERS)]
        for number, connection in enumerate(opened):
            connection.sendall(EVENT % number)
            connection.shutdown(socket.SHUT_WR)
        assert manager.waiting() == SENDERS
        collector.kill()
        manager.collector()
        assert [connection.recv(1) for connection in opened] == [b""] * SENDERS
        site.wait_for_events(SENDERS)
        assert sorted(site.uids()) == ["%016d" % number for number in range(SENDERS)]


def test_a_stop_that_cannot_keep_anything_accepts_nobody(site):
    """Under a schema that is too new nothing is read: who waits is left to the next process, which may know it."""
    with service_manager(site) as manager, contextlib.ExitStack() as stack:
        collector = manager.collector()
        version = site.value("PRAGMA user_version")
        site.change("PRAGMA user_version = 900")
        collector.wait_for_log("problem=schema_too_new")
        collector.process.send_signal(signal.SIGSTOP)
        collector.process.send_signal(signal.SIGTERM)  # what the loop sees first
        opened = [stack.enter_context(socket.create_connection(("127.0.0.1", site.port), PATIENCE)) for _ in range(3)]
        for number, connection in enumerate(opened):
            connection.sendall(EVENT % number)
        collector.process.send_signal(signal.SIGCONT)
        collector.stop()
        assert manager.waiting() == 3, collector.log
        site.change(f"PRAGMA user_version = {version}")
        manager.collector()
        site.wait_for_events(3)


# ---- what the service manager hears


def test_the_socket_is_the_port_and_the_states_are_told_in_their_order(site):
    with service_manager(site) as manager:
        other = reserve_port()
        collector = manager.collector(PORT=other, BIND_HOST="127.0.0.1", NOTIFY_SOCKET=manager.notify_path)
        assert f"host=127.0.0.1 port={site.port} socket=\"from the service manager\"" in collector.log, collector.log
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", other), 1):
            raise AssertionError("PORT was bound as well")
        site.send(EVENT % 1)
        site.wait_for_events(1)
        collector.stop()
        site.accepts()  # the port is still open
        told = [name for message in manager.messages for name in message if name in ("READY", "STOPPING")]
        assert told == ["READY", "STOPPING"], manager.messages
        statuses = manager.told("STATUS")
        assert any(status.startswith("events are received") for status in statuses), statuses
        assert statuses[-1].startswith("stopping"), statuses


def test_the_status_is_served_on_the_socket_that_was_passed_and_the_log_says_where(site):
    with service_manager(site) as manager, socket.create_server(("127.0.0.1", 0)) as status:
        port = status.getsockname()[1]
        collector = manager.start("collector", status, manager.socket, names=["status", "events"], SPOOL_MIN_FREE="64M",
                                  STATUS_PORT=reserve_port())
        collector.wait_for_log(f'"status is served" host=127.0.0.1 port={port} socket="from the service manager"')
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=PATIENCE) as answer:
            assert answer.status == 200


def test_the_collector_is_ready_once_its_spool_is_open_and_asks_for_time_before(site):
    site.collector().stop()
    with service_manager_on_another_port(site) as manager, \
            contextlib.closing(sqlite3.connect(site.spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        manager.start("collector", manager.socket, SPOOL_MIN_FREE="64M")
        wait_for("the start to be extended twice", lambda: manager.count("EXTEND_TIMEOUT_USEC") >= 2)
        assert manager.count("READY") == 0 and manager.told("STATUS") == ["nothing is read: starting"], manager.messages
        db.execute("ROLLBACK")
        wait_for("the collector to be ready", lambda: manager.count("READY") == 1)


@contextlib.contextmanager
def service_manager_on_another_port(site):
    site.port = reserve_port()
    with service_manager(site) as manager:
        yield manager


def check_watchdog(site, start):
    """One that waits for 2 s hears of each of the two programs; without the variable it hears nothing."""
    with service_manager(site) as manager:
        program = start(site, manager, {"WATCHDOG_USEC": 2000000})
        before = time.monotonic()
        wait_for("10 beats", lambda: manager.count("WATCHDOG") >= 10)
        print(f"# 10 beats in {time.monotonic() - before:.1f} s")
        program.stop()
        heard = manager.count("WATCHDOG")
        program = start(site, manager, {})
        program.stop()
        assert manager.count("WATCHDOG") == heard


def start_collector(_, manager, settings):
    return manager.collector(**settings)


def start_uploader(site, manager, settings):
    before = manager.count("READY")
    program = manager.start("uploader", DESTINATION_DIR=site.objects, **settings)
    wait_for("the uploader to be ready", lambda: manager.count("READY") > before)
    return program


WATCHDOG = tests_of(check_watchdog, {
    "the_watchdog_hears_of_a_collector_that_lives": (start_collector,),
    "the_watchdog_hears_of_an_uploader_that_waits": (start_uploader,),
})


def test_the_uploader_is_ready_while_it_waits_and_says_when_it_ships(site):
    with service_manager(site) as manager:
        uploader = start_uploader(site, manager, {"ROTATION_INTERVAL": 1})
        assert manager.told("STATUS")[0] == "waiting for the collector's spool", manager.messages
        collector = manager.collector()
        site.send(EVENT % 1)
        wait_for("it to ship", lambda: "shipping" in manager.told("STATUS"))
        site.wait_for_events(1)
        site.wait_until_shipped()
        uploader.stop()
        assert manager.count("STOPPING") == 1 and manager.told("STATUS")[-1].startswith("stopping"), manager.messages
        collector.stop()


# ---- what may be passed


def udp(site):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s


def unbound(site):
    return socket.socket()


def local(site):
    s = socket.socket(socket.AF_UNIX)
    s.bind(str(site.directory / "local"))
    s.listen()
    return s


def nothing(site):
    return None


def check_refused(site, make, said, settings):
    with service_manager(site) as manager, contextlib.ExitStack() as stack:
        passed = make(site)
        sockets = [stack.enter_context(passed)] if passed else []
        program = manager.start("collector", *sockets, SPOOL_MIN_FREE="64M", **settings)
        assert program.process.wait(PATIENCE) == 78, program.log
        assert said in program.log and "remedy=" in program.log, program.log
        assert not site.spool.exists()


REFUSED = tests_of(check_refused, {
    "a_socket_of_udp_is_refused": (udp, "is no stream socket", {}),
    "a_socket_that_does_not_listen_is_refused": (unbound, "does not listen", {}),
    "a_local_socket_is_refused": (local, "is no TCP socket", {}),
    "a_descriptor_that_is_not_there_is_refused": (nothing, "descriptor 3, passed by the service manager for `events`, is not",
                                                  {"LISTEN_FDS": 1}),
    "a_number_of_sockets_that_is_none_is_refused": (nothing, "LISTEN_FDS=many is not", {"LISTEN_FDS": "many"}),
    "a_watchdog_without_a_time_is_refused": (nothing, "WATCHDOG_USEC=2s is not", {"WATCHDOG_USEC": "2s"}),
    "a_place_for_messages_that_is_none_is_refused": (nothing, "NOTIFY_SOCKET=run/notify is not",
                                                     {"NOTIFY_SOCKET": "run/notify"}),
})


# ---- the journal


def test_keys_in_the_collectors_environment_are_warned_of_where_it_is_a_service(site):
    """`make run` gives both programs one environment; in units only a mistake does."""
    secrets = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "hush", "ALERT_URL": "http://hush", "AWS_REGION": "eu-west-1"}
    words = "secrets in the environment of a program that needs none"
    with service_manager(site) as manager:
        collector = manager.collector(**secrets)
        assert f'"{words}" names=AWS_SECRET_ACCESS_KEY,ALERT_URL ' in collector.log and "hush" not in collector.log
        collector.stop()
        assert words not in manager.collector().log
    site.running[-1].stop()
    assert words not in site.collector(**secrets).log


def test_lines_for_the_journal_have_their_priority_and_no_time(site):
    path = site.directory / "collector.log"
    path.touch()
    stream = f"{path.stat().st_dev}:{path.stat().st_ino}"
    collector = site.collector(JOURNAL_STREAM=stream, NO_SUCH_SETTING_PORT="1", BUKCET_NAME="x")
    collector.stop()
    lines = collector.log.splitlines()
    assert lines and all(re.match(r"<[3467]>collector (error|warn|info|debug) \"", line) for line in lines), lines
    assert any(line.startswith("<6>collector info \"listening\"") for line in lines), lines


if __name__ == "__main__":
    main({**globals(), **WATCHDOG, **REFUSED})
