"""A reboot of the machine, with events in the spool that could not be shipped."""
from installation import COLLECTOR, PORT, STATUS, UPLOADER
from support.waiting import wait_for


def test_a_reboot_brings_everything_back_and_keeps_the_spool(system):
    system.server.stop_gateway()
    system.acmsim(500, connections=5)
    system.wait_for_sent()
    waiting = system.query("SELECT id, uid FROM backlog ORDER BY id")
    assert len(waiting) == 500
    system.machine.reboot()
    for unit in (PORT, STATUS, COLLECTOR, UPLOADER):
        system.wait_for_state(unit, "active")
    assert system.query("SELECT id, uid FROM backlog ORDER BY id") == waiting


def test_after_it_events_arrive_and_what_had_waited_is_shipped_once(system):
    system.acmsim(200, connections=2)
    system.wait_for_sent()
    assert system.backlog() == 700
    system.server.start_gateway()
    system.ship()
    system.assert_each_event_once()


def test_no_unit_has_failed(system):
    failed = system.machine.text("systemctl", "--failed", "--plain", "--no-legend")
    wait_for("both programs", lambda: system.state(COLLECTOR) == system.state(UPLOADER) == "active")
    assert not failed, failed
