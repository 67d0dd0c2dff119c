"""SQLite's -wal and -shm work for both programs and for people, whoever opens the spool first, after a stop and after a kill."""
from installation import COLLECTOR, PORT, SPOOL, STATUS, UPLOADER
from support.tap import tests_of
from support.waiting import wait_for


def end_both(system, signal):
    """The port is closed, too: no sender starts the collector."""
    if signal == "kill":  # a stop that kills at once, so that nothing is restarted
        for unit in (COLLECTOR, UPLOADER):
            system.drop_in(unit, "KillSignal=SIGKILL")
    system.systemctl("stop", PORT, STATUS, COLLECTOR, UPLOADER)
    system.undo_drop_ins()
    for unit in (COLLECTOR, UPLOADER):
        system.machine.run("systemctl", "reset-failed", unit, check=False)


def files(system):
    listing = system.machine.text("sh", "-c", f"stat --format='%n %a %G' {SPOOL}*").splitlines()
    return {name.rpartition("/")[2]: (mode, group) for name, mode, group in (line.split() for line in listing)}


def check_order(system, signal, first):
    """`first`: a unit, or a command with the user who types it, which opens the spool before any program."""
    system.add_people()
    end_both(system, signal)
    assert ("spool.db-wal" in files(system)) == (signal == "kill"), files(system)
    if isinstance(first, tuple):
        user, command = first
        seen = system.machine.run("eventspool", command, user=user, check=False)
        assert "collector" in seen.stdout, seen
    else:
        system.systemctl("start", first)
        system.wait_for_state(first, "active")
    system.systemctl("start", PORT, STATUS, COLLECTOR, UPLOADER)
    for unit in (COLLECTOR, UPLOADER):
        system.wait_for_state(unit, "active")
    system.acmsim(30, connections=3)
    system.wait_for_sent()
    wait_for("the backlog to be empty", lambda: system.backlog() == 0)
    system.assert_each_event_once()
    found = files(system)
    assert set(found.values()) == {("660", "eventspool")}, found


ORDERS = tests_of(check_order, {
    "the_uploader_opens_the_spool_first_after_a_stop": ("stop", UPLOADER),
    "the_collector_opens_the_spool_first_after_a_stop": ("stop", COLLECTOR),
    "the_uploader_opens_the_spool_first_after_a_kill": ("kill", UPLOADER),
    "the_collector_opens_the_spool_first_after_a_kill": ("kill", COLLECTOR),
    "root_opens_the_spool_first_after_a_stop": ("stop", ("root", "status")),
    "root_opens_the_spool_first_after_a_kill": ("kill", ("root", "status")),
    "an_administrator_opens_the_spool_first_after_a_stop": ("stop", ("alice", "status")),
    "an_administrator_opens_the_spool_first_after_a_kill": ("kill", ("alice", "status")),
})
globals().update(ORDERS)
