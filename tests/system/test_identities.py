"""Two identities: what the user and the unit of the collector cannot do, what those of the uploader cannot, what people can."""
from installation import COLLECTOR, SECRETS, SETTINGS, UPLOADER, WORLD
from probe import outcomes
from support.waiting import wait_for

DENIED = ("EACCES", "EPERM", "ENOENT")
SECRET = "AWS_SECRET_ACCESS_KEY"


def theft(pid):
    """Ways to the uploader's secrets."""
    return {"file": f"read({SECRETS!r})", "environment": f"read('/proc/{pid}/environ')", "memory": f"read_memory({pid})",
            "trace": f"trace({pid})"}


def test_the_uploaders_environment_has_what_is_worth_stealing(system):
    assert f"{SECRET}=" in system.machine.run("cat", f"/proc/{system.pid(UPLOADER)}/environ").stdout


def test_the_collectors_has_none_of_it(system):
    environment = system.machine.run("cat", f"/proc/{system.pid(COLLECTOR)}/environ").stdout
    assert "SPOOL_PATH=" in environment and "AWS_SECRET" not in environment and "AWS_ACCESS" not in environment


def test_from_the_collectors_unit_nobody_reads_the_uploaders_secrets_environment_or_memory(system):
    found = outcomes(system.machine, COLLECTOR, **theft(system.pid(UPLOADER)))
    assert all(outcome in DENIED for outcome in found.values()), found


def test_nor_does_the_collectors_user_without_the_units_restrictions(system):
    system.machine.run("test", "-e", f"/proc/{system.pid(UPLOADER)}/mem")
    for path in (SECRETS, f"/proc/{system.pid(UPLOADER)}/environ", f"/proc/{system.pid(UPLOADER)}/mem"):
        read = system.machine.run("head", "-c", "1", path, user="eventspool", check=False)
        assert read.returncode != 0 and "Permission denied" in read.stderr, (path, read)


def test_nor_does_another_process_of_the_uploaders_unit_read_its_environment_or_memory(system):
    """The uploader forbids it to all but root, so a program that it starts (credential_process) does not get there, either."""
    ways = theft(system.pid(UPLOADER))
    del ways["file"]
    found = outcomes(system.machine, UPLOADER, **ways)
    assert all(outcome in DENIED for outcome in found.values()), found


def test_the_same_ways_lead_there_as_root(system):
    """So it is the identities that stop them, and no fault of the attempts."""
    found = outcomes(system.machine, None, **theft(system.pid(UPLOADER)))
    assert not set(found.values()) & set(DENIED), found


def test_the_collectors_unit_has_no_way_out(system):
    port = system.server.port
    found = outcomes(system.machine, COLLECTOR, devices="devices()", world=f"connect({WORLD!r}, {port})",
                     page="connect('127.0.0.1', 8081)", events="connect('192.0.2.2', 8080)")
    devices = found.pop("devices")
    assert devices == "['lo']", devices
    assert not {"'connected'"} & set(found.values()), found
    system.figures["a connect from the collector's unit"] = found["world"]


def test_the_uploaders_unit_has(system):
    found = outcomes(system.machine, UPLOADER, world=f"connect({WORLD!r}, {system.server.port})")
    assert found == {"world": "'connected'"}, found


def test_the_uploaders_unit_cannot_listen(system):
    found = outcomes(system.machine, UPLOADER, bound="bind(8099)", ephemeral="bind(0)", unbound="listen_unbound()",
                     datagrams="bind_datagram(8099)")
    assert set(found.values()) <= set(DENIED), found


def test_nor_does_the_running_uploader(system):
    pid = system.pid(UPLOADER)
    listening = system.machine.text("ss", "--listening", "--tcp", "--udp", "--processes", "--no-header")
    assert f"pid={pid}," not in listening, listening


def test_a_port_of_the_uploader_is_refused_with_what_to_do_and_works_with_the_documented_lines(system):
    with system.changed(SETTINGS, UPLOADER, UPLOADER_STATUS_PORT="8082"):
        system.wait_for_log(UPLOADER, "no status is served")
        assert "allow it in the service's unit" in system.journal_of(UPLOADER)
        system.drop_in(UPLOADER, "SocketBindAllow=tcp:8082", "SystemCallFilter=bind listen accept accept4")
        system.systemctl("restart", UPLOADER)
        wait_for("the uploader's page", lambda: "HTTP/1.1 200" in system.page("/livez", 8082))
        system.undo_drop_ins()


def test_an_administrator_in_the_group_sees_the_installation(system):
    system.add_people()
    for command in (["status"], ["batches", "list"], ["senders", "list"], ["tail", "-n", "1"]):
        seen = system.machine.run("timeout", "3", "eventspool", *command, user="alice", check=False)
        assert seen.returncode in (0, 124), (command, seen)
        assert seen.stdout.strip(), (command, seen)


def test_flush_by_an_administrator_goes_through_the_running_uploader(system):
    with system.changed(SETTINGS, UPLOADER, ROTATION_INTERVAL="3600"):
        system.acmsim(20)
        system.wait_for_sent()
        flushed = system.machine.run("eventspool", "flush", user="alice", check=False)
        assert flushed.returncode == 0, flushed
    system.assert_each_event_once()


def test_a_user_without_rights_is_told_what_is_missing(system):
    for command in ("check", "status", "flush"):
        seen = system.machine.run("eventspool", command, user="bob", check=False)
        said = seen.stdout + seen.stderr
        assert seen.returncode != 0 and "/etc/eventspool/eventspool.env" in said, (command, seen)
        assert "Permission denied" in said or "may not be read" in said, (command, said)


def test_what_people_do_leaves_the_programs_at_work(system):
    system.acmsim(20)
    wait_for("the backlog to be empty", lambda: system.backlog() == 0)
    system.assert_each_event_once()
