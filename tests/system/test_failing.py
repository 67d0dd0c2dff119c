"""What goes wrong on a real machine: a program that hangs or dies, a port that is taken, a setting that is wrong."""
import socket
import time

from installation import ADDRESS, COLLECTOR, EVENTS_PORT, FOLDER, PORT, SETTINGS, STATUS, UPLOADER
from support.waiting import wait_for


def check_hung(system, unit):
    """The watchdog's time is short here, so that the test is."""
    system.drop_in(unit, "WatchdogSec=2")
    system.systemctl("restart", unit)
    system.wait_for_state(unit, "active")
    pid = system.pid(unit)
    system.machine.run("kill", "-STOP", pid)
    with system.sending():
        wait_for("another process", lambda: system.pid(unit) not in (0, pid))
        system.wait_for_state(unit, "active")
        goal = system.last_id() + 100
        wait_for("events to go on", lambda: system.last_id() >= goal)
    system.wait_for_log(unit, "Watchdog timeout")
    system.undo_drop_ins()
    system.systemctl("restart", unit)
    system.wait_for_state(unit, "active")
    system.assert_each_event_once()


def test_a_hung_collector_is_restarted_and_the_port_stays_open(system):
    check_hung(system, COLLECTOR)


def test_a_hung_uploader_is_restarted(system):
    check_hung(system, UPLOADER)


def test_a_collector_that_is_killed_again_and_again_comes_back_and_refuses_nobody(system):
    """Each death while senders connect: none of them may find the port closed."""
    with system.sending_through_kills() as senders:
        for _ in range(8):
            taken = sum(len(sender.taken) for sender in senders)
            system.wait_for_state(COLLECTOR, "active")
            wait_for("events to be taken", lambda: sum(len(s.taken) for s in senders) > taken or any(s.trouble for s in senders))
            system.machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", COLLECTOR)
    system.wait_for_state(COLLECTOR, "active")
    assert system.state(PORT) == "active"


def test_a_taken_status_port_does_not_keep_the_collector_from_receiving(system):
    system.systemctl("stop", STATUS, COLLECTOR)
    system.machine.run("systemd-run", "--unit=taker", "python3", "-c",
                       "import socket, time; s = socket.create_server(('127.0.0.1', 8081)); time.sleep(600)")
    wait_for("the port to be taken", lambda: "127.0.0.1:8081" in system.machine.text("ss", "-Hltn"))
    system.systemctl("start", COLLECTOR)
    system.wait_for_state(COLLECTOR, "active")
    assert system.state(STATUS) == "failed"
    system.acmsim(30)
    system.wait_for_sent()
    said = system.machine.journal("--boot")  # it comes from a process that lives too short to be known as the unit's
    assert "Failed to create listening socket (127.0.0.1:8081): Address already in use" in said, said
    said = system.journal_of(COLLECTOR)
    assert "no status is served" in said and "systemctl status eventspool-status.socket" in said, said
    system.systemctl("stop", "taker")
    system.machine.run("systemctl", "reset-failed", STATUS, check=False)
    system.systemctl("restart", COLLECTOR)
    system.wait_for_state(COLLECTOR, "active")
    assert system.state(STATUS) == "active"
    assert "HTTP/1.1 200" in system.page("/livez")


def test_a_wrong_setting_ends_the_collector_with_78_and_the_message_names_it(system):
    with system.changed(SETTINGS, COLLECTOR, MAX_CONNECTIONS="many"):
        system.wait_for_state(COLLECTOR, "failed")
        assert system.show(COLLECTOR, "ExecMainStatus") == "78"
        said = system.machine.run("systemctl", "status", "--full", "--no-pager", COLLECTOR, check=False).stdout
        assert "MAX_CONNECTIONS" in said and "many" in said, said
        started = system.starts(COLLECTOR)
        time.sleep(3)  # longer than RestartSec=; what is looked for must not happen in it
        assert system.starts(COLLECTOR) == started


def test_senders_wait_while_a_setting_is_wrong_and_nothing_is_lost(system):
    """Each of them starts the collector again, in vain: that must neither close the port nor use up the machine."""
    with system.changed(SETTINGS, COLLECTOR, MAX_CONNECTIONS="many"):
        before = system.starts(COLLECTOR)
        waiting = [socket.create_connection((ADDRESS, EVENTS_PORT), 5) for _ in range(8)]
        for number, connection in enumerate(waiting):
            connection.sendall(b"<EVENT><cn>%016d</cn></EVENT>" % number)
        time.sleep(5)  # what is looked for must not happen in it
        assert system.state(PORT) == "active" and system.accepts(), system.journal_of(PORT)
        tries = system.starts(COLLECTOR) - before
        assert tries <= 3, tries
    for number, connection in enumerate(waiting):
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
        connection.close()
        system.sent[f"{number:016d}"] += 1
    system.assert_each_event_once()


def test_a_disk_that_cannot_be_mounted_does_not_use_up_the_machine_and_a_start_opens_the_port_again(system):
    """Senders make systemd try, and each try fails at once: no unit's time between two starts applies."""
    mount = "/run/systemd/system/var-lib-eventspool.mount"
    system.machine.write(mount, f"[Mount]\nWhat=/etc/no-such-disk\nWhere={FOLDER}\nType=ext4\nOptions=loop\n")
    system.machine.run("systemctl", "stop", COLLECTOR)
    system.systemctl("daemon-reload")
    with socket.create_connection((ADDRESS, EVENTS_PORT), 5):
        wait_for("systemd to give it up", lambda: system.state(PORT) == "failed")
    failures = system.journal_of(COLLECTOR).count("Dependency failed")
    assert 0 < failures <= 40, failures
    system.machine.run("rm", mount)
    system.systemctl("daemon-reload")
    system.systemctl("start", COLLECTOR)
    system.wait_for_state(COLLECTOR, "active")
    assert system.state(PORT) == "active" and system.accepts()


def test_a_disk_that_is_too_full_is_said_with_what_to_do(system):
    with system.changed(SETTINGS, COLLECTOR, SPOOL_MIN_FREE="100000G"):
        wait_for("the state", lambda: "nothing is read" in system.show(COLLECTOR, "StatusText"))
        said = system.machine.run("systemctl", "status", "--full", "--no-pager", "--lines=30", COLLECTOR, check=False).stdout
        assert "paused_disk" in said and "SPOOL_MIN_FREE" in said and "remedy" in said, said
