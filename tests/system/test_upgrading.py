"""An upgrade, and the way back, over a backlog and while events flow on new connections."""
from installation import COLLECTOR, PORT, SETTINGS, STATUS, UPLOADER
from support.waiting import wait_for
from test_spool_files import check_order

SENDERS = 8
COMMENT = "# Changed by the administrator of site 7."


def check_change_of_version(system, package):
    before = {unit: system.pid(unit) for unit in (COLLECTOR, UPLOADER)}
    system.server.stop_gateway()
    system.acmsim(1000, connections=4)
    system.wait_for_sent()
    assert system.backlog() >= 1000
    with system.sending(SENDERS) as senders:
        wait_for("each to send", lambda: all(sender.taken or sender.trouble for sender in senders))
        said = system.install(package)
        counts = [len(sender.taken) for sender in senders]
        wait_for("each to go on", lambda: all(len(sender.taken) > count or sender.trouble
                                              for sender, count in zip(senders, counts)))
    assert f"_{system.version()}_" in package.name, said
    for unit in (COLLECTOR, UPLOADER):
        system.wait_for_state(unit, "active")
        assert system.pid(unit) != before[unit], f"{unit} was not restarted"
    system.wait_for_sent()
    assert system.backlog() >= 1000
    system.server.start_gateway()
    system.ship()
    system.assert_each_event_once()
    name = f"events taken during {'the upgrade' if package == system.newer else 'the rollback'}, none refused"
    system.figures[name] = f"{sum(len(sender.taken) for sender in senders)}"


def test_an_upgrade_over_a_backlog_refuses_nobody_and_loses_nothing(system):
    path = system.machine.path(SETTINGS)
    path.write_text(path.read_text() + COMMENT + "\n")
    check_change_of_version(system, system.newer)


def test_the_administrators_changes_stay(system):
    assert COMMENT in system.machine.path(SETTINGS).read_text()
    assert not list(system.machine.path("/etc/eventspool").glob("*.dpkg-*"))


def test_the_units_are_as_before(system):
    for unit in (PORT, STATUS, COLLECTOR, UPLOADER):
        assert system.machine.text("systemctl", "is-enabled", unit) == "enabled"
        assert system.state(unit) == "active"


def test_the_uploader_may_open_the_spool_first_after_an_upgrade_too(system):
    check_order(system, "kill", UPLOADER)


def test_the_collector_may_as_well(system):
    check_order(system, "kill", COLLECTOR)


def test_a_rollback_over_a_backlog_refuses_nobody_and_loses_nothing(system):
    check_change_of_version(system, system.package)
    assert COMMENT in system.machine.path(SETTINGS).read_text()


def test_what_an_administrator_has_stopped_and_disabled_stays_so(system):
    system.systemctl("disable", "--now", UPLOADER)
    system.install(system.newer)
    assert system.state(UPLOADER) == "inactive"
    assert system.machine.text("systemctl", "is-enabled", UPLOADER, check=False) == "disabled"
    assert system.state(COLLECTOR) == "active"
    system.systemctl("enable", "--now", UPLOADER)
    system.wait_for_state(UPLOADER, "active")
