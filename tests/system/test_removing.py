"""Removal keeps what is not shipped and how it was set up; a purge keeps the spool, unless it is asked not to."""
from installation import COLLECTOR, FOLDER, PORT, SECRETS, SETTINGS, SPOOL, STATUS, UPLOADER, UNITS
from support.waiting import wait_for


def exists(system, path):
    return system.machine.path(path).exists()


def leave_a_backlog(system):
    """What a removal must not lose: events that could not be shipped."""
    system.server.stop_gateway()
    system.acmsim(100)
    system.wait_for_sent()
    return system.backlog()


def test_a_removal_stops_both_and_closes_the_port(system):
    assert leave_a_backlog(system) == 100
    system.machine.run("apt-get", "remove", "--yes", "eventspool")
    for unit in UNITS:
        assert system.state(unit) in ("inactive", "failed"), (unit, system.state(unit))
    assert not system.accepts()
    assert not system.machine.run("pgrep", "-u", "eventspool,eventspool-uploader", check=False).stdout


def test_it_keeps_the_spool_and_the_settings(system):
    assert system.backlog() == 100
    assert "BUCKET_NAME=" in system.machine.path(SETTINGS).read_text()
    assert "AWS_SECRET_ACCESS_KEY=" in system.machine.path(SECRETS).read_text()


def test_a_new_installation_goes_on_with_the_same_spool(system):
    system.server.start_gateway()
    system.install(system.package)
    for unit in (PORT, STATUS, COLLECTOR, UPLOADER):
        system.wait_for_state(unit, "active")
    wait_for("what had waited to be shipped", lambda: system.backlog() == 0)
    system.acmsim(100)
    system.assert_each_event_once()


def test_a_purge_removes_the_settings_and_keeps_the_spool(system):
    assert leave_a_backlog(system) == 100
    said = system.machine.run("apt-get", "purge", "--yes", "eventspool").stdout
    assert not exists(system, "/etc/eventspool")
    assert FOLDER in said and exists(system, SPOOL), said
    assert system.backlog() == 100
    left = system.machine.text("sh", "-c", "find / -xdev -name '*eventspool*' ! -path '/root/*' ! -path '/proc/*'"
                               f" ! -path '{FOLDER}*' ! -path '/home/*'")
    assert not left, left


def test_a_purge_that_is_asked_to_deletes_the_spool(system):
    system.server.start_gateway()
    system.install(system.package)
    system.wait_for_state(COLLECTOR, "active")
    assert system.backlog() == 100  # the spool that the first purge has left
    system.machine.run("env", "EVENTSPOOL_PURGE_SPOOL=yes", "apt-get", "purge", "--yes", "eventspool")
    assert not exists(system, FOLDER)
