"""kill -9 of the collector in the middle of a storm, at random moments: what is committed stays, once, in order."""
import random
import time

from support.environment import size
from support.site import Site
from support.tap import main
from support.waiting import wait_for

ROUNDS = size("CRASH_ROUNDS", 20, 3)
EVENTS = size("CRASH_EVENTS", 200000, 20000)
CONNECTIONS = 4


def ledger(path):
    """Events handed to the kernel by connection."""
    return [int(line.split()[1]) for line in path.read_text().splitlines()]


def assert_prefix_of_each_connection(site, handed):
    """Each connection's events are 1..k without a gap, none doubled, and no more than were sent."""
    rows = site.query("SELECT uid FROM events ORDER BY id")
    seen = [0] * CONNECTIONS
    for (uid,) in rows:
        connection, number = int(uid[:4], 16), int(uid[4:], 16)
        assert number == seen[connection] + 1, f"connection {connection}: {number} after {seen[connection]}"
        seen[connection] = number
    for connection, count in enumerate(seen):
        assert count <= handed[connection] + 1, (connection, count, handed)
    return len(rows)


def assert_sound(site):
    assert site.value("PRAGMA integrity_check") == "ok"
    count, first, last = site.query("SELECT count(*), min(id), max(id) FROM _event")[0]
    assert count == 0 or (first == 1 and last == count), (count, first, last)
    assert site.value("SELECT last_event_id FROM _intake") == count
    assert site.value("SELECT coalesce(sum(bytes), 0) FROM _event") == site.value("SELECT event_bytes FROM _intake")
    return count


def one_round(site, seed, rng):
    collector = site.collector()
    path = site.directory / "ledger"
    sim = site.acmsim("--count", EVENTS, "--connections", CONNECTIONS, "--seed", seed, "--ledger", path)
    moment = rng.uniform(0.05, 3.0)
    due = time.monotonic() + moment
    wait_for("the moment of the kill", lambda: time.monotonic() >= due or sim.poll() is not None)
    committed = site.value("SELECT last_event_id FROM _intake")
    collector.kill()
    sim.communicate(timeout=60)

    collector = site.collector()
    count = assert_sound(site)
    assert count >= committed, "what a reader saw committed is gone"
    assert_prefix_of_each_connection(site, ledger(path))
    assert site.value("SELECT count(*) FROM rejects") == 0

    site.send_events(10)
    wait_for("ids to go on", lambda: site.value("SELECT max(id) FROM _event") == count + 10)
    collector.stop()
    assert_sound(site)
    return count


def test_committed_events_survive_kill_9_at_random_moments(site):
    seed = random.SystemRandom().randrange(1 << 30)
    rng = random.Random(seed)
    print(f"# seed {seed}, {ROUNDS} rounds of {EVENTS} events")
    for n in range(ROUNDS):
        place = Site(site.directory / str(n))
        place.directory.mkdir()
        try:
            kept = one_round(place, n + 1, rng)
        finally:
            place.close()
        print(f"# round {n + 1}: {kept} events kept")
        for file in place.spool.parent.glob("*"):
            file.unlink()


def test_ids_go_on_after_a_full_purge_and_a_kill(site):
    collector = site.collector()
    uploader = site.uploader(RETENTION="0")
    site.send_events(500)
    site.wait_for_events(500)
    wait_for("everything to be shipped and purged", lambda: site.value("SELECT count(*) FROM _event") == 0)
    collector.kill()
    uploader.kill()
    site.collector()
    site.send_events(3)
    wait_for("the next ids", lambda: site.query("SELECT min(id), max(id) FROM _event")[0] == (501, 503))


main(dict(globals()))
