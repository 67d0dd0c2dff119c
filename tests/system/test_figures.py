"""What the services cost on this machine, and how systemd rates their units. Nothing here fails on a number but the rating's."""
from installation import COLLECTOR, UPLOADER
from support.waiting import wait_for

EVENTS = 50_000
PROGRAMS = ((COLLECTOR, "collector"), (UPLOADER, "uploader"))


def memory(system, unit):
    rows = system.machine.text("cat", f"/proc/{system.pid(unit)}/smaps_rollup").splitlines()
    kib = {name: int(value.split()[0]) for name, _, value in (row.partition(":") for row in rows) if name in ("Rss", "Pss")}
    return f"{kib['Rss'] / 1024:.1f} MiB resident, {kib['Pss'] / 1024:.1f} MiB of it its share"


def note_memory(system, when):
    for unit, name in PROGRAMS:
        system.figures[f"memory of the {name} {when}"] = memory(system, unit)


def test_fifty_thousand_events_are_shipped_each_once(system):
    for unit, _ in PROGRAMS:
        system.systemctl("restart", unit)
        system.wait_for_state(unit, "active")
    note_memory(system, "at rest")
    system.acmsim(EVENTS, connections=5)
    system.wait_for_sent()
    wait_for("all to be shipped", lambda: system.backlog() == 0)
    note_memory(system, f"after {EVENTS:,} events")
    system.assert_each_event_once()


def test_systemd_rates_the_exposure_of_both_below_2(system):
    for unit, name in PROGRAMS:
        rating = system.machine.text("systemd-analyze", "security", "--no-pager", unit).splitlines()[-1]
        value = float(rating.partition(":")[2].split()[0])
        system.figures[f"exposure of the {name}"] = f"{value}"
        assert value < 2.0, rating
